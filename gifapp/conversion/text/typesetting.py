"""Typesets text into lines of glyphs: fonts, shaping, direction, line filling.

HarfBuzz shapes, python-bidi finds directions (Unicode's annex 9), and ICU finds line breaks; all come as
wheels, so that a caption looks the same on every machine.
"""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

import bidi
import uharfbuzz as hb

from gifapp.conversion.text import fonts, line_breaking
from gifapp.conversion.text.fonts import EM, Typeface

# of an em: the minimum of every line, so that lines are evenly spaced whatever their letters
ASCENT, DESCENT = 0.9, 0.28
OUTLINE = 0.07
READABLE_PX = 10
MIN_FONT_PX = 4
SHRINK = 0.92
BALANCING = 6  # halvings of the width
SOFT_HYPHEN, HYPHEN = "\u00ad", "-"
FROM_RIGHT = {"R", "AL", "AN", "RLE", "RLO", "RLI"}  # Unicode's names of directions

Ranges = list[tuple[int, int]]


class Glyph(NamedTuple):
    """A glyph of a typeface and its position, in ems from the start of its line; y grows upwards."""

    typeface: Typeface
    number: int
    x_em: float
    y_em: float


class _Ink(NamedTuple):
    """The ink bounds of a glyph, in ems from the start of its line; y grows upwards."""

    left_em: float
    right_em: float
    top_em: float
    bottom_em: float


@dataclass(frozen=True)
class Line:
    glyphs: tuple[Glyph, ...]
    width_em: float
    ascent_em: float
    descent_em: float

    @property
    def height_em(self) -> float:
        return self.ascent_em + self.descent_em


@dataclass(frozen=True)
class Block:
    """Lines of one size, with room for an outline around them."""

    lines: tuple[Line, ...]
    size_px: float

    @property
    def outline_px(self) -> float:
        return max(1.0, OUTLINE * self.size_px)

    @property
    def width_px(self) -> int:
        return math.ceil(max(line.width_em for line in self.lines) * self.size_px + 2 * self.outline_px)

    @property
    def height_px(self) -> int:
        return math.ceil(sum(line.height_em for line in self.lines) * self.size_px + 2 * self.outline_px)


def set_text(text: str, *, size_px: float, width_px: int, height_px: int) -> Block:
    """Typeset text at `size_px`, or smaller if necessary to fit the width and the height.

    Words are split only if they do not fit at a readable size.
    """
    language = "ja" if any("\u3041" <= char <= "\u30ff" for char in text) else None
    paragraphs = [Paragraph(line, language) for line in _cleaned(text)]
    for size, is_parting in _attempts(size_px):
        room_em = (width_px - 2 * max(1.0, OUTLINE * size)) / size
        ranges = [paragraph.wrapped(room_em, is_parting=is_parting) for paragraph in paragraphs]
        if all(ranges) and sum(map(len, ranges)) * (ASCENT + DESCENT) * size <= height_px:
            block = _block(paragraphs, _balanced(paragraphs, ranges, room_em), size)
            if block.width_px <= width_px and block.height_px <= height_px:
                return block
    return _block(paragraphs, ranges, size)  # the picture is too small for text


def _attempts(size_px: float) -> Iterator[tuple[float, bool]]:
    """The sizes to try, and whether words may be split."""
    min_px = min(READABLE_PX, size_px)
    yield from ((size, False) for size in _sizes(size_px, min_px))
    yield from ((size, True) for size in _sizes(size_px, min(MIN_FONT_PX, size_px)))


def _sizes(largest: float, min_px: float) -> Iterator[float]:
    while largest > min_px:
        yield largest
        largest *= SHRINK
    yield min_px


def _balanced(paragraphs: list[Paragraph], ranges: list[Ranges], room_em: float) -> list[Ranges]:
    """The same number of lines with the smallest width, so that no lone word is left on the last line."""
    balanced = []
    for paragraph, wide in zip(paragraphs, ranges, strict=True):
        min_em, max_em, best = room_em / 2, room_em, wide
        for _ in range(BALANCING if len(wide) > 1 else 0):
            middle_em = (min_em + max_em) / 2
            narrow = paragraph.wrapped(middle_em, is_parting=False)
            if 0 < len(narrow) <= len(wide):
                best, max_em = narrow, middle_em
            else:
                min_em = middle_em
        balanced.append(best)
    return balanced


def _cleaned(text: str) -> list[str]:
    """The lines of the text without undrawable characters."""
    return ["".join(map(_drawable, line)).strip() for line in text.strip().splitlines()] or [""]


