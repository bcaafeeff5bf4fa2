"""Turns the numbers of an array into colours: 0 to 255, 0 to 1, or by a matplotlib colormap."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gifapp import errors
from gifapp.conversion.frame import Pixels
from gifapp.conversion.intake.arrays import as_array, channels_last

_ROUNDING = 1e-3  # how far beyond 0 and 1 floats may be, from rounding


@dataclass(frozen=True)
class Colouring:
    """How numbers become colours.

    Attributes:
        cmap: a matplotlib colormap or its name, for grey frames; None for grey.
        vmin, vmax: the numbers shown as its two ends; None: the extremes of all frames.
    """

    cmap: Any = None
    vmin: float | None = None
    vmax: float | None = None

    @property
    def is_scaled(self) -> bool:
        """Whether numbers of any range are mapped from `vmin` and `vmax`."""
        return any(setting is not None for setting in (self.cmap, self.vmin, self.vmax))

    @property
    def needs_extremes(self) -> bool:
        return self.is_scaled and (self.vmin is None or self.vmax is None)

    def ready(self) -> Colouring:
        """This, with the colormap itself instead of its name.

        Raises:
            errors.FieldInvalid: there is no such colormap, matplotlib is missing, or a limit is not a number.
        """
        for name in ("vmin", "vmax"):
            limit = getattr(self, name)
            if limit is not None and not math.isfinite(limit):
                raise errors.FieldInvalid(field=name, problem=f"must be a finite number, not {limit}")
        if None not in (self.vmin, self.vmax) and self.vmin > self.vmax:  # type: ignore[operator]
            problem = f"must not be greater than vmax ({self.vmin} > {self.vmax})"
            raise errors.FieldInvalid(field="vmin", problem=problem)
        return replace(self, cmap=_colormap(self.cmap)) if self.cmap is not None else self

    def spanning(self, frames: Iterable[Any]) -> Colouring:
        """This, with the extremes of `frames`, but for NaN and masked pixels, as the limits not set."""
        lowest, highest = math.inf, -math.inf
        for frame in frames:
            numbers = np.ma.compressed(as_array(frame))
            finite = numbers[np.isfinite(numbers)]
            if finite.size:
                lowest, highest = min(lowest, float(finite.min())), max(highest, float(finite.max()))
        if lowest > highest:
            lowest = highest = 0.0
        vmin, vmax = (
            (lowest if self.vmin is None else self.vmin),
            (highest if self.vmax is None else self.vmax),
        )
        return replace(self, vmin=vmin, vmax=vmax)

    def pixels(self, frame: Any) -> Pixels:
        """One frame in colours; NaN and masked pixels are transparent.

        Raises:
            errors.FramesInvalid: its shape or its numbers cannot be shown.
            errors.FieldInvalid: it already has colours, and there is a colormap.
        """
        array = channels_last(as_array(frame))
        hidden, numbers = _hidden(array), np.ma.getdata(array)
        if self.is_scaled:
            numbers = self._shares(numbers)
        if self.cmap is None:
            return _without(_of_levels(_levels(numbers)), hidden)
        return _opaque(
            self.cmap(
                np.ma.masked_array(_grey(numbers), np.ma.nomask if hidden is None else hidden), bytes=True
            )
        )

    def _shares(self, numbers: NDArray[Any]) -> NDArray[np.float64]:
        assert self.vmin is not None, "the frames' extremes are known"  # noqa: S101
        assert self.vmax is not None, "the frames' extremes are known"  # noqa: S101
        span = (self.vmax - self.vmin) or 1.0
        with np.errstate(invalid="ignore"):
            shares: NDArray[np.float64] = np.clip((numbers - np.float64(self.vmin)) / span, 0, 1)
        return shares


def _colormap(cmap: Any) -> Any:
    try:
        import matplotlib as mpl  # noqa: PLC0415  optional
    except ModuleNotFoundError:
        raise errors.FieldInvalid(field="cmap", problem="needs matplotlib: pip install matplotlib") from None
    try:
        return mpl.colormaps.get_cmap(cmap)
    except (ValueError, TypeError):
        problem = f"must be a matplotlib colormap such as 'viridis', not {cmap!r}"
        raise errors.FieldInvalid(field="cmap", problem=problem) from None


def _hidden(array: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Which pixels (height, width) are masked or NaN in any channel; None if none is."""
    hidden: NDArray[np.bool_] = np.ma.getmaskarray(array) if np.ma.is_masked(array) else np.zeros(1, bool)
    if array.dtype.kind == "f":
        hidden = hidden | np.isnan(np.ma.getdata(array))
    return np.asarray(hidden.any(axis=2)) if hidden.any() else None


def _levels(numbers: NDArray[Any]) -> Pixels:
    """The numbers as uint8: floats are scaled from 0 to 1, and False is black."""
    if numbers.dtype == np.uint8:
        return numbers
    if numbers.dtype == bool:
        return numbers.astype(np.uint8) * 255
    if numbers.dtype.kind != "f":
        what = f"their numbers are {numbers.dtype}, not uint8 from 0 to 255 nor floats from 0 to 1"
        raise errors.FramesInvalid(problem=f"{what}; scale them and convert them with astype('uint8')")
    _check_range(numbers)
    scaled = np.rint(np.clip(np.nan_to_num(numbers), 0, 1) * 255)
    levels: Pixels = scaled.astype(np.uint8)
    return levels


def _check_range(numbers: NDArray[Any]) -> None:
    lowest, highest = np.nanmin(numbers, initial=0), np.nanmax(numbers, initial=1)
    if lowest < -_ROUNDING or highest > 1 + _ROUNDING:
        problem = f"their numbers go from {lowest:g} to {highest:g}, but floats are shown from 0 to 1"
        raise errors.FramesInvalid(problem=f"{problem}; scale them, or set vmin and vmax")


def _of_levels(levels: Pixels) -> Pixels:
    return np.repeat(levels, 3, axis=2) if levels.shape[2] == 1 else levels


def _grey(numbers: NDArray[Any]) -> NDArray[Any]:
    if numbers.shape[2] != 1:
        problem = f"colours grey frames; these have {numbers.shape[2]} channels. Leave it out"
        raise errors.FieldInvalid(field="cmap", problem=problem)
    return numbers[..., 0]


def _opaque(rgba: Pixels) -> Pixels:
    return rgba[..., :3] if rgba[..., 3].min() == 255 else rgba


def _without(pixels: Pixels, hidden: NDArray[np.bool_] | None) -> Pixels:
    """The pixels with an alpha of 0 where `hidden`."""
    if hidden is None:
        return pixels
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else np.uint8(255)
    return np.dstack([pixels[..., :3], np.where(hidden, 0, alpha).astype(np.uint8)])
