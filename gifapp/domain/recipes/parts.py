"""The parts of a recipe: time ranges, crop, look, captions, overlay."""

from __future__ import annotations

import base64
import binascii
import inspect
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from gifapp.domain.recipes.choices import POSITIONS, Position
from gifapp.domain.recipes.ui_hints import UiHints
from gifapp.domain.timing import MAX_DELAY_CS, MIN_DELAY_CS

__all__ = [
    "MAX_OVERLAY_BYTES",
    "Caption",
    "ChromaKey",
    "Colour",
    "Crop",
    "FrameEdit",
    "Look",
    "Overlay",
    "Part",
    "Position",
    "Segment",
]

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]

MAX_TIME_S = 1_000_000_000  # thirty years; sums and products of much later times overflow to infinity
MAX_PX = 1_000_000
MAX_FRAME_NUMBER = 1_000_000
MAX_OVERLAY_BYTES = 200_000
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"GIF8")
_ATTRIBUTES = "\n\nAttributes:\n"


def _keep_summary(schema: dict[str, Any]) -> None:
    """Drop the list of fields from a schema's description: each field has its own."""
    schema["description"] = schema["description"].partition(_ATTRIBUTES)[0]


def _check_span(start_s: float, end_s: float | None) -> None:
    if end_s is not None and end_s <= start_s:
        raise ValueError("must end after it starts: end_s must be greater than start_s")


