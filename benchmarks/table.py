"""Measurements as Markdown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import Cost
from benchmarks.quality import Quality

_HEAD = ["engine", "CPU s", "x", "wall s", "memory MB", "KB", "x", "PSNR", "blurred PSNR", "SSIM", "flicker"]
_YARDSTICK = "gifapp"


class Row(NamedTuple):
    engine: str
    cost: Cost
    gif_bytes: int | None
    quality: Quality | None


def lines(rows: list[Row]) -> list[str]:
    """A table; the columns named x say how many times gifapp's CPU and bytes that is."""
    ours = next(row for row in rows if row.engine.startswith(_YARDSTICK))
    cells = [_HEAD, ["---", *["--:"] * (len(_HEAD) - 1)], *(_cells(row, ours) for row in rows)]
    return [f"| {' | '.join(row)} |" for row in cells]


def write(document: Path, tables: dict[str, list[str]]) -> None:
    """Replace the tables between the document's `<!-- name -->` and `<!-- end -->` marks."""
    text = document.read_text()
    for name, table in tables.items():
        between = "\n".join([f"<!-- {name} -->", *table, "<!-- end -->"])
        text, found = re.subn(
            rf"<!-- {name} -->.*?<!-- end -->", lambda _, new=between: new, text, flags=re.DOTALL
        )
        assert found == 1, f"{document} has no place for the table of {name}"
    document.write_text(text)


def _cells(row: Row, ours: Row) -> list[str]:
    cost, gif_bytes, quality = row.cost, row.gif_bytes, row.quality
    spent = [
        f"{cost.cpu_s:.1f}",
        f"{cost.cpu_s / ours.cost.cpu_s:.1f}",
        f"{cost.wall_s:.1f}",
        f"{cost.memory_bytes / 1e6:.0f}",
    ]
    if gif_bytes is None or quality is None or ours.gif_bytes is None:
        return [row.engine, *spent, *[""] * 6]
    size = [f"{gif_bytes / 1000:.0f}", f"{gif_bytes / ours.gif_bytes:.2f}"]
    seen = [
        f"{quality.psnr_db:.1f}",
        f"{quality.blurred_psnr_db:.1f}",
        f"{quality.ssim:.3f}",
        f"{quality.flicker:.2f}",
    ]
    return [row.engine, *spent, *size, *seen]
