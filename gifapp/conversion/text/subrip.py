"""Reads SubRip as leniently as players do, since few files follow a common grammar.

A timing line begins a cue, with or without a number or a title above it. A line that looks like a timing line
but cannot be parsed is an error, so that no cue is lost or shown as another's text.
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
# all kinds of spaces, and the direction marks that Arabic and Hebrew editors put between numbers
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

# what ffmpeg recognises as tags; attributes contain an equals sign
TAG = re.compile(r"</?(?:(?P<short>[bius])|font|(?P<line>br))(?P<rest>[ \t/][^<>]*)?>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,31});")
# elements of HTML or WebVTT; plain words in angle brackets have no end tag
ELEMENT = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,19})(?:[\s./][^<>]*)?>")
# override tags of Advanced SubStation and MicroDVD, found in many SubRip files
OVERRIDE = re.compile(r"\{(?:\\|[cCfFoPsSyY]:)[^{}\n]*\}")
ESCAPE = re.compile(r"(?<!\S)[a-zA-Z]:\\(?![Nh])\S*|\\[Nh]")  # except in Windows paths
PLACE = re.compile(r"\\an([1-9])|\\a(1?\d)(?!\d)")
KEYPAD: tuple[Position, ...] = (
    "bottom_left", "bottom", "bottom_right", "left", "centre", "right", "top_left", "top", "top_right"
)  # fmt: skip
OLD_ROWS = {0: 0, 4: 6, 8: 3}  # keypad offsets of SubStation's legacy `\a` rows: bottom, top, middle


def read_subrip(text: str) -> list[Cue]:
    """The cues in file order; those without text are omitted.

    Raises:
        errors.RecipeInvalid: a line that looks like a timing line cannot be parsed; the error names it.
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
    """A timing line, and any text after the times on it."""

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
    """Whether the line follows a blank one, with at most a number or a title in between."""
    before = [line.strip() for line in lines[max(0, at - 2) : at]]
    return not all(before) or len(before) < 2


def _is_sure(match: re.Match[str]) -> bool:
    """Whether this is surely a timing line: `10:30 -> 11:00` may be dialogue."""
    has_hours, has_fractions = match[2] and match[8], match[5] and match[11]
    return bool(match[6] == "-->" or has_hours or has_fractions)


def _means_times(line: str, *, opens: bool) -> bool:
    time = TIME.search(line)
    if ARROW.search(line):
        return bool(time) or ("-->" in line and line.lstrip()[:1].isdigit())
    return bool(opens and time and not line[: time.start()].strip())


def _seconds(stamp: Sequence[str | None]) -> float:
    """Like players, read up to three digits after the comma as milliseconds, and more as a fraction."""
    sign, hours, minutes, seconds, fraction = stamp
    whole_s = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    part = fraction or "0"
    at_s = whole_s + (int(part) / 1000 if len(part) <= 3 else float(f"0.{part}"))
    return -at_s if sign else at_s


def _end_of_text(lines: Sequence[str], at: int, next_at: int) -> int:
    """The line where the text of the cue at `at` ends: before the number or title of the next cue."""
    above = next_at - 1
    if above == at:
        return next_at
    is_title = bool(lines[above].strip()) and not lines[above - 1].strip()
    has_other_words = any(line.strip() for line in lines[at + 1 : above])
    return above if NUMBER.fullmatch(lines[above]) or (is_title and has_other_words) else next_at


def _plain(words: str) -> str:
    """The text without tags and with entities decoded; other text in angle brackets is kept."""
    words = _without_elements(TAG.sub(_untagged, OVERRIDE.sub("", words)))
    words = ENTITY.sub(lambda match: html.unescape(match[0]), words)
    return ESCAPE.sub(lambda match: {"\\N": "\n", "\\h": "\u00a0"}.get(match[0], match[0]), words).strip()


def _without_elements(words: str) -> str:
    """Remove unknown tags that have an end tag, as players do."""
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
    r"""The place set by the first `{\an…}` or `{\a…}` in the text."""
    for override in OVERRIDE.finditer(words):
        if match := PLACE.search(override[0]):
            return place_of(KEYPAD[_on_keypad(match) - 1])
    return None


def _on_keypad(match: re.Match[str]) -> int:
    if match[1]:
        return int(match[1])
    row, column = divmod(int(match[2]), 4)
    return OLD_ROWS.get(row * 4, 0) + (column or 2)
