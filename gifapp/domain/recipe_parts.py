"""What a recipe is made of: ranges of time, parts of the picture, looks, words and pictures."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Position = Literal[
    "top_left", "top", "top_right", "left", "centre", "right", "bottom_left", "bottom", "bottom_right"
]

MOST_OVERLAY_BYTES = 200_000
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"GIF8")


class Part(BaseModel):
    """A frozen part of a recipe; unknown keys, NaN and wrong types are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Segment(Part):
    """A time range of the source; no end means the source's end."""

    start_s: float = Field(0.0, ge=0)
    end_s: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError("end_s must be greater than start_s")
        return self


class Crop(Part):
    """A rectangle in the upright source's pixels."""

    x_px: int = Field(0, ge=0)
    y_px: int = Field(0, ge=0)
    width_px: int = Field(ge=1)
    height_px: int = Field(ge=1)


class Look(Part):
    """How the picture is changed; the defaults change nothing. Fades are from and to black."""

    brightness: float = Field(0.0, ge=-1, le=1)
    contrast: float = Field(1.0, ge=0, le=3)
    gamma: float = Field(1.0, ge=0.1, le=10)
    grayscale: bool = False
    invert: bool = False
    blur_px: float = Field(0.0, ge=0, le=50)
    fade_in_s: float = Field(0.0, ge=0, le=10)
    fade_out_s: float = Field(0.0, ge=0, le=10)


class ChromaKey(Part):
    """The colour that becomes transparent, and how near to it is near enough (0 to 1)."""

    colour: Colour = "#00ff00"
    tolerance: float = Field(0.3, ge=0.01, le=1)


class Caption(Part):
    """Words on the picture, from `start_s` to `end_s` of the GIF; no end means its end."""

    text: str = Field(min_length=1, max_length=500)
    start_s: float = Field(0.0, ge=0)
    end_s: float | None = Field(None, gt=0)
    position: Position = "bottom"
    size_px: int = Field(28, ge=6, le=400)
    colour: Colour = "#ffffff"
    outline: Colour | None = "#000000"

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError("end_s must be greater than start_s")
        return self


class Overlay(Part):
    """A picture on the picture: PNG, JPEG, WebP or GIF in base64; `scale` is its share of the width."""

    image: str = Field(min_length=1, max_length=MOST_OVERLAY_BYTES * 4 // 3 + 4)
    position: Position = "bottom_right"
    scale: float = Field(0.2, ge=0.01, le=1)
    opacity: float = Field(1.0, ge=0, le=1)

    @field_validator("image")
    @classmethod
    def _is_picture(cls, image: str) -> str:
        try:
            start = base64.b64decode(image, validate=True)
        except binascii.Error:
            raise ValueError("image is not base64") from None
        if not start.startswith(_PICTURES):
            raise ValueError("image is not a PNG, JPEG, WebP or GIF")
        return image
