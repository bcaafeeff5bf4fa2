"""The groups of the form: every field of a recipe that a person may want to set."""

from __future__ import annotations

import ipywidgets as w

from gifapp.domain.presets import PRESETS
from gifapp.domain.recipe import MOST_SUBTITLES, ChromaKey, Look, Overlay
from gifapp.domain.recipe_parts import MOST_OVERLAY_BYTES
from gifapp.domain.wording import size
from gifapp.widgets.colour import Colour
from gifapp.widgets.file_field import FileField
from gifapp.widgets.form.captions import POSITIONS, Captions
from gifapp.widgets.form.controls import (
    buttons,
    choice,
    maybe_choice,
    maybe_number,
    maybe_whole,
    megabytes,
    number,
    slider,
    switch,
    whole_slider,
)
from gifapp.widgets.form.fields import Field, OnChange, Problem, Row, Values
from gifapp.widgets.form.group import Group
from gifapp.widgets.form.optional import Optional
from gifapp.widgets.form.segments import Segments
from gifapp.widgets.form.shape import Shape

_DIRECTIONS = [("Forward", "forward"), ("Reverse", "reverse"), ("Boomerang", "boomerang")]
_TURNS = [("None", 0), ("90° right", 90), ("180°", 180), ("90° left", 270)]
_FLIPS = [("None", "none"), ("Left-right", "horizontal"), ("Top-bottom", "vertical"), ("Both", "both")]
_FITS = [("Stay within it", "contain"), ("Fill it, lose edges", "cover"), ("Stretch", "stretch")]
_DEINTERLACE = [("Told by the picture", "auto"), ("Always join fields", "always"), ("Never", "never")]
_CONTENTS = [("Automatic", "auto"), ("Film", "film"), ("Screen", "screen")]
_DITHERS = [
    ("As the picture needs it", "auto"),
    ("Floyd-Steinberg, for film", "floyd_steinberg"),
    ("Sierra 2-4A, a little lighter", "sierra2_4a"),
    ("Blue noise, a fine still grain", "blue_noise"),
    ("Bayer, a regular pattern", "bayer"),
    ("None, for drawings and screens", "none"),
]
_PALETTES = [
    ("As the clip needs it", "auto"),
    ("One for all", "global"),
    ("One for each scene", "scene"),
    ("One for each frame", "per_frame"),
]
_FORMATS = [("GIF", "gif"), ("WebP", "webp"), ("APNG", "apng"), ("MP4", "mp4")]


class TrimAndSize(Group):
    """When, where and how large."""

    def __init__(self, page_url: str, *, on_change: OnChange) -> None:
        self.segments = Segments(page_url, on_change=on_change)
        self.width, self.height = maybe_whole("width_px", "Width, px"), maybe_whole("height_px", "Height, px")
        self.crossfade = Row(number("crossfade_s", "Crossfade, s", step=0.1), on_change=on_change)
        self.fps, speed = maybe_number("fps", "Frames/s"), number("speed", "Speed", step=0.25)
        sides = Row(self.width, self.height, self.fps, speed, on_change=on_change)
        direction = Row(buttons("direction", "Plays", _DIRECTIONS), on_change=on_change)
        turn, flip = choice("rotate", "Turn", _TURNS), choice("flip", "Mirror", _FLIPS)
        self.shape = Shape(turn, flip, on_change=on_change)
        self.fit = Row(choice("fit", "Width and height", _FITS), on_change=on_change)
        self.loop = maybe_whole("loop", "Plays (0 = for ever)")
        ends = Row(
            self.loop,
            number("hold_s", "Hold the last frame, s", step=0.5),
            on_change=on_change,
        )
        fields = Row(choice("deinterlace", "Interlaced video", _DEINTERLACE), on_change=on_change)
        parts = [self.segments, self.crossfade, sides, self.fit, self.shape, direction, ends, fields]
        super().__init__("Trim & size", parts, is_open=True)
        self.segments.ranges.observe(lambda _: self._unfold(), "value")
        for side in (self.width, self.height):
            side.control.observe(lambda _: self._unfold(), "value")
        self._unfold()

    def _unfold(self) -> None:
        """Show what matters only for several ranges, or for a size in both directions."""
        is_joined = len(self.segments.ranges.value) > 1
        is_boxed = bool(self.width.control.value and self.height.control.value)
        self.crossfade.layout.display = "" if is_joined else "none"
        self.fit.layout.display = "" if is_boxed else "none"


