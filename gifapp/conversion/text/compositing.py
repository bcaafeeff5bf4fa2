"""Composites captions, subtitles and the overlay onto frames; each is drawn only once.

Imports happen on demand: fonts only for text, image decoders only for an overlay.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence

from gifapp.conversion.frame import Frame
from gifapp.conversion.plan import Plan
from gifapp.conversion.text.layer import Layer


def layers(plan: Plan, *, checkpoint: Callable[[], None]) -> tuple[list[Layer], list[str]]:
    """The recipe's layers, bottom first (overlay, then captions and subtitles), and notes about hidden ones.

    `checkpoint` is called for each caption and may raise to stop.

    Raises:
        errors.RecipeInvalid: the overlay or the subtitles cannot be read.
    """
    recipe, layers, notes = plan.recipe, list[Layer](), list[str]()
    if recipe.overlay:
        from gifapp.conversion.text.overlay import overlay_layer  # noqa: PLC0415

        layers.append(overlay_layer(recipe.overlay, plan.width_px, plan.height_px))
    if recipe.captions or recipe.subtitles:
        from gifapp.conversion.text.captions import caption_layers  # noqa: PLC0415

        captions, notes = caption_layers(plan, checkpoint=checkpoint)
        layers += captions
    return layers, notes


def composite(frames: Iterable[Frame], layers: Sequence[Layer]) -> Iterator[Frame]:
    """Composite onto each frame the layers visible at its start. The input frames are not modified."""
    if not layers:
        yield from frames
        return
    from gifapp.conversion.text.stamp import Stamp, stamped  # noqa: PLC0415  most conversions do without it

    coming = sorted(range(len(layers)), key=lambda number: layers[number].start_s, reverse=True)
    stamps: dict[int, Stamp] = {}  # only of visible layers, to limit memory
    shown_cs, now = 0, list[int]()
    for frame in frames:
        while coming and layers[coming[-1]].has_begun(shown_cs / 100):
            insort(now, coming.pop())
        now = [number for number in now if layers[number].shows_on(shown_cs / 100)]
        stamps = {number: stamps.get(number) or Stamp(layers[number], frame.pixels) for number in now}
        yield frame._replace(pixels=stamped(frame.pixels, stamps.values())) if stamps else frame
        shown_cs += frame.delay_cs
