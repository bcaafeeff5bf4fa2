"""Checks whether denoising would shrink a grainy clip's GIF much, by encoding a few frames both ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.gif.encoder import Style, encode
from gifapp.conversion.sizing.clip_cache import CachedClip
from gifapp.conversion.sizing.sampling import first_and_added
from gifapp.conversion.sizing.trials import Sizes
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.quality_ladder import EncodeSettings

AMOUNT = 0.5
WINDOW_FRAMES = 5
_WARM_FRAMES = 2
_WINDOW_PX = 40_000  # of the middle of each frame: about the CPU time of a fifth of the estimate
_MIN_CHANGE = 2  # of 255, between neighbouring frames, of most pixels: half of a clean clip's are equal
_MIN_SAVED = 0.15


def denoise_note(
    clip: CachedClip,
    starts: Sequence[int],
    style: Style,
    *,
    limits: Limits,
    checkpoint: Callable[[], None],
) -> tuple[str, ...]:
    """A sentence that recommends denoising, if it saves enough.

    Args:
        clip: frames that were not denoised.
        starts: where the tested windows of `WINDOW_FRAMES` frames begin in the clip.
        style: how the GIF is drawn.
        limits: how much ffmpeg may use.
        checkpoint: called often; if it raises, the work ends.
    """
    windows = [_middle(clip, start) for start in starts]
    if not windows or not all(map(_is_grainy, windows)):
        return ()
    cleaned = ffmpeg.denoised(np.concatenate(windows), AMOUNT, limits=limits, checkpoint=checkpoint)
    before, after = (
        sum(_added_bytes(window, style, checkpoint) for window in parts)
        for parts in (windows, np.split(cleaned, len(windows)))
    )
    if after > (1 - _MIN_SAVED) * before:
        return ()
    percent = 5 * round(20 * (1 - after / before))
    return (f"Grainy: Denoise at {AMOUNT} would save about {percent} %.",)


def window_starts(lengths: Sequence[int]) -> list[int]:
    """Where to try denoising: within the first and the last third of a clip of runs of these lengths."""
    if min(lengths) < WINDOW_FRAMES:
        return []
    total = sum(lengths)
    if len(lengths) > 1:
        return [sum(lengths[:run]) for run in (len(lengths) // 3, 2 * len(lengths) // 3)]
    return [(total - WINDOW_FRAMES) // 3, 2 * (total - WINDOW_FRAMES) // 3]


def _middle(clip: CachedClip, start: int) -> Pixels:
    """The middle of `WINDOW_FRAMES` frames, unscaled, since that would smooth the grain."""
    share = min(1.0, (_WINDOW_PX / (clip.width_px * clip.height_px)) ** 0.5)
    width, height = (max(1, round(side * share)) for side in (clip.width_px, clip.height_px))
    left, top = (clip.width_px - width) // 2, (clip.height_px - height) // 2
    frames = clip.at_scale(range(start, start + WINDOW_FRAMES), 1.0)
    return np.stack([frame.pixels[top : top + height, left : left + width] for frame in frames])


def _is_grainy(window: Pixels) -> bool:
    green = window[..., 1].astype(np.int16)
    return float(np.median(np.abs(np.diff(green, axis=0)))) >= _MIN_CHANGE


def _added_bytes(window: Pixels, style: Style, checkpoint: Callable[[], None]) -> int:
    """The bytes that the last frames of a window add to a GIF."""

    def encoded(frames: Any, settings: EncodeSettings) -> list[int]:  # noqa: ARG001
        sizes = Sizes()
        out: Any = sizes
        _, height_px, width_px, _ = window.shape
        encode(
            frames, out, width_px=width_px, height_px=height_px, loop=0, style=style, checkpoint=checkpoint
        )
        return sizes.written

    frames = [Frame(pixels, 8) for pixels in window]
    return first_and_added(frames, _WARM_FRAMES, EncodeSettings(style.lossy, style.colours), encoded)[1]
