"""`python -m benchmarks.worker VIDEO GIF WIDTH FPS RUNS CORES...`: conversions in one warm process.

As one of the service's workers, it is told what the probe found when the video came in. It makes one
that does not count and then `RUNS` rounds, in each one on so many of the machine's cores as each `CORES`
says, ffmpeg included. Prints a JSON list of rounds, lists of CPU and wall seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

from gifapp.conversion.pipeline import convert_file
from gifapp.conversion.probing.probe import probe
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe


def main() -> None:
    asked = _arguments()
    recipe, limits = Recipe(width_px=asked.width_px, fps=asked.fps), Limits()
    video = probe(asked.video, limits=limits)
    every = os.sched_getaffinity(0)

    def cost(cores: int) -> tuple[float, float]:
        os.sched_setaffinity(0, sorted(every)[:cores])  # the threads and processes that it starts inherit it
        cpu_s, wall_s = _clocks()
        convert_file(asked.video, recipe, asked.gif, video=video, limits=limits, on_progress=_hear_nothing)
        cpu_after_s, wall_after_s = _clocks()
        return cpu_after_s - cpu_s, wall_after_s - wall_s

    cost(len(every))
    print(json.dumps([[cost(cores) for cores in asked.cores] for _ in range(asked.runs)]))


def _hear_nothing(_: Progress) -> None:
    """Nobody asked."""


def _clocks() -> tuple[float, float]:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system, time.perf_counter()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("gif", type=Path)
    parser.add_argument("width_px", type=int)
    parser.add_argument("fps", type=float)
    parser.add_argument("runs", type=int)
    parser.add_argument("cores", type=int, nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    main()
