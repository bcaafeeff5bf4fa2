"""The frames that are shown, if single frames were edited."""

from __future__ import annotations

from typing import Any

from gifapp.domain.views.jobs import SourceView
from gifapp.domain.wording import counted
from gifapp.widgets.form.fields import Part, Problem, RecipeValues, Values

PATH = "frames"


class Frames(Part):
    """The recipe's list of frames; empty if all frames show."""

    def __init__(self) -> None:
        self._edits: list[dict[str, Any]] = []
        super().__init__()

    def fill(self, recipe: RecipeValues, source: SourceView) -> None:  # noqa: ARG002
        self._edits = recipe[PATH]

    def read(self, problems: list[Problem]) -> Values:  # noqa: ARG002
        return {PATH: self._edits}

    def show_problem(self, path: str, words: str) -> str | None:  # noqa: ARG002
        return "Frames" if path.partition(".")[0] == PATH else None

    def clear_problems(self) -> None:
        """Nothing to clear: the summary shows problems."""

    def changed_labels(self, values: Values, defaults: RecipeValues) -> list[str]:  # noqa: ARG002
        count = len(values.get(PATH, ()))
        return [counted(count, "frame")] if count else []
