"""The recipe as a form of ipywidgets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from gifapp import errors
from gifapp.domain.outcome import outcome
from gifapp.domain.recipe import Crop, Recipe
from gifapp.domain.views import SourceView

_DIRECTIONS = [("Forward", "forward"), ("Reverse", "reverse"), ("Boomerang", "boomerang")]
_DITHERS = [
    ("As the picture needs it", "auto"),
    ("Floyd-Steinberg, for film", "floyd_steinberg"),
    ("Sierra 2-4A, a little lighter", "sierra2_4a"),
    ("Bayer, a regular pattern", "bayer"),
    ("None, for drawings and screens", "none"),
]


class RecipeForm(w.VBox):
    """The fields of a recipe, with ranges and defaults of the source it is for."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """`on_change` is called after each change a person makes."""
        self._on_change = on_change
        self._is_filling = False
        self._make_fields()
        super().__init__(self._rows())
        self.add_class("gifapp-form")
        self._connect()

    def show(self, recipe: Recipe, source: SourceView) -> None:
        """Fill in a recipe for a source."""
        self._is_filling = True
        self._fill_range(recipe, source)
        crop = recipe.crop or Crop(width_px=source.width, height_px=source.height)
        self.set_crop(crop if recipe.crop else None, source)
        self.width.value, self.height.value = _text(recipe.width_px), _text(recipe.height_px)
        self.fps.value, self.speed.value, self.direction.value = recipe.fps, recipe.speed, recipe.direction
        self.loop.value, self.colours.value, self.dither.value = recipe.loop, recipe.colours, recipe.dither
        self._is_filling = False

    def set_crop(self, crop: Crop | None, source: SourceView) -> None:
        """Fill in a crop; None is the whole picture."""
        shown = crop or Crop(width_px=source.width, height_px=source.height)
        self._is_filling, before = True, self._is_filling
        self.crop_x.value, self.crop_y.value = shown.x_px, shown.y_px
        self.crop_width.value, self.crop_height.value = shown.width_px, shown.height_px
        self._is_filling = before

    def recipe(self, source: SourceView) -> Recipe:
        """What the form says.

        Raises:
            errors.RecipeInvalid: naming each wrong field and what it may be.
            errors.CropOutsideSource: the crop is not within the picture.
        """
        made = Recipe.parse(
            {
                "segments": self._segments(source),
                "crop": self._crop(source),
                "width_px": _number(self.width),
                "height_px": _number(self.height),
                "fps": self.fps.value,
                "speed": self.speed.value,
                "direction": self.direction.value,
                "loop": self.loop.value,
                "colours": self.colours.value,
                "dither": self.dither.value,
            }
        )
        _check_crop(made.crop, source)
        return made

    def hint_size(self, recipe: Recipe, source: SourceView) -> None:
        """Show, where no width or height is given, the one that comes out."""
        made = outcome(recipe, width_px=source.width, height_px=source.height, duration_s=0)
        self.width.placeholder, self.height.placeholder = str(made.width_px), str(made.height_px)

    def _make_fields(self) -> None:
        self.trim = _slider((0.0, 1.0), longest_s=1.0)
        self.start = w.FloatText(description="From, s", step=0.1)
        self.end = w.FloatText(description="To, s", step=0.1)
        self.width = w.Text(description="Width, px")
        self.height = w.Text(description="Height, px")
        self.fps = w.FloatText(description="Frames/s", step=0.5)
        self.speed = w.FloatText(description="Speed", step=0.25)
        self.direction = w.ToggleButtons(options=_DIRECTIONS, description="Plays")
        self.crop_x = w.IntText(description="Crop left")
        self.crop_y = w.IntText(description="Crop top")
        self.crop_width = w.IntText(description="Crop width")
        self.crop_height = w.IntText(description="Crop height")
        self.colours = w.IntSlider(description="Colours", min=2, max=256)
        self.dither = w.Dropdown(options=_DITHERS, description="Dithering")
        self.loop = w.IntText(description="Repeats (0 = for ever)")
        self.more = w.ToggleButton(description="More settings", value=False)

    def _rows(self) -> list[w.Widget]:
        self.advanced = w.VBox(
            [
                _row(self.crop_x, self.crop_y, self.crop_width, self.crop_height),
                _row(self.colours),
                _row(self.dither, self.loop),
            ]
        )
        self.advanced.add_class("gifapp-form__advanced")
        self.advanced.layout.display = "none"
        self.more.add_class("gifapp-form__more")
        self.trim_row = _row(self.start, self.trim, self.end)
        return [
            self.trim_row,
            _row(self.width, self.height, self.fps, self.speed),
            _row(self.direction),
            self.more,
            self.advanced,
        ]

    @property
    def _fields(self) -> list[Any]:
        sizes = [self.width, self.height, self.fps, self.speed, self.direction]
        crop = [self.crop_x, self.crop_y, self.crop_width, self.crop_height]
        return [self.start, self.end, *sizes, *crop, self.colours, self.dither, self.loop]

    def _connect(self) -> None:
        for field in self._fields:
            field.observe(self._changed, "value")
        self.more.observe(self._fold, "value")

    def _changed(self, change: Any) -> None:
        if self._is_filling:
            return
        if change["owner"] in (self.start, self.end):
            self._move_slider()
        self._on_change()

    def _trimmed(self, _: Any) -> None:
        if self._is_filling:
            return
        self._is_filling = True
        self.start.value, self.end.value = (round(edge_s, 2) for edge_s in self.trim.value)
        self._is_filling = False
        self._on_change()

    def _move_slider(self) -> None:
        # the fields may say what the slider cannot; the recipe is made of the fields
        self._is_filling = True
        low, high = sorted(min(max(0.0, edge.value), self.trim.max) for edge in (self.start, self.end))
        self.trim.value = (low, high)
        self._is_filling = False

    def _fold(self, change: Any) -> None:
        self.advanced.layout.display = "" if change["new"] else "none"

    def _fill_range(self, recipe: Recipe, source: SourceView) -> None:
        self.trim_row.layout.display = "none" if source.duration_s is None else ""
        duration_s = source.duration_s or 0.0
        chosen = recipe.segments[0] if recipe.segments else None
        start_s = min(chosen.start_s, duration_s) if chosen else 0.0
        end_s = min(chosen.end_s or duration_s, duration_s) if chosen else duration_s
        self._replace_slider((start_s, end_s), longest_s=max(duration_s, 0.01))
        self.start.value, self.end.value = round(start_s, 2), round(end_s, 2)

    def _replace_slider(self, part_s: tuple[float, float], *, longest_s: float) -> None:
        # a page that is still rendering a slider answers a new range with the old value, squeezed into it
        before, self.trim = self.trim, _slider(part_s, longest_s=longest_s)
        self.trim.observe(self._trimmed, "value")
        self.trim_row.children = (self.start, self.trim, self.end)
        before.close()

    def _segments(self, source: SourceView) -> list[dict[str, float]]:
        if source.duration_s is None or _is_whole(self.start.value, self.end.value, source.duration_s):
            return []
        if self.end.value <= self.start.value:
            raise errors.RecipeInvalid(problems="the part must end after it begins")
        return [{"start_s": self.start.value, "end_s": self.end.value}]

    def _crop(self, source: SourceView) -> dict[str, int] | None:
        crop = {
            "x_px": self.crop_x.value,
            "y_px": self.crop_y.value,
            "width_px": self.crop_width.value,
            "height_px": self.crop_height.value,
        }
        return None if list(crop.values()) == [0, 0, source.width, source.height] else crop


def _slider(part_s: tuple[float, float], *, longest_s: float) -> w.FloatRangeSlider:
    return w.FloatRangeSlider(
        value=part_s, min=0.0, max=longest_s, step=0.01, readout=False, description="Part of the video"
    )


def _row(*fields: w.Widget) -> w.Box:
    row = w.Box(fields)
    row.add_class(f"gifapp-form__row-{len(fields)}")
    return row


def _is_whole(start_s: float, end_s: float, duration_s: float) -> bool:
    return start_s == 0 and end_s >= round(duration_s, 2)


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _number(field: w.Text) -> int | None:
    text = field.value.strip()
    if not text:
        return None
    if not text.isdecimal():
        name = field.description.partition(",")[0]
        raise errors.RecipeInvalid(problems=f"{name} must be a whole number, or empty (got {text!r:.40})")
    return int(text)


def _check_crop(crop: Crop | None, source: SourceView) -> None:
    if crop is None:
        return
    if crop.x_px + crop.width_px > source.width or crop.y_px + crop.height_px > source.height:
        raise errors.CropOutsideSource(width_px=source.width, height_px=source.height)
