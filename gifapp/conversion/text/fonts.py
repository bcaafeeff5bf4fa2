"""The fonts that gifapp brings, and which of them has a character. Loaded when first asked for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import uharfbuzz as hb

FOLDER = Path(__file__).parents[2] / "fonts"
EM = 1 << 16
"""Units of an em: glyphs are measured and placed in these, whatever their size."""

COLOUR = "NotoColorEmoji.ttf"
LETTERS = "NotoSans-Bold.ttf"
CHAIN = (
    LETTERS,
    *(
        f"NotoSans{script}-Bold.ttf"
        for script in (
            "Arabic", "Hebrew", "Devanagari", "Thai", "Bengali", "Tamil", "Telugu", "Gujarati", "Gurmukhi",
            "Kannada", "Malayalam", "Oriya", "Sinhala", "Lao", "Khmer", "Myanmar", "Georgian", "Armenian",
            "Ethiopic", "Thaana",
        )
    ),
    "NotoSansCJK-Bold.otf",
    "NotoSansMath-Regular.ttf",
    "NotoSansSymbols-Bold.ttf",
    "NotoSansSymbols2-Regular.ttf",
    COLOUR,
)  # fmt: skip
"""In order of preference. The last ones have letters too, but not of the others' look."""

# where emoji live among other signs; outside of it only a variation selector makes one
PICTURES = ((0x231A, 0x2400), (0x2600, 0x2C00), (0x1F000, 0x20000))
# what Unicode calls default ignorable and Python no format character: selectors, fillers, a joiner
HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
AS_TEXT, AS_PICTURE, KEYCAP = "\ufe0e", "\ufe0f", "\u20e3"


@dataclass(frozen=True)
class Typeface:
    """A font at a scale of `EM` units to the em."""

    font: hb.Font
    is_coloured: bool

    def has(self, cluster: str) -> bool:
        """Whether there is a glyph for every character that shows."""
        return all(self.font.get_nominal_glyph(ord(one)) for one in cluster if not _is_hidden(one))


@cache
def typeface(name: str) -> Typeface:
    """The font of that file name; the file stays mapped, not read."""
    font = hb.Font(hb.Face(hb.Blob.from_file_path(FOLDER / name)))
    font.scale = (EM, EM)
    return Typeface(font, is_coloured=name == COLOUR)


def typeface_of(cluster: str, before: Typeface | None = None) -> Typeface:
    """The typeface for what is seen as one character; one that nobody has is a box of the first's.

    Args:
        cluster: a character with its marks, selectors and joiners.
        before: the typeface of what stands before; spaces and signs that it has do not change it.
    """
    emoji = typeface(COLOUR)
    if _wants_picture(cluster) and emoji.has(cluster):
        return emoji
    if before and not before.is_coloured and not cluster[0].isalpha() and before.has(cluster):
        return before
    return next(filter(lambda one: one.has(cluster), map(typeface, CHAIN)), typeface(LETTERS))


def _wants_picture(cluster: str) -> bool:
    if AS_TEXT in cluster:
        return False
    if AS_PICTURE in cluster or KEYCAP in cluster:
        return True
    return any(low <= ord(cluster[0]) < high for low, high in PICTURES)


def _is_hidden(character: str) -> bool:
    """Joiners, marks of direction and selectors: they change others and have no look."""
    return unicodedata.category(character) == "Cf" or HIDDEN.match(character) is not None
