"""Command line options become a recipe, or an error that names the option."""

import base64
import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from PIL import Image

from gifapp.commands.convert import convert
from gifapp.commands.recipe.options import RECIPE_OPTIONS
from gifapp.commands.recipe.reading import read_recipe
from gifapp.domain.recipes.parts import MAX_OVERLAY_BYTES, Part
from gifapp.domain.recipes.recipe import Caption, ChromaKey, Crop, Look, Recipe, Segment
from tests.support.frames import edits

PAGE = (Path(__file__).parents[2] / "docs" / "recipe.md").read_text()


def typed(*words: object) -> Recipe:
    with convert.make_context("convert", ["clip.mp4", *map(str, words)]) as context:
        return read_recipe(context, context.params["recipe_file"])


def leaves(part: type[Part], before: str = "") -> Iterator[str]:
    """Every field of the model by its path, such as `fps` or `look.gamma`."""
    for name, field in part.model_fields.items():
        inner = _part(field.annotation)
        yield from leaves(inner, f"{before}{name}.") if inner else [before + name]


def _part(annotation: Any) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next((part for inner in get_args(annotation) if (part := _part(inner))), None)


@pytest.mark.parametrize("field", [*leaves(Recipe)])
def test_every_field_has_a_documented_option(field: str) -> None:
    options = [option for group in RECIPE_OPTIONS.values() for option in group if field in option.sets]
    assert options
    assert all(re.search(rf"[`{{. ]{name}[`.}},]", PAGE) for name in field.split("."))
    assert all(f"`{option.opts[0]}" in PAGE for option in options)


@pytest.mark.parametrize(
    ("words", "recipe"),
    [
        ((), Recipe()),
        (("--start", 2, "--end", "1:30.5"), Recipe(segments=(Segment(start_s=2, end_s=90.5),))),
        (("--end", 3), Recipe(segments=(Segment(end_s=3),))),
        (
            ("--segment", "0-1.5", "--segment", "1:10-", "--crossfade", 0.5),
            Recipe(segments=(Segment(end_s=1.5), Segment(start_s=70)), crossfade_s=0.5),
        ),
        (("--frames", "2-4, 1:50,6-2/2"), Recipe(frames=edits(2, 3, 4, (1, 50), 6, 4, 2))),
        (("--frames", "0-1:7"), Recipe(frames=edits((0, 7), (1, 7)))),
        (("--deinterlace", "never"), Recipe(deinterlace="never")),
        (("--rotate", 90, "--flip", "both", "--fit", "cover"), Recipe(rotate=90, flip="both", fit="cover")),
        (
            ("--crop", "1,2,30,40", "--width", 10),
            Recipe(crop=Crop(x_px=1, y_px=2, width_px=30, height_px=40), width_px=10),
        ),
        (
            ("--gamma", 1.2, "--grayscale", "--no-invert", "--fade-in", 1),
            Recipe(look=Look(gamma=1.2, grayscale=True, fade_in_s=1)),
        ),
        (
            ("--chroma-key", "00FF00", "--chroma-tolerance", 0.1, "--background", "white"),
            Recipe(chroma_key=ChromaKey(tolerance=0.1), background="#ffffff"),
        ),
        (("--target-size", "10MB"), Recipe(target_bytes=10_000_000)),
        (("--target-size", "256KB"), Recipe(target_bytes=256_000)),
        (("--target-size", "1.5MiB"), Recipe(target_bytes=1_572_864)),
        (("--target-size", "500000"), Recipe(target_bytes=500_000)),
        (("--preset", "github", "--format", "gif"), Recipe(preset="github")),
    ],
)
def test_options_build_a_recipe(words: tuple[object, ...], recipe: Recipe) -> None:
    assert typed(*words) == recipe


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("Hello", Caption(text="Hello")),
        ("top:Hello", Caption(text="Hello", position="top")),
        ("0.5-2: Hello", Caption(text="Hello", start_s=0.5, end_s=2)),
        ("top_left,1-:12:30", Caption(text="12:30", position="top_left", start_s=1)),
        ("Note: not on top", Caption(text="Note: not on top")),
        (":top: secret", Caption(text="top: secret")),
        ("12:30", Caption(text="12:30")),
    ],
)
def test_caption_option_sets_position_and_time(text: str, caption: Caption) -> None:
    assert typed("--caption", text).captions == (caption,)


def test_captions_share_their_style() -> None:
    style = ("--caption-size", 40, "--caption-colour", "yellow", "--caption-outline", "none")
    first, second = typed("--caption", "one", "--caption", "top:two", *style).captions
    assert (first.text, second.text, second.position) == ("one", "two", "top")
    assert {(caption.size_px, caption.colour, caption.outline) for caption in (first, second)} == {
        (40, "#ffff00", None)
    }


def test_files_are_read_into_the_recipe(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), "red").save(tmp_path / "logo.png")
    (tmp_path / "words.srt").write_bytes("\ufeff1\n00:00:00,000 --> 00:00:01,000\nhäi\n".encode())
    recipe = typed(
        "--overlay", tmp_path / "logo.png", "--overlay-scale", 0.5, "--subtitles", tmp_path / "words.srt"
    )
    assert recipe.overlay is not None
    assert Image.open(BytesIO(base64.b64decode(recipe.overlay.image))).size == (4, 4)
    assert recipe.overlay.scale == 0.5
    assert recipe.subtitles == "1\n00:00:00,000 --> 00:00:01,000\nhäi\n"


