"""Advanced SubStation and its elder, read by pysubs2: words, their times and the edge where they stand."""

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
HEADER = re.compile(r"^\s*\[(?:script info|v4\+? styles|events)\]", re.IGNORECASE | re.MULTILINE)
ELDER = re.compile(r"^[ \t]*\[v4 styles\]", re.IGNORECASE | re.MULTILINE)
DRAWING = re.compile(r"\\p([0-9]+)")
BLOCK = re.compile(r"(\{[^{}]*\})")


def is_substation(text: str) -> bool:
    """Whether the text has the headings of SubStation."""
    return HEADER.match(text) is not None


def read_substation(text: str) -> Subtitles:
    """The cues of the file; of its looks only the edge at which each stands is kept.

    Raises:
        errors.RecipeInvalid: the file is damaged.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # of looks that we do not keep
            parsed = pysubs2.SSAFile.from_string(text, format_="ssa" if ELDER.search(text) else "ass")
    except (pysubs2.exceptions.Pysubs2Error, ValueError, LookupError, ArithmeticError) as failed:
        raise refused(f"damaged as ASS ({failed})"[:200]) from failed
    return Subtitles(tuple(_cue(event, parsed) for event in parsed.events if not event.is_comment), (KEPT,))


def _cue(event: pysubs2.SSAEvent, parsed: pysubs2.SSAFile) -> Cue:
    return Cue(_plain(event.text), event.start / 1000, event.end / 1000, _place(event, parsed))


def _place(event: pysubs2.SSAEvent, parsed: pysubs2.SSAFile) -> Place:
    style = parsed.styles.get(event.style)
    return place_among(event.text) or (place_of(KEYPAD[style.alignment - 1]) if style else BOTTOM)


def _plain(words: str) -> str:
    """The words outside of drawings, without what stands in braces."""
    found, is_drawing = list[str](), False
    for part in BLOCK.split(words):
        if BLOCK.fullmatch(part):
            is_drawing = next((match[1] != "0" for match in DRAWING.finditer(part)), is_drawing)
        elif not is_drawing:
            found.append(part)
    return re.sub(r"\\[Nn]", "\n", "".join(found)).replace("\\h", "\u00a0").strip()
