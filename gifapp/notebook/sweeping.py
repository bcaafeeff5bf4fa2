"""Converts one source with many recipes, and marks the variants worth choosing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel

from gifapp import errors
from gifapp.conversion.comparing import OnProgress, in_parts
from gifapp.conversion.frame import Frame
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.intake.colouring import Colouring
from gifapp.conversion.intake.options import FrameOptions
from gifapp.conversion.intake.python_input import as_file
from gifapp.conversion.pipeline import GifReport, keeping_frames, write_file
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.progress import Reporter
from gifapp.conversion.progress_bar import listener
from gifapp.conversion.render.rendering import Rendering, rendered
from gifapp.conversion.review import quality
from gifapp.conversion.review.comparison import MOMENTS, sampled
from gifapp.conversion.review.media import medium_of
from gifapp.conversion.review.playback import shown_at
from gifapp.conversion.review.quality import Pictures
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.preset_limits import within_preset
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.timing import STANDARD_FPS
from gifapp.notebook.variants import Sweep, Variant, with_front

# fields that change how frames are written, but not which frames
_WRITING = ("colours", "content", "dither", "effort", "exact", "format", "lossy", "palette", "target_bytes")


def sweep(
    source: Any,
    recipe: Recipe | None = None,
    *,
    durations_s: Sequence[float] | None = None,
    cmap: Any = None,
    vmin: float | None = None,
    vmax: float | None = None,
    on_progress: OnProgress | None = None,
    limits: Limits | None = None,
    **values: Iterable[Any],
) -> Sweep:
    """Convert `source` with every combination of values.

    `sweep(video, width_px=[240, 320], colours=[64, 256])` makes four variants.

    Variants with the same frames share one decoding. Their quality is the SSIM to the frames of the largest
    variant, to whose size the others are scaled.

    Args:
        source: as for `convert`.
        recipe: the fields that all variants share.
        durations_s: as for `convert`.
        cmap: as for `convert`.
        vmin: as for `convert`.
        vmax: as for `convert`.
        on_progress: called with the progress; without it, a bar appears in terminals and notebooks.
        limits: how much each conversion may use.
        values: for each field of the recipe, its values.

    Raises:
        errors.RecipeInvalid: a field or a value is wrong.
        errors.BadInput: see `convert`.
    """
    recipes = list(_recipes(recipe or Recipe(), values))
    limits = limits or Limits()
    with (
        listener(on_progress) as report,
        as_file(
            source,
            fps=(recipe and recipe.fps) or STANDARD_FPS,
            on_frame=Reporter(report, limits.deadline_s).checkpoint,
            options=FrameOptions(Colouring(cmap, vmin, vmax), durations_s),
        ) as taken,
        tempfile.TemporaryDirectory(prefix="gifapp-") as directory,
    ):
        video = probe(taken.path, limits=limits)
        recipes = [
            numbered._replace(recipe=keeping_frames(numbered.recipe, taken.fps)) for numbered in recipes
        ]
        groups = list(_groups(recipes))
        parts = in_parts(report, len(groups))
        made = [
            _made(taken.path, video, group, directory=Path(directory), limits=limits, report=part)
            for group, part in zip(groups, parts, strict=True)
        ]
    largest = max((result.reference for result in made), key=lambda pictures: pictures[0].size)
    variants = {number: variant for result in made for number, variant in result.rated(largest)}
    return Sweep(with_front([variants[number] for number in sorted(variants)]))


class _Numbered(NamedTuple):
    """A combination of values, with its place in the table."""

    number: int
    values: Mapping[str, Any]
    recipe: Recipe


@dataclass(frozen=True)
class _Made:
    """The reports of variants with the same frames, and some of these frames."""

    reports: list[tuple[_Numbered, GifReport]]
    reference: Pictures

    def rated(self, reference: Pictures) -> Iterator[tuple[int, Variant]]:
        for (number, values, recipe), report in self.reports:
            ssim = quality.ssim(sampled(medium_of(report), reference), reference)
            yield number, Variant(values, recipe, report, ssim)


def _recipes(recipe: Recipe, values: Mapping[str, Iterable[Any]]) -> Iterator[_Numbered]:
    lists = {name: _list(name, choices) for name, choices in values.items()}
    shared = recipe.model_dump(mode="json", exclude_unset=True)
    for number, chosen in enumerate(product(*lists.values())):
        named = dict(zip(lists, chosen, strict=True))
        yield _Numbered(number, named, Recipe.parse(shared | {name: _plain(v) for name, v in named.items()}))


def _list(name: str, choices: Iterable[Any]) -> list[Any]:
    is_list = isinstance(choices, Iterable) and not isinstance(choices, str | bytes)
    values = list(choices) if is_list else []
    if not values:
        problem = f"must be a list of values, not {'empty' if is_list else repr(choices)}"
        raise errors.FieldInvalid(field=name, problem=problem)
    return values


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    return value.item() if isinstance(value, np.generic) else value


def _groups(recipes: list[_Numbered]) -> Iterator[list[_Numbered]]:
    """The recipes that need the same frames."""
    by_frames: dict[str, list[_Numbered]] = {}
    neutral = {name: Recipe.model_fields[name].default for name in _WRITING}
    for numbered in recipes:
        key = within_preset(numbered.recipe).model_copy(update=neutral).canonical_json()
        by_frames.setdefault(key, []).append(numbered)
    yield from by_frames.values()


def _made(
    path: Path,
    video: Video,
    group: list[_Numbered],
    *,
    directory: Path,
    limits: Limits,
    report: OnProgress,
) -> _Made:
    storing, *writing = in_parts(report, len(group) + 1)
    recipe, reporter = within_preset(group[0].recipe), Reporter(storing, limits.deadline_s)
    with rendered(path, video, recipe, limits=limits, reporter=reporter) as rendering:
        shape = (rendering.height_px, rendering.width_px, 4 if rendering.has_alpha else 3)
        with closing(FrameStore(shape)) as store:
            for number, frame in enumerate(rendering.frames, 1):
                store.append(np.ascontiguousarray(frame.pixels))
                reporter.at("reading", number / len(rendering.delays_cs))

            def again() -> Rendering:
                return replace(rendering, frames=_stored(store, rendering.delays_cs))

            reports = [
                (numbered, _written(again(), numbered.recipe, directory / f"{numbered.number}", limits, part))
                for numbered, part in zip(group, writing, strict=True)
            ]
            return _Made(reports, _reference(rendering, store))


def _written(
    rendering: Rendering, recipe: Recipe, out: Path, limits: Limits, report: OnProgress
) -> GifReport:
    made = write_file(rendering, recipe, out, limits=limits, reporter=Reporter(report, limits.deadline_s))
    return replace(made, path=None, data=made.read_bytes())


def _stored(store: FrameStore, delays_cs: list[int]) -> Iterator[Frame]:
    for number, delay_cs in enumerate(delays_cs):
        yield Frame(store[number], delay_cs)


def _reference(rendering: Rendering, store: FrameStore) -> Pictures:
    frames = np.stack([store[int(number)] for number in shown_at(rendering.delays_cs, MOMENTS)])
    return quality.opaque(frames) if rendering.has_alpha else frames