@pytest.mark.parametrize("encoding", ["gbk", "utf-16", "utf-8-sig"])
def test_subtitles_may_have_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = "1\n00:00:00,000 --> 00:00:01,000\n你好\n"
    (tmp_path / "words.srt").write_bytes(text.encode(encoding))
    assert typed("--subtitles", tmp_path / "words.srt").subtitles == text


def test_subtitles_may_name_a_track_of_the_video() -> None:
    assert typed("--subtitles", "track:2").subtitles == "track:2"


def test_options_override_the_recipe_file(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(
        json.dumps({"fps": 10, "look": {"gamma": 2}, "captions": [{"text": "a"}], "aspect": "1:1", "loop": 3})
    )
    recipe = typed("--recipe", path, "--fps", 12, "--invert", "--caption-size", 9, "--crop", "0,0,5,5")
    assert (recipe.fps, recipe.loop, recipe.look) == (12, 3, Look(gamma=2, invert=True))
    assert recipe.captions == (Caption(text="a", size_px=9),)
    assert (recipe.aspect, recipe.crop) == (None, Crop(width_px=5, height_px=5))
    assert "format" not in recipe.model_fields_set


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--fps", 99), "'--fps': '99' is not a number from 1 to 50"),
        (("--fps", "nan"), "'--fps': 'nan' is not a number"),
        (("--loop", 1.5), "'--loop': '1.5' is not a whole number"),
        (("--start", 2, "--end", 1), "--end: it is not after the start"),
        (("--start", "1:xx"), "'--start'"),
        (("--segment", "2-1"), "'--segment': '2-1' does not end after it starts"),
        (("--segment", "5"), "'--segment': '5' is not FROM-TO in seconds"),
        (("--segment", "1-2", "--end", 3), "Give --start and --end, or --segment, not both."),
        (("--crop", "0,0,9"), "'--crop': '0,0,9' is not X,Y,W,H"),
        (("--crop", "0,0,0,9"), "'--crop': '0,0,0,9' is not a rectangle within a picture"),
        (("--crop", "0,0,9,9", "--aspect", "1:1"), "Give --crop or --aspect, not both."),
        (("--frames", "1,x"), "'--frames': 'x' is not a list of frames such as 0-9,12"),
        (("--frames", "0:1"), "'--frames': '1' is not a whole number from 2 to 65,535"),
        (("--frames", "0-5000000"), "'--frames': '5000000' is not a whole number from 0 to 1,000,000"),
        (("--frames", "0-999,0"), "'--frames': 1,001 frames are too many; the limit is 1,000"),
        (("--rotate", 45), "'--rotate': '45' is not one of"),
        (("--background", "nocolour"), "'--background': 'nocolour' is not a colour"),
        (("--caption", "top:"), "'--caption': '' is not text of 1 to 500 characters"),
        (("--caption", "2-1:x"), "'--caption': '2-1' does not end after it starts"),
        (("--caption-size", 20), "--caption-size needs --caption."),
        (("--chroma-tolerance", 0.2), "--chroma-tolerance needs --chroma-key."),
        (("--overlay-opacity", 0.2), "--overlay-opacity needs --overlay."),
        (("--overlay", "missing.png"), "'--overlay': File 'missing.png' does not exist"),
        (("--overlay", __file__), "is not a PNG, JPEG, WebP or GIF"),
        (("--target-size", "10"), "'--target-size': '10' is not a size from 1 kB to 1.0 GB"),
        (("--target-size", f"{'9' * 400}GB"), "is not a size from 1 kB to 1.0 GB"),
        (("--start", f"{'9' * 5000}:00"), "'--start': 'inf' is not a time such as 2.5 or 1:30"),
        (("--target-size", "10 parsecs"), "'--target-size': '10 parsecs' is not a size such as"),
        (("--preset", "geocities"), "'--preset'"),
        (("--recipe", __file__), "is not JSON"),
    ],
)
def test_errors_name_the_option_as_it_was_typed(words: tuple[object, ...], says: str) -> None:
    with pytest.raises(click.UsageError) as wrong:
        typed(*words)
    assert says in f"{getattr(wrong.value, 'param_hint', '')} {_message(wrong.value)}"
    assert wrong.value.exit_code == 2


def _message(error: click.UsageError) -> str:
    return error.format_message()


def test_oversized_or_unreadable_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "big.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(MAX_OVERLAY_BYTES))
    (tmp_path / "long.srt").write_text("x" * 100_001)
    (tmp_path / "picture.srt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (tmp_path / "bad.json").write_text('{"look": 3}')
    for words, says in [
        (("--overlay", tmp_path / "big.png"), "is larger than 200 kB"),
        (("--subtitles", tmp_path / "long.srt"), "is not text of 1 to 100,000 characters"),
        (("--subtitles", tmp_path / "picture.srt"), "has an unknown text encoding"),
        (("--recipe", tmp_path / "bad.json"), "look"),
    ]:
        with pytest.raises(click.BadParameter, match=says):
            typed(*words)


def test_help_groups_options_by_purpose() -> None:
    shown = convert.get_help(convert.make_context("convert", [], resilient_parsing=True))
    headings = [line for line in shown.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Options:", *(f"{name}:" for name in RECIPE_OPTIONS)]
    words = " ".join(shown.split())
    assert "[from 0.1 to 10; default 1]" in words
    assert "--end S Where to end. Default: the end of the source. --segment" in words
