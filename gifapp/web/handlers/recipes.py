"""Saved recipes: saved, listed, deleted; administrators share theirs with everyone."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gifapp import errors
from gifapp.domain.recipes.saved import MAX_NAME_CHARACTERS
from gifapp.domain.views.jobs import SavedRecipesView, SavedRecipeView
from gifapp.web.handlers.jobs import RECIPE_BODY_BYTES
from gifapp.web.http.base import AdministratorHandler, PrivateHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import GivenRecipe, Name, Payload


class NewRecipe(Payload):
    name: Annotated[Name, Field(max_length=MAX_NAME_CHARACTERS)]
    recipe: GivenRecipe


class RecipesHandler(PrivateHandler):
    max_body_bytes = RECIPE_BODY_BYTES

    @operation("List my saved recipes and those that are shared with everyone, by name", has_etag=True)
    async def get(self) -> SavedRecipesView:
        """Recipes in the list omit subtitles and overlay; a single one includes them."""
        recipes = await self.run_blocking(self.parts.services.saved_recipes.all_for, self.user.user_id)
        return SavedRecipesView(recipes=recipes)

    @operation(
        "Save a recipe under a name",
        status=201,
        response_headers=["Location"],
        raises=[errors.RecipeInvalid, errors.TooManySavedRecipes],
    )
    async def post(self, body: NewRecipe) -> SavedRecipeView:
        """One that you saved under the same name is replaced."""
        saved = await self.run_blocking(
            self.parts.services.saved_recipes.save,
            self.user.user_id,
            body.name,
            body.recipe,
            may_share=self.user.role == "administrator",
        )
        self.set_header("Location", f"/api/v1/recipes/{saved.id}")
        return saved


class RecipeHandler(PrivateHandler):
    @operation("Get one of my saved recipes, or a shared one", has_etag=True)
    async def get(self, recipe_id: str) -> SavedRecipeView:
        find = self.parts.services.saved_recipes.find
        return await self.run_blocking(find, self.user.user_id, recipe_id)

    @operation("Delete one of my saved recipes")
    async def delete(self, recipe_id: str) -> None:
        await self.run_blocking(self.parts.services.saved_recipes.delete, self.user.user_id, recipe_id)


class ShareRecipeHandler(AdministratorHandler):
    @operation("Share one of my saved recipes with everyone")
    async def post(self, recipe_id: str) -> SavedRecipeView:
        share = self.parts.services.saved_recipes.share
        return await self.run_blocking(share, self.user.user_id, recipe_id)


class UnshareRecipeHandler(AdministratorHandler):
    @operation("Stop sharing a saved recipe, whoever shared it")
    async def post(self, recipe_id: str) -> SavedRecipeView:
        unshare = self.parts.services.saved_recipes.unshare
        return await self.run_blocking(unshare, self.user.user_id, recipe_id)
