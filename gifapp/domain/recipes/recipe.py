"""The recipe: everything besides the source that determines a GIF's bytes."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from gifapp import errors
from gifapp.domain.recipes.choices import (
    ASPECTS,
    CONTENTS,
    DEINTERLACE,
    DIRECTIONS,
    DITHERS,
    FITS,
    FLIPS,
    FORMATS,
    PALETTES,
    PLATFORMS,
    ROTATIONS,
    Aspect,
    Content,
    Deinterlace,
    Direction,
    Dither,
    Fit,
    Flip,
    PaletteScope,
    Rotation,
)
from gifapp.domain.recipes.output_formats import Format
from gifapp.domain.recipes.parts import (
    Caption,
    ChromaKey,
    Colour,
    Crop,
    FrameEdit,
    Look,
    Overlay,
    Part,
    Segment,
)
from gifapp.domain.recipes.presets import PresetName
from gifapp.domain.recipes.ui_hints import UiHints
from gifapp.domain.validation_errors import problems_in

__all__ = [
    "Aspect",
    "Caption",
    "ChromaKey",
    "Content",
    "Crop",
    "Deinterlace",
    "Direction",
    "Dither",
    "Fit",
    "Flip",
    "Format",
    "FrameEdit",
    "Look",
    "Overlay",
    "PaletteScope",
    "Recipe",
    "Rotation",
    "Segment",
    "track_number",
]

MAX_SUBTITLE_CHARACTERS = 100_000
_TRACK = re.compile(r"track:([1-9][0-9]?)")
# the time arrow (-->) of SRT and WebVTT, or an ASS Dialogue line
_TIMES = re.compile(r"[-\u2010-\u2015\u2212][ \t]?(?:>|&gt;)|\u2192|^Dialogue:", re.MULTILINE)
MAX_LOSSY = 200
MAX_SIDE_PX = 4096
MAX_FRAME_EDITS = 1_000
MIN_TARGET_BYTES = 1_000
MAX_TARGET_BYTES = 1_000_000_000


class Recipe(Part):
    """How to convert a source. Every field is optional; the defaults give a good GIF.

    The picture is cropped, rotated, flipped and then scaled. It is never larger than the source.
    """

    segments: tuple[Segment, ...] = Field(
        (),
        max_length=50,
        strict=False,
        title="Ranges",
        description="Ranges of the source, joined in order. Default: the whole source.",
    )
    crossfade_s: Annotated[float, UiHints(step=0.1)] = Field(
        0.0, ge=0, le=10, title="Crossfade", description="How long joined ranges blend into each other."
    )
    speed: Annotated[float, UiHints(step=0.25)] = Field(
        1.0, ge=0.1, le=10, title="Speed", description="The playback speed: 2 is twice as fast."
    )
    direction: Annotated[Direction, DIRECTIONS] = Field(
        "forward",
        title="Direction",
        description="Which way it plays; boomerang is forward and then backward, twice as long.",
    )
    fps: Annotated[float | None, UiHints(unit="fps")] = Field(
        None,
        ge=1,
        le=50,
        title="Frame rate",
        description="Frames per second. Default: 12.5 for a video; an animation keeps its own frame timing.",
    )
    frames: tuple[FrameEdit, ...] = Field(
        (),
        max_length=MAX_FRAME_EDITS,
        strict=False,
        title="Frames",
        description="The frames to show, in order, each as often as it is listed. Default: all frames.",
    )
    loop: Annotated[int | None, UiHints(unit="0 = forever")] = Field(
        None,
        ge=0,
        le=65535,
        title="Loop count",
        description="How often it plays; 0 loops forever. Default: an animation's own loop count, otherwise "
        "forever.",
    )
    hold_s: Annotated[float, UiHints(step=0.5)] = Field(
        0.0, ge=0, le=60, title="Hold last frame", description="How much longer the last frame is shown."
    )

    deinterlace: Annotated[Deinterlace, DEINTERLACE] = Field(
        "auto",
        title="Deinterlace",
        description="Deinterlace the video; auto does so if the frames are interlaced.",
    )
    crop: Crop | None = Field(
        None,
        title="Crop",
        description="Keep this rectangle, in pixels of the source as displayed, after its rotation tag is "
        "applied.",
    )
    aspect: Annotated[Aspect | None, ASPECTS] = Field(
        None,
        title="Aspect ratio",
        description="Crop to this aspect ratio around the centre. Cannot be combined with a crop.",
    )
    rotate: Annotated[Rotation, ROTATIONS] = Field(
        0, title="Rotate", description="Rotate clockwise by this many degrees, after the crop."
    )
    flip: Annotated[Flip, FLIPS] = Field(
        "none",
        title="Flip",
        description="Mirror left and right (horizontal), top and bottom (vertical), or both.",
    )
    width_px: int | None = Field(
        None,
        ge=1,
        le=MAX_SIDE_PX,
        title="Width",
        description="Maximum width. If only one of width and height is given, the other follows from the "
        "aspect ratio; if neither is, the GIF fits in 480 x 480.",
    )
    height_px: int | None = Field(
        None,
        ge=1,
        le=MAX_SIDE_PX,
        title="Height",
        description="Maximum height. If the width is not given, it follows from the aspect ratio.",
    )
    fit: Annotated[Fit, FITS] = Field(
        "contain",
        title="Scaling",
        description="With width and height: contain fits within them, cover fills them and crops the edges, "
        "stretch distorts.",
    )

    look: Look = Field(Look(), title="Look", description="How the picture is changed.")
    chroma_key: ChromaKey | None = Field(
        None, title="Chroma key", description="A colour that becomes transparent, along with similar ones."
    )
    background: Colour | None = Field(
        None,
        title="Background colour",
        description="The colour behind transparent areas. Default: they stay transparent.",
    )
    captions: tuple[Caption, ...] = Field(
        (), max_length=50, strict=False, title="Captions", description="Text on the GIF."
    )
    subtitles: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_SUBTITLE_CHARACTERS,
        title="Subtitles",
        description="Subtitles to burn in, at the source's times: the text of an SRT, WebVTT or ASS file, "
        "or track:1 for the video's first text track.",
    )
    overlay: Overlay | None = Field(
        None, title="Overlay", description="A picture on the GIF, such as a logo."
    )

    content: Annotated[Content, CONTENTS] = Field(
        "auto",
        title="Content type",
        description="Kind of content: film (camera footage) or screen (a screen recording, with flat colours "
        "and sharp text).",
    )
    colours: Annotated[int, UiHints(slider=(2, 256))] = Field(
        256, ge=2, le=256, title="Colours", description="Colours per palette, transparency included."
    )
    dither: Annotated[Dither, DITHERS] = Field(
        "auto", title="Dithering", description="How colours that the palette lacks are mixed."
    )
    palette: Annotated[PaletteScope, PALETTES] = Field(
        "auto",
        title="Palette",
        description="One palette for the whole clip (global), for each scene, or for each frame; auto "
        "chooses what saves bytes.",
    )
    lossy: Annotated[int, UiHints(slider=(0, MAX_LOSSY))] = Field(
        0,
        ge=0,
        le=MAX_LOSSY,
        title="Lossy compression",
        description="How much quality may be traded for a smaller file, in every format but APNG.",
    )

    exact: bool = Field(
        default=False,
        title="Exact pixels",
        description="Give every pixel of a GIF the palette's nearest colour, and correct it at once when it "
        "changes: for screen recordings, if a quarter more bytes do not matter. Cannot be combined with "
        "lossy. Other formats ignore it.",
    )
    effort: Annotated[int, UiHints(slider=(1, 3))] = Field(
        2,
        ge=1,
        le=3,
        title="Effort",
        description="How much CPU a GIF may take to become smaller: 1 is fastest; 3 takes about twice as "
        "much, for grain up to five times, for some 5 % fewer bytes at the same quality. "
        "Other formats ignore it.",
    )

    target_bytes: Annotated[int | None, UiHints(unit="MB", none_label="no limit")] = Field(
        None,
        ge=MIN_TARGET_BYTES,
        le=MAX_TARGET_BYTES,
        title="Max size",
        description="Make the best-looking file that fits this size.",
    )
    preset: Annotated[PresetName | None, PLATFORMS] = Field(
        None, title="Platform", description="Fit the platform's limits on bytes and pixels."
    )
    format: Annotated[Format, FORMATS] = Field("gif", title="Format", description="The output format.")

    @field_validator("subtitles")
    @classmethod
    def _is_subtitle_text_or_track(cls, subtitles: str | None) -> str | None:
        if subtitles is not None and not (track_number(subtitles) or _TIMES.search(subtitles)):
            raise ValueError(
                "must be the text of an SRT, WebVTT or ASS file, "
                "or track:N for one of the video's text tracks"
            )
        return subtitles

    @model_validator(mode="after")
    def _crop_xor_aspect(self) -> Self:
        if self.crop and self.aspect:
            raise ValueError("give crop or aspect, not both")
        return self

    @model_validator(mode="after")
    def _exact_xor_lossy(self) -> Self:
        if self.exact and self.lossy:
            raise ValueError("give exact or lossy, not both")
        return self

    @classmethod
    def parse(cls, values: Any) -> Recipe:
        """Validate a recipe from decoded JSON.

        Raises:
            errors.RecipeInvalid: names each wrong field and what it may be.
        """
        try:
            return cls.model_validate_json(json.dumps(values))
        except ValidationError as refused:
            problems = list(problems_in(refused, recipe_schema(), whole="recipe"))
            clauses = "; ".join(problem.clause for problem in problems)
            raise errors.RecipeInvalid(problems=clauses, fields=dict(problems)) from None

    def canonical_json(self) -> str:
        """Canonical JSON: equal recipes give the same text, however they were written.

        Fields at their defaults are omitted, so that adding a field changes no digest. After changing a
        default, change `ENGINE_VERSION` too.
        """
        fields = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps(fields, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()


@cache
def recipe_schema() -> dict[str, Any]:
    """The JSON schema of a recipe; computing it takes some 10 ms."""
    return Recipe.model_json_schema()


def track_number(subtitles: str) -> int | None:
    """The number (from 1) of the video's text track that subtitles name; None if they are a file's text."""
    match = _TRACK.fullmatch(subtitles)
    return int(match[1]) if match else None
