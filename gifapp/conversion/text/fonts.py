"""The bundled fonts, and which of them to use for a character. Loaded on first use."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import uharfbuzz as hb

FOLDER = Path(__file__).parents[2] / "fonts"
EM = 1 << 16
"""Units per em, in which glyphs are measured and placed at any size."""

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
"""In order of preference. The last ones have letters too, but in a different style."""

# blocks with emoji among other symbols; elsewhere only a variation selector makes an emoji
PICTURES = ((0x231A, 0x2400), (0x2600, 0x2C00), (0x1F000, 0x20000))
# default ignorable in Unicode, but not of Python's category Cf: selectors, fillers, a joiner
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
        """Whether it has a glyph for every visible character."""
        return all(self.font.get_nominal_glyph(ord(char)) for char in cluster if not _is_hidden(char))


@cache
def typeface(name: str) -> Typeface:
    """The font with this file name; the file is memory-mapped, not read."""
    font = hb.Font(hb.Face(hb.Blob.from_file_path(FOLDER / name)))
    font.scale = (EM, EM)
    return Typeface(font, is_coloured=name == COLOUR)


@lru_cache(maxsize=1024)  # a long subtitle file has few different clusters
def typeface_of(cluster: str, before: Typeface | None = None) -> Typeface:
    """The typeface for a grapheme; the first font, which shows a box, if no font has it.

    Args:
        cluster: a character with its marks, selectors and joiners.
        before: the typeface of the preceding grapheme, which is kept for spaces and symbols that it has.
    """
    emoji = typeface(COLOUR)
    if _wants_picture(cluster) and emoji.has(cluster):
        return emoji
    if before and not before.is_coloured and not cluster[0].isalpha() and before.has(cluster):
        return before
    return next((face for face in map(typeface, CHAIN) if face.has(cluster)), typeface(LETTERS))


def _wants_picture(cluster: str) -> bool:
    if AS_TEXT in cluster:
        return False
    if AS_PICTURE in cluster or KEYCAP in cluster:
        return True
    return any(low <= ord(cluster[0]) < high for low, high in PICTURES)


def _is_hidden(character: str) -> bool:
    """Whether it is invisible: joiners, direction marks and selectors only affect other characters."""
    return unicodedata.category(character) == "Cf" or HIDDEN.match(character) is not None