def _drawable(character: str) -> str:
    return " " if unicodedata.category(character) in ("Cc", "Cs") else character


class Paragraph:
    """A line as typed: measured once, independently of size, then wrapped at any size."""

    def __init__(self, text: str, language: str | None) -> None:
        self.clusters = line_breaking.graphemes(text)
        self._words = [*line_breaking.break_ranges(self.clusters)] or [(0, 0)]
        self._language = language
        self._levels = _levels(self.clusters)
        self._typefaces = _typefaces(self.clusters)
        self._lines: dict[tuple[int, int], Line] = {}
        self._advances = [0.0] * len(self.clusters)
        self._overhangs = [0.0] * len(self.clusters)
        self._tops = [ASCENT] * len(self.clusters)
        self._bottoms = [DESCENT] * len(self.clusters)
        self._measure()
        self._ends = [0.0, *itertools.accumulate(self._advances)]

    def wrapped(self, room_em: float, *, is_parting: bool) -> Ranges:
        """Ranges of clusters, one per line; empty if a word would have to be split, unless `is_parting`."""
        lines, start = [], 0
        for first, last in self._words:
            end = self._without_spaces(first, last)
            if self._width_em(start, end) > room_em and first > start:
                lines.append((start, first))
                start = first
            if self._width_em(start, end) <= room_em:
                continue
            if not is_parting and first < end:
                return []
            for position in range(first + 1, end):
                if self._width_em(start, position + 1) > room_em:
                    lines.append((start, position))
                    start = position
        return [*lines, (start, len(self.clusters))]

    def _width_em(self, start: int, end: int) -> float:
        """The width of a line, including ink beyond its first and last advance."""
        if end <= start:
            return 0.0
        inner_em = self._ends[end] - self._ends[start] + self._hyphen_em(end)
        return inner_em + self._overhangs[start] + self._overhangs[end - 1]

    def _hyphen_em(self, end: int) -> float:
        """The width of the hyphen at the end of a line that ends at `end`; 0 without one."""
        if not self._ends_in_hyphen(end):
            return 0.0
        font = self._typefaces[end - 1].font
        return float(font.get_glyph_h_advance(font.get_nominal_glyph(ord(HYPHEN)))) / EM

    def _ends_in_hyphen(self, end: int) -> bool:
        """Whether a line that ends at `end` ends in a soft hyphen, which is then visible."""
        is_soft = self.clusters[end - 1] == SOFT_HYPHEN and end < len(self.clusters)
        return is_soft and self._typefaces[end - 1].has(HYPHEN)

    def line(self, start: int, end: int) -> Line:
        """The line of clusters from `start` to `end` in visual order; shaped once for all sizes."""
        end = self._without_spaces(start, end)
        if (start, end) not in self._lines:
            self._lines[start, end] = self._shaped_line(start, end)
        return self._lines[start, end]

    def _shaped_line(self, start: int, end: int) -> Line:
        glyphs: list[Glyph] = []
        pen_em = 0.0
        for first, last in self._seen_order(start, end):
            for glyph, advance_em, _ in self._shaped(first, last, end):
                glyphs.append(glyph._replace(x_em=glyph.x_em + pen_em))
                pen_em += advance_em
        left_em, right_em = _reach_em(glyphs, pen_em)
        return Line(
            tuple(glyph._replace(x_em=glyph.x_em - left_em) for glyph in glyphs),
            width_em=right_em - left_em,
            ascent_em=max(self._tops[start:end], default=ASCENT),
            descent_em=max(self._bottoms[start:end], default=DESCENT),
        )

    def _without_spaces(self, start: int, end: int) -> int:
        while end > start and line_breaking.is_space(self.clusters[end - 1]):
            end -= 1
        return end

    def _runs(self, start: int, end: int) -> Ranges:
        """Ranges with one typeface and one direction."""
        kinds = itertools.groupby(range(start, end), lambda at: (self._typefaces[at], self._levels[at]))
        return [(run[0], run[-1] + 1) for run in ([*group] for _, group in kinds)]

    def _seen_order(self, start: int, end: int) -> Ranges:
        """The runs in visual order, by rule L2 of the annex, from the deepest level up."""
        runs = self._runs(start, end)
        deepest = max((self._levels[first] for first, _ in runs), default=0)
        for level in range(deepest, 0, -1):
            runs = _turned(runs, [self._levels[first] >= level for first, _ in runs])
        return runs

    def _shaped(self, start: int, end: int, line_end: int | None) -> list[tuple[Glyph, float, int]]:
        """The glyphs of one run in visual order, each with its advance and its cluster.

        For measuring (`line_end` None), hidden characters are kept, since HarfBuzz merges removed ones into
        their neighbours' clusters.
        """
        clusters = self.clusters[start:end]
        if end == line_end and self._ends_in_hyphen(end):
            clusters[-1] = HYPHEN
        typeface = self._typefaces[start]
        buffer = hb.Buffer()
        buffer.add_codepoints([ord(char) for char in "".join(clusters)])
        buffer.guess_segment_properties()
        if line_end is not None:
            buffer.flags |= hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
        buffer.direction = "rtl" if self._levels[start] % 2 else "ltr"
        if self._language:
            buffer.language = self._language
        hb.shape(typeface.font, buffer)
        owners = [at for at in range(start, end) for _ in self.clusters[at]]
        return [
            (
                Glyph(typeface, info.codepoint, place.x_offset / EM, place.y_offset / EM),
                place.x_advance / EM,
                owners[info.cluster],
            )
            for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        ]

    def _measure(self) -> None:
        for run in self._runs(0, len(self.clusters)):
            for at, group in itertools.groupby(self._shaped(*run, line_end=None), itemgetter(2)):
                self._measure_cluster(at, [(glyph, advance_em) for glyph, advance_em, _ in group])

    def _measure_cluster(self, at: int, shaped: list[tuple[Glyph, float]]) -> None:
        glyphs = []
        for glyph, advance_em in shaped:
            glyphs.append(glyph._replace(x_em=glyph.x_em + self._advances[at]))
            self._advances[at] += advance_em
        left_em, right_em = _reach_em(glyphs, self._advances[at])
        self._overhangs[at] = max(-left_em, right_em - self._advances[at])
        for glyph in glyphs:
            ink = _ink_em(glyph)
            self._tops[at] = max(self._tops[at], ink.top_em)
            self._bottoms[at] = max(self._bottoms[at], -ink.bottom_em)


