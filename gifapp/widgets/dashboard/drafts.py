"""Drafts: the form's last state for each source, kept by the browser tab over a reload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import anywidget
import traitlets
from pydantic import Field

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.widgets.assets import script
from gifapp.widgets.messages import Message, receives

_FILES = ("overlay", "subtitles")  # may be large, and change seldom


class Left(Message):
    recipes: dict[str, Any] = Field({}, max_length=1000)
    selected: str = Field("", max_length=100)


class Drafts(anywidget.AnyWidget):
    """Recipes by source. A new page gives back those that the page before left in the tab."""

    _esm: ClassVar = script("dashboard/drafts")

    current = traitlets.Dict().tag(sync=True)
    """The source and the recipe that the form holds, without its files."""
    files = traitlets.Dict().tag(sync=True)

    def __init__(self, on_restored: Callable[[str], None]) -> None:
        """`on_restored` gets the id of the source that was chosen before the reload."""
        super().__init__()
        self._recipes: dict[str, Recipe] = {}
        self._on_restored = on_restored
        self.on_msg(self._receive)

    def get(self, source_id: str) -> Recipe:
        return self._recipes.get(source_id, Recipe())

    def keep(self, source_id: str, recipe: Recipe) -> None:
        self._recipes[source_id] = recipe
        given = recipe.model_dump(mode="json", exclude_defaults=True)
        self.files = {name: given.pop(name) for name in _FILES if name in given}
        self.current = {"source_id": source_id, "recipe": given}

    @receives(Left)
    def _receive(self, message: Left) -> None:
        if message.type == "restore":
            for source_id, given in message.recipes.items():
                self._restore(source_id, given)
            self._on_restored(message.selected)

    def _restore(self, source_id: str, given: Any) -> None:
        try:
            self._recipes[source_id] = Recipe.parse(given)
        except errors.RecipeInvalid:  # of an older gifapp
            return
