"""Drafts: the form's last state for each source, stored in the browser tab across reloads."""

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

_FILES = ("overlay", "subtitles")  # may be large, and rarely change


class RestoredDrafts(Message):
    recipes: dict[str, Any] = Field({}, max_length=1000)
    selected: str = Field("", max_length=100)


class Drafts(anywidget.AnyWidget):
    """Recipes by source. A new page restores those that the previous page stored in the tab."""

    _esm: ClassVar = script("dashboard/drafts")

    current = traitlets.Dict().tag(sync=True)
    """The source and recipe in the form, without the recipe's files."""
    files = traitlets.Dict().tag(sync=True)

    def __init__(self, on_restored: Callable[[str], None]) -> None:
        """`on_restored` is called with the id of the source that was chosen before the reload."""
        super().__init__()
        self._recipes: dict[str, Recipe] = {}
        self._on_restored = on_restored
        self.on_msg(self._receive)

    def get(self, source_id: str) -> Recipe | None:
        return self._recipes.get(source_id)

    def keep(self, source_id: str, recipe: Recipe) -> None:
        self._recipes[source_id] = recipe
        fields = recipe.model_dump(mode="json", exclude_defaults=True)
        self.files = {name: fields.pop(name) for name in _FILES if name in fields}
        self.current = {"source_id": source_id, "recipe": fields}

    @receives(RestoredDrafts)
    def _receive(self, message: RestoredDrafts) -> None:
        if message.type == "restore":
            for source_id, fields in message.recipes.items():
                self._restore(source_id, fields)
            self._on_restored(message.selected)

    def _restore(self, source_id: str, fields: Any) -> None:
        try:
            self._recipes[source_id] = Recipe.parse(fields)
        except errors.RecipeInvalid:  # stored by an older gifapp
            return
