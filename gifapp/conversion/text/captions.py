"""Captions and subtitles as layers: set, stacked where they would meet, drawn when they first show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from gifapp.conversion.frame import Pixels
from gifapp.conversion.plan import Plan
from gifapp.conversion.text import subtitles
from gifapp.conversion.text.glyphs import drawn, overhang_px
from gifapp.conversion.text.layer import Layer
from gifapp.conversion.text.layout import Box, avoid_overlap, margin_px, placed, share_across
from gifapp.conversion.text.typesetting import Block, set_text
from gifapp.domain.recipe_parts import Caption, Position

SMALLEST_SUBTITLE_PX = 12


@dataclass(frozen=True)
class Words:
    """A text and when it shows in the GIF."""

    text: str
    start_s: float
    end_s: float
    position: Position
    size_px: int
    colour: str
    outline: str | None
    needs_room: bool = False


def caption_layers(plan: Plan, *, beat: Callable[[], None]) -> list[Layer]:
    """The captions and subtitles of the recipe; those that begin first have the first choice of place.

    Subtitles for which no room is left are not shown: a file may have thousands at one time.

    `beat` is called for each of them, and while the layers are painted.

    Raises:
        errors.RecipeInvalid: the subtitles cannot be read.
    """
    stacked = sorted([*_captions(plan), *_subtitles(plan)], key=lambda words: words.start_s)
    showing: list[tuple[float, Box]] = []
    found = []
    for words in stacked:
        beat()
        showing = [(end_s, box) for end_s, box in showing if end_s > words.start_s]
        block = _set(words, plan)
        wanted = _box(block, words, plan)
        box = avoid_overlap(wanted, [box for _, box in showing], words.position, plan.height_px)
        if box is None and words.needs_room:
            continue
        box = box or wanted
        showing.append((words.end_s, box))
        found.append(_layer(words, block, box, beat))
    return found


def _captions(plan: Plan) -> Iterator[Words]:
    for one in plan.recipe.captions:
        end_s = math.inf if one.end_s is None else one.end_s
        yield Words(one.text, one.start_s, end_s, one.position, one.size_px, one.colour, one.outline)


def _subtitles(plan: Plan) -> Iterator[Words]:
    if plan.recipe.subtitles is None:
        return
    look = Caption(text=" ", size_px=_subtitle_px(plan))
    for cue in subtitles.read(plan.recipe.subtitles):
        for start_s, end_s in subtitles.shown_s(cue, plan):
            yield Words(
                cue.text,
                start_s,
                end_s,
                cue.position,
                look.size_px,
                look.colour,
                look.outline,
                needs_room=True,
            )


def _subtitle_px(plan: Plan) -> int:
    """As subtitles of films are, and a little larger, since GIFs are small."""
    return max(SMALLEST_SUBTITLE_PX, round(min(plan.height_px / 12, plan.width_px / 20)))


def _set(words: Words, plan: Plan) -> Block:
    margin = margin_px(plan.width_px, plan.height_px)
    return set_text(
        words.text,
        size_px=words.size_px,
        width_px=max(1, plan.width_px - 2 * margin),
        height_px=max(1, plan.height_px - 2 * margin),
    )


def _box(block: Block, words: Words, plan: Plan) -> Box:
    size, whole = (block.width_px, block.height_px), (plan.width_px, plan.height_px)
    return Box(*placed(words.position, size, whole, margin_px=margin_px(*whole)), *size)


def _layer(words: Words, block: Block, box: Box, beat: Callable[[], None]) -> Layer:
    paint = partial(_painted, words, block, beat)
    over_px = overhang_px(block)
    return Layer(paint, box.x_px - over_px, box.y_px - over_px, words.start_s, words.end_s)


def _painted(words: Words, block: Block, beat: Callable[[], None]) -> Pixels:
    align = share_across(words.position)
    return drawn(block, colour=words.colour, outline=words.outline, align=align, beat=beat)
