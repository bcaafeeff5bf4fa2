"""Keeps a rendering within a platform's limits: canvas, duration, number of frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.render.rendering import Rendering
from gifapp.domain.recipes.presets import Preset
from gifapp.domain.recipes.quality_ladder import kept_frames
from gifapp.domain.timing import MIN_DELAY_CS

_SLOWEST_FPS = 5  # a slower rate looks like a slide show: show only the beginning instead


def within(rendering: Rendering, preset: Preset | None) -> Rendering:
    """The rendering within the platform's limits, except the file size; `notes` say what was left out."""
    if preset is None:
        return rendering
    rendering = on_canvas(rendering, preset)
    max_frames = _max_frames(preset, rendering)
    max_s = min(preset.most_s or float("inf"), max_frames / _SLOWEST_FPS)
    return _with_fewer_frames(_cut(rendering, max_s, preset), max_frames, preset)


def _max_frames(preset: Preset, rendering: Rendering) -> float:
    by_pixels = (preset.most_pixels or float("inf")) // (rendering.width_px * rendering.height_px)
    return min(preset.most_frames or float("inf"), by_pixels)


def _cut(rendering: Rendering, max_s: float, preset: Preset) -> Rendering:
    duration_s = sum(rendering.delays_cs) / 100
    if duration_s <= max_s:
        return rendering
    delays_cs: list[int] = []
    left_cs = round(max_s * 100)
    for delay_cs in rendering.delays_cs:
        if left_cs < MIN_DELAY_CS:
            break
        delays_cs.append(min(delay_cs, left_cs))
        left_cs -= delay_cs
    note = f"{preset.title}: its first {max_s:.1f} of {duration_s:.1f} s; choose a range for others."
    frames = (Frame(frame.pixels, delay_cs) for delay_cs, frame in zip(delays_cs, rendering.frames))  # noqa: B905
    return replace(rendering, delays_cs=delays_cs, frames=frames, notes=(*rendering.notes, note))


def _with_fewer_frames(rendering: Rendering, max_frames: float, preset: Preset) -> Rendering:
    count = len(rendering.delays_cs)
    if count <= max_frames:
        return rendering
    starts = kept_frames(count, Fraction(int(max_frames), count))
    delays_cs = [
        sum(rendering.delays_cs[start:end]) for start, end in zip(starts, [*starts[1:], count], strict=True)
    ]
    note = f"{preset.title}: {len(starts)} of {count} frames."
    frames = _chosen(rendering.frames, dict(zip(starts, delays_cs, strict=True)))
    return replace(rendering, delays_cs=delays_cs, frames=frames, notes=(*rendering.notes, note))


def _chosen(frames: Iterator[Frame], delays_cs: dict[int, int]) -> Iterator[Frame]:
    for number, frame in enumerate(frames):
        if number in delays_cs:
            yield Frame(frame.pixels, delays_cs[number])


def on_canvas(rendering: Rendering, preset: Preset | None) -> Rendering:
    """Scale the picture to fit the platform's fixed canvas and centre it; the rest is transparent."""
    if preset is None or not (preset.is_exact and preset.width_px and preset.height_px):
        return rendering
    width_px, height_px = preset.width_px, preset.height_px
    scale = min(width_px / rendering.width_px, height_px / rendering.height_px)
    sides = round(rendering.width_px * scale), round(rendering.height_px * scale)
    if sides == (rendering.width_px, rendering.height_px) == (width_px, height_px):
        return rendering
    has_alpha = rendering.has_alpha or sides != (width_px, height_px)

    from PIL import Image  # noqa: PLC0415  most conversions do without it

    def placed(pixels: Pixels) -> Pixels:
        picture = Image.fromarray(pixels).resize(sides, Image.Resampling.BICUBIC)
        if sides == (width_px, height_px):
            return np.asarray(picture)
        canvas = Image.new("RGBA", (width_px, height_px))
        canvas.paste(picture, ((width_px - sides[0]) // 2, (height_px - sides[1]) // 2))
        return np.asarray(canvas)

    frames = (Frame(placed(frame.pixels), frame.delay_cs) for frame in rendering.frames)
    return replace(rendering, width_px=width_px, height_px=height_px, has_alpha=has_alpha, frames=frames)
