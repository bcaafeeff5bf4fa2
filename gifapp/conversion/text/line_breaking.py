"""Splits text into graphemes and finds line breaks, with ICU.

Graphemes are those of Unicode's annex 29, line breaks those of annex 14, with ICU's dictionaries for Thai,
Lao, Khmer and Burmese.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from icu4py.breakers import CharacterBreaker, LineBreaker

NO_BREAK_SPACES = "\u00a0\u2007\u202f"
# `strict`: no line begins with a small kana; `phrase`: Korean breaks at its spaces alone
LOCALE = "und-u-lb-strict"
KOREAN = "ko-u-lb-strict-lw-phrase"
HANGUL = re.compile("[\uac00-\ud7a3]")


def graphemes(text: str) -> list[str]:
    """What a reader counts as characters: letters with their marks, flags, emoji with their parts."""
    return [*CharacterBreaker(text, LOCALE)]


def break_ranges(found: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of graphemes that stay on one line, each with the spaces that follow it."""
    text = "".join(found)
    # its `segments()` count UTF-16 units
    pieces = LineBreaker(text, KOREAN if HANGUL.search(text) else LOCALE)
    breaks = {0, *accumulate(len(piece) for piece in pieces)}
    ends = accumulate((len(one) for one in found), initial=0)
    yield from pairwise(number for number, end in enumerate(ends) if end in breaks)


def is_space(grapheme: str) -> bool:
    """Whether a line may end in it unseen."""
    return grapheme.isspace() and grapheme not in NO_BREAK_SPACES
