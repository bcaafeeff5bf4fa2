"""`python -m benchmarks.cores`: what a second core gains one conversion.

Wall times need a machine with nothing else to do. The busiest thread's share of the CPU does not: no number
of cores can make a conversion faster than that thread.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from benchmarks import clips, costs, table
from benchmarks.clips import Clip, Kind
from benchmarks.costs import CoreFigures
from gifapp.conversion.pipeline import convert_file
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe

DOCS = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_EVERY_S = 0.005


def measured(clip: Clip, runs: int) -> CoreFigures:
    two, one = costs.warm(clip, runs, [2, 1])
    return CoreFigures(two.wall_s / one.wall_s, two.cpu_s / one.cpu_s, busiest(clip, runs))


def busiest(clip: Clip, runs: int) -> float:
    """The least share, over several runs, of a warm conversion's CPU time that one thread takes."""
    recipe, limits = Recipe(width_px=clip.width_px, fps=clip.fps), Limits()
    video = probe(clip.path, limits=limits)
    shares = []
    for _ in range(runs + 1):
        with tempfile.TemporaryDirectory() as scratch, watched() as watch:
            out = Path(scratch) / "made.gif"
            convert_file(clip.path, recipe, out, video=video, limits=limits, on_progress=lambda _: None)
        shares.append(max(watch.used_ns.values()) / sum(watch.used_ns.values()))
    return min(shares[1:])


class Watch(threading.Thread):
    """Samples the CPU time of each thread of this process and its children."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process()
        self._before = dict(self._times())
        self._is_over = threading.Event()
        self._used_ns: dict[int, int] = {}

    @property
    def used_ns(self) -> dict[int, int]:
        """By thread, since the beginning; without the watch itself."""
        used = {task: ns - self._before.get(task, 0) for task, ns in self._used_ns.items()}
        return {task: ns for task, ns in used.items() if task != self.native_id}

    def run(self) -> None:
        while not self._is_over.wait(_EVERY_S):
            self._used_ns.update(self._times())
        self._used_ns.update(self._times())

    def stop(self) -> None:
        self._is_over.set()
        self.join()

    def _times(self) -> Iterator[tuple[int, int]]:
        for process in [self._process, *self._process.children(recursive=True)]:
            for task in Path(f"/proc/{process.pid}/task").glob("*"):
                with suppress(OSError):  # it has ended
                    yield int(task.name), int((task / "schedstat").read_text().split()[0])


@contextmanager
def watched() -> Iterator[Watch]:
    watch = Watch()
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def rows(figures: Mapping[Kind, CoreFigures]) -> list[str]:
    head = ["clip", "wall time, two cores against one", "CPU, likewise", "busiest thread's share of the CPU"]
    return table.plain(head, ([kind, *(f"{each:.2f}" for each in found)] for kind, found in figures.items()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cores", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each clip; the shortest counts")
    parser.add_argument("--write", action="store_true", help="write the table into docs/benchmarks.md")
    arguments = parser.parse_args()
    lines = rows({clip.kind: measured(clip, arguments.runs) for clip in clips.for_costs()})
    print(*lines, f"load average {os.getloadavg()[0]:.1f}", sep="\n")
    if arguments.write:
        table.write(DOCS, {"cores": lines})


if __name__ == "__main__":
    main()
