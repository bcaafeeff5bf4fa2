"""`python -m benchmarks`: measures every goal, side by side with other engines on the same clips."""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

from benchmarks import clips, cores, costs, engines, gifski, goals, load, looks, queue, table, uploads, videos
from benchmarks.clips import Clip
from benchmarks.goals import Run
from benchmarks.looks import Looks
from gifapp.conversion.gif.encoder import Style

DOCS = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main() -> None:
    arguments = _arguments()
    before = _State.now()
    measured = measure(arguments.repeat)
    tables = {
        "machine": [_machine(before, _State.now())],
        "goals": table.of_goals(goals.goals(measured)),
        "looks": table.of_looks(measured.looks),
        "cores": cores.rows(measured.two_cores),
    }
    for kind, rows in measured.by_kind.items():
        tables[kind] = table.of_costs(rows)
    for name, lines in tables.items():
        print(f"\n{name}\n", *lines, sep="\n")
    if arguments.write:
        table.write(DOCS, tables)


def measure(repeat: int) -> Run:
    program = gifski.fetch()
    compared = engines.engines(program)
    long = clips.of_ten_seconds()
    minute = {"10 s": videos.bunny_1080p_10_s, "60 s": videos.bunny_1080p_60_s}
    compared_looks, at_its_ssim = _beside(program) if program else ([], {})
    return Run(
        looks=compared_looks,
        at_its_ssim=at_its_ssim,
        by_kind={
            c.kind: costs.side_by_side(c, compared, repeat) for c in _logged("costs", clips.for_costs())
        },
        against_decoding={c.path.stem: costs.against_decoding(c, repeat) for c in _logged("decoding", long)},
        two_cores={c.kind: cores.measured(c, 2 * repeat) for c in _logged("cores", clips.for_costs())},
        peak_mb={name: costs.peak_mb(videos.made(make)) for name, make in minute.items()},
        start=costs.start(2 * repeat),
        queue=queue.measure(),
        load=load.measure(),
        uploads=uploads.measure(),
    )


def _beside(program: Path) -> tuple[list[Looks], dict[str, float]]:
    every = clips.for_looks()
    compared = [looks.look(clip, program, Style(), fit=True) for clip in _logged("looks", every)]
    screens = [clip for clip in every if clip.kind == "screen"]
    shares = {clip.name: looks.share_at_its_ssim(clip, program) for clip in _logged("SSIM", screens)}
    return compared, shares


def _logged(what: str, measured: Iterable[Clip]) -> Iterator[Clip]:
    begin_s = time.perf_counter()
    for clip in measured:
        print(f"{what}: {clip.name}", end="", file=sys.stderr, flush=True)
        yield clip
        print(f", {time.perf_counter() - begin_s:.0f} s", file=sys.stderr)


class _State(NamedTuple):
    """What else affects a measurement: the machine's load, and gifapp's version."""

    load: float
    digest: str

    @classmethod
    def now(cls) -> Self:
        sources = sorted((DOCS.parents[1] / "gifapp").rglob("*.py"))
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
        return cls(os.getloadavg()[0], digest.hexdigest())


def _machine(before: _State, after: _State) -> str:
    """What to judge the figures by: a load above the number of cores comes from other processes."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    load = f"load average {before.load:.1f} before and {after.load:.1f} after"
    changed = "" if before.digest == after.digest else " **gifapp's code changed during the run.**"
    return f"{os.cpu_count()} cores, {system}; {load}.{changed}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeat", type=int, default=2, help="runs of each engine; the cheapest counts")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/benchmarks.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