class Part(BaseModel):
    """A frozen part of a recipe; unknown keys, NaN and wrong types are rejected."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, json_schema_extra=_keep_summary
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """List the fields in the docstring, for `help()` and notebooks."""
        super().__pydantic_init_subclass__(**kwargs)
        lines = [f"    {name}: {field.description}" for name, field in cls.model_fields.items()]
        cls.__doc__ = inspect.cleandoc(cls.__doc__ or "") + _ATTRIBUTES + "\n".join(lines)

    @field_validator("*")
    @classmethod
    def _zero_has_no_sign(cls, value: Any) -> Any:
        return 0.0 if isinstance(value, float) and value == 0 else value


class Segment(Part):
    """A time range of the source."""

    start_s: float = Field(
        0.0, ge=0, le=MAX_TIME_S, title="Start", description="Where the range begins, in seconds."
    )
    end_s: float | None = Field(
        None,
        gt=0,
        le=MAX_TIME_S,
        title="End",
        description="Where the range ends, in seconds. Default: the end of the source.",
    )

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        _check_span(self.start_s, self.end_s)
        return self


class FrameEdit(Part):
    """A frame to show, for its own delay or another one."""

    number: int = Field(
        ge=0,
        le=MAX_FRAME_NUMBER,
        title="Frame number",
        description="Which frame: 0 is the first that would show without this list, playing forward.",
    )
    delay_cs: int | None = Field(
        None,
        ge=MIN_DELAY_CS,
        le=MAX_DELAY_CS,
        title="Delay",
        description="How long it is shown, in hundredths of a second. Default: as long as without this list.",
    )


class Crop(Part):
    """A rectangle in pixels of the source as displayed."""

    x_px: int = Field(0, ge=0, le=MAX_PX, title="Crop left", description="The rectangle's left edge.")
    y_px: int = Field(0, ge=0, le=MAX_PX, title="Crop top", description="The rectangle's top edge.")
    width_px: int = Field(ge=1, le=MAX_PX, title="Crop width", description="The rectangle's width.")
    height_px: int = Field(ge=1, le=MAX_PX, title="Crop height", description="The rectangle's height.")


class Look(Part):
    """How the picture is changed; the defaults change nothing."""

    brightness: Annotated[float, UiHints(slider=(-1, 1), step=0.05)] = Field(
        0.0, ge=-1, le=1, title="Brightness", description="Lighter or darker: -1 is black, 1 is white."
    )
    contrast: Annotated[float, UiHints(slider=(0, 3), step=0.05)] = Field(
        1.0, ge=0, le=3, title="Contrast", description="Stronger above 1; 0 is flat grey."
    )
    gamma: Annotated[float, UiHints(slider=(0.1, 4), step=0.05)] = Field(
        1.0, ge=0.1, le=10, title="Gamma", description="Lighter midtones above 1, darker below."
    )
    saturation: Annotated[float, UiHints(slider=(0, 3), step=0.05)] = Field(
        1.0, ge=0, le=3, title="Saturation", description="Stronger colours above 1; 0 is black and white."
    )
    grayscale: bool = Field(default=False, title="Black and white", description="Remove all colour.")
    invert: bool = Field(default=False, title="Invert colours", description="Make a negative.")
    stabilise: bool = Field(
        default=False,
        title="Stabilise",
        description="Steady a handheld clip. It is enlarged by 12 %, so that no moving edge shows.",
    )
    blur_px: Annotated[float, UiHints(slider=(0, 20), step=0.5)] = Field(
        0.0,
        ge=0,
        le=50,
        title="Blur",
        description="Standard deviation of a Gaussian blur, in pixels of the GIF.",
    )
    sharpen: Annotated[float, UiHints(slider=(0, 2), step=0.05)] = Field(
        0.0, ge=0, le=2, title="Sharpen", description="How strongly details and edges are emphasised."
    )
    denoise: Annotated[float, UiHints(slider=(0, 1), step=0.05)] = Field(
        0.0,
        ge=0,
        le=1,
        title="Denoise",
        description="How strongly grain is averaged over neighbouring frames where the picture hardly moves. "
        "Grainy clips become much smaller, but clean ones up to a third larger. "
        "Above 0.5, faint moving objects may leave a trail.",
    )
    fade_in_s: Annotated[float, UiHints(step=0.1)] = Field(
        0.0, ge=0, le=10, title="Fade in", description="How long the fade from black lasts."
    )
    fade_out_s: Annotated[float, UiHints(step=0.1)] = Field(
        0.0, ge=0, le=10, title="Fade out", description="How long the fade to black lasts."
    )


class ChromaKey(Part):
    """A colour to make transparent, along with similar ones."""

    colour: Colour = Field(
        "#00ff00", title="Make a colour transparent", description="Make this colour transparent."
    )
    tolerance: Annotated[float, UiHints(slider=(0.01, 1), step=0.01)] = Field(
        0.3,
        ge=0.01,
        le=1,
        title="Tolerance",
        description="How far a colour may be from this one and still become transparent.",
    )


class Caption(Part):
    """Text on the picture."""

    text: str = Field(
        min_length=1,
        max_length=500,
        title="Caption",
        description="The text, in any script. Line breaks in it are kept.",
    )
    start_s: Annotated[float, UiHints(step=0.1)] = Field(
        0.0,
        ge=0,
        le=MAX_TIME_S,
        title="Start",
        description="When the caption appears, in seconds of the GIF.",
    )
    end_s: Annotated[float | None, UiHints(step=0.1, none_label="the end")] = Field(
        None,
        gt=0,
        le=MAX_TIME_S,
        title="End",
        description="When the caption disappears, in seconds of the GIF. Default: the end of the GIF.",
    )
    position: Annotated[Position, POSITIONS] = Field(
        "bottom", title="Position", description="Where the caption is."
    )
    size_px: int = Field(28, ge=6, le=400, title="Font size", description="Font size in pixels.")
    colour: Colour = Field("#ffffff", title="Colour", description="Text colour.")
    outline: Colour | None = Field("#000000", title="Outline", description="Outline colour.")

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        _check_span(self.start_s, self.end_s)
        return self


class Overlay(Part):
    """An image on top of the picture, such as a logo."""

    image: str = Field(
        min_length=1,
        max_length=MAX_OVERLAY_BYTES * 4 // 3 + 4,
        title="Picture",
        description="A PNG, JPEG, WebP or GIF of up to 200 kB, in base64.",
    )
    position: Annotated[Position, POSITIONS] = Field(
        "bottom_right", title="Position", description="Where the overlay is."
    )
    scale: Annotated[float, UiHints(slider=(0.01, 1), step=0.01)] = Field(
        0.2, ge=0.01, le=1, title="Size", description="The overlay's share of the GIF's width."
    )
    opacity: Annotated[float, UiHints(slider=(0, 1), step=0.05)] = Field(
        1.0, ge=0, le=1, title="Opacity", description="From 0 (invisible) to 1 (solid)."
    )

    @field_validator("image")
    @classmethod
    def _is_picture(cls, image: str) -> str:
        try:
            start = base64.b64decode(image, validate=True)
        except binascii.Error:
            raise ValueError("is not base64") from None
        if not start.startswith(_PICTURES):
            raise ValueError("is not a PNG, JPEG, WebP or GIF")
        return image
