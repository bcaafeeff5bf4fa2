"""The recipe: all that decides a GIF's bytes, given a source."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from gifapp import errors
from gifapp.domain.presets import PresetName
from gifapp.domain.recipe_parts import (
    Caption,
    ChromaKey,
    Colour,
    Crop,
    Look,
    Overlay,
    Part,
    Segment,
)
from gifapp.domain.refusals import by_field, in_words

__all__ = ["Caption", "ChromaKey", "Crop", "Look", "Overlay", "Recipe", "Segment", "track_number"]

Direction = Literal["forward", "reverse", "boomerang"]
Aspect = Literal["1:1", "4:3", "16:9", "9:16", "3:4"]
Fit = Literal["contain", "cover", "stretch"]
Rotation = Literal[0, 90, 180, 270]
Flip = Literal["none", "horizontal", "vertical", "both"]
Content = Literal["auto", "film", "screen"]
Dither = Literal["auto", "none", "bayer", "floyd_steinberg", "sierra2_4a", "blue_noise"]
Deinterlace = Literal["auto", "always", "never"]
PaletteScope = Literal["auto", "global", "scene", "per_frame"]
Format = Literal["gif", "webp", "apng", "mp4"]

MOST_SUBTITLES = 100_000
_TRACK = re.compile(r"track:([1-9][0-9]?)")
# an arrow, or a line of ASS
_TIMES = re.compile(r"[-\u2010-\u2015\u2212][ \t]?(?:>|&gt;)|\u2192|^Dialogue:", re.MULTILINE)
FEWEST_TARGET_BYTES = 1_000
MOST_TARGET_BYTES = 1_000_000_000


class Recipe(Part):
    """What to make of a source. All optional; the defaults give a good GIF.

    The picture is cropped, turned clockwise by `rotate`, flipped, and then scaled. With neither width
    nor height it fits a 480 px square; with one, the other follows; with both, `fit` says whether it
    fits within them, fills them and loses its edges, or is distorted. It is never larger than the source.

    Without `fps` a video makes 12.5 frames a second, and pictures that have times of their own keep them.
    Without `loop` an animation plays as often as its file says, anything else for ever.
    """

    segments: tuple[Segment, ...] = Field((), max_length=50, strict=False)
    crossfade_s: float = Field(0.0, ge=0, le=10)
    speed: float = Field(1.0, ge=0.1, le=10)
    direction: Direction = "forward"
    fps: float | None = Field(None, ge=1, le=50)
    loop: int | None = Field(None, ge=0, le=65535)
    hold_s: float = Field(0.0, ge=0, le=60)

    deinterlace: Deinterlace = "auto"
    crop: Crop | None = None
    aspect: Aspect | None = None
    rotate: Rotation = 0
    flip: Flip = "none"
    width_px: int | None = Field(None, ge=1, le=4096)
    height_px: int | None = Field(None, ge=1, le=4096)
    fit: Fit = "contain"

    look: Look = Look()
    chroma_key: ChromaKey | None = None
    background: Colour | None = None
    captions: tuple[Caption, ...] = Field((), max_length=50, strict=False)
    subtitles: str | None = Field(None, min_length=1, max_length=MOST_SUBTITLES)
    overlay: Overlay | None = None

    content: Content = "auto"
    colours: int = Field(256, ge=2, le=256)
    dither: Dither = "auto"
    palette: PaletteScope = "auto"
    lossy: int = Field(0, ge=0, le=200)

    target_bytes: int | None = Field(None, ge=FEWEST_TARGET_BYTES, le=MOST_TARGET_BYTES)
    preset: PresetName | None = None
    format: Format = "gif"

    @field_validator("subtitles")
    @classmethod
    def _has_times(cls, subtitles: str | None) -> str | None:
        if subtitles is not None and not (track_number(subtitles) or _TIMES.search(subtitles)):
            raise ValueError("neither SRT, WebVTT nor ASS, nor track:1 for the video's first track")
        return subtitles

    @model_validator(mode="after")
    def _one_frame(self) -> Self:
        if self.crop and self.aspect:
            raise ValueError("give crop or aspect, not both")
        return self

    @model_validator(mode="after")
    def _only_gifs_are_fitted(self) -> Self:
        if self.format != "gif" and (self.target_bytes or self.preset):
            raise ValueError("target_bytes and preset are for GIFs; leave them out, or the format")
        return self

    @classmethod
    def parse(cls, given: Any) -> Recipe:
        """A recipe from decoded JSON.

        Raises:
            errors.RecipeInvalid: naming each wrong field and what it may be.
        """
        try:
            return cls.model_validate_json(json.dumps(given))
        except ValidationError as refused:
            schema = cls.model_json_schema()
            raise errors.RecipeInvalid(
                problems=in_words(refused, schema), fields=by_field(refused, schema)
            ) from None

    def canonical_json(self) -> str:
        """The same text for the same recipe, however it was spelled."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form, hexadecimal."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()


def track_number(subtitles: str) -> int | None:
    """The number of the video's text track, from 1, that a recipe's subtitles name; None: they are a file."""
    named = _TRACK.fullmatch(subtitles)
    return int(named[1]) if named else None
