"""Chooses palette colours: splits the histogram by variance, then refines with k-means."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.gif.native import library

OPAQUE_ALPHA = library.constant("OPAQUE_ALPHA")

Colours = NDArray[np.uint8]
Points = NDArray[np.float32]
"""(n, 4): red, green and blue from 0 to 255, and the weight."""
Weights = NDArray[np.int32]
"""What a squared step of red, green and blue counts in a distance."""


class Palette(NamedTuple):
    """The colours of one colour table, and the index that leaves a pixel unchanged."""

    colours: Colours  # (n, 3)
    transparent: int | None

    @property
    def size(self) -> int:
        return len(self.colours) + (self.transparent is not None)

    @property
    def table_bits(self) -> int:
        """log2 of the colour table's length, 1 to 8."""
        return max(1, (self.size - 1).bit_length())

    def has_all(self, colours: Colours) -> bool:
        return set(map(bytes, colours)) <= set(map(bytes, self.colours))

    def without_unused(self, used: NDArray[np.bool_]) -> tuple[Palette, NDArray[np.uint8]]:
        """The palette reduced to its `used` colours, and the new index for each of 256 old ones."""
        colours = self.colours[used[: len(self.colours)]]
        transparent = None if self.transparent is None else len(colours)
        return Palette(colours, transparent), (np.cumsum(used) - 1).astype(np.uint8)


def clustered(points: Points, max_colours: int, weights: Weights, spread: float = 0.0) -> Colours:
    """At most `max_colours` colours that together are nearest to the weighted points.

    There are fewer if their weighted mean squared distance to the points is at most `spread`.

    Greedy splits by variance, after X. Wu, "Efficient statistical computations for optimal
    color quantization", Graphics Gems II (1991), then a few rounds of k-means (Lloyd 1957).

    Args:
        points: at least one.
        max_colours: how many colours, 1 to 256.
        weights: the weight of each channel in a distance.
        spread: as in `Tolerance.spread`.
    """
    count, owners = len(points), np.empty(len(points), np.int32)
    clusters = library.split(
        points, count, weights, max_colours, spread, np.arange(count, dtype=np.int32), owners
    )
    colours = np.empty((clusters, 3), np.uint8)
    library.polish(points, count, weights, owners, clusters, colours)
    return colours
