from pathlib import PurePath
from typing import get_args

import pytest

from gifapp import errors
from gifapp.domain.recipes.fields import recipe_field
from gifapp.domain.recipes.output_formats import FILE_KINDS, Format
from gifapp.domain.recipes.output_names import for_output, format_of
from gifapp.domain.recipes.recipe import Recipe


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.gif", "gif"),
        ("a.WebP", "webp"),
        ("a.avif", "avif"),
        ("a.png", "apng"),
        ("a.apng", "apng"),
        ("a.b.mp4", "mp4"),
        ("a.webm", "webm"),
    ],
)
def test_suffix_gives_the_format(name: str, expected: Format) -> None:
    assert format_of(PurePath(name)) == expected


@pytest.mark.parametrize("name", ["a", "a.dat", ".gif", "gif"])
def test_unknown_suffix_gives_no_format(name: str) -> None:
    assert format_of(PurePath(name)) is None
    assert for_output(Recipe(format="webp"), PurePath(name)).format == "webp"


def test_suffix_decides_if_the_recipe_does_not() -> None:
    assert for_output(Recipe(fps=5.0), PurePath("a.mp4")) == Recipe(fps=5.0, format="mp4")
    assert for_output(Recipe(), PurePath("a.gif")) == Recipe()
    assert for_output(Recipe(target_bytes=5000), PurePath("a.webm")).target_bytes == 5000


def test_contradicting_suffix_and_recipe_are_refused() -> None:
    with pytest.raises(errors.FormatContradicted, match=r"ends in \.mp4, but the recipe's format is gif"):
        for_output(Recipe(format="gif"), PurePath("a.mp4"))


def test_every_format_has_its_row() -> None:
    assert tuple(FILE_KINDS) == get_args(Format)
    assert recipe_field("format").hints.labels == {name: kind.name for name, kind in FILE_KINDS.items()}


def test_html_embeds_the_file() -> None:
    assert FILE_KINDS["webp"].html(b"abc", 40) == (
        '<img alt="the WebP" width="40" style="max-width:100%" src="data:image/webp;base64,YWJj">'
    )
    assert FILE_KINDS["mp4"].html(b"abc", 40).startswith("<video autoplay loop muted playsinline controls ")
