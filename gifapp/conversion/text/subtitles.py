"""Reads subtitles as SubRip, WebVTT or Advanced SubStation, detected by their beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from gifapp.conversion.text.cues import Cue, Subtitles, refused
from gifapp.conversion.text.subrip import read_subrip
from gifapp.conversion.text.substation import is_substation, read_substation
from gifapp.conversion.text.web_vtt import read_web_vtt

MAX_CUE_CHARACTERS = 1_000


def read(text: str) -> Subtitles:
    """Read a subtitle file; `notes` say what was left out.

    Raises:
        errors.RecipeInvalid: it is not a subtitle file, a line cannot be read, or no cue has text.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip().startswith("WEBVTT"):
        subtitles = read_web_vtt(text.strip())
    elif is_substation(text):
        subtitles = read_substation(text)
    else:
        subtitles = Subtitles(tuple(read_subrip(text)))
    cues = [cue for cue in subtitles.cues if cue.text]
    shown = [
        replace(cue, text=cue.text[:MAX_CUE_CHARACTERS])
        for cue in cues
        if cue.end_s >= max(cue.start_s, 1e-6)
    ]
    if not shown:
        raise refused("neither SRT, WebVTT nor ASS" if not subtitles.cues else "they contain no text")
    return Subtitles(tuple(shown), (*subtitles.notes, *_notes(cues)))


def _notes(cues: Sequence[Cue]) -> Iterator[str]:
    """How many cues have invalid times or are too long, and where the first of them is."""
    kinds: dict[str, Callable[[Cue], bool]] = {
        "left out because they end before they begin": lambda cue: cue.end_s < cue.start_s,
        "left out because they end before the video begins": lambda cue: cue.start_s <= cue.end_s <= 0,
        f"cut to their first {MAX_CUE_CHARACTERS:,} characters": lambda cue: (
            len(cue.text) > MAX_CUE_CHARACTERS
        ),
    }
    for problem, is_so in kinds.items():
        if wrong := [cue for cue in cues if is_so(cue)]:
            yield f"Subtitles {problem}: {len(wrong)}; the first is at {wrong[0].start_s:g} s."
