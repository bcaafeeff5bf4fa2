"""Settings saved under names: used, replaced, exported, imported, shared and deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import Any, ClassVar

import anywidget
import traitlets
from pydantic import Field

from gifapp import errors
from gifapp.client import Client
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.recipes.saved import MAX_NAME_CHARACTERS, for_any_video, name_key
from gifapp.domain.views.jobs import SavedRecipeView
from gifapp.widgets.assets import script, style
from gifapp.widgets.controls.notices import Notices
from gifapp.widgets.messages import Message, receives
from gifapp.widgets.reporting import Reporter

MAX_FILE_CHARACTERS = 600_000


class SettingsMessage(Message):
    name: str = Field("", max_length=255)
    text: str = Field("", max_length=MAX_FILE_CHARACTERS)
    is_shared: bool = False


class SavedSettings(anywidget.AnyWidget):
    """A button whose dialog lists the caller's saved settings and those shared with everyone."""

    _esm: ClassVar = script("dashboard/saved_settings")
    _css: ClassVar = style("common", "dashboard/viewer", "dashboard/saved_settings")

    settings: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    may_share = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether the user is an administrator, who may share settings with everyone."""
    limit = traitlets.Int(MAX_FILE_CHARACTERS).tag(sync=True)

    def __init__(
        self,
        client: Client,
        *,
        current: Callable[[], Recipe],
        use: Callable[[Recipe], None],
        notices: Notices,
        reporter: Reporter,
    ) -> None:
        """`current` reads the form's recipe, `use` fills the form."""
        super().__init__()
        self._client = client
        self._current, self._use = current, use
        self._notices, self._reporter = notices, reporter
        self.on_msg(self._receive)

    @receives(SettingsMessage)
    def _receive(self, message: SettingsMessage) -> None:
        with self._reporter.reporting():
            self._act(message)
            self._list()
        self.send({"type": "settled"})

    def _act(self, message: SettingsMessage) -> None:
        match message.type:
            case "list":
                self.may_share = self._client.me().role == "administrator"
            case "save":
                self._save(message.name, for_any_video(self._current()))
            case "import":
                name = PurePath(message.name).stem[:MAX_NAME_CHARACTERS]
                self._save(name, _recipe_in(message.name, message.text))
            case "use":
                self._use(_usable(self._client.saved_recipe(message.id)))
            case "export":
                self._export(self._client.saved_recipe(message.id))
            case "share":
                client = self._client
                (client.share_recipe if message.is_shared else client.unshare_recipe)(message.id)
            case "delete":
                self._delete(self._client.saved_recipe(message.id))

    def _list(self) -> None:
        self.settings = [_row(saved) for saved in self._client.saved_recipes()]

    def _save(self, name: str, recipe: Recipe) -> None:
        replaced = self._mine(name)
        saved = self._client.save_recipe(name, recipe)
        if replaced is None or replaced.recipe is None:
            self._notices.inform(f"Saved as “{saved.name}”.")
        else:
            put_back = partial(self._put_back, replaced.name, replaced.recipe)
            self._notices.offer_undo(f"The settings “{saved.name}” were replaced.", put_back)

    def _mine(self, name: str) -> SavedRecipeView | None:
        """The user's settings with this name, whole."""
        mine = (saved for saved in self._client.saved_recipes() if saved.is_mine)
        same = next((saved.id for saved in mine if name_key(saved.name) == name_key(name)), None)
        return self._client.saved_recipe(same) if same else None

    def _delete(self, saved: SavedRecipeView) -> None:
        self._client.delete_recipe(saved.id)
        sentence = f"The settings “{saved.name}” were deleted."
        if saved.recipe is None:
            self._notices.inform(sentence)
        else:
            put_back = partial(self._put_back, saved.name, saved.recipe, is_shared=saved.is_shared)
            self._notices.offer_undo(sentence, put_back)

    def _put_back(self, name: str, recipe: Recipe, *, is_shared: bool = False) -> None:
        with self._reporter.reporting():
            saved = self._client.save_recipe(name, recipe)
            if is_shared:
                self._client.share_recipe(saved.id)
            self._list()

    def _export(self, saved: SavedRecipeView) -> None:
        fields = _usable(saved).model_dump(mode="json", exclude_defaults=True)
        text = json.dumps(fields, indent=2, ensure_ascii=False) + "\n"
        self.send({"type": "export", "name": f"{saved.name}.json", "text": text})


def _row(saved: SavedRecipeView) -> dict[str, Any]:
    fields = {"id", "name", "problem", "is_mine", "is_shared"}
    return saved.model_dump(mode="json", include=fields)


def _usable(saved: SavedRecipeView) -> Recipe:
    """Raises errors.RecipeInvalid for settings that another version of gifapp saved."""
    if saved.recipe is None:
        raise errors.RecipeInvalid(problems=f"“{saved.name}” can't be used. {saved.problem}".rstrip("."))
    return saved.recipe


def _recipe_in(file_name: str, text: str) -> Recipe:
    """The recipe in an imported file.

    Raises:
        errors.RecipeInvalid: names the file.
    """
    try:
        return Recipe.parse(json.loads(text))
    except errors.RecipeInvalid as wrong:
        raise errors.RecipeInvalid(problems=f"{file_name}: {wrong.facts['problems']}") from None
    except (ValueError, RecursionError):
        problem = (
            f"{file_name} is not JSON. Choose a file that was exported here, or a recipe for gifapp convert"
        )
        raise errors.RecipeInvalid(problems=problem) from None
