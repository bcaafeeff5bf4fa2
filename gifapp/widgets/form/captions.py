"""The form's list of captions."""

from __future__ import annotations

import ipywidgets as w

from gifapp.domain.recipes.fields import recipe_field
from gifapp.domain.recipes.recipe import Caption
from gifapp.domain.views.jobs import SourceView
from gifapp.widgets.form.controls import control
from gifapp.widgets.form.fields import Field, OnChange, Part, Problem, RecipeValues, Row, Values, close_all

PATH = "captions"
MAX_CAPTIONS = 50

_TEXT = recipe_field(f"{PATH}.text")
_WORDLESS: RecipeValues = Caption.model_construct(text="").model_dump()


class CaptionFields(w.VBox):
    """The fields of one caption, and a button that removes it."""

    def __init__(self, *, on_change: OnChange) -> None:
        self._on_change = on_change
        self.text = w.Textarea(description=_TEXT.title, placeholder="Caption text", rows=2)
        self.rows = [
            Row(Field("text", self.text, label=_TEXT.title), on_change=on_change),
            self._row("start_s", "end_s"),
            self._row("position", "size_px"),
            self._row("colour", "outline"),
        ]
        self.removal = w.Button(description="Remove this caption")
        self.removal.add_class("gifapp-form__text-button")
        super().__init__([*self.rows, self.removal])
        self.add_class("gifapp-form__item")

    def _row(self, *names: str) -> Row:
        return Row(*(control(name, inside=PATH) for name in names), on_change=self._on_change)

    def read(self, problems: list[Problem]) -> Values:
        values: Values = {}
        for row in self.rows:
            values |= row.read(problems)
        end_s = values.get("end_s")
        if end_s is not None and "start_s" in values and end_s <= values["start_s"]:
            problems.append(Problem("end_s", "must be later than the start"))
        return values


class Captions(Part):
    """The recipe's captions; those without text are ignored."""

    def __init__(self, *, on_change: OnChange) -> None:
        self.items: list[CaptionFields] = []
        self.addition = w.Button(description="Add a caption", icon="plus")
        self.addition.add_class("gifapp-form__text-button")
        self._list = w.VBox()
        self._on_change = on_change
        super().__init__([self._list, self.addition])
        self.addition.on_click(lambda _: self._add())

    def fill(self, recipe: RecipeValues, source: SourceView) -> None:
        self._source = source
        self._show([self._made(caption) for caption in recipe[PATH]])

    def read(self, problems: list[Problem]) -> Values:
        captions = []
        for number, item in enumerate(self._written()):
            wrong: list[Problem] = []
            captions.append(item.read(wrong))
            problems += [Problem(f"{PATH}.{number}.{problem.path}", problem.words) for problem in wrong]
        return {PATH: captions}

    def show_problem(self, path: str, words: str) -> str | None:
        field, _, rest = path.partition(".")
        index, _, name = rest.partition(".")
        if field != PATH or not index:
            return None
        labels = (row.show_problem(name, words) for row in self._written()[int(index)].rows)
        return next((label for label in labels if label), None)

    def clear_problems(self) -> None:
        for item in self.items:
            for row in item.rows:
                row.clear_problems()

    def row_of(self, part: str, name: str) -> Row | None:
        """The row with a caption's field; `part` is `captions.0` for the first. None: no such caption."""
        number = part.removeprefix(f"{PATH}.")
        if not number.isdecimal() or int(number) >= len(self._written()):
            return None
        rows = self._written()[int(number)].rows
        return next(row for row in rows if any(field.path == name for field in row.fields))

    def changed_labels(self, values: Values, defaults: RecipeValues) -> list[str]:  # noqa: ARG002
        count = len(self._written())
        return [f"{count} caption{'s' * (count != 1)}"] if count else []

    def _written(self) -> list[CaptionFields]:
        return [item for item in self.items if item.text.value.strip()]

    def _made(self, caption: RecipeValues) -> CaptionFields:
        item = CaptionFields(on_change=lambda: self._changed(item))
        for row in item.rows:
            row.fill(caption, self._source)
        item.removal.on_click(lambda _: self._remove(item))
        return item

    def _changed(self, item: CaptionFields) -> None:
        if item in self.items:  # not while it is being filled
            self._on_change()

    def _add(self) -> None:
        item = self._made(_WORDLESS)
        self._show([*self.items, item])
        item.text.focus()

    def _remove(self, item: CaptionFields) -> None:
        self._show([other for other in self.items if other is not item])
        self._on_change()

    def _show(self, items: list[CaptionFields]) -> None:
        removed = [item for item in self.items if item not in items]
        self.items = items
        self._list.children = items
        self.addition.layout.display = "none" if len(items) >= MAX_CAPTIONS else ""
        for item in removed:
            close_all(item)
