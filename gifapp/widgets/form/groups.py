"""The form's groups, which contain all recipe fields that users can set."""

from __future__ import annotations

import ipywidgets as w

from gifapp.domain.recipes.fields import SECTIONS, leaves, recipe_field
from gifapp.domain.recipes.parts import MAX_OVERLAY_BYTES, Position
from gifapp.domain.recipes.recipe import MAX_SUBTITLE_CHARACTERS, Look
from gifapp.domain.wording import size
from gifapp.widgets.controls.file_field import FileField
from gifapp.widgets.form.captions import Captions
from gifapp.widgets.form.controls import buttons, control
from gifapp.widgets.form.fields import AfterChanges, Field, OnChange, Part, Row
from gifapp.widgets.form.group import Group
from gifapp.widgets.form.optional import Optional
from gifapp.widgets.form.segments import Segments
from gifapp.widgets.form.shape import Shape


class TrimAndSize(Group):
    """The crop, size and playback."""

    def __init__(self, segments: Segments, *, on_change: OnChange) -> None:
        """`segments`: the time ranges, which are shown elsewhere."""
        self.segments = segments
        self.width, self.height = control("width_px"), control("height_px")
        self.fps, self.loop = control("fps"), control("loop")
        self.crossfade = Row(control("crossfade_s"), on_change=on_change)
        size = Row(self.width, self.height, self.fps, control("speed"), on_change=on_change, kind="size")
        self.fit = Row(control("fit"), on_change=on_change)
        self.shape = Shape(control("rotate"), control("flip"), on_change=on_change)
        direction = Row(buttons("direction"), on_change=on_change)
        ends = Row(self.loop, control("hold_s"), on_change=on_change)
        fields = Row(control("deinterlace"), on_change=on_change)
        parts: list[Part] = [self.crossfade, size, self.fit, self.shape, direction, ends, fields]
        super().__init__(SECTIONS["segments"], parts, is_open=True)
        self.segments.ranges.observe(lambda _: self._unfold(), "value")
        for side in (self.width, self.height):
            side.control.observe(lambda _: self._unfold(), "value")
        self._unfold()

    def _unfold(self) -> None:
        """Show the fields that matter only for several ranges, or for a width and a height."""
        is_joined = len(self.segments.ranges.value) > 1
        is_boxed = bool(self.width.control.value and self.height.control.value)
        self.crossfade.layout.display = "" if is_joined else "none"
        self.fit.layout.display = "" if is_boxed else "none"


class LookGroup(Group):
    """All fields of the look, in two columns."""

    def __init__(self, *, on_change: OnChange, after_changes: AfterChanges) -> None:
        fields = [recipe_field(path) for path in leaves("look")]
        sliders = [field for field in fields if field.hints.slider]
        switches = [field for field in fields if field.schema["type"] == "boolean"]
        others = [field for field in fields if field not in sliders + switches]
        self.rows = [
            Row(*(control(field.path) for field in alike), on_change=on_change, kind="2")
            for alike in (sliders, switches, others)
        ]
        self.reset = w.Button(description="Reset the look")
        self.reset.add_class("gifapp-form__text-button")
        self.reset.on_click(lambda _: after_changes(self._fill_defaults))
        super().__init__(SECTIONS["look"], self.rows, self.reset)

    def _fill_defaults(self) -> None:
        defaults = Look().model_dump()
        for row in self.rows:
            for field in row.fields:
                field.fill(defaults[field.path.partition(".")[2]])


class TextAndOverlays(Group):
    """Captions, subtitles, overlay, chroma key and background."""

    def __init__(self, *, on_change: OnChange) -> None:
        self.captions = Captions(on_change=on_change)
        self.overlay = _overlay(on_change)
        parts = [
            self.captions,
            Row(_subtitles(), on_change=on_change),
            self.overlay,
            _chroma_key(on_change),
            Row(control("background"), on_change=on_change),
        ]
        super().__init__(SECTIONS["chroma_key"], parts)

    def place(self, part: str, position: Position) -> None:
        """Move `captions.0`, another caption, or the `overlay`, as somebody did on the picture."""
        row = self.overlay.rest if part == "overlay" else self.captions.row_of(part, "position")
        if row is not None:
            row.field("position").control.value = position


def _subtitles() -> Field:
    file = FileField(
        description="Add subtitles",
        kind="subtitles",
        hint=f"An SRT, WebVTT or ASS file, up to {MAX_SUBTITLE_CHARACTERS:,} characters",
        accept=".srt,.vtt,.ass,.ssa,text/vtt",
        limit=MAX_SUBTITLE_CHARACTERS,
        is_text=True,
    )
    return Field("subtitles", file, label=recipe_field("subtitles").title)


def _overlay(on_change: OnChange) -> Optional:
    file = FileField(
        description="Add an overlay",
        kind="overlay",
        hint=f"PNG, JPEG, WebP or GIF, up to {size(MAX_OVERLAY_BYTES)}",
        accept="image/png,image/jpeg,image/webp,image/gif",
        limit=MAX_OVERLAY_BYTES,
    )
    picture = Field("image", file, label=recipe_field("overlay").title)
    rest = [control(name, inside="overlay") for name in ("position", "scale", "opacity")]
    return Optional("overlay", picture, Row(*rest, on_change=on_change), on_change=on_change)


def _chroma_key(on_change: OnChange) -> Optional:
    colour = control("colour", inside="chroma_key", may_be_none=True)
    rest = Row(control("tolerance", inside="chroma_key"), on_change=on_change)
    return Optional("chroma_key", colour, rest, on_change=on_change)


def quality(*, on_change: OnChange) -> Group:
    """The GIF's colours, dithering and compression."""
    rows = [
        [buttons("content")],
        [control("colours"), control("lossy")],
        [control("dither"), control("palette")],
        [control("effort"), control("exact")],
    ]
    return Group(SECTIONS["content"], [Row(*fields, on_change=on_change) for fields in rows])


def delivery(*, on_change: OnChange) -> Group:
    """The output format, platform preset and size limit."""
    limits = Row(control("preset"), control("target_bytes"), on_change=on_change)
    return Group(SECTIONS["target_bytes"], [Row(buttons("format"), on_change=on_change), limits])
