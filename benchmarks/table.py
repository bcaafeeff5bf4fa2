"""Measurements as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.costs import Row
from benchmarks.encoding import Made
from benchmarks.engines import GIFAPP
from benchmarks.goals import Goal
from benchmarks.looks import Looks
from benchmarks.quality import DIGITS, Quality

_QUALITY = ["PSNR", "blurred PSNR", "SSIM", "SSIMULACRA2", "flicker", "crawl"]


def of_goals(goals: list[Goal]) -> list[str]:
    cells = ([goal.name, goal.asked, goal.measured, goal.lacking or "met"] for goal in goals)
    return _table(["goal", "asked", "measured", "met, or what is lacking"], cells)


def of_costs(rows: list[Row]) -> list[str]:
    """The x columns are multiples of gifapp's CPU and bytes."""
    ours = next(row for row in rows if row.engine == GIFAPP)
    head = ["engine", "CPU s", "x", "wall s", "memory MB", "KB", "x", *_QUALITY]
    return _table(head, ([row.engine, *_spent(row, ours), *_gained(row, ours)] for row in rows))


def of_looks(looks: list[Looks]) -> list[str]:
    """For each clip: gifski's GIF, gifapp's, and gifapp's at the size at which they are compared."""
    head = ["clip", "made by", "KB", "ratio", *_QUALITY, "CPU ms"]
    return _table(head, (_row(look, maker, made) for look in looks for maker, made in _makers(look)))


def write(document: Path, tables: dict[str, list[str]]) -> None:
    """Replace the tables between the document's `<!-- name -->` and `<!-- end -->` marks."""
    text = document.read_text()
    for name, table in tables.items():
        between = "\n".join([f"<!-- {name} -->", *table, "<!-- end -->"])
        place = re.compile(rf"<!-- {name} -->.*?<!-- end -->", re.DOTALL)
        text, replaced = place.subn(between.replace("\\", r"\\"), text)
        assert replaced == 1, f"{document} has no place for the table of {name}"
    document.write_text(text)


def plain(head: list[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table with left-aligned cells."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _table(head: list[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---", *["--:"] * (len(head) - 1)], *rows)]


def _spent(row: Row, ours: Row) -> list[str]:
    cost = row.cost
    memory = f"{cost.memory_bytes / 1e6:.0f}" if cost.memory_bytes else ""
    return [f"{cost.cpu_s:.2f}", f"{cost.cpu_s / ours.cost.cpu_s:.1f}", f"{cost.wall_s:.1f}", memory]


def _gained(row: Row, ours: Row) -> list[str]:
    if row.gif_bytes is None or row.quality is None or ours.gif_bytes is None:
        return [""] * (2 + len(_QUALITY))
    ratio = f"{row.gif_bytes / ours.gif_bytes:.2f}"
    return [f"{row.gif_bytes / 1000:.0f}", ratio, *_seen(row.quality)]


def _makers(look: Looks) -> list[tuple[str, Made]]:
    makers = [("gifski", look.gifski), ("gifapp", look.gifapp)]
    fitted = (f"gifapp, lossy {look.fitted.lossy}", look.fitted)
    return makers if look.fitted is look.gifapp else [*makers, fitted]


def _row(look: Looks, maker: str, made: Made) -> list[str]:
    name = f"{look.clip.kind}: {look.clip.name}" if made is look.gifski else ""
    size = [f"{len(made.gif) / 1000:.0f}", f"{look.ratio(made):.2f}"]
    return [name, maker, *size, *_seen(made.quality), f"{made.cpu_ms:.1f}"]


def _seen(quality: Quality) -> list[str]:
    return [f"{value:.{digits}f}" for value, digits in zip(quality, DIGITS, strict=True)]
