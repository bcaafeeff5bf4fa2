"""How far a pixel may be from its best colour to save bytes. Pure.

Distances are squared colour steps, weighted by channel: 9 is one step of 255 in every channel. The values
were measured on films, drawings and recorded screens.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gifapp.conversion.gif.grouping import Kind
from gifapp.conversion.gif.quantizer import Weights
from gifapp.domain.recipes.recipe import Dither


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
    """

    strength: int
    floor: int
    share: int
    max_excess: int
    spread: float
    channels: tuple[int, int, int]
    finds_nearest: bool

    @property
    def weights(self) -> Weights:
        return np.array(self.channels, np.int32)


# halfway between equal weights and those of perceived brightness, to preserve hues; compared with equal ones
# (measured): SSIM +.002, SSIMULACRA2 +2, PSNR -0.1 dB
_HUES = (3, 4, 2)
_BRIGHTNESS = (2, 5, 2)  # nearer to it: in films, SSIMULACRA2 +1 to +3, PSNR -0.2 dB; drawings get worse

EXACT = Tolerance(strength=0, floor=0, share=0, max_excess=0, spread=0.0, channels=_HUES, finds_nearest=True)
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


def tolerance(kind: Kind, dither: Dither, lossy: int) -> Tolerance:
    """The rules for this kind of content, `lossy` 0 to 200.

    Fewer colours are the least visible loss per byte saved, ghosting in flat areas the most (measured).
    """
    base = _BY_KIND[kind]
    return Tolerance(
        strength=base.strength if dither == "auto" else _CHOSEN_STRENGTH,
        floor=round(base.floor * (1 + lossy / 60)),
        share=round(base.share * (1 + lossy / 60)),
        max_excess=round(base.max_excess * (1 + lossy / 15)),
        spread=base.spread * (1 + lossy / 15),
        channels=base.channels,
        finds_nearest=base.finds_nearest,
    )
