"""Recipes that owners saved under names: written, listed, shared and removed."""

from __future__ import annotations

from typing import Any

from mongoengine import Q

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.recipes.saved import name_key, parse_stored
from gifapp.domain.views.jobs import SavedRecipeView
from gifapp.jobs.db.documents import SavedRecipeDocument, new_id, utc_now
from gifapp.jobs.db.locks import exclusive
from gifapp.mongodb import reaching_mongodb

MAX_PER_OWNER = 50
MAX_SHARED = 200


@reaching_mongodb()
def save_recipe(owner_id: str, name: str, recipe: Recipe, *, may_share: bool) -> SavedRecipeDocument:
    """Save a recipe; one that the owner saved under the same name is replaced.

    Args:
        owner_id: the owner.
        name: its name; case makes no difference.
        recipe: the recipe.
        may_share: whether a replaced recipe that is shared stays shared.

    Raises:
        errors.TooManySavedRecipes: the owner has the maximum number of them.
    """
    fields: dict[str, Any] = {"name": name, "recipe": recipe.model_dump(mode="json", exclude_defaults=True)}
    if not may_share:
        fields["is_shared"] = False
    mine = SavedRecipeDocument.objects(owner=owner_id, key=name_key(name))
    changes = {f"set__{field}": value for field, value in {**fields, "saved_at": utc_now()}.items()}
    return mine.modify(new=True, **changes) or _add(owner_id, mine, changes)


def _add(owner_id: str, mine: Any, changes: dict[str, Any]) -> SavedRecipeDocument:
    # under a lock: a recipe removed because it was one too many might just have been replaced
    with exclusive("saved recipes"):
        if not mine.first() and SavedRecipeDocument.objects(owner=owner_id).count() >= MAX_PER_OWNER:
            raise errors.TooManySavedRecipes(limit=MAX_PER_OWNER)
        added: SavedRecipeDocument = mine.modify(upsert=True, new=True, set_on_insert__id=new_id(), **changes)
        return added


@reaching_mongodb()
def shown_recipes(owner_id: str) -> list[SavedRecipeDocument]:
    """All of the owner's saved recipes and up to `MAX_SHARED` of others', by name, without their files."""
    light = SavedRecipeDocument.objects.exclude("recipe.subtitles", "recipe.overlay").order_by("key", "id")
    shared = light.filter(is_shared=True, owner__ne=owner_id).limit(MAX_SHARED)
    return sorted([*light.filter(owner=owner_id), *shared], key=lambda saved: (saved.key, saved.id))


@reaching_mongodb()
def recipes_of(owner_id: str) -> list[SavedRecipeDocument]:
    """All of the owner's saved recipes."""
    return list(SavedRecipeDocument.objects(owner=owner_id).order_by("key"))


@reaching_mongodb()
def find_recipe(owner_id: str, recipe_id: str) -> SavedRecipeDocument:
    """Raises errors.NotFound unless the recipe is the owner's, or shared."""
    allowed = SavedRecipeDocument.objects(Q(owner=owner_id) | Q(is_shared=True), id=recipe_id)
    return _existing(allowed.first())


@reaching_mongodb()
def share_recipe(owner_id: str, recipe_id: str) -> SavedRecipeDocument:
    """Share one of the owner's recipes with everyone.

    Raises:
        errors.NotFound
    """
    mine = SavedRecipeDocument.objects(id=recipe_id, owner=owner_id)
    return _existing(mine.modify(new=True, set__is_shared=True))


@reaching_mongodb()
def unshare_recipe(recipe_id: str) -> SavedRecipeDocument:
    """Stop sharing a recipe, whoever shared it.

    Raises:
        errors.NotFound: no such recipe is shared.
    """
    shared = SavedRecipeDocument.objects(id=recipe_id, is_shared=True)
    return _existing(shared.modify(new=True, set__is_shared=False))


@reaching_mongodb()
def delete_recipe(owner_id: str, recipe_id: str) -> None:
    """Raises errors.NotFound unless the recipe is the owner's."""
    if not SavedRecipeDocument.objects(id=recipe_id, owner=owner_id).delete():
        raise errors.NotFound(kind="saved recipe")


@reaching_mongodb()
def delete_recipes_of(owner_id: str) -> None:
    SavedRecipeDocument.objects(owner=owner_id).delete()


def saved_recipe_view(saved: SavedRecipeDocument, viewer_id: str) -> SavedRecipeView:
    """The saved recipe as this user sees it."""
    recipe, problem = parse_stored(saved.recipe)
    return SavedRecipeView(
        id=saved.id,
        name=saved.name,
        recipe=recipe,
        problem=problem,
        is_mine=saved.owner == viewer_id,
        is_shared=saved.is_shared,
        saved_at=saved.saved_at,
    )


def _existing(saved: Any) -> SavedRecipeDocument:
    if saved is None:
        raise errors.NotFound(kind="saved recipe")
    return saved  # type: ignore[no-any-return]
