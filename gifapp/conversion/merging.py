"""Merges equal neighbouring frames, so that a held picture is drawn and stored only once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import NamedTuple

import numpy as np

from gifapp.conversion.frame import Frame, Pixels

_ROW_STEP = 16


class Held(NamedTuple):
    """A picture with the total delay of the frames that show it, and their number."""

    frame: Frame
    frames: int


def merged(
    frames: Iterable[Frame], *, opaque_alpha: int = 1, checkpoint: Callable[[], None]
) -> Generator[Held]:
    """Merge equal neighbouring frames; `checkpoint` is called for each merged frame.

    Pixels with an alpha below `opaque_alpha` are invisible, so their colours are ignored.
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


def look_the_same(before: Pixels, after: Pixels, opaque_alpha: int) -> bool:
    """Whether a viewer sees no difference."""
    if before is after:
        return True
    if before.shape[2] == 3:  # a few rows suffice to distinguish most pictures of a film
        return np.array_equal(before[::_ROW_STEP], after[::_ROW_STEP]) and np.array_equal(before, after)
    hidden, hidden_after = before[..., 3] < opaque_alpha, after[..., 3] < opaque_alpha
    return np.array_equal(hidden, hidden_after) and np.array_equal(before[~hidden], after[~hidden])
