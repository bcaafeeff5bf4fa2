"""The strip of frames that people edit: every frame that a recipe shows, small, in one JPEG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from PIL import Image

from gifapp import errors
from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.decode.still import deadline, opaque
from gifapp.conversion.frame import Pixels
from gifapp.conversion.plan import Plan, make_plan
from gifapp.conversion.probing.probe import probed
from gifapp.conversion.video import Video
from gifapp.domain.frame_strip import COLUMNS, MAX_FRAMES
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.outcome import numbering_recipe
from gifapp.domain.recipes.recipe import Recipe

DEADLINE_S = 20.0
_TILE_WIDTH_PX, _TILE_HEIGHT_PX = 128, 96
_QUALITY = 60


@dataclass(frozen=True)
class FrameStrip:
    """The frames of a clip.

    Attributes:
        delays_cs: the delay of each.
        tile_width_px, tile_height_px: the size of each picture.
        jpeg: the pictures in rows of `domain.frame_strip.COLUMNS`, a JPEG.
    """

    delays_cs: tuple[int, ...]
    tile_width_px: int
    tile_height_px: int
    jpeg: bytes


def frame_strip(path: Path, video: Video, recipe: Recipe, *, limits: Limits) -> FrameStrip:
    """The frames that the recipe's list of frames chooses from, in the order of their numbers.

    Raises:
        errors.TooManyFrames: there are more than `domain.frame_strip.MAX_FRAMES`.
        errors.GifappError: see `plan.make_plan` and `ffmpeg.frames`.
    """
    video = probed(video, path, limits=limits)
    plan = make_plan(video, _small(recipe), limits)
    if plan.frames > MAX_FRAMES:
        raise errors.TooManyFrames(frames=plan.frames, limit=MAX_FRAMES)
    jpeg = _jpeg(_frames(path, video, plan, limits), plan)
    return FrameStrip(plan.delays_cs, plan.width_px, plan.height_px, jpeg)


def _small(recipe: Recipe) -> Recipe:
    """The recipe at the size of a tile, without what is slow and hardly seen there."""
    look = recipe.look.model_copy(update={"stabilise": False, "denoise": 0.0, "blur_px": 0.0, "sharpen": 0.0})
    size = {"width_px": _TILE_WIDTH_PX, "height_px": _TILE_HEIGHT_PX, "fit": "contain"}
    return numbering_recipe(recipe.model_copy(update={"look": look, **size}))


def _frames(path: Path, video: Video, plan: Plan, limits: Limits) -> Iterator[Pixels]:
    bounds = replace(limits, deadline_s=min(limits.deadline_s, DEADLINE_S))
    checkpoint = deadline(DEADLINE_S)
    with closing(ffmpeg.frames(path, video, plan, limits=bounds, checkpoint=checkpoint)) as frames:
        yield from frames


def _jpeg(frames: Iterable[Pixels], plan: Plan) -> bytes:
    rows = -(-plan.frames // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * plan.width_px, rows * plan.height_px))
    for number, pixels in enumerate(frames):
        row, column = divmod(number, COLUMNS)
        sheet.paste(Image.fromarray(opaque(pixels)), (column * plan.width_px, row * plan.height_px))
    jpeg = BytesIO()
    sheet.save(jpeg, "JPEG", quality=_QUALITY)
    return jpeg.getvalue()
