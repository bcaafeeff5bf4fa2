"""A folding group of the form whose header lists what was changed."""

from __future__ import annotations

import ipywidgets as w

from gifapp.domain.views.jobs import SourceView
from gifapp.widgets.controls.section_header import Fold
from gifapp.widgets.form.fields import Given, Part, Problem, Values


class Group(w.VBox):
    """Parts of the form under a header that opens and closes them."""

    def __init__(self, title: str, parts: list[Part], *beneath: w.Widget, is_open: bool = False) -> None:
        """`beneath` come after the parts and are no fields."""
        self.parts = parts
        self.header = Fold(description=title, value=is_open)
        self._body = w.VBox([*parts, *beneath])
        self._body.add_class("gifapp-form__body")
        super().__init__([self.header, self._body])
        self.add_class("gifapp-form__group")
        self.header.observe(lambda _: self._fold(), "value")
        self._fold()

    def fill(self, given: Given, source: SourceView) -> None:
        for part in self.parts:
            part.fill(given, source)

    def read(self, problems: list[Problem]) -> Values:
        values: Values = {}
        for part in self.parts:
            values |= part.read(problems)
        return values

    def blame(self, path: str, words: str) -> str | None:
        """Show a problem beside the field at `path`, if it is in this group, and open the group."""
        for part in self.parts:
            if label := part.blame(path, words):
                self.header.value = True
                return label
        return None

    def forgive(self) -> None:
        for part in self.parts:
            part.forgive()

    def say_changes(self, values: Values, defaults: Given) -> None:
        """Name in the header what differs from the defaults."""
        names = [name for part in self.parts for name in part.changed_words(values, defaults)]
        self.header.changes = ", ".join(names)

    def _fold(self) -> None:
        self._body.layout.display = "" if self.header.value else "none"
