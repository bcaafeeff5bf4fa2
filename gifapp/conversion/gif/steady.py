"""Looks ahead: where a picture hardly changes in the coming frames, their mean is drawn instead.

A pixel is kept while it is nearly right. Drawn as the mean of the coming frames, grain included, it is
nearly right for longer, and closer to all of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.frame import Pixels
from gifapp.conversion.gif.native import library

MAX_FOLLOWING = 4

Item = TypeVar("Item")


def with_following(items: Iterable[Item]) -> Iterator[tuple[Item, list[Item]]]:
    """Each item with the items after it, up to `MAX_FOLLOWING`."""
    window: deque[Item] = deque()
    for item in items:
        window.append(item)
        if len(window) > MAX_FOLLOWING:
            yield window.popleft(), list(window)
    while window:
        yield window.popleft(), list(window)


def steady(pixels: Pixels, following: Sequence[Pixels], rules: NDArray[np.int32]) -> Pixels:
    """The mean of `pixels` and the `following` frames; each pixel is averaged until it changes.

    A pixel has changed once its distance from the first frame exceeds one and a half times the tolerance.
    What is on the canvas does not matter, so this need not wait for the frames before.

    Args:
        pixels: like the others, uint8 (height, width, 3 or 4).
        following: at most `MAX_FOLLOWING` frames.
        rules: the drawing rules, as the kernels expect them.
    """
    if not following:
        return pixels
    means, shape = pixels.copy(), np.array(pixels.shape, np.int64)
    four = [*following, *[pixels] * (MAX_FOLLOWING - len(following))]
    library.average_steady(pixels, shape, *four, len(following), rules, means)
    return means
