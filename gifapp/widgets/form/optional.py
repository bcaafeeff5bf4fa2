"""An optional part of a recipe, whose first field decides whether it exists."""

from __future__ import annotations

from gifapp.domain.recipes.fields import recipe_field
from gifapp.domain.views.jobs import SourceView
from gifapp.widgets.form.fields import Field, OnChange, Part, Problem, RecipeValues, Row, Values


class Optional(Part):
    """A field that may be empty, and a row of others that is shown only when it is not."""

    def __init__(self, path: str, first: Field, rest: Row, *, on_change: OnChange) -> None:
        """The paths of `first` and `rest` are relative to `path`."""
        self._path = path
        self._defaults = {field.path: recipe_field(f"{path}.{field.path}").default for field in rest.fields}
        self.first, self.rest = first, rest
        super().__init__([first.control, rest])
        first.control.observe(lambda _: self._unfold(), "value")
        first.control.observe(lambda _: on_change(), "value")
        self._unfold()

    def fill(self, recipe: RecipeValues, source: SourceView) -> None:
        part = recipe[self._path]
        self.first.fill(part and part[self.first.path])
        self.rest.fill(part or self._defaults, source)

    def read(self, problems: list[Problem]) -> Values:
        first = self.first.read()
        if first is None:
            return {self._path: None}
        wrong: list[Problem] = []
        rest = self.rest.read(wrong)
        problems += [Problem(f"{self._path}.{problem.path}", problem.words) for problem in wrong]
        return {self._path: {self.first.path: first, **rest}}

    def show_problem(self, path: str, words: str) -> str | None:
        part, _, field = path.partition(".")
        if part != self._path:
            return None
        return self.rest.show_problem(field, words) or self.rest.say(self.first.label, words)

    def clear_problems(self) -> None:
        self.rest.clear_problems()

    def changed_labels(self, values: Values, defaults: RecipeValues) -> list[str]:
        return [self.first.label] if values.get(self._path) != defaults[self._path] else []

    def _unfold(self) -> None:
        self.rest.layout.display = "none" if self.first.control.value is None else ""
