"""Stores frames that are each shown for a time of their own, as a lossless animation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from numbers import Real
from pathlib import Path

import numpy as np

from gifapp import errors
from gifapp.conversion.encoders import writers
from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.intake.lossless import OnFrame
from gifapp.conversion.render.rendering import Rendering
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.timing import MAX_DELAY_CS, MIN_DELAY_CS

_LONGEST_S = MAX_DELAY_CS / 100


def write_timed(
    frames: Iterable[Pixels], durations_s: Sequence[float], path: Path, on_frame: OnFrame
) -> None:
    """Write the frames to an APNG at `path`; without frames, no file is written.

    Raises:
        errors.FieldInvalid: there is not one duration for each frame, or one is not a time.
        errors.FramesInvalid: the frames differ in size.
    """
    delays_cs = _delays_cs(durations_s)
    rest = iter(frames)
    first = next(rest, None)
    if first is None:
        return
    height_px, width_px = first.shape[:2]
    rendering = Rendering(
        width_px=width_px,
        height_px=height_px,
        has_alpha=True,  # a later frame may have some; the probe sees whether any does
        delays_cs=delays_cs,
        frames=_timed(chain([first], rest), delays_cs, first.shape),
        notes=(),
    )
    writers.write(
        rendering,
        Recipe(format="apng"),
        path,
        limits=Limits(),
        on_frame=lambda _: on_frame(),
        checkpoint=lambda: None,  # ffmpeg takes a fraction of a second for a frame
    )


def _delays_cs(durations_s: Sequence[float]) -> list[int]:
    """The durations in centiseconds, rounded on the timeline so that errors do not add up."""
    delays_cs: list[int] = []
    end_s, shown_cs = 0.0, 0
    if not isinstance(durations_s, Iterable):
        problem = f"must be a list with one number for each frame, not {durations_s!r}"
        raise errors.FieldInvalid(field="durations_s", problem=problem)
    for number, duration_s in enumerate(durations_s, 1):
        if not (isinstance(duration_s, Real) and 0 < duration_s <= _LONGEST_S):
            allowed = f"must be positive numbers of seconds up to {_LONGEST_S}"
            problem = f"{allowed}; number {number} is {duration_s!r}"
            raise errors.FieldInvalid(field="durations_s", problem=problem)
        end_s += float(duration_s)
        delays_cs.append(max(MIN_DELAY_CS, round(end_s * 100) - shown_cs))
        shown_cs += delays_cs[-1]
    return delays_cs


def _timed(
    frames: Iterable[Pixels], delays_cs: Sequence[int], first_shape: tuple[int, ...]
) -> Iterator[Frame]:
    count = 0
    for count, pixels in enumerate(frames, 1):
        if count > len(delays_cs):
            break
        if pixels.shape[:2] != first_shape[:2]:
            problem = f"number {count} has the shape {pixels.shape}, the first one {first_shape}"
            raise errors.FramesInvalid(problem=problem)
        yield Frame(_rgba(pixels), delays_cs[count - 1])
    if count != len(delays_cs):
        there = f"more than {len(delays_cs)}" if count > len(delays_cs) else f"{count}"
        problem = (
            f"must have one number for each frame: it has {len(delays_cs)}, and there are {there} frames"
        )
        raise errors.FieldInvalid(field="durations_s", problem=problem)


def _rgba(pixels: Pixels) -> Pixels:
    if pixels.shape[2] == 4:
        return pixels
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
