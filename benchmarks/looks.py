"""`python -m benchmarks.looks [PART OF A NAME ...]`: the quality of gifapp's encoder against gifski -Q 90.

The encoder runs in this process on frames scaled by ffmpeg; gifski's results are cached. Values
worse than gifski's are marked with `!`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import clips, encoding, gifski
from benchmarks.clips import Clip
from benchmarks.encoding import Made
from benchmarks.quality import DIGITS, Quality, gains
from gifapp.conversion.gif.encoder import Style

SHARE = 0.85  # of gifski's bytes: the size limit for a GIF that is compared with it
_HEAD = ("KB", "ratio", "PSNR", "blurred", "SSIM", "SSIMU2", "flicker", "crawl", "ms")


class Looks(NamedTuple):
    """One clip, made by each encoder; `fitted` is gifapp's at no more than `SHARE` of gifski's bytes."""

    clip: Clip
    gifski: Made
    gifapp: Made
    fitted: Made

    def ratio(self, made: Made) -> float:
        return len(made.gif) / len(self.gifski.gif)

    def gains(self, made: Made) -> Quality:
        return gains(made.quality, self.gifski.quality)


def look(clip: Clip, program: Path, style: Style, *, fit: bool) -> Looks:
    frames = clips.reference(clip)
    theirs = encoding.by_gifski(frames, clip, program)
    ours = encoding.by_gifapp(frames, clip.fps, style)
    max_bytes = SHARE * len(theirs.gif)
    fits = len(ours.gif) <= max_bytes or not fit
    return Looks(clip, theirs, ours, ours if fits else encoding.fitted(frames, clip.fps, style, max_bytes))


def share_at_its_ssim(clip: Clip, program: Path) -> float:
    """The share of gifski's bytes that gifapp needs for gifski's SSIM."""
    frames = clips.reference(clip)
    theirs = encoding.by_gifski(frames, clip, program)
    return encoding.smallest(frames, clip.fps, Style(), theirs.quality.ssim) / len(theirs.gif)


def main() -> None:
    arguments = _arguments()
    program = gifski.fetch()
    if program is None:
        sys.exit("nothing to compare with")
    style = Style(lossy=arguments.lossy, dither=arguments.dither, content=arguments.content)
    print(_line("", _HEAD))
    for clip in _chosen(arguments):
        try:
            looks = look(clip, program, style, fit=arguments.fit)
        except subprocess.CalledProcessError:
            print(f"{clip.name}: no video that ffmpeg reads", flush=True)
            continue
        _show(looks)
        if arguments.keep:
            _keep(looks, arguments.keep)


def _chosen(arguments: argparse.Namespace) -> list[Clip]:
    folder, names = arguments.media, arguments.names or [""]
    every = clips.of_folder(folder, arguments.width, arguments.fps) if folder else clips.for_looks()
    return [clip for clip in every if any(part in f"{clip.kind}: {clip.name}" for part in names)]


def _show(looks: Looks) -> None:
    print(f"{looks.clip.kind}: {looks.clip.name}")
    print(_line("  gifski", _cells(looks, looks.gifski)))
    for made in (looks.gifapp,) if looks.fitted is looks.gifapp else (looks.gifapp, looks.fitted):
        print(_line(f"  gifapp, lossy {made.lossy}", _cells(looks, made)))
        print(_line("    gained", _gains(looks, made)), flush=True)


def _keep(looks: Looks, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in zip(looks._fields[1:], looks[1:], strict=True):
        (folder / f"{looks.clip.name} {name}.gif").write_bytes(made.gif)


def _cells(looks: Looks, made: Made) -> list[str]:
    values = [f"{value:.{digits}f}" for value, digits in zip(made.quality, DIGITS, strict=True)]
    return [f"{len(made.gif) / 1000:.0f}", f"{looks.ratio(made):.2f}", *values, f"{made.cpu_ms:.1f}"]


def _gains(looks: Looks, made: Made) -> list[str]:
    pairs = zip(looks.gains(made), DIGITS, strict=True)
    values = [f"{gain:+.{digits}f}{'!' if gain < 0 else ' '}" for gain, digits in pairs]
    return ["", "!" if looks.ratio(made) > SHARE else "", *values, ""]


def _line(name: str, cells: Sequence[str]) -> str:
    return f"{name:22}" + "".join(f"{cell:>9}" for cell in cells)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.looks", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of clips' names or kinds; default: all")
    parser.add_argument("--lossy", type=int, default=0)
    parser.add_argument("--dither", default="auto")
    parser.add_argument("--content", default="auto")
    parser.add_argument("--fit", action="store_true", help=f"also lossy, down to {SHARE} of gifski's bytes")
    parser.add_argument("--keep", type=Path, help="a folder for the GIFs")
    parser.add_argument("--media", type=Path, help="a folder of other videos, instead of the benchmark's")
    parser.add_argument("--width", type=int, default=480, help="of the GIFs of --media")
    parser.add_argument("--fps", type=float, default=12.5, help="of the GIFs of --media")
    return parser.parse_args()


if __name__ == "__main__":
    main()
