"""Reads SubRip the way players do: hardly any file follows one grammar.

A line of times begins a cue, with or without a number or a title above it. A line that means to be one and
cannot be read is an error, so that no cue is lost or shows as another's text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from gifapp.conversion.text.cues import Cue, refused
from gifapp.conversion.text.layout import BOTTOM, Place, place_of
from gifapp.domain.recipes.parts import Position

DASH = "[-\u2010-\u2015\u2212=~]"
# spaces of every kind, and the marks of direction that editors of Arabic and Hebrew put between numbers
GAP = r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
COLON, COMMA = "[:\uff1a]", "[,.:\uff0c\uff0e\uff1a]"
ARROW = re.compile(rf"(?:{DASH}{GAP}){{1,4}}(?:>|&gt;)|[\u2192\u21d2]")
STAMP = (
    rf"(-?)(?:(\d{{1,4}}){GAP}{COLON}{GAP})?(\d{{1,4}}){GAP}{COLON}{GAP}(\d{{1,4}})"
    rf"(?:{GAP}{COMMA}{GAP}(\d{{1,9}}))?"
)
TIMING = re.compile(rf"{GAP}{STAMP}{GAP}({ARROW.pattern}){GAP}{STAMP}(?!\d|{COLON}){GAP}(.*)")
TIME = re.compile(rf"-?\d{{1,4}}{GAP}[:.\uff1a]{GAP}\d{{1,2}}{GAP}[:.\uff1a]{GAP}\d{{1,2}}")
NUMBER = re.compile(rf"{GAP}\d{{1,9}}{GAP}")
SETTINGS = re.compile(r"(?:\w{1,20}:\S+(?:\s+|$))*")

# what ffmpeg takes for tags; attributes have a sign of equality
TAG = re.compile(r"</?(?:(?P<short>[bius])|font|(?P<line>br))(?P<rest>[ \t/][^<>]*)?>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,31});")
# elements of HTML or WebVTT; words in angle brackets have no end tag
ELEMENT = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,19})(?:[\s./][^<>]*)?>")
# those of Advanced SubStation and of MicroDVD, found in many SubRip files
OVERRIDE = re.compile(r"\{(?:\\|[cCfFoPsSyY]:)[^{}\n]*\}")
ESCAPE = re.compile(r"(?<!\S)[a-zA-Z]:\\(?![Nh])\S*|\\[Nh]")  # but in paths of Windows
PLACE = re.compile(r"\\an([1-9])|\\a(1?\d)(?!\d)")
KEYPAD: tuple[Position, ...] = (
    "bottom_left", "bottom", "bottom_right", "left", "centre", "right", "top_left", "top", "top_right"
)  # fmt: skip
OLD_ROWS = {0: 0, 4: 6, 8: 3}  # SubStation's own numbers add this for the top and for the middle


def read_subrip(text: str) -> list[Cue]:
    """The cues in the order of the file; those without words are left out.

    Raises:
        errors.RecipeInvalid: a line that means to be times cannot be read; it is named.
    """
    lines = text.split("\n")
    timings = [*_timings(lines)]
    ends = [_end_of_text(lines, timing.at, after.at) for timing, after in pairwise(timings)]
    return [
        Cue(_plain(words), timing.start_s, timing.end_s, place_among(words) or BOTTOM)
        for timing, end in zip(timings, [*ends, len(lines)], strict=False)
        if (words := "\n".join([timing.words, *lines[timing.at + 1 : end]]).strip())
    ]


class _Timing(NamedTuple):
    """A line of times, and the words that follow them on it."""

    at: int
    start_s: float
    end_s: float
    words: str


def _timings(lines: Sequence[str]) -> Iterator[_Timing]:
    for at, line in enumerate(lines):
        match, opens = TIMING.match(line), _opens_block(lines, at)
        if match and (opens or _is_sure(match)):
            *stamps, rest = match.groups()
            words = "" if SETTINGS.fullmatch(rest) else rest
            yield _Timing(at, _seconds(stamps[:5]), _seconds(stamps[6:]), words)
        elif _means_times(line, opens=opens):
            raise refused(
                f"line {at + 1} has no times as 00:00:01,000 --> 00:00:02,500: {line.strip()[:60]!r}"
            )


def _opens_block(lines: Sequence[str], at: int) -> bool:
    """Whether the line is the first after a blank one, but for a number or a title."""
    before = [line.strip() for line in lines[max(0, at - 2) : at]]
    return not all(before) or len(before) < 2


def _is_sure(match: re.Match[str]) -> bool:
    """Whether this cannot be words about times: `10:30 -> 11:00` can."""
    has_hours, has_fractions = match[2] and match[8], match[5] and match[11]
    return bool(match[6] == "-->" or has_hours or has_fractions)


def _means_times(line: str, *, opens: bool) -> bool:
    time = TIME.search(line)
    if ARROW.search(line):
        return bool(time) or ("-->" in line and line.lstrip()[:1].isdigit())
    return bool(opens and time and not line[: time.start()].strip())


def _seconds(stamp: Sequence[str | None]) -> float:
    """As players do it, what follows the comma is a number of milliseconds; of more digits, a fraction."""
    sign, hours, minutes, seconds, fraction = stamp
    whole_s = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    part = fraction or "0"
    at_s = whole_s + (int(part) / 1000 if len(part) <= 3 else float(f"0.{part}"))
    return -at_s if sign else at_s


def _end_of_text(lines: Sequence[str], at: int, next_at: int) -> int:
    """Where the words of the cue at `at` end: before the number or the title of the next."""
    above = next_at - 1
    if above == at:
        return next_at
    is_title = bool(lines[above].strip()) and not lines[above - 1].strip()
    has_other_words = any(line.strip() for line in lines[at + 1 : above])
    return above if NUMBER.fullmatch(lines[above]) or (is_title and has_other_words) else next_at


def _plain(words: str) -> str:
    """The words without tags, with their entities; what else stands between angle brackets stays."""
    words = _without_elements(TAG.sub(_untagged, OVERRIDE.sub("", words)))
    words = ENTITY.sub(lambda match: html.unescape(match[0]), words)
    return ESCAPE.sub(lambda match: {"\\N": "\n", "\\h": "\u00a0"}.get(match[0], match[0]), words).strip()


def _without_elements(words: str) -> str:
    """As players do it, a tag that we do not know is one where its end tag is there, too."""
    names: dict[str, set[str]] = {"": set(), "/": set()}
    for slash, name in ELEMENT.findall(words):
        names[slash].add(name.lower())
    closed = names[""] & names["/"]
    return ELEMENT.sub(lambda match: "" if match[2].lower() in closed else match[0], words)


def _untagged(match: re.Match[str]) -> str:
    if match["line"]:
        return "\n"
    rest = (match["rest"] or "").strip(" \t/")
    return match[0] if match["short"] and rest and "=" not in rest else ""


def place_among(words: str) -> Place | None:
    r"""The place that the first `{\an…}` or `{\a…}` in the words asks for."""
    for override in OVERRIDE.finditer(words):
        if found := PLACE.search(override[0]):
            return place_of(KEYPAD[_on_keypad(found) - 1])
    return None


def _on_keypad(found: re.Match[str]) -> int:
    if found[1]:
        return int(found[1])
    row, column = divmod(int(found[2]), 4)
    return OLD_ROWS.get(row * 4, 0) + (column or 2)
