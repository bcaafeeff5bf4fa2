"""Reads Advanced SubStation and SubStation Alpha with pysubs2: text, times and position."""

from __future__ import annotations

import re
import warnings

import pysubs2

from gifapp.conversion.text.cues import Cue, Subtitles, refused
from gifapp.conversion.text.layout import BOTTOM, Place, place_of
from gifapp.conversion.text.subrip import KEYPAD, place_among

KEPT = (
    "Of ASS subtitles the words, their times and the edge where they stand are kept; fonts, colours, exact "
    "positions, drawings, karaoke and movement are not."
)
HEADER = re.compile(
    r"^(?:[ \t]*(?:[;!].*)?\n)*[ \t]*\[(?:script info|v4\+? styles|events)\]", re.IGNORECASE | re.MULTILINE
)
ELDER = re.compile(r"^[ \t]*\[v4 styles\]", re.IGNORECASE | re.MULTILINE)
DRAWING = re.compile(r"\\p([0-9]+)")
BLOCK = re.compile(r"((?<!\\)\{[^{}]*\})")
UNWRAPPED = re.compile(r"\\q2")
ESCAPES = re.compile(r"\\([Nnh{}])")


def is_substation(text: str) -> bool:
    """Whether the text starts with a SubStation section."""
    return HEADER.match(text) is not None


def read_substation(text: str) -> Subtitles:
    """The cues of the file; of their styling, only the edge or corner is kept.

    Raises:
        errors.RecipeInvalid: the file is damaged.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # about styling that we ignore
            parsed = pysubs2.SSAFile.from_string(text, format_="ssa" if ELDER.search(text) else "ass")
    except (pysubs2.exceptions.Pysubs2Error, ValueError, LookupError, ArithmeticError) as failed:
        raise refused(f"damaged as ASS ({failed})"[:200]) from failed
    # a shadow or glow repeats the same text once per layer: keep one
    cues = dict.fromkeys(_cue(event, parsed) for event in parsed.events if not event.is_comment)
    return Subtitles(tuple(cues), (KEPT,))


def _cue(event: pysubs2.SSAEvent, parsed: pysubs2.SSAFile) -> Cue:
    is_wrapped = parsed.info.get("WrapStyle", "0").strip() != "2" and not UNWRAPPED.search(event.text)
    words = _plain(event.text, newline=" " if is_wrapped else "\n")
    return Cue(words, event.start / 1000, event.end / 1000, _place(event, parsed))


def _place(event: pysubs2.SSAEvent, parsed: pysubs2.SSAFile) -> Place:
    style = parsed.styles.get(event.style.lstrip("*")) or parsed.styles.get("Default")
    return place_among(event.text) or (place_of(KEYPAD[style.alignment - 1]) if style else BOTTOM)


def _plain(words: str, newline: str) -> str:
    r"""The text without drawings and override blocks; `\n` becomes `newline`."""
    parts, is_drawing = list[str](), False
    for part in BLOCK.split(words):
        if BLOCK.fullmatch(part):
            is_drawing = next((match[1] != "0" for match in DRAWING.finditer(part)), is_drawing)
        elif not is_drawing:
            parts.append(part)
    signs = {"N": "\n", "n": newline, "h": "\u00a0"}
    return ESCAPES.sub(lambda match: signs.get(match[1], match[1]), "".join(parts)).strip()