def look(*, on_change: OnChange) -> Group:
    """How the picture is changed."""
    rows = [
        Row(
            slider("look.brightness", "Brightness", (-1, 1), step=0.05),
            slider("look.contrast", "Contrast", (0, 3), step=0.05),
            on_change=on_change,
        ),
        Row(
            slider("look.gamma", "Gamma", (0.1, 4), step=0.05),
            slider("look.blur_px", "Blur", (0, 20), step=0.5, unit=" px"),
            on_change=on_change,
        ),
        Row(
            switch("look.grayscale", "Black and white"),
            switch("look.invert", "Inverted"),
            on_change=on_change,
        ),
        Row(
            number("look.fade_in_s", "Fade in, s", step=0.1),
            number("look.fade_out_s", "Fade out, s", step=0.1),
            on_change=on_change,
        ),
    ]
    reset = w.Button(description="Reset the look")
    reset.add_class("gifapp-form__text-button")
    reset.on_click(lambda _: _put(rows, {"look": Look().model_dump()}))
    return Group("Look", rows, reset)


def _put(rows: list[Row], given: dict[str, dict[str, object]]) -> None:
    for row in rows:
        for field in row.fields:
            part, _, name = field.path.partition(".")
            field.control.value = given[part][name]


class WordsAndPictures(Group):
    """What is put on the picture, and what is taken out of it."""

    def __init__(self, *, on_change: OnChange) -> None:
        self.captions = Captions(on_change=on_change)
        self.overlay = _overlay(on_change)
        background = Colour(
            description="A colour behind what is transparent", may_be_none=True, first="#ffffff"
        )
        parts = [
            self.captions,
            Row(Field("subtitles", _subtitles(), name="Subtitles"), on_change=on_change),
            self.overlay,
            _chroma_key(on_change),
            Row(Field("background", background, name="Background"), on_change=on_change),
        ]
        super().__init__("Words & pictures", parts)


def _subtitles() -> FileField:
    return FileField(
        description="Add subtitles",
        hint=f"An SRT, WebVTT or ASS file, up to {MOST_SUBTITLES:,} characters",
        accept=".srt,.vtt,.ass,.ssa,text/vtt",
        limit=MOST_SUBTITLES,
        is_text=True,
    )


def _overlay(on_change: OnChange) -> Optional:
    picture = FileField(
        description="Add a picture",
        hint=f"PNG, JPEG, WebP or GIF, up to {size(MOST_OVERLAY_BYTES)}",
        accept="image/png,image/jpeg,image/webp,image/gif",
        limit=MOST_OVERLAY_BYTES,
    )
    rest = Row(
        choice("position", "Position", POSITIONS),
        slider("scale", "Size", (0.01, 1), step=0.01),
        slider("opacity", "Opacity", (0, 1), step=0.05),
        on_change=on_change,
    )
    shown = {name: field.default for name, field in Overlay.model_fields.items()}
    return Optional("overlay", Field("image", picture, name="Picture"), rest, shown, on_change=on_change)


def _chroma_key(on_change: OnChange) -> Optional:
    standard = ChromaKey()
    colour = Colour(description="A colour becomes transparent", may_be_none=True, first=standard.colour)
    rest = Row(slider("tolerance", "And colours near it", (0.01, 1), step=0.01), on_change=on_change)
    return Optional(
        "chroma_key",
        Field("colour", colour, name="Transparent colour"),
        rest,
        standard.model_dump(),
        on_change=on_change,
    )


def quality(*, on_change: OnChange) -> Group:
    """How a GIF spends its 256 colours."""
    return Group(
        "GIF quality",
        [
            Row(buttons("content", "The picture is", _CONTENTS), on_change=on_change),
            Row(
                whole_slider("colours", "Colours", (2, 256)),
                whole_slider("lossy", "Lossy compression", (0, 200)),
                on_change=on_change,
            ),
            Row(
                choice("dither", "Dithering", _DITHERS),
                choice("palette", "Palette", _PALETTES),
                on_change=on_change,
            ),
        ],
    )


class Delivery(Group):
    """How large the file may be, for whom, and of which kind."""

    def __init__(self, *, on_change: OnChange) -> None:
        platforms = [(f"{one.title}, up to {size(one.most_bytes)}", name) for name, one in PRESETS.items()]
        self.format = buttons("format", "Format", _FORMATS)
        self.limits = Row(
            maybe_choice("preset", "Made for", "Anything", platforms),
            megabytes("target_bytes", "Fits in, MB", "any size"),
            on_change=on_change,
        )
        super().__init__("Size & format", [Row(self.format, on_change=on_change), self.limits])
        self.format.control.observe(lambda _: self._unfold(), "value")

    def read(self, problems: list[Problem]) -> Values:
        """Only a GIF can be made to fit a size."""
        if self.format.control.value == "gif":
            return super().read(problems)
        return super().read([]) | {field.path: None for field in self.limits.fields}

    def _unfold(self) -> None:
        self.limits.layout.display = "" if self.format.control.value == "gif" else "none"
