"""An owner's saved recipes: save, list, find, delete; administrators share theirs with everyone.

All methods block; run them in a thread. Other people's recipes are not found unless they are shared.
"""

from __future__ import annotations

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.recipes.saved import MAX_BYTES
from gifapp.domain.views.jobs import SavedRecipeView
from gifapp.domain.wording import size
from gifapp.jobs.db import saved_recipes
from gifapp.jobs.db.saved_recipes import saved_recipe_view
from gifapp.jobs.services.account_deletion import ensure_account_open


class SavedRecipes:
    def save(self, owner_id: str, name: str, recipe: Recipe, *, may_share: bool) -> SavedRecipeView:
        """Save a recipe; one of the owner's with the same name is replaced, and stays shared if it may be.

        Raises:
            errors.FieldInvalid: the recipe has too many bytes.
            errors.TooManySavedRecipes
        """
        length_bytes = len(recipe.canonical_json().encode())
        if length_bytes > MAX_BYTES:
            problem = (
                f"is {size(length_bytes)}; a saved recipe may have {size(MAX_BYTES)}. "
                "Leave out the subtitles, or use a smaller overlay"
            )
            raise errors.FieldInvalid(field="recipe", problem=problem)
        ensure_account_open(owner_id)
        saved = saved_recipes.save_recipe(owner_id, name, recipe, may_share=may_share)
        try:
            ensure_account_open(owner_id)  # its deletion finds the recipe, or we see its mark
        except errors.NotFound:
            saved_recipes.delete_recipes_of(owner_id)
            raise
        return saved_recipe_view(saved, owner_id)

    def all_for(self, owner_id: str) -> list[SavedRecipeView]:
        """The owner's recipes and the shared ones, by name, without overlays and subtitles."""
        return [saved_recipe_view(saved, owner_id) for saved in saved_recipes.shown_recipes(owner_id)]

    def find(self, owner_id: str, recipe_id: str) -> SavedRecipeView:
        return saved_recipe_view(saved_recipes.find_recipe(owner_id, recipe_id), owner_id)

    def delete(self, owner_id: str, recipe_id: str) -> None:
        """Raises errors.NotFound unless the recipe is the owner's."""
        saved_recipes.delete_recipe(owner_id, recipe_id)

    def share(self, owner_id: str, recipe_id: str) -> SavedRecipeView:
        """Share one of the owner's recipes with everyone; for administrators."""
        return saved_recipe_view(saved_recipes.share_recipe(owner_id, recipe_id), owner_id)

    def unshare(self, administrator_id: str, recipe_id: str) -> SavedRecipeView:
        """Stop sharing a recipe, whoever shared it; for administrators."""
        return saved_recipe_view(saved_recipes.unshare_recipe(recipe_id), administrator_id)
