"""How far a pixel may be from its best colour to save bytes. Pure.

Distances are squared steps of colour, weighted as `palette.RED, GREEN, BLUE`: 9 is one step of 255 in
every channel. The figures were measured on films, drawings and recorded screens.
"""

from __future__ import annotations

from typing import NamedTuple

from gifapp.conversion.gif.grouping import Kind
from gifapp.domain.recipes.recipe import Dither


class Tolerance(NamedTuple):
    """The rules for drawing one group of frames.

    Attributes:
        strength: of 256, how much of a pixel's error its neighbours take. All of it is noise at a
            GIF's size, none of it is bands.
        floor: the distance that a pixel may be worse than the best, anywhere.
        share: of 256, how much of the distances to its neighbours it may be worse in addition: where the
            picture is busy the eye sees less.
        most: no pixel may be worse than this.
        spread: no more colours are chosen once the mean distance to the palette is this small.
    """

    strength: int
    floor: int
    share: int
    most: int
    spread: float


EXACT = Tolerance(strength=0, floor=0, share=0, most=0, spread=0.0)
"""For pictures all of whose colours the palette has."""

_FILM = Tolerance(strength=64, floor=27, share=192, most=120, spread=1.0)
_ASKED_STRENGTH = 80  # of who names a dither: a little more than is best for the bytes
_SCREEN = Tolerance(strength=0, floor=9, share=64, most=72, spread=0.5)


def tolerance(kind: Kind, dither: Dither, lossy: int) -> Tolerance:
    """The rules for film or screen, `lossy` 0 to 200.

    Fewer colours cost the least for the bytes that they save, ghosts on flat ground the most (measured).
    """
    base = _SCREEN if kind == "screen" else _FILM
    return Tolerance(
        strength=base.strength if dither == "auto" else _ASKED_STRENGTH,
        floor=round(base.floor * (1 + lossy / 60)),
        share=round(base.share * (1 + lossy / 60)),
        most=round(base.most * (1 + lossy / 15)),
        spread=base.spread * (1 + lossy / 15),
    )
