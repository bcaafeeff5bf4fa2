"""`python -m benchmarks.worker VIDEO GIF WIDTH FPS RUNS CORES...`: conversions in one warm process.

Like the service's workers, it reuses the probe's result. After one warm-up conversion it makes `RUNS` rounds,
each with one conversion per `CORES` value, limited to that many cores, ffmpeg included. Prints a JSON list of
rounds, each a list of CPU and wall seconds.
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
    arguments = _arguments()
    recipe, limits = Recipe(width_px=arguments.width_px, fps=arguments.fps), Limits()
    video = probe(arguments.video, limits=limits)
    every = os.sched_getaffinity(0)

    def cost(cores: int) -> tuple[float, float]:
        os.sched_setaffinity(0, sorted(every)[:cores])  # inherited by threads and child processes
        cpu_s, wall_s = _clocks()
        convert_file(
            arguments.video, recipe, arguments.gif, video=video, limits=limits, on_progress=_ignore_progress
        )
        cpu_after_s, wall_after_s = _clocks()
        return cpu_after_s - cpu_s, wall_after_s - wall_s

    cost(len(every))
    print(json.dumps([[cost(cores) for cores in arguments.cores] for _ in range(arguments.runs)]))


def _ignore_progress(_: Progress) -> None:
    pass


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
