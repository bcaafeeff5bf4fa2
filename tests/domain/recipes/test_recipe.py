import pytest

from gifapp import errors
from gifapp.domain.recipes.recipe import ChromaKey, Crop, Look, Recipe, Segment


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"fps": 80}, "fps must be a number from 1 to 50 (got 80)"),
        ({"fps": True}, "fps must be a number from 1 to 50 (got true)"),
        ({"fps": float("nan")}, "fps must be a number from 1 to 50 (got nan)"),
        ({"speed": float("inf")}, "speed must be a number from 0.1 to 10 (got inf)"),
        ({"speed": "2"}, "speed must be a number from 0.1 to 10 (got '2')"),
        ({"width_px": 0}, "width_px must be a whole number from 1 to 4096 px (got 0)"),
        ({"width_px": 99.5}, "width_px must be a whole number from 1 to 4096 px (got 99.5)"),
        ({"colours": {"$gt": ""}}, "colours must be a whole number from 2 to 256 (got an object)"),
        ({"colors": 16}, "colors is not a known name (did you mean colours?)"),
        ({"direction": "up"}, "direction must be one of forward, reverse, boomerang (got 'up')"),
        ({"preset": "myspace"}, "preset must be one of github, discord, discord_emoji, discord_sticker, x, "),
        (
            {"segments": [{"start_s": -1}]},
            "segments.0.start_s must be a number from 0 to 1,000,000,000 s (got -1)",
        ),
        (
            {"segments": [{"end_s": 0}]},
            "segments.0.end_s must be a number above 0 and at most 1,000,000,000 s (got 0)",
        ),
        (
            {"segments": [{"start_s": 2, "end_s": 1}]},
            "segments.0 must end after it starts: end_s must be greater than start_s",
        ),
        (
            {"crop": {"width_px": 4}},
            "crop.height_px is required, and must be a whole number from 1 to 1,000,000 px",
        ),
        ([], "recipe must be an object (got a list of 0 items)"),
    ],
)
def test_wrong_field_is_refused_by_name_with_its_allowed_values(value: object, sentence: str) -> None:
    with pytest.raises(errors.RecipeInvalid) as refused:
        Recipe.parse(value)
    assert sentence in str(refused.value)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(errors.RecipeInvalid, match=r"fps .*; loop "):
        Recipe.parse({"fps": 0, "loop": -1})


def test_at_most_fifty_wrong_fields_are_named() -> None:
    with pytest.raises(errors.RecipeInvalid) as refused:
        Recipe.parse({f"unknown_{number}": 0 for number in range(1000)})
    assert len(refused.value.facts["fields"]) == str(refused.value).count("is not a known name") == 50


def test_empty_recipe_is_valid() -> None:
    assert Recipe.parse({}) == Recipe()


def test_equal_recipes_have_one_digest_however_they_are_written() -> None:
    spelled_out = Recipe.parse({"speed": 1, "fps": 10, "segments": [{"end_s": 2, "start_s": 0}]})
    terse = Recipe(segments=(Segment(end_s=2.0),), fps=10.0)
    assert spelled_out.canonical_json() == terse.canonical_json()
    assert spelled_out.digest == terse.digest


def test_defaults_are_left_out_of_the_digest() -> None:
    assert Recipe().canonical_json() == "{}"
    assert Recipe(look=Look(gamma=2)).canonical_json() == '{"look":{"gamma":2.0}}'
    assert Recipe(chroma_key=ChromaKey()).canonical_json() == '{"chroma_key":{}}'


def test_different_recipes_have_different_digests() -> None:
    recipes = [
        Recipe(),
        Recipe(fps=10),
        Recipe(direction="reverse"),
        Recipe(crop=Crop(width_px=2, height_px=2)),
        Recipe(segments=(Segment(start_s=1),)),
    ]
    assert len({recipe.digest for recipe in recipes}) == len(recipes)


def test_canonical_form_survives_a_round_trip() -> None:
    recipe = Recipe(segments=(Segment(start_s=0.5, end_s=2),), crop=Crop(width_px=8, height_px=6), speed=2)
    assert Recipe.model_validate_json(recipe.canonical_json()) == recipe


def test_negative_zero_is_zero() -> None:
    signed = Recipe.parse({"segments": [{"start_s": -0.0}], "look": {"brightness": -0.0}, "hold_s": -0.0})
    plain = Recipe.parse({"segments": [{"start_s": 0}], "look": {"brightness": 0}, "hold_s": 0})
    assert signed.canonical_json() == plain.canonical_json()


def test_exact_recipe_cannot_be_lossy() -> None:
    with pytest.raises(errors.RecipeInvalid, match="give exact or lossy, not both"):
        Recipe.parse({"exact": True, "lossy": 20})
    assert Recipe.parse({"exact": True, "lossy": 0}).exact


@pytest.mark.parametrize("effort", [0, 4])
def test_effort_is_from_1_to_3(effort: int) -> None:
    with pytest.raises(errors.RecipeInvalid, match="effort must be"):
        Recipe.parse({"effort": effort})
