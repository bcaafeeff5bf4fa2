"""Recipes are saved under names, shared by administrators, and those of other versions explain themselves."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.jobs.db import saved_recipes
from gifapp.jobs.db.documents import OwnerDocument, SavedRecipeDocument, utc_now
from gifapp.jobs.db.saved_recipes import MAX_PER_OWNER
from gifapp.jobs.parts import JobParts
from tests.web.api.conftest import PASSWORD, SUBTITLES, Person, SignUp, is_problem

SMALL = {"width_px": 200, "colours": 32}


async def save(person: Person, name: str, recipe: dict[str, Any] | None = None) -> httpx.Response:
    return await person.http.post("/api/v1/recipes", json={"name": name, "recipe": recipe or SMALL})


async def names(person: Person) -> list[tuple[str, bool, bool]]:
    recipes = (await person.http.get("/api/v1/recipes")).json()["recipes"]
    return [(saved["name"], saved["is_mine"], saved["is_shared"]) for saved in recipes]


async def test_recipe_is_saved_and_deleted(ada: Person) -> None:
    answer = await save(ada, "Small", SMALL | {"subtitles": SUBTITLES})
    assert answer.status_code == 201
    found = (await ada.http.get(answer.headers["Location"])).json()
    assert Recipe.parse(found["recipe"]) == Recipe.parse(SMALL | {"subtitles": SUBTITLES})
    [listed] = (await ada.http.get("/api/v1/recipes")).json()["recipes"]
    assert Recipe.parse(listed["recipe"]) == Recipe.parse(SMALL)
    assert (await ada.http.delete(answer.headers["Location"])).status_code == 204
    is_problem(await ada.http.delete(answer.headers["Location"]), 404, "not-found")
    assert await names(ada) == []


async def test_saving_under_the_same_name_replaces_the_recipe(ada: Person) -> None:
    first, second = await save(ada, "Small"), await save(ada, "SMALL", {"fps": 5})
    assert first.json()["id"] == second.json()["id"]
    assert await names(ada) == [("SMALL", True, False)]
    assert (await ada.http.get(second.headers["Location"])).json()["recipe"]["width_px"] is None


async def test_recipes_are_their_owners_until_an_administrator_shares_them(
    ada: Person, root: Person, sign_up: SignUp
) -> None:
    eve = sign_up("eve")
    mine, theirs = [(await save(who, "Small")).json()["id"] for who in (ada, root)]
    for way in ("share", "unshare"):
        is_problem(await root.http.post(f"/api/v1/admin/recipes/{mine}/{way}"), 404, "not-found")
        is_problem(await ada.http.post(f"/api/v1/admin/recipes/{mine}/{way}"), 403, "administrators-only")
    assert await names(eve) == []
    shared = await root.http.post(f"/api/v1/admin/recipes/{theirs}/share")
    assert (shared.status_code, shared.json()["is_shared"]) == (200, True)
    assert await names(eve) == [("Small", False, True)]
    assert set(await names(ada)) == {("Small", True, False), ("Small", False, True)}
    assert (await eve.http.get(f"/api/v1/recipes/{theirs}")).status_code == 200
    for path in (f"/api/v1/recipes/{mine}", f"/api/v1/recipes/{theirs}"):
        is_problem(await eve.http.delete(path), 404, "not-found")
    assert (await save(root, "small", {"fps": 5})).json()["is_shared"]
    other = sign_up("other", "administrator")
    assert (await other.http.post(f"/api/v1/admin/recipes/{theirs}/unshare")).status_code == 200
    is_problem(await eve.http.get(f"/api/v1/recipes/{theirs}"), 404, "not-found")


async def test_former_administrator_cannot_change_shared_recipes(ada: Person, root: Person) -> None:
    saved = (await save(ada, "Small")).json()["id"]
    SavedRecipeDocument.objects(id=saved).update(set__is_shared=True)  # shared as an administrator
    assert not (await save(ada, "Small", {"fps": 5})).json()["is_shared"]
    assert await names(root) == []


@pytest.mark.parametrize(
    ("name", "recipe", "words"),
    [
        ("", SMALL, "name"),
        ("x" * 81, SMALL, "name"),
        ("Small", {"wide_px": 1}, "wide_px is not a known name"),
        ("Small", {"fps": 0}, "fps"),
    ],
)
async def test_wrong_recipe_is_refused_by_field(
    ada: Person, name: str, recipe: dict[str, Any], words: str
) -> None:
    answer = await ada.http.post("/api/v1/recipes", json={"name": name, "recipe": recipe})
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert await names(ada) == []


async def test_large_recipe_is_refused(ada: Person) -> None:
    answer = await save(ada, "Large", {"subtitles": SUBTITLES + "\u4e00" * 80_000})
    assert "a saved recipe may have 400 kB" in is_problem(answer, 422, "field-invalid")["detail"]


async def test_their_number_is_limited(ada: Person) -> None:
    facts = {"owner": ada.id, "recipe": SMALL, "saved_at": utc_now()}
    for number in range(MAX_PER_OWNER - 1):
        SavedRecipeDocument(name=f"{number}", key=f"{number}", **facts).save()
    assert (await save(ada, "last")).status_code == 201
    is_problem(await save(ada, "too many"), 409, "too-many-saved-recipes")
    assert (await save(ada, "LAST")).status_code == 201
    assert len(await names(ada)) == MAX_PER_OWNER


def test_no_saved_recipe_is_lost_at_the_limit(jobs: JobParts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_recipes, "MAX_PER_OWNER", 1)
    jobs.saved_recipes.save("ann", "First", Recipe(), may_share=False)

    def save_and_find(_: int) -> bool:
        try:
            saved = jobs.saved_recipes.save("ann", "Next", Recipe(), may_share=False)
        except errors.TooManySavedRecipes:
            return True
        return SavedRecipeDocument.objects(id=saved.id).first() is not None

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(save_and_find, range(200)))
    assert [saved.name for saved in SavedRecipeDocument.objects(owner="ann")] == ["First"]


async def test_own_recipes_are_listed_however_many_are_shared(
    ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_recipes, "MAX_SHARED", 2)
    for name in "abc":
        facts = {"owner": "root", "recipe": SMALL, "saved_at": utc_now(), "is_shared": True}
        SavedRecipeDocument(name=name, key=name, **facts).save()
    await save(ada, "Mine")
    assert [name for name, *_ in await names(ada)] == ["a", "b", "Mine"]


def test_recipe_saved_during_the_deletion_is_removed(
    ada: Person, jobs: JobParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_recipe = saved_recipes.save_recipe

    def save_while_the_account_goes(*arguments: Any, **options: Any) -> SavedRecipeDocument:
        OwnerDocument.objects(id=ada.id).update_one(upsert=True, set__gone_at=utc_now())
        return save_recipe(*arguments, **options)

    monkeypatch.setattr(saved_recipes, "save_recipe", save_while_the_account_goes)
    with pytest.raises(errors.NotFound, match="account"):
        jobs.saved_recipes.save(ada.id, "Late", Recipe(), may_share=False)
    assert not SavedRecipeDocument.objects(owner=ada.id)


async def test_recipe_of_another_version_explains_its_problem(ada: Person) -> None:
    saved = (await save(ada, "Small")).json()["id"]
    SavedRecipeDocument.objects(id=saved).update(set__recipe={"width_px": 200, "sparkle": 3})
    [listed] = (await ada.http.get("/api/v1/recipes")).json()["recipes"]
    assert listed["recipe"] is None
    assert listed["problem"].startswith("Another version of gifapp saved it: sparkle is not a known name")
    assert (await save(ada, "Small")).json()["problem"] is None  # replaced


async def test_saved_recipes_are_deleted_with_the_account(ada: Person, root: Person) -> None:
    saved = (await save(root, "Small")).json()["id"]
    await save(ada, "Mine")
    exported = (await ada.http.get("/api/v1/me/export")).content
    assert b"recipes.json" in exported
    sign_off = {"password": PASSWORD}
    assert (await ada.http.request("DELETE", "/api/v1/me", json=sign_off)).status_code == 204
    assert [document.id for document in SavedRecipeDocument.objects] == [saved]
