"""Every recipe field is described once, where it is declared."""

import inspect

import pytest

from gifapp.domain.recipes.fields import SECTIONS, leaves, recipe_field, sections
from gifapp.domain.recipes.recipe import Look, Recipe

PATHS = [path for name in Recipe.model_fields for path in dict.fromkeys([name, *leaves(name)])]
SCHEMA = Recipe.model_json_schema()


@pytest.mark.parametrize("path", PATHS)
def test_every_field_has_a_title_and_a_description(path: str) -> None:
    field = recipe_field(path)
    assert field.title
    assert field.description.endswith(".")


@pytest.mark.parametrize("path", [path for path in PATHS if recipe_field(path).choices])
def test_every_choice_has_a_label(path: str) -> None:
    field = recipe_field(path)
    assert set(field.hints.labels) == set(field.choices)
    assert all(field.hints.labels.values())


@pytest.mark.parametrize("path", PATHS)
def test_slider_range_lies_within_the_fields_bounds(path: str) -> None:
    field = recipe_field(path)
    if field.hints.slider:
        low, high = field.hints.slider
        assert field.schema["minimum"] <= low < high <= field.schema["maximum"]
        assert low <= field.default <= high


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("width_px", "Width (px)"),
        ("look.fade_in_s", "Fade in (s)"),
        ("fps", "Frame rate (fps)"),
        ("target_bytes", "Max size (MB)"),
        ("speed", "Speed"),
    ],
)
def test_label_ends_with_the_unit(path: str, label: str) -> None:
    assert recipe_field(path).label == label


@pytest.mark.parametrize("path", ["nothing", "look.nothing", "fps.nothing"])
def test_unknown_path_is_an_error(path: str) -> None:
    with pytest.raises(KeyError):
        recipe_field(path)


def test_every_field_belongs_to_a_group() -> None:
    assert list(sections()) == list(SECTIONS.values())
    assert [name for names in sections().values() for name in names] == list(Recipe.model_fields)


@pytest.mark.parametrize("part", [Recipe, Look])
def test_help_and_notebooks_show_descriptions(part: type[Recipe] | type[Look]) -> None:
    shown = inspect.getdoc(part) or ""
    for name, field in part.model_fields.items():
        assert f"    {name}: {field.description}" in shown


def test_schema_has_titles_and_descriptions_without_form_metadata() -> None:
    blur = SCHEMA["$defs"]["Look"]["properties"]["blur_px"]
    assert set(blur) == {"default", "description", "maximum", "minimum", "title", "type"}
    assert blur["title"] == "Blur"
    assert (
        SCHEMA["$defs"]["Look"]["description"] == "How the picture is changed; the defaults change nothing."
    )
