"""`python -m benchmarks`: gifapp and others on the same clips, in one run."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import clips, engines, gifski, quality, table
from benchmarks.clips import Clip
from benchmarks.measure import Cost, run
from benchmarks.table import Row

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs" / "benchmarks.md"


def main() -> None:
    asked = _arguments()
    compared = engines.engines(gifski.fetch())
    tables = {}
    for clip in (clips.for_looks()[0], clips.for_looks()[6]):
        tables[clip.kind] = table.lines(_rows(clip, compared, asked.repeat))
        print(
            f"\n{clip.name}\n",
            *tables[clip.kind],
            sep="\n",
        )
    if asked.write:
        table.write(DOCS, tables)


def _rows(clip: Clip, compared: list[engines.Engine], repeat: int) -> list[Row]:
    reference = clips.reference(clip)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        clips.write_pictures(reference, folder / "pictures")
        return [_row(engine, clip, folder, reference, repeat) for engine in compared]


def _row(engine: engines.Engine, clip: Clip, folder: Path, reference: clips.Frames, repeat: int) -> Row:
    gif = folder / "made.gif"
    commands = engine.commands(clip, folder, gif)
    # the cheapest of several runs: what else the machine does only ever adds
    cost = min(sum((run(command) for command in commands), Cost(0, 0, 0)) for _ in range(repeat))
    if not engine.writes_gif:
        return Row(engine.name, cost, None, None)
    seen = quality.compare(quality.frames_of(gif, len(reference)), reference)
    return Row(engine.name, cost, gif.stat().st_size, seen)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeat", type=int, default=2, help="runs of each engine; the cheapest counts")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/benchmarks.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
