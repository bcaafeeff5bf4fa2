"""Merges equal neighbouring frames: a held picture is neither drawn nor stored again."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import NamedTuple

import numpy as np

from gifapp.conversion.frame import Frame, Pixels

_SOME = 16


class Held(NamedTuple):
    """One picture with the delays of all the frames that showed it, and how many frames those were."""

    frame: Frame
    frames: int


def merged(
    frames: Iterable[Frame], *, opaque_alpha: int = 1, checkpoint: Callable[[], None]
) -> Generator[Held]:
    """The frames, with equal neighbours merged; `checkpoint` is called for each frame that is not passed on.

    Pixels below `opaque_alpha` are not seen, so their colours do not count.
    """
    held: Held | None = None
    for frame in frames:
        if held and look_the_same(held.frame.pixels, frame.pixels, opaque_alpha):
            held = Held(Frame(held.frame.pixels, held.frame.delay_cs + frame.delay_cs), held.frames + 1)
            checkpoint()
            continue
        if held:
            yield held
        held = Held(frame, 1)
    if held:
        yield held


def look_the_same(one: Pixels, other: Pixels, opaque_alpha: int) -> bool:
    """Whether a viewer sees no difference."""
    if one is other:
        return True
    if one.shape[2] == 3:  # some rows tell most pictures of a film apart
        return np.array_equal(one[::_SOME], other[::_SOME]) and np.array_equal(one, other)
    hidden, others_hidden = one[..., 3] < opaque_alpha, other[..., 3] < opaque_alpha
    return np.array_equal(hidden, others_hidden) and np.array_equal(one[~hidden], other[~hidden])
