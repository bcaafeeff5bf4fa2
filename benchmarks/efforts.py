"""`python -m benchmarks.efforts [PART OF A NAME ...]`: what a recipe's `effort` and `exact` change.

Each clip is encoded with every effort in turn, in several rounds of which the cheapest counts, and compared
with effort 2. `--write` writes the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import clips, encoding, table
from benchmarks.clips import Clip
from benchmarks.encoding import Made
from gifapp.conversion.gif.encoder import Style

DOCS = Path(__file__).parent.parent / "docs" / "benchmarks.md"
STYLES = {
    "effort 2": Style(is_lossless=False),
    "effort 1": Style(effort=1, is_lossless=False),
    "effort 3": Style(effort=3, is_lossless=False),
    "exact": Style(exact=True, is_lossless=False),
}
_HEAD = ["clip", "", "KB", "bytes", "CPU", "PSNR", "blurred PSNR", "SSIM", "SSIMULACRA2", "crawl"]
_MAX_FRAMES = 48


def compared(clip: Clip, rounds: int) -> dict[str, Made]:
    """The clip in each style, with the CPU of its cheapest round."""
    frames = clips.reference(clip)[:_MAX_FRAMES]
    made = {name: encoding.by_gifapp(frames, clip.fps, style) for name, style in STYLES.items()}
    for _ in range(rounds - 1):
        for name, style in STYLES.items():
            cpu_ms = min(made[name].cpu_ms, encoding.encoded(frames, clip.fps, style)[1])
            made[name] = made[name]._replace(cpu_ms=cpu_ms)
    return made


def rows(clip: Clip, made: dict[str, Made]) -> Iterator[Sequence[str]]:
    base = made["effort 2"]
    for name, each in made.items():
        ratios = [f"{len(each.gif) / len(base.gif):.3f}", f"{each.cpu_ms / base.cpu_ms:.2f}"]
        title = f"{clip.kind}: {clip.name}" if each is base else ""
        yield [title, name, f"{len(each.gif) / 1000:.0f}", *ratios, *_looks(each, base)]


def _looks(made: Made, base: Made) -> list[str]:
    """Those of effort 2, or the differences from them."""
    chosen = zip(made.quality, base.quality, (2, 2, 4, 2, 3, 3), strict=True)
    cells = [
        f"{value:.{digits}f}" if made is base else f"{value - other:+.{digits}f}"
        for value, other, digits in chosen
    ]
    return [*cells[:4], cells[5]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.efforts", description=__doc__)
    parser.add_argument("names", nargs="*", default=[""], help="parts of clips' names or kinds; default: all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    lines: list[Sequence[str]] = []
    for clip in clips.for_looks():
        if any(part in f"{clip.kind}: {clip.name}" for part in arguments.names):
            lines += rows(clip, compared(clip, arguments.rounds))
            print(*table.plain(_HEAD, lines[-len(STYLES) :]), sep="\n", flush=True)
    if arguments.write:
        table.write(DOCS, {"efforts": table.plain(_HEAD, lines)})


if __name__ == "__main__":
    main()
