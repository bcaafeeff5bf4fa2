"""Groups frames that share a palette, and tells film, drawings and screen recordings apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.frame import Pixels
from gifapp.conversion.gif.native import library
from gifapp.conversion.merging import Held
from gifapp.domain.recipes.recipe import PaletteScope

Kind = Literal["film", "drawing", "screen"]

AUTO_FRAMES = 4
_MAX_FRAMES: dict[PaletteScope, int] = {
    "auto": AUTO_FRAMES,
    "per_frame": 1,
    "scene": 64,
    "global": AUTO_FRAMES,
}
_MAX_BYTES = 64_000_000  # of one scene's frames, which are held in memory
_CUT = 0.4  # share of pixels whose brightness level changes at a scene cut
_SOFT_STEP = 4
_FEW_SHADES = 8
_MOSTLY = 0.7

Group = list[Held]


def groups(pictures: Iterable[Held], scope: PaletteScope) -> Iterator[Group]:
    """Group neighbouring pictures that share a palette; a scene cut always starts a new group."""
    group: Group = []
    before: NDArray[np.int64] | None = None
    for held in map(_prepared, pictures):
        brightness = _brightness(held.frame.pixels)
        if group and (_is_full(group, scope) or _is_cut(before, brightness)):
            yield group
            group = []
        group.append(held)
        before = brightness
    if group:
        yield group


def kind_of(pixels: Pixels) -> Kind:
    """What the pixels show, judged by the brightness steps between neighbours in some rows.

    A screen is mostly flat, has few shades and sharp edges; a film has noise and gradients even in the dark.
    What is mostly flat otherwise is a drawing. The thresholds were found on recorded screens, test cards,
    cartoons and films.
    """
    shades, steps = np.zeros(256, np.int64), np.zeros(256, np.int64)
    library.count_steps(_for_kernels(pixels), np.array(pixels.shape, np.int64), shades, steps)
    if not steps.any():
        return "film"
    flat, soft = steps[0] / steps.sum(), steps[1 : _SOFT_STEP + 1].sum() / steps.sum()
    few = np.sort(shades)[-_FEW_SHADES:].sum() / shades.sum()
    if flat >= 0.75 and few >= 0.6 and soft <= 0.65 * (1 - flat):
        return "screen"
    return "drawing" if flat >= _MOSTLY else "film"


def _prepared(held: Held) -> Held:
    return held._replace(frame=held.frame._replace(pixels=_for_kernels(held.frame.pixels)))


def _for_kernels(pixels: Pixels) -> Pixels:
    """The pixels, contiguous and writable as the kernels require."""
    return np.require(pixels, np.uint8, ["C", "W"])


def _is_full(group: Group, scope: PaletteScope) -> bool:
    max_frames = max(1, min(_MAX_FRAMES[scope], _MAX_BYTES // group[0].frame.pixels.nbytes))
    return len(group) >= max_frames


def _brightness(pixels: Pixels) -> NDArray[np.int64]:
    """A histogram of brightness with 16 levels, of one pixel in 16."""
    levels = np.zeros(16, np.int64)
    library.count_levels(pixels, np.array(pixels.shape, np.int64), levels)
    return levels


def _is_cut(before: NDArray[np.int64] | None, after: NDArray[np.int64]) -> bool:
    return before is not None and bool(np.abs(after - before).sum() > 2 * _CUT * after.sum())
