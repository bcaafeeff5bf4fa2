"""Turns captions and subtitles into layers: typeset, stacked to avoid overlap, drawn on first use."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from heapq import nsmallest
from itertools import accumulate
from operator import attrgetter

from gifapp import errors
from gifapp.conversion.frame import Pixels
from gifapp.conversion.plan import Plan
from gifapp.conversion.play_times import shown_cs
from gifapp.conversion.text import subtitles
from gifapp.conversion.text.cues import Cue, Subtitles, shown_s
from gifapp.conversion.text.glyphs import drawn, overhang_px
from gifapp.conversion.text.layer import ROUNDING_S, Layer
from gifapp.conversion.text.layout import Box, Place, avoid_overlap, box_at, column_px, margin_px, place_of
from gifapp.conversion.text.typesetting import ASCENT, DESCENT, Block, set_text
from gifapp.domain.recipes.parts import Caption

MIN_SUBTITLE_PX = 12
MAX_CHARACTERS = 100_000  # of all subtitles of one GIF: a film has a tenth of this in five minutes
MIN_COUNTED_CHARACTERS = 20  # texts shorter than this take as long to set and draw
MAX_COVERED_PX = 2 * 4096 * 4096  # covered by the texts of one frame, which are kept in memory
LINE = ASCENT + DESCENT


@dataclass(frozen=True)
class PlacedText:
    """A text, when it is shown in the GIF, and its place and look."""

    text: str
    start_s: float
    end_s: float
    place: Place
    size_px: int
    colour: str
    outline: str | None
    part: str
    needs_room: bool = False


def caption_layers(plan: Plan, *, checkpoint: Callable[[], None]) -> tuple[list[Layer], list[str]]:
    """The layers of the recipe's captions and subtitles, and notes about those that are not shown.

    Earlier ones have the first choice of place. Subtitles without free space are not shown, since a file may
    have thousands at the same time; nor are those after the first `MAX_CHARACTERS`, since each range of the
    recipe may show the same thousands.

    `checkpoint` is called for each of them, and while the layers are painted.

    Raises:
        errors.RecipeInvalid: the subtitles cannot be read, or the captions cover too much.
    """
    file = subtitles.read(plan.recipe.subtitles) if plan.recipe.subtitles else Subtitles(())
    cues, notes = _first_cues(_cues(file.cues, plan, checkpoint))
    begins_s, whole_s = _frame_times_s(plan)
    captions = [caption for caption in _captions(plan) if caption.start_s < whole_s]
    by_start = sorted([*captions, *cues], key=attrgetter("start_s"))
    # snapped to frames, so that texts on different frames do not displace each other
    words = sorted((_on_frames(text, begins_s) for text in by_start), key=attrgetter("start_s"))
    layers = [*_stacked(words, plan, checkpoint)]
    notes = [*file.notes, *notes, *_late_captions(plan, whole_s)]
    if plan.recipe.subtitles and not cues:
        notes.append("No subtitles are shown: none fall in this part of the video.")
    if without_room := len(words) - len(layers):
        notes.append(f"Subtitles left out for lack of space: {without_room}.")
    return layers, notes


def _stacked(stacked: list[PlacedText], plan: Plan, checkpoint: Callable[[], None]) -> Iterator[Layer]:
    showing: list[tuple[float, Box]] = []
    for words in stacked:
        checkpoint()
        showing = [(end_s, box) for end_s, box in showing if end_s > words.start_s]
        block = _set(words, plan)
        preferred = _box(block, words, plan)
        taken = [box for _, box in showing]
        box = avoid_overlap(preferred, taken, plan.height_px, is_rising=words.place.is_rising)
        if box is None and words.needs_room:
            continue
        box = box or preferred
        showing.append((words.end_s, box))
        _check_covered([box for _, box in showing])
        yield _layer(words, block, box, checkpoint)


def _check_covered(boxes: Iterable[Box]) -> None:
    covered_px = sum(box.width_px * box.height_px for box in boxes)
    if covered_px > MAX_COVERED_PX:
        problem = f"those of one moment cover {covered_px:,} pixels; the limit is {MAX_COVERED_PX:,}"
        raise errors.RecipeInvalid(problems=f"captions: {problem}", fields={"captions": problem})


def _frame_times_s(plan: Plan) -> tuple[list[float], float]:
    """The start of each frame of the GIF, and the end of the last."""
    *begins_cs, whole_cs = accumulate(shown_cs(plan), initial=0)
    return [begin_cs / 100 for begin_cs in begins_cs], whole_cs / 100


def _on_frames(words: PlacedText, begins_s: Sequence[float]) -> PlacedText:
    """Snap the times to the frames that begin within them, or else to the frame that shows then."""
    first, end = (bisect_left(begins_s, at_s - ROUNDING_S) for at_s in (words.start_s, words.end_s))
    if first >= end:
        end = bisect_right(begins_s, words.start_s)
        first = end - 1
    return replace(words, start_s=begins_s[first], end_s=begins_s[end] if end < len(begins_s) else math.inf)


def _late_captions(plan: Plan, whole_s: float) -> Iterator[str]:
    for caption in plan.recipe.captions:
        if caption.start_s >= whole_s:
            begins = f"it begins at {caption.start_s:g} s, and the GIF ends at {whole_s:.2f} s"
            yield f"The caption “{caption.text[:20].strip()}” is not shown: {begins}."


def _captions(plan: Plan) -> Iterator[PlacedText]:
    for number, caption in enumerate(plan.recipe.captions):
        yield PlacedText(
            caption.text,
            caption.start_s,
            math.inf if caption.end_s is None else caption.end_s,
            place_of(caption.position),
            caption.size_px,
            caption.colour,
            caption.outline,
            f"captions.{number}",
        )


def _first_cues(cues: Iterable[PlacedText]) -> tuple[list[PlacedText], list[str]]:
    """The first cues, up to `MAX_CHARACTERS`, and a note if some were left out."""
    first = nsmallest(MAX_CHARACTERS // MIN_COUNTED_CHARACTERS + 1, cues, key=attrgetter("start_s"))
    characters = accumulate(max(MIN_COUNTED_CHARACTERS, len(cue.text)) for cue in first)
    shown = [cue for cue, sum_ in zip(first, characters, strict=True) if sum_ <= MAX_CHARACTERS]
    is_all = len(shown) == len(first)
    return shown, [] if is_all else [
        f"Subtitles left out after the first {len(shown):,}: there are too many."
    ]


def _cues(cues: Iterable[Cue], plan: Plan, checkpoint: Callable[[], None]) -> Iterator[PlacedText]:
    look = Caption(text=" ", size_px=_subtitle_px(plan))
    for cue in cues:
        checkpoint()
        for start_s, end_s in shown_s(cue, plan):
            yield PlacedText(
                cue.text,
                start_s,
                end_s,
                cue.place,
                look.size_px,
                look.colour,
                look.outline,
                "subtitles",
                needs_room=True,
            )


def _subtitle_px(plan: Plan) -> int:
    """The size usual for film subtitles, but slightly larger, since GIFs are small."""
    return max(MIN_SUBTITLE_PX, round(min(plan.height_px / 12, plan.width_px / 20)))


def _set(words: PlacedText, plan: Plan) -> Block:
    margin = margin_px(plan.width_px, plan.height_px)
    return set_text(
        words.text,
        size_px=words.size_px,
        width_px=column_px(words.place, plan.width_px, margin),
        height_px=max(1, plan.height_px - 2 * margin),
    )


def _box(block: Block, words: PlacedText, plan: Plan) -> Box:
    size, within = (block.width_px, block.height_px), (plan.width_px, plan.height_px)
    return box_at(words.place, size, within, line_px=LINE * block.size_px)


def _layer(words: PlacedText, block: Block, box: Box, checkpoint: Callable[[], None]) -> Layer:
    paint = partial(_painted, words, block, checkpoint)
    over_px = overhang_px(block)
    return Layer(paint, box.x_px - over_px, box.y_px - over_px, words.start_s, words.end_s, words.part)


def _painted(words: PlacedText, block: Block, checkpoint: Callable[[], None]) -> Pixels:
    return drawn(
        block, colour=words.colour, outline=words.outline, align=words.place.align, checkpoint=checkpoint
    )
