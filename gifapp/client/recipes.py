"""The client's methods for saved recipes."""

from __future__ import annotations

from gifapp.client.connection import Connection
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import SavedRecipesView, SavedRecipeView


class RecipeRequests(Connection):
    """Saves, lists, shares and deletes recipes."""

    def save_recipe(self, name: str, recipe: Recipe) -> SavedRecipeView:
        """Save a recipe; one that you saved under the same name is replaced.

        Raises:
            errors.TooManySavedRecipes
            errors.FieldInvalid: the name or the recipe is too long.
        """
        body = {"name": name, "recipe": recipe.model_dump(mode="json", exclude_defaults=True)}
        return SavedRecipeView.model_validate(self._call("POST", "/recipes", json=body))

    def saved_recipes(self) -> list[SavedRecipeView]:
        """Your saved recipes and those shared with everyone, by name, without overlays and subtitles."""
        return SavedRecipesView.model_validate(self._call("GET", "/recipes")).recipes

    def saved_recipe(self, recipe_id: str) -> SavedRecipeView:
        """One of your saved recipes, or a shared one, with its overlay and subtitles."""
        return SavedRecipeView.model_validate(self._call("GET", f"/recipes/{recipe_id}"))

    def delete_recipe(self, recipe_id: str) -> None:
        self._call("DELETE", f"/recipes/{recipe_id}")

    def share_recipe(self, recipe_id: str) -> SavedRecipeView:
        """Share one of your saved recipes with everyone; for administrators."""
        return SavedRecipeView.model_validate(self._call("POST", f"/admin/recipes/{recipe_id}/share"))

    def unshare_recipe(self, recipe_id: str) -> SavedRecipeView:
        """Stop sharing a saved recipe, whoever shared it; for administrators."""
        return SavedRecipeView.model_validate(self._call("POST", f"/admin/recipes/{recipe_id}/unshare"))
