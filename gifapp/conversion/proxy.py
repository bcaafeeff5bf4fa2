"""Makes proxies: small WebM clips of whole sources, for browsers that cannot play the original."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gifapp.conversion.encoders import writers
from gifapp.conversion.encoders.codecs import PROXY
from gifapp.conversion.encoders.writers import Written
from gifapp.conversion.playable import MAX_PROXY_S
from gifapp.conversion.probing.probe import probed
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render.rendering import rendered
from gifapp.conversion.video import Video
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe

MAX_BYTES = 50_000_000
DEADLINE_S = 90.0
_MAX_FPS = 30.0
_MAX_FRAMES = 4_500
_MAX_DECODED_PX = 20_000_000_000  # at 2 to 4 ns each


def make_proxy(
    path: Path, out: Path, *, video: Video, limits: Limits, on_progress: Callable[[Progress], None]
) -> Written:
    """Write a WebM of the whole source, at most 480 px on each side, as the GIF shows it without a recipe.

    It begins at the recipe's time 0. Animations keep the delays of their pictures; both keep transparency.

    Raises:
        errors.SourceTooLong, errors.ClipTooManyPixels: it would take too long.
        errors.ConversionTooBig, errors.ConversionTooSlow: it took more than `MAX_BYTES` or `DEADLINE_S`.
        errors.SourceDamaged
    """
    limits = _within(limits)
    reporter = Reporter(on_progress, limits.deadline_s)
    video = probed(video, path, limits=limits, checkpoint=reporter.checkpoint)
    recipe = _proxy_recipe(video)
    with rendered(path, video, recipe, limits=limits, reporter=reporter) as rendering:
        return writers.write(
            rendering,
            recipe,
            out,
            codec=PROXY,
            limits=limits,
            on_frame=lambda _: reporter.checkpoint(),
            checkpoint=reporter.checkpoint,
        )


def _within(limits: Limits) -> Limits:
    return replace(
        limits,
        max_duration_s=MAX_PROXY_S,
        max_decoded_pixels=min(limits.max_decoded_pixels, _MAX_DECODED_PX),
        max_gif_bytes=min(limits.max_gif_bytes, MAX_BYTES),
        deadline_s=min(limits.deadline_s, DEADLINE_S),
    )


def _proxy_recipe(video: Video) -> Recipe:
    if video.is_pictures:
        return Recipe()
    most_fps = max(1.0, min(_MAX_FPS, _MAX_FRAMES / max(video.duration_s, 1.0)))
    return Recipe(fps=max(1.0, min(most_fps, video.fps or most_fps)))
