"""`python -m benchmarks.frames`: frames in Python to a GIF, beside what notebooks use for it.

Each engine runs in a process of its own that has made a GIF before; only the second counts.
"""

# ruff: noqa: PLC0415 (each process loads only its own engine)

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import reduce
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from benchmarks import clips, quality, table, videos
from benchmarks.clips import Clip, Frames
from benchmarks.videos import made

DOCS = Path(__file__).parent.parent / "docs" / "benchmarks.md"
GIFAPP = "gifapp.convert"


class Sequence(NamedTuple):
    """Frames in Python, and how many of them play in a second."""

    name: str
    fps: float
    make: Callable[[], Frames]


def plot() -> Frames:
    """A line plot of matplotlib, 640 x 480, 60 frames."""
    from matplotlib.figure import Figure

    figure: Any = Figure(dpi=100)
    axes = figure.subplots()
    axes.set(ylim=(-1.2, 1.2), title="Two waves", xlabel="x")
    x = np.linspace(0, 10, 400)
    lines: list[Any] = [axes.plot(x, x)[0], axes.plot(x, x)[0]]
    return np.stack([_drawn(figure, lines, x, number) for number in range(60)])


def _drawn(figure: Any, lines: list[Any], x: np.ndarray, number: int) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    for line, speed in zip(lines, (1, 2), strict=True):
        line.set_ydata(np.sin(x * speed + number / 8))
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def field() -> Frames:
    """A field of waves in a colormap, 320 x 240, 60 frames."""
    from matplotlib import colormaps

    y, x = np.mgrid[-1:1:240j, -1.3:1.3:320j]
    turns = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    waves = (np.sin(9 * np.hypot(x - np.cos(turn) / 2, y) - 2 * turn) for turn in turns)
    return np.stack([colormaps["viridis"](wave / 2 + 0.5, bytes=True)[..., :3] for wave in waves])


def film() -> Frames:
    """Big Buck Bunny, 480 px, 12.5 frames a second."""
    return clips.reference(Clip("film", made(videos.bunny), 480, 12.5))


SEQUENCES = [Sequence("plot", 30, plot), Sequence("field", 30, field), Sequence("film", 12.5, film)]


def by_gifapp(frames: Frames, fps: float, gif: Path) -> None:
    import gifapp

    gifapp.convert(frames, gifapp.Recipe(fps=fps, width_px=frames.shape[2]), gif)


def by_pillow_writer(frames: Frames, fps: float, gif: Path) -> None:
    from matplotlib.animation import PillowWriter
    from matplotlib.figure import Figure

    kind: Any = PillowWriter
    writer = kind(fps=fps)
    writer.setup(Figure(), str(gif))
    writer._frames = [Image.fromarray(frame) for frame in frames]  # as `grab_frame` does, without drawing
    writer.finish()


def by_imageio(frames: Frames, fps: float, gif: Path) -> None:
    from imageio.v3 import imwrite

    imwrite(gif, frames, duration=1000 / fps, loop=0)


def by_gif(frames: Frames, fps: float, gif: Path) -> None:
    import_module("gif").save([Image.fromarray(frame) for frame in frames], str(gif), duration=1000 / fps)


ENGINES = {GIFAPP: by_gifapp, "PillowWriter": by_pillow_writer, "imageio": by_imageio, "gif": by_gif}


class Result(NamedTuple):
    engine: str
    cpu_s: float
    gif_bytes: int
    ssim: float
    duration_s: float


def measured(sequence: Sequence, repeat: int) -> list[Result]:
    """Run all engines alternately; the cheapest run of each counts."""
    frames = sequence.make()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        np.save(folder / "frames.npy", frames)
        engines = [name for name in ENGINES if name != "gif" or find_spec("gif")]
        rounds = [{name: _cpu_s(name, sequence.fps, folder) for name in engines} for _ in range(repeat)]
        least = reduce(lambda a, b: {name: min(a[name], b[name]) for name in a}, rounds)
        return [_result(name, least[name], folder / f"{name}.gif", frames) for name in engines]


def _cpu_s(engine: str, fps: float, folder: Path) -> float:
    argv = [sys.executable, "-m", "benchmarks.frames", "--one", engine, str(fps), str(folder)]
    cpu_s: float = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    return cpu_s


def _one(engine: str, fps: float, folder: Path) -> float:
    frames = np.load(folder / "frames.npy")
    make = ENGINES[engine]
    make(frames[:5], fps, folder / "warm.gif")
    before_s = _used_s()
    make(frames, fps, folder / f"{engine}.gif")
    return _used_s() - before_s


def _used_s() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _result(engine: str, cpu_s: float, gif: Path, frames: Frames) -> Result:
    with Image.open(gif) as opened:
        duration_ms = 0
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            duration_ms += opened.info["duration"]
    ssim = quality.ssim(quality.frames_of(gif, len(frames)), frames)
    return Result(engine, cpu_s, gif.stat().st_size, ssim, duration_ms / 1000)


def rows(sequence: Sequence, results: list[Result]) -> Iterator[list[str]]:
    """A row for each engine; the ratios are gifapp's to it."""
    ours = results[0]
    asked_s = len(sequence.make()) / sequence.fps
    for result in results:
        name = f"{sequence.name}, {sequence.fps:g} fps" if result is ours else ""
        cpu = [f"{result.cpu_s:.2f}", f"{ours.cpu_s / result.cpu_s:.2f}"]
        size = [f"{result.gif_bytes / 1000:.0f}", f"{ours.gif_bytes / result.gif_bytes:.2f}"]
        late = f"{100 * (result.duration_s / asked_s - 1):+.1f} %"
        yield [name, result.engine, *cpu, *size, f"{result.ssim:.4f}", late]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames", description=__doc__)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--repeat", type=int, default=2, help="runs of each engine; the cheapest counts")
    parser.add_argument("--write", action="store_true", help="write the table into docs/benchmarks.md")
    arguments = parser.parse_args()
    if arguments.one:
        engine, fps, folder = arguments.one
        print(_one(engine, float(fps), Path(folder)))
        return
    head = ["frames", "made by", "CPU s", "ratio", "KB", "ratio", "SSIM", "duration off by"]
    lines = table.plain(
        head, [row for one in SEQUENCES for row in rows(one, measured(one, arguments.repeat))]
    )
    print(*lines, sep="\n")
    if arguments.write:
        table.write(DOCS, {"frames": lines})


if __name__ == "__main__":
    main()
