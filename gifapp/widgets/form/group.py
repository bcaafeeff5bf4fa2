"""A collapsible group of the form, whose header lists the changed fields."""

from __future__ import annotations

import ipywidgets as w

from gifapp.domain.views.jobs import SourceView
from gifapp.widgets.controls.section_header import SectionHeader
from gifapp.widgets.form.fields import Part, Problem, RecipeValues, Values


class Group(w.VBox):
    """Parts of the form under a header that expands and collapses them."""

    def __init__(self, title: str, parts: list[Part], *beneath: w.Widget, is_open: bool = False) -> None:
        """`beneath`: widgets below the parts that are not fields."""
        self.parts = parts
        self.header = SectionHeader(description=title, value=is_open)
        self._body = w.VBox([*parts, *beneath])
        self._body.add_class("gifapp-form__body")
        super().__init__([self.header, self._body])
        self.add_class("gifapp-form__group")
        self.header.observe(lambda _: self._fold(), "value")
        self._fold()

    def fill(self, recipe: RecipeValues, source: SourceView) -> None:
        for part in self.parts:
            part.fill(recipe, source)

    def read(self, problems: list[Problem]) -> Values:
        values: Values = {}
        for part in self.parts:
            values |= part.read(problems)
        return values

    def show_problem(self, path: str, words: str) -> str | None:
        """Show a problem beside the field at `path`, if it is in this group, and expand the group."""
        for part in self.parts:
            if label := part.show_problem(path, words):
                self.header.value = True
                return label
        return None

    def clear_problems(self) -> None:
        for part in self.parts:
            part.clear_problems()

    def show_changes(self, values: Values, defaults: RecipeValues) -> None:
        """List in the header the fields that differ from the defaults."""
        names = [name for part in self.parts for name in part.changed_labels(values, defaults)]
        self.header.changes = ", ".join(names)

    def _fold(self) -> None:
        self._body.layout.display = "" if self.header.value else "none"
