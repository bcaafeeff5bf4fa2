"""The recipe form: filled from a recipe, read into one, with problems shown beside the fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from gifapp import errors
from gifapp.domain.recipes.outcome import outcome
from gifapp.domain.recipes.recipe import Crop, Recipe
from gifapp.domain.timing import STANDARD_FPS
from gifapp.domain.views.jobs import SourceView
from gifapp.widgets.form import groups
from gifapp.widgets.form.fields import AfterChanges, OnChange, Part, Problem, Values, sentence
from gifapp.widgets.form.frames import Frames
from gifapp.widgets.form.group import Group
from gifapp.widgets.form.segments import Segments
from gifapp.widgets.timing import opening_recipe

_DEFAULTS = Recipe().model_dump(mode="json")


def _at_once(act: Callable[[], None]) -> None:
    act()


class RecipeForm(w.VBox):
    """A form for a recipe, adapted to the duration and size of its source.

    `segments`, the timeline, and `frames`, the strip of frames, belong to it, but are shown elsewhere.
    """

    def __init__(
        self, on_change: OnChange, *, after_changes: AfterChanges = _at_once, page_url: str = ""
    ) -> None:
        """`on_change` is called after each change a user makes."""
        self._on_change = on_change
        self._is_filling = False
        self._source: SourceView | None = None
        self.segments = Segments(page_url, on_change=self._changed)
        self.frames = Frames(page_url, on_change=self._changed)
        self.trim = groups.TrimAndSize(self.segments, on_change=self._changed)
        self.text = groups.TextAndOverlays(on_change=self._changed)
        self.groups = [
            self.trim,
            groups.LookGroup(on_change=self._changed, after_changes=after_changes),
            self.text,
            groups.quality(on_change=self._changed),
            groups.delivery(on_change=self._changed),
        ]
        self.parts: list[Part | Group] = [self.segments, self.frames, *self.groups]
        self.reset = w.Button(description="Reset all settings")
        self.reset.add_class("gifapp-form__text-button")
        self.reset.on_click(lambda _: after_changes(self._reset))
        super().__init__([*self.groups, self.reset])
        self.add_class("gifapp-form")

    def show(self, recipe: Recipe, source: SourceView) -> None:
        """Fill the form from a recipe for a source."""
        self._source = source
        self._is_filling = True
        fields = recipe.model_dump(mode="json")
        for part in self.parts:
            part.fill(fields, source)
        self._is_filling = False

    def recipe(self) -> Recipe:
        """Read the recipe; problems are shown beside their fields.

        Raises:
            errors.RecipeInvalid: names the labels of the wrong fields.
        """
        problems: list[Problem] = []
        values: Values = {}
        for part in self.parts:
            part.clear_problems()
            values |= part.read(problems)
        recipe = None if problems else _parsed(values, problems)
        self._show_changes(values)
        if recipe is None:
            raise errors.RecipeInvalid(problems=self._show_problems(problems))
        return recipe

    def draw_crop(self, crop: Crop | None) -> None:
        """Set the crop to a rectangle drawn on the picture; None: the whole picture."""
        self._is_filling = True
        self.trim.shape.draw(crop)
        self._is_filling = False

    def hint(self, recipe: Recipe, source: SourceView) -> None:
        """Show the resulting size, frame rate and loop count as placeholders of empty fields."""
        result = outcome(recipe, width_px=source.width, height_px=source.height, duration_s=0)
        self.trim.width.control.placeholder = str(result.width_px)
        self.trim.height.control.placeholder = str(result.height_px)
        self.trim.fps.control.placeholder = "original" if source.keeps_times else f"{STANDARD_FPS:g}"
        self.trim.loop.control.placeholder = "original" if source.keeps_times else "0"

    def _changed(self) -> None:
        if not self._is_filling:
            self._on_change()

    def _reset(self) -> None:
        if self._source is not None:
            self.show(opening_recipe(self._source), self._source)
            self._on_change()

    def _show_changes(self, values: Values) -> None:
        for group in self.groups:
            group.show_changes(values, _DEFAULTS)

    def _show_problems(self, problems: list[Problem]) -> str:
        """Show each problem beside its field; returns all of them in one line, by label."""
        sentences = []
        for path, words in problems:
            labels = (part.show_problem(path, words) for part in self.parts)
            label = next((label for label in labels if label), None)
            sentences.append(sentence(label, words) if label else words)
        return "; ".join(sentences)


def _parsed(values: Values, problems: list[Problem]) -> Recipe | None:
    try:
        return Recipe.parse(_nested(values))
    except errors.RecipeInvalid as refused:
        problems += [Problem(path, words) for path, words in refused.facts["fields"].items()]
        return None


def _nested(values: Values) -> dict[str, Any]:
    """`{"look.gamma": 1}` as `{"look": {"gamma": 1}}`."""
    recipe: dict[str, Any] = {}
    for path, value in values.items():
        part, _, name = path.partition(".")
        if name:
            recipe.setdefault(part, {})[name] = value
        else:
            recipe[part] = value
    return recipe
