"""Where a text may be parted: into what is seen as one character, and into lines.

After Unicode's annexes 29 (clusters) and 14 (line breaks), as far as short captions need them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

ZERO_WIDTH_JOINER = "\u200d"
NO_BREAK_SPACES = "\u00a0\u2007\u202f"
HYPHENS = "-\u2010"
# Japanese typesetting forbids these at the start of a line
NEVER_FIRST = "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶー々ゝゞヽヾ〜%℃"
UNSPACED = (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"))  # Thai, Lao, Burmese, Khmer


def graphemes(text: str) -> list[str]:
    """What a reader counts as characters: letters with their marks, flags, emoji with their parts."""
    found: list[str] = []
    for character in text:
        if found and _continues(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def break_ranges(found: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of clusters that stay on one line, each with the spaces that follow it."""
    start = 0
    for here in range(1, len(found)):
        if _may_break(found[here - 1], found[here]):
            yield start, here
            start = here
    yield start, len(found)


def is_space(cluster: str) -> bool:
    """Whether a line may end in it unseen."""
    return cluster.isspace() and cluster not in NO_BREAK_SPACES


def is_unspaced(cluster: str) -> bool:
    """Whether its script writes without spaces, so that only a dictionary would know the words."""
    return any(low <= cluster[0] <= high for low, high in UNSPACED)


def _continues(cluster: str, character: str) -> bool:
    if cluster[-1] == ZERO_WIDTH_JOINER or character == ZERO_WIDTH_JOINER:
        return not cluster[-1].isspace()
    if _is_flag_letter(character):
        return len(cluster) == 1 and _is_flag_letter(cluster)
    is_skin = "\U0001f3fb" <= character <= "\U0001f3ff"
    return is_skin or unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _may_break(before: str, after: str) -> bool:
    if is_space(after):
        return False
    if is_space(before) or before == "\u200b":
        return True
    if before in HYPHENS:
        return after[0].isalpha()
    return (_is_ideographic(before) or _is_ideographic(after)) and not _belong(before, after)


def _is_ideographic(cluster: str) -> bool:
    """Whether lines break around it; Korean has spaces for that."""
    is_wide = unicodedata.east_asian_width(cluster[0]) in ("W", "F")
    return is_wide and not "\uac00" <= cluster[0] <= "\ud7a3"


def _belong(before: str, after: str) -> bool:
    is_closing = unicodedata.category(after[0]) in ("Pe", "Pf", "Po") or after[0] in NEVER_FIRST
    return is_closing or unicodedata.category(before[0]) in ("Ps", "Pi")
