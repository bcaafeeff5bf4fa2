"""The converters for the dashboard's stage: layers as pictures, and proxies; they run in child processes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from gifapp.conversion.plan import Plan, make_plan
from gifapp.conversion.probing.probe import probed
from gifapp.conversion.progress import Reporter
from gifapp.conversion.proxy import make_proxy
from gifapp.conversion.text.layer_pictures import LayerPicture, layer_pictures
from gifapp.conversion.text.subtitle_tracks import with_text_track
from gifapp.conversion.video import Video
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.preset_limits import within_preset
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.layers import LayersView, LayerView
from gifapp.jobs.attempts.conversion_process import Done


def draw_layers(
    path: Path,
    recipe: Recipe,
    out: Path,
    *,
    video: Video,
    limits: Limits,
    on_progress: Callable[[Progress], None],
) -> Done:
    """A `Converter` that writes the recipe's layers as JSON, a `LayersView`."""
    checkpoint = Reporter(on_progress, limits.deadline_s).checkpoint
    video = probed(video, path, limits=limits, checkpoint=checkpoint)
    recipe = with_text_track(within_preset(recipe), path, limits=limits, checkpoint=checkpoint)
    plan = make_plan(video, recipe, limits)
    pictures, notes = layer_pictures(plan, checkpoint=checkpoint)
    out.write_text(_view(plan, pictures, notes).model_dump_json())
    return Done(out.stat().st_size, plan.width_px, plan.height_px, plan.frames, plan.duration_s, tuple(notes))


def _view(plan: Plan, pictures: list[LayerPicture], notes: list[str]) -> LayersView:
    layers = [
        LayerView(
            part=picture.part,
            start_s=picture.start_s,
            end_s=picture.end_s,
            x_px=picture.x_px,
            y_px=picture.y_px,
            width_px=picture.width_px,
            height_px=picture.height_px,
            png=b64encode(picture.png).decode(),
        )
        for picture in pictures
    ]
    return LayersView(width_px=plan.width_px, height_px=plan.height_px, layers=layers, notes=notes)


def convert_to_proxy(
    path: Path,
    _recipe: Recipe,
    out: Path,
    *,
    video: Video,
    limits: Limits,
    on_progress: Callable[[Progress], None],
) -> Done:
    """A `Converter` that writes the whole source as a proxy; the recipe is ignored."""
    made = make_proxy(path, out, video=video, limits=limits, on_progress=on_progress)
    return Done(made.bytes, made.width_px, made.height_px, made.frames, video.duration_s, made.notes)
