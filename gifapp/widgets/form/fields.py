"""The form's smallest parts: a field with its control, and rows of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import ipywidgets as w

from gifapp.domain.views.jobs import SourceView

Values = dict[str, Any]
"""What parts of the form say, by path in the recipe: `{"fps": 12.5, "look.gamma": 1.0}`."""

Given = Mapping[str, Any]
"""The JSON of a recipe, or of a part of it."""

OnChange = Callable[[], None]
"""Called after each change a person makes."""


class Problem(NamedTuple):
    """What is wrong with the field at `path`, as in "must be a number from 1 to 50"."""

    path: str
    words: str


class Unreadable(Exception):
    """What stands in a control cannot be read, and why."""


def _same(value: Any) -> Any:
    return value


class Field:
    """A field of a recipe and the control that shows it.

    What nobody touched is read as it was filled in: a control may show it rounded.
    """

    def __init__(
        self,
        path: str,
        control: Any,
        *,
        label: str,
        shown: Callable[[Any], Any] = _same,
        given: Callable[[Any], Any] = _same,
    ) -> None:
        """`label` is what messages call it.

        `shown` makes the control's value of the recipe's, `given` the recipe's of the control's;
        `given` raises Unreadable where it cannot.
        """
        self.path = path
        self.control = control
        self.label = label
        self._as_shown, self._as_given = shown, given
        self._filled = None
        self._shown: Any = None

    def fill(self, value: Any) -> None:
        self.control.value = self._as_shown(value)
        self._filled, self._shown = value, self.control.value

    def read(self) -> Any:
        """The recipe's value.

        Raises:
            Unreadable
        """
        value = self.control.value
        return self._filled if value == self._shown else self._as_given(value)

    def mark(self, *, is_wrong: bool) -> None:
        (self.control.add_class if is_wrong else self.control.remove_class)("gifapp-form__control--wrong")


class Part(w.VBox):
    """A part of the form: fills itself from a recipe, says what it holds, shows what is wrong with it."""

    def fill(self, given: Given, source: SourceView) -> None:
        """Show the part's fields of a recipe for a source."""
        raise NotImplementedError

    def read(self, problems: list[Problem]) -> Values:
        """The part's fields; what cannot be read is added to `problems`."""
        raise NotImplementedError

    def blame(self, path: str, words: str) -> str | None:
        """Show a problem beside the field at `path`; returns its label, None when it is not here."""
        raise NotImplementedError

    def forgive(self) -> None:
        """Show no problem any more."""
        raise NotImplementedError

    def changed_words(self, values: Values, defaults: Given) -> list[str]:
        """Names of what differs from the defaults."""
        raise NotImplementedError


class Row(Part):
    """Fields side by side, and beneath them what is wrong with them."""

    def __init__(self, *fields: Field, on_change: OnChange, kind: str = "") -> None:
        """`kind` names a layout in form.css, by default as many equal columns as there are fields."""
        self.fields = fields
        box = w.Box([field.control for field in fields])
        box.add_class(f"gifapp-form__row-{kind or len(fields)}")
        self._problem = w.Label()
        self._problem.add_class("gifapp-form__problem")
        super().__init__([box, self._problem])
        for field in fields:
            field.control.observe(lambda _: on_change(), "value")
        self.forgive()

    @property
    def problem(self) -> str:
        """What is shown beneath the row, or nothing."""
        return str(self._problem.value)

    def fill(self, given: Given, source: SourceView) -> None:  # noqa: ARG002
        for field in self.fields:
            field.fill(value_at(given, field.path))

    def read(self, problems: list[Problem]) -> Values:
        values = {}
        for field in self.fields:
            try:
                values[field.path] = field.read()
            except Unreadable as why:
                problems.append(Problem(field.path, str(why)))
        return values

    def blame(self, path: str, words: str) -> str | None:
        for field in self.fields:
            if path == field.path:
                field.mark(is_wrong=True)
                return self.say(field.label, words)
        return None

    def say(self, label: str, words: str) -> str:
        """Show a problem beneath the row; returns the label."""
        self._problem.value = f"{sentence(label, words)}."
        return label

    def forgive(self) -> None:
        self._problem.value = ""
        for field in self.fields:
            field.mark(is_wrong=False)

    def changed_words(self, values: Values, defaults: Given) -> list[str]:
        known = [field for field in self.fields if field.path in values]
        return [field.label for field in known if values[field.path] != value_at(defaults, field.path)]


def sentence(label: str, words: str) -> str:
    """What is wrong, with the field's label: "Speed must be …", "Subtitles: neither …"."""
    return f"{label} {words}" if words.startswith(("must ", "is ", "reaches ")) else f"{label}: {words}"


def close_all(widget: w.Widget) -> None:
    """Close a widget with all that is in it; a box alone would leave its children open."""
    for child in getattr(widget, "children", ()):
        close_all(child)
    widget.close()


def value_at(given: Given, path: str) -> Any:
    value: Any = given
    for step in path.split("."):
        value = value[step]
    return value
