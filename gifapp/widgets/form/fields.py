"""The form's basic parts: fields with their controls, and rows of fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import ipywidgets as w

from gifapp.domain.views.jobs import SourceView

Values = dict[str, Any]
"""Values of form fields by recipe path: `{"fps": 12.5, "look.gamma": 1.0}`."""

RecipeValues = Mapping[str, Any]
"""The JSON of a recipe, or of a part of it."""

OnChange = Callable[[], None]
"""Called after each change a user makes."""
AfterChanges = Callable[[Callable[[], None]], None]
"""Calls a function once every change that the page made before now has arrived."""


class Problem(NamedTuple):
    """A problem with the field at `path`, such as "must be a number from 1 to 50"."""

    path: str
    words: str


class Unreadable(Exception):
    """A control's value cannot be parsed; the message says why."""


def _same(value: Any) -> Any:
    return value


class Field:
    """A recipe field and its control.

    An unchanged field is read as it was filled, since its control may show a rounded value.
    """

    def __init__(
        self,
        path: str,
        control: Any,
        *,
        label: str,
        to_control: Callable[[Any], Any] = _same,
        to_recipe: Callable[[Any], Any] = _same,
    ) -> None:
        """`label` names the field in messages.

        `to_control` converts the recipe's value to the control's, `to_recipe` the control's to the recipe's;
        `to_recipe` raises Unreadable for invalid input.
        """
        self.path = path
        self.control = control
        self.label = label
        self._to_control, self._to_recipe = to_control, to_recipe
        self._filled = None
        self._shown: Any = None

    def fill(self, value: Any) -> None:
        self.control.value = self._to_control(value)
        self._filled, self._shown = value, self.control.value

    def read(self) -> Any:
        """The recipe's value.

        Raises:
            Unreadable
        """
        value = self.control.value
        return self._filled if value == self._shown else self._to_recipe(value)

    def mark(self, *, is_wrong: bool) -> None:
        (self.control.add_class if is_wrong else self.control.remove_class)("gifapp-form__control--wrong")


class Part(w.VBox):
    """A part of the form: fills its fields from a recipe, reads them, and shows their problems."""

    def fill(self, recipe: RecipeValues, source: SourceView) -> None:
        """Fill the part's fields from a recipe for a source."""
        raise NotImplementedError

    def read(self, problems: list[Problem]) -> Values:
        """The values of the part's fields; appends to `problems` what cannot be read."""
        raise NotImplementedError

    def show_problem(self, path: str, words: str) -> str | None:
        """Show a problem beside the field at `path`; returns its label, or None if it is not in this part."""
        raise NotImplementedError

    def clear_problems(self) -> None:
        """Clear all problems."""
        raise NotImplementedError

    def changed_labels(self, values: Values, defaults: RecipeValues) -> list[str]:
        """The names of the fields that differ from the defaults."""
        raise NotImplementedError


class Row(Part):
    """Fields side by side, with their problems below."""

    def __init__(self, *fields: Field, on_change: OnChange, kind: str = "") -> None:
        """`kind` names a layout in form.css; the default is an equal column per field."""
        self.fields = fields
        box = w.Box([field.control for field in fields])
        box.add_class(f"gifapp-form__row-{kind or len(fields)}")
        self._problem = w.Label()
        self._problem.add_class("gifapp-form__problem")
        super().__init__([box, self._problem])
        for field in fields:
            field.control.observe(lambda _: on_change(), "value")
        self.clear_problems()

    def field(self, path: str) -> Field:
        """The row's field with this path."""
        return next(field for field in self.fields if field.path == path)

    @property
    def problem(self) -> str:
        """The problem shown below the row, or empty."""
        return str(self._problem.value)

    def fill(self, recipe: RecipeValues, source: SourceView) -> None:  # noqa: ARG002
        for field in self.fields:
            field.fill(value_at(recipe, field.path))

    def read(self, problems: list[Problem]) -> Values:
        values = {}
        for field in self.fields:
            try:
                values[field.path] = field.read()
            except Unreadable as why:
                problems.append(Problem(field.path, str(why)))
        return values

    def show_problem(self, path: str, words: str) -> str | None:
        for field in self.fields:
            if path == field.path:
                field.mark(is_wrong=True)
                return self.say(field.label, words)
        return None

    def say(self, label: str, words: str) -> str:
        """Show a problem below the row; returns the label."""
        self._problem.value = f"{sentence(label, words)}."
        return label

    def clear_problems(self) -> None:
        self._problem.value = ""
        for field in self.fields:
            field.mark(is_wrong=False)

    def changed_labels(self, values: Values, defaults: RecipeValues) -> list[str]:
        present = [field for field in self.fields if field.path in values]
        return [field.label for field in present if values[field.path] != value_at(defaults, field.path)]


def sentence(label: str, words: str) -> str:
    """A problem with the field's label: "Speed must be …", "Subtitles: neither …"."""
    return f"{label} {words}" if words.startswith(("must ", "is ", "reaches ")) else f"{label}: {words}"


def close_all(widget: w.Widget) -> None:
    """Close a widget and its descendants; closing only a box would leave its children open."""
    for child in getattr(widget, "children", ()):
        close_all(child)
    widget.close()


def value_at(recipe: RecipeValues, path: str) -> Any:
    value: Any = recipe
    for step in path.split("."):
        value = value[step]
    return value
