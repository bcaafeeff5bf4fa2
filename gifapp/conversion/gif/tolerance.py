"""How far a pixel may be from its best colour to save bytes. Pure.

Distances are squared colour steps, weighted by channel: 9 is one step of 255 in every channel. The values
were measured on films, drawings and recorded screens.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gifapp.conversion.gif.grouping import Kind
from gifapp.conversion.gif.quantizer import Weights
from gifapp.conversion.gif.style import Style


class Tolerance(NamedTuple):
    """The rules for drawing one group of frames.

    Attributes:
        strength: how much of a pixel's error is diffused, in 256ths. All of it looks noisy at a GIF's size,
            none of it gives bands.
        floor: the excess distance over the best colour that is allowed anywhere.
        share: the additional excess, in 256ths of the distances to its neighbours: the eye sees less in busy
            areas.
        max_excess: the maximum excess for any pixel.
        spread: no more colours are chosen once the mean distance to the palette is this small.
        channels: what a squared step of red, green and blue counts in a distance.
        finds_nearest: whether the best colour is the exact nearest, or that of a cell of 4x4x4 colours.
        averages: whether what hardly changes is drawn as its mean: see `steady`.
        code_cost: the distance that one LZW code less is worth, where colours are chosen ahead to make long
            phrases; 0: they are chosen one by one.
        smooth: where less than this is allowed, they are not: one colour for long would give bands.
    """

    strength: int
    floor: int
    share: int
    max_excess: int
    spread: float
    channels: tuple[int, int, int]
    finds_nearest: bool
    averages: bool = True
    code_cost: int = 0
    smooth: int = 0

    @property
    def weights(self) -> Weights:
        return np.array(self.channels, np.int32)


# halfway between equal weights and those of perceived brightness, to preserve hues; compared with equal ones
# (measured): SSIM +.002, SSIMULACRA2 +2, PSNR -0.1 dB
_HUES = (3, 4, 2)
_BRIGHTNESS = (2, 5, 2)  # nearer to it: in films, SSIMULACRA2 +1 to +3, PSNR -0.2 dB; drawings get worse

EXACT = Tolerance(
    strength=0,
    floor=0,
    share=0,
    max_excess=0,
    spread=0.0,
    channels=_HUES,
    finds_nearest=True,
    averages=False,
)
"""For pictures whose colours are all in the palette."""

_FILM = Tolerance(
    strength=64, floor=27, share=192, max_excess=120, spread=1.0, channels=_BRIGHTNESS, finds_nearest=False
)
_DRAWING = _FILM._replace(channels=_HUES, finds_nearest=True)
_CHOSEN_STRENGTH = 80  # for a dither chosen explicitly: slightly more than is best for size
_SCREEN = Tolerance(
    strength=0, floor=9, share=64, max_excess=72, spread=0.5, channels=_HUES, finds_nearest=True
)
_BY_KIND: dict[Kind, Tolerance] = {"film": _FILM, "drawing": _DRAWING, "screen": _SCREEN}
# about as much as a code is worth at these floors: SSIMULACRA2 stays as it is (measured)
_CODE_COSTS: dict[Kind, int] = {"film": 90, "drawing": 80, "screen": 20}
_SMOOTH = 54


def tolerance(kind: Kind, style: Style) -> Tolerance:
    """The rules for this kind of content in a style.

    Fewer colours are the least visible loss per byte saved, ghosting in flat areas the most (measured).
    """
    base = _BY_KIND[kind]
    rules = base._replace(strength=base.strength if style.dither == "auto" else _CHOSEN_STRENGTH)
    if style.draws_exactly:
        return EXACT._replace(strength=rules.strength, channels=rules.channels)
    return _with_effort(_softened(rules, style.lossy), kind, style)


def _softened(base: Tolerance, lossy: int) -> Tolerance:
    return base._replace(
        floor=round(base.floor * (1 + lossy / 60)),
        share=round(base.share * (1 + lossy / 60)),
        max_excess=round(base.max_excess * (1 + lossy / 15)),
        spread=base.spread * (1 + lossy / 15),
    )


def _with_effort(rules: Tolerance, kind: Kind, style: Style) -> Tolerance:
    if style.effort == 1:
        return rules._replace(finds_nearest=False, averages=False)
    if style.effort == 2:
        return rules
    softer = 1 + style.lossy / 60
    return rules._replace(
        finds_nearest=True,
        code_cost=round(_CODE_COSTS[kind] * softer),
        smooth=round(_SMOOTH * softer),
    )
