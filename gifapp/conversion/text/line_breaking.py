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
# `strict`: no line begins with a small kana; `phrase`: Korean breaks only at spaces
LOCALE = "und-u-lb-strict"
KOREAN = "ko-u-lb-strict-lw-phrase"
HANGUL = re.compile("[\uac00-\ud7a3]")


def graphemes(text: str) -> list[str]:
    """User-perceived characters: letters with their marks, flags, composed emoji."""
    return [*CharacterBreaker(text, LOCALE)]


def break_ranges(clusters: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of graphemes that cannot be broken, each including the spaces after it."""
    text = "".join(clusters)
    # pieces are measured here, since `segments()` counts UTF-16 units
    pieces = LineBreaker(text, KOREAN if HANGUL.search(text) else LOCALE)
    breaks = {0, *accumulate(len(piece) for piece in pieces)}
    ends = accumulate(map(len, clusters), initial=0)
    yield from pairwise(number for number, end in enumerate(ends) if end in breaks)


def is_space(grapheme: str) -> bool:
    """Whether it is a space that is invisible at the end of a line."""
    return grapheme.isspace() and grapheme not in NO_BREAK_SPACES
