from pathlib import PurePath
from typing import get_args

import pytest

from gifapp import errors
from gifapp.domain.recipes.fields import recipe_field
from gifapp.domain.recipes.output_formats import FILE_KINDS, Format
from gifapp.domain.recipes.output_names import chosen_file_name, default_file_name, for_output, format_of
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


@pytest.mark.parametrize(
    ("source_name", "made", "duration_s", "file_name"),
    [
        ("bunny.mp4", "gif", 2.0, "bunny-2s-480px.gif"),
        ("My clip.final.mov", "apng", 5.28, "My clip.final-5.3s-480px.png"),
        ("photo.jpg", "webp", 0.0, "photo-480px.webp"),
        ("video", "mp4", 75.04, "video-75s-480px.mp4"),
        ("Version 1.2", "gif", 2.0, "Version 1.2-2s-480px.gif"),
        ("old.3gp", "gif", 2.0, "old-2s-480px.gif"),
    ],
)
def test_file_name_says_what_the_file_is(
    source_name: str, made: Format, duration_s: float, file_name: str
) -> None:
    assert default_file_name(source_name, made, duration_s=duration_s, width_px=480) == file_name


@pytest.mark.parametrize(
    ("name", "file_name"), [("Jump", "Jump.gif"), ("jump.GIF", "jump.GIF"), ("jump.mp4", "jump.mp4.gif")]
)
def test_chosen_name_gets_the_suffix_once(name: str, file_name: str) -> None:
    assert chosen_file_name(name, "gif") == file_name
