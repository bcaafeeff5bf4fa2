"""The cost of conversions: against other engines, warm, in memory, at start-up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import NamedTuple

from benchmarks import clips, engines, quality, videos
from benchmarks.clips import Clip
from benchmarks.engines import DECODING, GIFAPP, Engine
from benchmarks.measure import Cost, run
from benchmarks.quality import Quality

WARM = "gifapp in a warm worker"
MAX_CORES = os.cpu_count() or 1


class Row(NamedTuple):
    """One engine on one clip."""

    engine: str
    cost: Cost
    gif_bytes: int | None = None
    quality: Quality | None = None


class CoreFigures(NamedTuple):
    """Two cores against one, and the busiest thread's share of the CPU; ratios.

    Attributes:
        wall: of the shortest runs.
        cpu: of the cheapest runs.
        busiest: of all threads of the process and of ffmpeg; the lowest of all runs.
    """

    wall: float
    cpu: float
    busiest: float


def side_by_side(clip: Clip, compared: list[Engine], repeat: int) -> list[Row]:
    """Run all engines alternately, `repeat` times; the cheapest run of each counts."""
    reference = clips.reference(clip)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        clips.write_pictures(reference, folder / "pictures")
        gifs = {engine.name: folder / f"{number}.gif" for number, engine in enumerate(compared)}
        rounds = [
            {engine.name: _run(engine, clip, folder, gifs[engine.name]) for engine in compared}
            for _ in range(repeat)
        ]
        rows = [
            _row(name, reduce(Cost.least, (costs[name] for costs in rounds)), gif, reference)
            for name, gif in gifs.items()
        ]
    return [*rows, Row(WARM, warm(clip, repeat + 1)[0])]


def warm(clip: Clip, runs: int, cores: Sequence[int] = (MAX_CORES,)) -> list[Cost]:
    """The cost of a conversion in a warm process, for each number of cores; memory is not measured."""
    with tempfile.TemporaryDirectory() as scratch:
        words = [clip.path, Path(scratch) / "made.gif", clip.width_px, clip.fps, runs, *cores]
        argv = [sys.executable, "-m", "benchmarks.worker", *map(str, words)]
        rounds = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    return [
        reduce(Cost.least, (Cost(cpu_s, wall_s, 0) for cpu_s, wall_s in costs))
        for costs in zip(*rounds, strict=True)
    ]


def against_decoding(clip: Clip, repeat: int) -> float:
    """The CPU time of a warm conversion, as a multiple of ffmpeg's for decoding the same frames."""
    (command,) = engines.decoding(clip, Path(), Path())
    decoding = reduce(Cost.least, (run(command) for _ in range(repeat)))
    return warm(clip, repeat)[0].cpu_s / decoding.cpu_s


def peak_mb(video: Path) -> float:
    return converting(Clip("film", video, 480, 12.5)).memory_bytes / 1e6


def start(repeat: int) -> Cost:
    clip = Clip("film", videos.made(videos.one_second), 480, 12.5)
    return reduce(Cost.least, (converting(clip) for _ in range(repeat)))


def converting(clip: Clip) -> Cost:
    """The whole command `gifapp convert`."""
    with tempfile.TemporaryDirectory() as scratch:
        (command,) = engines.gifapp(clip, Path(), Path(scratch) / "made.gif")
        return run(command)


def _run(engine: Engine, clip: Clip, folder: Path, gif: Path) -> Cost:
    return sum((run(command) for command in engine.commands(clip, folder, gif)), Cost(0, 0, 0))


def _row(name: str, cost: Cost, gif: Path, reference: clips.Frames) -> Row:
    if name == DECODING:
        return Row(name, cost)
    measured = quality.compare(quality.frames_of(gif, len(reference)), reference)
    return Row(name, cost, gif.stat().st_size, measured)


def ratio(rows: list[Row], name: str, *, ours: str = GIFAPP) -> float:
    """gifapp's CPU time as a multiple of another engine's."""
    spent = {row.engine: row.cost.cpu_s for row in rows}
    return spent[ours] / spent[name]
