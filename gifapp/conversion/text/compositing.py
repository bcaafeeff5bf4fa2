"""Composites captions, subtitles and the overlay onto frames; each is drawn only once.

Imports happen on demand: fonts only for text, image decoders only for an overlay.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from PIL import Image

from gifapp.conversion.frame import Frame, Pixels
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
    """Composite onto each frame the layers that show at its start. The input frames are not modified."""
    if not layers:
        yield from frames
        return
    coming = sorted(range(len(layers)), key=lambda number: layers[number].start_s, reverse=True)
    stamps: dict[int, _Stamp] = {}  # only of visible layers, to limit memory
    shown_cs, now = 0, list[int]()
    for frame in frames:
        while coming and layers[coming[-1]].has_begun(shown_cs / 100):
            insort(now, coming.pop())
        now = [number for number in now if layers[number].shows_on(shown_cs / 100)]
        stamps = {number: stamps.get(number) or _Stamp(layers[number], frame.pixels) for number in now}
        yield frame._replace(pixels=_stamped(frame.pixels, stamps.values())) if stamps else frame
        shown_cs += frame.delay_cs


def _stamped(pixels: Pixels, stamps: Iterable[_Stamp]) -> Pixels:
    pixels = pixels.copy()
    for stamp in stamps:
        stamp.press(pixels)
    return pixels


class _Stamp:
    """A painted layer, clipped to its visible rectangle, for frames of one size."""

    def __init__(self, layer: Layer, pixels: Pixels) -> None:
        picture, (height, width) = layer.paint(), pixels.shape[:2]
        left, top = max(0, -layer.x_px), max(0, -layer.y_px)
        picture = picture[top : max(top, height - layer.y_px), left : max(left, width - layer.x_px)]
        down, across = _bounds(picture[..., 3])
        top, left = layer.y_px + top + down.start, layer.x_px + left + across.start
        picture = picture[down, across]
        self._place = np.s_[top : top + picture.shape[0], left : left + picture.shape[1]]
        self._picture = Image.fromarray(np.ascontiguousarray(picture))

    def press(self, pixels: Pixels) -> None:
        """Blend into RGB or RGBA pixels in place."""
        under = Image.fromarray(np.ascontiguousarray(pixels[self._place]))
        if pixels.shape[2] == 4:
            under = Image.alpha_composite(under, self._picture)
        else:
            under.paste(self._picture, mask=self._picture)
        pixels[self._place] = np.asarray(under)


def _bounds(alpha: Pixels) -> tuple[slice, slice]:
    """The rows and columns that contain visible pixels."""
    rows, columns = (np.flatnonzero(alpha.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
