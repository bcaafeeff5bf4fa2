"""Parses recipe fields from the command line."""

from __future__ import annotations

import base64
import os
import re
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_args

import click
from pydantic import TypeAdapter, ValidationError

from gifapp.domain.recipes.fields import recipe_field
from gifapp.domain.recipes.parts import MAX_OVERLAY_BYTES, Position
from gifapp.domain.recipes.recipe import (
    MAX_FRAME_EDITS,
    MAX_SUBTITLE_CHARACTERS,
    MAX_TARGET_BYTES,
    MIN_TARGET_BYTES,
    Overlay,
    track_number,
)
from gifapp.domain.text_encoding import decode_text
from gifapp.domain.typed_values import bytes_in, seconds_in
from gifapp.domain.wording import size

Context = click.Context | None
Parameter = click.Parameter | None
Range = dict[str, float]

_METAVARS = {"_s": "S", "_px": "PX", "_bytes": "SIZE"}


class FieldValue(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4
    """The value of a recipe field; `allowed` describes what is allowed."""

    def __init__(self, path: str) -> None:
        self._field = recipe_field(path)
        self.allowed = self._field.allowed
        self.name = next((word for unit, word in _METAVARS.items() if path.endswith(unit)), "N")

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Any:
        try:
            return self._adapter.validate_strings(value)
        except ValidationError:
            self.fail(f"{value!r} is not {self.allowed}", param, ctx)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        """Created on first use, because creating all of them would slow down `--help`."""
        part = self._field.part
        info = part.model_fields[self._field.name]
        annotated: Any = Annotated[info.annotation, info]
        return TypeAdapter(annotated, config=part.model_config)


class ColourValue(FieldValue):
    """A colour by name or hex digits; the # is optional, since shells may treat it as a comment."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.name = "COLOUR"
        self.allowed = "a colour such as red or ff0000" + (", or none" if self._field.is_optional else "")

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Any:
        from PIL import ImageColor

        if self._field.is_optional and value.lower() == "none":
            return None
        digits = f"#{value}" if re.fullmatch(r"[0-9a-fA-F]{6}", value) else value
        try:
            red, green, blue = ImageColor.getrgb(digits)[:3]
        except ValueError:
            self.fail(f"{value!r} is not {self.allowed}", param, ctx)
        return f"#{red:02x}{green:02x}{blue:02x}"


class SecondsValue(FieldValue):
    """Seconds, or minutes and seconds such as 1:30.5."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.allowed = "a time such as 2.5 or 1:30"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Any:
        with suppress(ValueError):
            value = str(seconds_in(value))
        return super().convert(value, param, ctx)


class SizeValue(FieldValue):
    """A size in bytes, such as 500000, 256KB, 10MB or 1.5MiB."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.allowed = f"a size from {size(MIN_TARGET_BYTES)} to {size(MAX_TARGET_BYTES)}"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Any:
        try:
            count = bytes_in(value)
        except ValueError:
            self.fail(f"{value!r} is not a size such as 500000, 256KB, 10MB or 1.5MiB", param, ctx)
        if not MIN_TARGET_BYTES <= count <= MAX_TARGET_BYTES:
            self.fail(f"{value!r} is not {self.allowed}", param, ctx)
        return round(count)


class CropValue(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4
    name = "X,Y,W,H"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> dict[str, int]:
        try:
            x, y, width, height = (int(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not X,Y,W,H in whole pixels, such as 0,0,320,240", param, ctx)
        if min(x, y) < 0 or min(width, height) < 1:
            self.fail(f"{value!r} is not a rectangle within a picture", param, ctx)
        return {"x_px": x, "y_px": y, "width_px": width, "height_px": height}


class RangeValue(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4
    """A time range such as 2-5.5; without an end, to the end of the video."""

    name = "FROM-TO"
    _seconds: ClassVar = SecondsValue("captions.start_s")

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Range:
        start, dash, end = value.partition("-")
        if not dash:
            self.fail(f"{value!r} is not FROM-TO in seconds, such as 2-5.5", param, ctx)
        times = {"start_s": start or "0"} | ({"end_s": end} if end else {})
        times_s: Range = {name: self._seconds.convert(time, param, ctx) for name, time in times.items()}
        if times_s.get("end_s", float("inf")) <= times_s["start_s"]:
            self.fail(f"{value!r} does not end after it starts", param, ctx)
        return times_s


class FramesValue(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4
    """Frames by number: `0-9,12` in order, `9-0` backwards, `0-9/2` every second, `3:50` for 0.5 s."""

    name = "N[-N][/STEP][:CS],…"
    _part: ClassVar = re.compile(r"(\d{1,7})(?:-(\d{1,7}))?(?:/([1-9]\d{0,6}))?(?::(\d{1,5}))?")
    _fields: ClassVar = {"number": FieldValue("frames.number"), "delay_cs": FieldValue("frames.delay_cs")}

    def convert(self, value: Any, param: Parameter, ctx: Context) -> list[dict[str, int]]:
        edits = [edit for part in value.split(",") for edit in self._edits(part.strip(), param, ctx)]
        if len(edits) > MAX_FRAME_EDITS:
            self.fail(f"{len(edits):,} frames are too many; the limit is {MAX_FRAME_EDITS:,}", param, ctx)
        return edits

    def _edits(self, part: str, param: Parameter, ctx: Context) -> list[dict[str, int]]:
        match = self._part.fullmatch(part)
        if match is None:
            self.fail(f"{part!r} is not a list of frames such as 0-9,12 or 0-60/2 or 3:50", param, ctx)
        first, last = (
            self._fields["number"].convert(end, param, ctx) for end in (match[1], match[2] or match[1])
        )
        delay = (
            {} if match[4] is None else {"delay_cs": self._fields["delay_cs"].convert(match[4], param, ctx)}
        )
        step = int(match[3] or 1)
        numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
        return [{"number": number, **delay} for number in numbers[: MAX_FRAME_EDITS + 1]]


class CaptionValue(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4
    """A text, optionally after its position and time range: `Hello`, `top:Hello`, `top,0-2:Hello`."""

    name = "[WHERE,FROM-TO:]TEXT"
    _text: ClassVar = FieldValue("captions.text")

    def convert(self, value: Any, param: Parameter, ctx: Context) -> dict[str, Any]:
        before, colon, text = value.partition(":")
        words = [word.strip() for word in before.split(",")] if before else []
        if not colon or not all(map(_is_where_or_when, words)):
            words, text = [], value  # the colon is part of the text
        caption: dict[str, Any] = {"text": self._text.convert(text.strip(), param, ctx)}
        for word in words:
            caption |= {"position": word} if word in get_args(Position) else _RANGE.convert(word, param, ctx)
        return caption


_RANGE = RangeValue()


def _is_where_or_when(word: str) -> bool:
    return word in get_args(Position) or re.fullmatch(r"[\d.]*-[\d.]*", word) is not None


class OverlayFile(click.Path):
    """An image file, read as base64."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, readable=True)

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Any:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if path.stat().st_size > MAX_OVERLAY_BYTES:
            self.fail(f"{path} is larger than {size(MAX_OVERLAY_BYTES)}", param, ctx)
        image = base64.b64encode(path.read_bytes()).decode()
        try:
            return Overlay(image=image).image
        except ValidationError:
            self.fail(f"{path} is not a PNG, JPEG, WebP or GIF", param, ctx)


class SubtitlesFile(click.Path):
    """A subtitle file, read as text, or the number of a text track of the video."""

    _text: ClassVar = FieldValue("subtitles")

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, readable=True)

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Any:
        if track_number(value):
            return value
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if path.stat().st_size > 4 * MAX_SUBTITLE_CHARACTERS:
            self.fail(f"{path} is not {self._text.allowed}", param, ctx)
        try:
            text = decode_text(path.read_bytes())
        except ValueError:
            self.fail(f"{path} has an unknown text encoding; save it as UTF-8", param, ctx)
        try:
            return self._text.convert(text, param, ctx)
        except click.BadParameter:
            self.fail(f"{path} is not {self._text.allowed}", param, ctx)
