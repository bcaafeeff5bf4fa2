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
    """The columns named x say how many times gifapp's CPU and bytes that is."""
    ours = next(row for row in rows if row.engine == GIFAPP)
    head = ["engine", "CPU s", "x", "wall s", "memory MB", "KB", "x", *_QUALITY]
    return _table(head, ([row.engine, *_spent(row, ours), *_gained(row, ours)] for row in rows))


def of_looks(looks: list[Looks]) -> list[str]:
    """Of each clip gifski's GIF, gifapp's, and gifapp's at the bytes where they are compared."""
    head = ["clip", "made by", "KB", "ratio", *_QUALITY, "CPU ms"]
    return _table(head, (_look(one, maker, made) for one in looks for maker, made in _makers(one)))


def write(document: Path, tables: dict[str, list[str]]) -> None:
    """Replace the tables between the document's `<!-- name -->` and `<!-- end -->` marks."""
    text = document.read_text()
    for name, table in tables.items():
        between = "\n".join([f"<!-- {name} -->", *table, "<!-- end -->"])
        place = re.compile(rf"<!-- {name} -->.*?<!-- end -->", re.DOTALL)
        text, found = place.subn(between.replace("\\", r"\\"), text)
        assert found == 1, f"{document} has no place for the table of {name}"
    document.write_text(text)


def plain(head: list[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of words."""
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


def _makers(one: Looks) -> list[tuple[str, Made]]:
    made = [("gifski", one.gifski), ("gifapp", one.gifapp)]
    return made if one.fitted is one.gifapp else [*made, (f"gifapp, lossy {one.fitted.lossy}", one.fitted)]


def _look(one: Looks, maker: str, made: Made) -> list[str]:
    name = f"{one.clip.kind}: {one.clip.name}" if made is one.gifski else ""
    size = [f"{len(made.gif) / 1000:.0f}", f"{one.ratio(made):.2f}"]
    return [name, maker, *size, *_seen(made.quality), f"{made.cpu_ms:.1f}"]


def _seen(quality: Quality) -> list[str]:
    return [f"{value:.{digits}f}" for value, digits in zip(quality, DIGITS, strict=True)]