def _ink_em(glyph: Glyph) -> _Ink:
    left_em, right_em, top_em, bottom_em = _ink_at_origin_em(glyph.typeface, glyph.number)
    return _Ink(glyph.x_em + left_em, glyph.x_em + right_em, glyph.y_em + top_em, glyph.y_em + bottom_em)


@lru_cache(maxsize=4096)
def _ink_at_origin_em(typeface: Typeface, number: int) -> _Ink:
    ink = typeface.font.get_glyph_extents(number)
    if ink is None:
        return _Ink(0.0, 0.0, 0.0, 0.0)
    left_em, top_em = ink.x_bearing / EM, ink.y_bearing / EM
    return _Ink(left_em, left_em + ink.width / EM, top_em, top_em + ink.height / EM)


def _reach_em(glyphs: Sequence[Glyph], advance_em: float) -> tuple[float, float]:
    """The left and right bounds of glyphs with this advance; ink may extend beyond it on both sides."""
    inks = [_ink_em(glyph) for glyph in glyphs]
    left_em = min((ink.left_em for ink in inks), default=0.0)
    right_em = max((ink.right_em for ink in inks), default=0.0)
    return min(0.0, left_em), max(advance_em, right_em)


def _block(paragraphs: list[Paragraph], ranges: list[Ranges], size_px: float) -> Block:
    lines = [
        paragraph.line(*line) for paragraph, lines in zip(paragraphs, ranges, strict=True) for line in lines
    ]
    return Block(tuple(lines), size_px)


def _turned(runs: Ranges, are_deep: list[bool]) -> Ranges:
    """The runs with each group of adjacent deep ones reversed."""
    turned: Ranges = []
    for is_deep, group in itertools.groupby(zip(runs, are_deep, strict=True), itemgetter(1)):
        together = [run for run, _ in group]
        turned += together[::-1] if is_deep else together
    return turned


def _typefaces(clusters: Sequence[str]) -> list[Typeface]:
    typefaces: list[Typeface] = []
    for cluster in clusters:
        typefaces.append(fonts.typeface_of(cluster, typefaces[-1] if typefaces else None))
    return typefaces


def _levels(clusters: Sequence[str]) -> list[int]:
    """The embedding level of each cluster; odd levels run from right to left."""
    text = "".join(clusters)
    if not any(unicodedata.bidirectional(char) in FROM_RIGHT for char in text):
        return [0] * len(clusters)
    # only python-bidi's compiled half has rule N0, and only its debug output has levels, one per byte
    levels = re.findall(r"Level\(\s*(\d+)", bidi.get_display(text, debug=True))
    firsts = itertools.accumulate((len(cluster.encode()) for cluster in clusters[:-1]), initial=0)
    return [int(levels[first]) for first in firsts]
