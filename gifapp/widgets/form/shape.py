"""The crop: the whole picture, a centred aspect ratio, or a custom rectangle."""

from __future__ import annotations

from typing import Any

from gifapp.domain.recipes.fields import leaves
from gifapp.domain.recipes.recipe import Crop
from gifapp.domain.views.jobs import SourceView
from gifapp.widgets.form.controls import control
from gifapp.widgets.form.fields import Field, OnChange, Part, Problem, RecipeValues, Row, Values

BY_HAND = "crop"

_CUSTOM = ("Custom", BY_HAND)


class Shape(Part):
    """The recipe's crop or aspect, never both."""

    def __init__(self, *neighbours: Field, on_change: OnChange) -> None:
        """`neighbours`: fields shown in the same row as the choice of the shape."""
        self.choice = control("aspect")
        self.choice.control.options = [*self.choice.control.options, _CUSTOM]
        self._row = Row(self.choice, *neighbours, on_change=on_change)
        self.crop = Row(*map(control, leaves("crop")), on_change=on_change)
        super().__init__([self._row, self.crop])
        self.choice.control.observe(lambda _: self._unfold(), "value")
        self._unfold()

    def fill(self, recipe: RecipeValues, source: SourceView) -> None:
        self._size_px = source.width, source.height
        shape = BY_HAND if recipe["crop"] else recipe["aspect"]
        self._row.fill({**recipe, "aspect": shape}, source)
        self.crop.fill({"crop": recipe["crop"] or self._whole()}, source)

    def draw(self, crop: Crop | None) -> None:
        """Set the crop to a rectangle drawn on the picture; None: the whole picture."""
        rectangle = crop.model_dump() if crop else self._whole()
        for field in self.crop.fields:
            field.fill(rectangle[field.path.rpartition(".")[2]])
        self.choice.control.value = BY_HAND if crop else ""

    def read(self, problems: list[Problem]) -> Values:
        values = self._row.read(problems)
        if self.choice.control.value != BY_HAND:
            return values | {"crop": None}
        wrong: list[Problem] = []
        crop = {path.rpartition(".")[2]: value for path, value in self.crop.read(wrong).items()}
        problems += wrong or self._outside(crop)
        return values | {"crop": crop, "aspect": None}

    def show_problem(self, path: str, words: str) -> str | None:
        if path in ("crop", "aspect"):
            return self.crop.say("The crop", words)
        return self._row.show_problem(path, words) or self.crop.show_problem(path, words)

    def clear_problems(self) -> None:
        self._row.clear_problems()
        self.crop.clear_problems()

    def changed_labels(self, values: Values, defaults: RecipeValues) -> list[str]:
        cut = ["Cropped"] if values.get("crop") or values.get("aspect") else []
        return cut + self._row.changed_labels({**values, "aspect": None}, {**defaults, "aspect": None})

    def _whole(self) -> dict[str, int]:
        return Crop(width_px=self._size_px[0], height_px=self._size_px[1]).model_dump()

    def _outside(self, crop: dict[str, Any]) -> list[Problem]:
        width_px, height_px = self._size_px
        is_within = (
            crop["x_px"] + crop["width_px"] <= width_px and crop["y_px"] + crop["height_px"] <= height_px
        )
        return (
            [] if is_within else [Problem("crop", f"reaches outside the picture ({width_px} x {height_px})")]
        )

    def _unfold(self) -> None:
        self.crop.layout.display = "" if self.choice.control.value == BY_HAND else "none"
