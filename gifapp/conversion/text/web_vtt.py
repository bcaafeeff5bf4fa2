"""Reads WebVTT as browsers do: webvtt-py finds the cues; text and position follow the W3C's rules.

https://www.w3.org/TR/webvtt1/, sections 6.4 (cue text) and 7.2 (position).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

import webvtt
from webvtt.models import CueSettings
from webvtt.vtt import WebVTTCueBlock

from gifapp.conversion.text.cues import Cue, Subtitles, refused
from gifapp.conversion.text.layout import BOTTOM, Place

TOKEN = re.compile(r"<[^>]*>?|[^<]+")
TAG_NAME = re.compile(r"</?([^\s.>/]*)")
NAMES = {"c", "i", "b", "u", "ruby", "rt", "v", "lang"}
SHARES = {"left": 0.0, "line-left": 0.0, "center": 0.5, "right": 1.0, "line-right": 1.0}
HANGS = {"": 0.0, "start": 0.0, "center": 0.5, "end": 1.0}
MAX_LINES = 1_000
MIN_WIDTH_SHARE = 0.2  # of the picture; in narrower columns, browsers let words overflow


def read_web_vtt(text: str) -> Subtitles:
    """The cues in file order; like browsers, it skips those with unreadable times.

    Raises:
        errors.RecipeInvalid: the file is not WebVTT.
    """
    try:
        parsed = webvtt.WebVTT.from_string(text)
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError) as failed:
        raise refused("neither SRT, WebVTT nor ASS") from failed
    cues = tuple(map(_cue, parsed.captions))
    return Subtitles(cues, tuple(_notes(text, parsed)))


def _cue(caption: webvtt.Caption) -> Cue:
    words = plain(caption.raw_text)
    start_s, end_s = (stamp.in_milliseconds() / 1000 for stamp in (caption.start_time, caption.end_time))
    return Cue(words, start_s, end_s, _place(caption.settings, is_from_right=_is_from_right(words)))


def plain(words: str) -> str:
    """The text of a cue without tags, ruby text and timestamps; an unclosed tag extends to the end."""
    texts, open_tags, ruby_depth = list[str](), list[str](), 0
    for token in TOKEN.findall(words):
        if not token.startswith("<"):
            texts += () if ruby_depth else (html.unescape(token),)
        elif token.startswith("</"):
            ruby_depth -= _close(_name(token), open_tags)
        elif (name := _name(token)) in NAMES and (name != "rt" or open_tags[-1:] == ["ruby"]):
            open_tags.append(name)
            ruby_depth += name == "rt"
    return "".join(texts).strip()


def _name(tag: str) -> str:
    match = TAG_NAME.match(tag)
    return match[1] if match else ""


def _close(name: str, open_tags: list[str]) -> int:
    """Remove the open tags that an end tag closes; returns how many of them were ruby texts."""
    if name == "ruby" and open_tags[-2:] == ["ruby", "rt"]:
        del open_tags[-2:]
        return 1
    if open_tags[-1:] == [name]:
        open_tags.pop()
        return int(name == "rt")
    return 0


def _is_from_right(words: str) -> bool:
    """Whether the first letter with a direction runs from right to left."""
    directions = map(unicodedata.bidirectional, words)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"


def _place(settings: CueSettings, *, is_from_right: bool) -> Place:
    """The place as in browsers: the column from `position`, `size` and `align`, the height from `line`."""
    if settings.vertical:
        return BOTTOM
    start, end = ("right", "left") if is_from_right else ("left", "right")
    align = SHARES[{"start": start, "end": end}.get(settings.align or "", settings.align or "center")]
    position, _, anchor_name = (settings.position or "").partition(",")
    at = _share(position) if position else align
    anchor = SHARES[anchor_name] if anchor_name else align
    room = {0.0: 1 - at, 0.5: 2 * min(at, 1 - at), 1.0: at}[anchor]
    width = max(MIN_WIDTH_SHARE, min(room, _share(settings.size) if settings.size else 1.0))
    down, hang, lines = _height(settings.line)
    return Place(at - anchor * width, width, align, down, hang, lines)


def _share(percentage: str) -> float:
    return float(percentage.removesuffix("%")) / 100


def _height(line: str | None) -> tuple[float, float, int]:
    """The `down`, `hang` and `lines` of a cue's place."""
    at, _, align = (line or "-1").partition(",")
    if at.endswith("%"):
        return _share(at), HANGS[align], 0
    number = int(max(-MAX_LINES, min(MAX_LINES, float(at))))
    return (1.0, 1.0, number + 1) if number < 0 else (0.0, 0.0, number)


def _notes(text: str, parsed: webvtt.WebVTT) -> Iterator[str]:
    arrows = [number for number, line in enumerate(text.split("\n"), 1) if "-->" in line]
    if missing := len(arrows) - len(parsed.captions):
        lines = text.split("\n")
        unread = [number for number in arrows if not WebVTTCueBlock.is_valid([lines[number - 1]])]
        where = f" (line {unread[0]})" if unread else ""
        yield f"Subtitles left out because of unreadable times: {missing}{where}."
    if any(caption.settings.vertical for caption in parsed.captions):
        yield "Vertical subtitles are shown horizontally, at the bottom."
