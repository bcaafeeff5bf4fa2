"""Captions as they appear: the right glyphs in every script, uncut, at the right position."""
# ruff: noqa: RUF001 - similar-looking letters are intended

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gifapp import errors
from gifapp.conversion.plan import Cut
from gifapp.conversion.text import compositing, typesetting
from gifapp.domain.recipes.recipe import Caption, Recipe
from tests.conversion.text.blocks import block
from tests.support.plans import GREY, a_plan, box, drawn, first_picture, layers, notes

POSITIONS = {
    "top_left": (0, 0), "top": (0.5, 0), "top_right": (1, 0),
    "left": (0, 0.5), "centre": (0.5, 0.5), "right": (1, 0.5),
    "bottom_left": (0, 1), "bottom": (0.5, 1), "bottom_right": (1, 1),
}  # fmt: skip


@settings(deadline=None, max_examples=100)
@given(
    text=st.text(min_size=1, max_size=60), size_px=st.integers(6, 60), position=st.sampled_from([*POSITIONS])
)
def test_any_text_is_drawn(text: str, size_px: int, position: str) -> None:
    caption = Caption(text=text, size_px=size_px, position=position)  # type: ignore[arg-type]
    assert first_picture(Recipe(captions=(caption,))).shape == (120, 200, 3)


def test_control_characters_and_carriage_returns_are_not_drawn() -> None:
    assert len(block("a\r\nb\rc\nd").lines) == 4
    assert np.array_equal(drawn("a\x07b\u202e"), drawn("a b"))


@pytest.mark.parametrize("position", POSITIONS)
def test_caption_is_at_its_position_with_a_margin(position: str) -> None:
    caption = Caption(text="Hxg", position=position)  # type: ignore[arg-type]
    rows, columns = box(first_picture(Recipe(captions=(caption,)), width_px=400, height_px=300))
    across, down = POSITIONS[position]
    left, right, top, bottom = columns.start, 400 - columns.stop, rows.start, 300 - rows.stop
    assert min(left, right, top, bottom) >= 9
    assert left / (left + right) == pytest.approx(across, abs=0.06)
    assert top / (top + bottom) == pytest.approx(down, abs=0.06)


def test_lines_are_aligned_by_the_position() -> None:
    wide, narrow = "MMMMMM", "i"
    ends = []
    for position in ("left", "right"):
        picture = drawn(f"{wide}\n{narrow}", position=position)
        columns = np.nonzero((picture[picture.shape[0] * 2 // 3 :] != GREY).any(axis=(0, 2)))[0]
        ends.append(columns.mean() / picture.shape[1])
    assert ends[0] < 0.1
    assert ends[1] > 0.9


def test_long_caption_is_wrapped_at_spaces_into_even_lines() -> None:
    lines = block("one two three four five six seven eight nine", 300).lines
    widths = [line.width_em * 28 for line in lines]
    assert len(lines) == 3
    assert max(widths) <= 300
    assert min(widths) > 0.6 * max(widths)


def test_chinese_is_wrapped_anywhere_except_before_a_full_stop() -> None:
    lines = block("一二三四五。", 5 * 28 + 10).lines
    assert [len(line.glyphs) for line in lines] == [3, 3]


THAI = "สวัสดีชาวโลกทั้งหลายทุกคน"
ROWS = [
    "😀" * 12,
    "❤️" * 12,
    "🇩🇪" * 12,
    "🏳️‍🌈" * 12,
    "👍🏽" * 12,
    "字" * 12,
    THAI,
    "one\u200btwo\u200bthree\u200bfour",
]


@pytest.mark.parametrize("text", [*ROWS, "wonderful—wonderful", "wonderful–wonderful"])
def test_text_without_spaces_is_wrapped_where_lines_may_break(text: str) -> None:
    typeset = block(text, 200)
    assert len(typeset.lines) > 1
    assert typeset.size_px == 28


INKY = "က္ကြွှေါ်"  # wider than its advance


@pytest.mark.parametrize("position", ["left", "bottom", "right"])
@pytest.mark.parametrize("text", [INKY, f"{INKY}\n{INKY}", "j", "f", "T\u0360"])
def test_ink_outside_its_advance_keeps_the_margin(text: str, position: str) -> None:
    caption = Caption(text=text, size_px=60, position=position, outline=None)  # type: ignore[arg-type]
    rows, columns = box(first_picture(Recipe(captions=(caption,)), width_px=230, height_px=230))
    assert columns.start >= 6
    assert columns.stop <= 230 - 6
    assert rows.stop <= 230 - 6


@pytest.mark.parametrize("text", ["Supercalifragilistic", "one two " * 20, "x" * 100, "字" * 60, "a\n" * 12])
@pytest.mark.parametrize("side_px", [64, 128])
def test_caption_shrinks_until_it_fits(text: str, side_px: int) -> None:
    typeset = block(text, side_px, side_px, 40)
    assert typeset.size_px < 40
    assert typeset.width_px <= side_px
    assert typeset.height_px <= side_px


def test_word_that_fits_when_smaller_is_not_broken() -> None:
    typeset = block("Congratulations", 128, 128, 40)
    assert len(typeset.lines) == 1
    assert typeset.size_px >= typesetting.READABLE_PX


@pytest.mark.parametrize("text", ["Hello\nworld", "Hello\n\nworld", " ", "\u0e01\u0e02"])
@pytest.mark.parametrize("side_px", [1, 2, 7])
def test_picture_too_small_for_text_is_no_error(side_px: int, text: str) -> None:
    caption = Caption(text=text, size_px=400)
    assert first_picture(Recipe(captions=(caption,)), width_px=side_px, height_px=side_px).shape[0] == side_px


def test_outline_has_its_colour_and_surrounds_the_letters() -> None:
    plain, outlined = drawn("l", outline=None, size_px=60), drawn("l", outline="#ff0000", size_px=60)
    assert outlined.shape[0] == pytest.approx(plain.shape[0] + 2 * 60 * typesetting.OUTLINE, abs=2)
    middle = outlined[outlined.shape[0] // 2]
    assert middle[2].tolist() == [255, 0, 0]
    assert middle[len(middle) // 2].tolist() == [255, 255, 255]


class _Left(Exception):
    pass


def test_painting_large_letters_can_be_cancelled() -> None:
    beats = iter([None] * 5)

    def checkpoint() -> None:
        if next(beats, _Left) is _Left:
            raise _Left

    recipe = Recipe(captions=(Caption(text="a漢", size_px=400),))
    ((layer,), _) = compositing.layers(a_plan(recipe, width_px=900, height_px=500), checkpoint=checkpoint)
    with pytest.raises(_Left):
        layer.paint()


@pytest.mark.parametrize("position", ["top", "bottom", "centre"])
def test_captions_at_the_same_place_and_time_are_stacked(position: str) -> None:
    texts = ("first", "second one", "third")
    captions = tuple(Caption(text=text, position=position, size_px=20) for text in texts)  # type: ignore[arg-type]
    together = first_picture(Recipe(captions=captions), width_px=300, height_px=200)
    alone = [first_picture(Recipe(captions=(caption,)), width_px=300, height_px=200) for caption in captions]
    inked = sum(int((picture != GREY).any(axis=2).sum()) for picture in alone)
    assert int((together != GREY).any(axis=2).sum()) == pytest.approx(inked, rel=0.02)


@pytest.mark.parametrize(("captions", "end_s", "is_refused"), [(2, None, True), (50, 0.1, False)])
def test_large_simultaneous_captions_are_limited(
    captions: int, end_s: float | None, is_refused: bool
) -> None:
    texts = [
        Caption(text="wm " * 166, size_px=400, start_s=at / 10, end_s=end_s and at / 10 + end_s)
        for at in range(captions)
    ]
    plan = a_plan(Recipe(captions=texts), width_px=4096, height_px=8192, cuts=(Cut(0.0, 50),))
    with pytest.raises(errors.RecipeInvalid, match="captions: those") if is_refused else nullcontext():
        assert len(layers(plan)) == captions


def test_successive_captions_share_a_place() -> None:
    before, after = Caption(text="x", end_s=1), Caption(text="x", start_s=1)
    first, second = layers(a_plan(Recipe(captions=(before, after)), cuts=(Cut(0.0, 20),)))
    assert (first.x_px, first.y_px) == (second.x_px, second.y_px)


@pytest.mark.parametrize(
    ("recipe", "is_noted"),
    [
        ({}, False),
        ({"start_s": 0.99}, False),
        ({"start_s": 1.0}, True),
        ({"start_s": 12.0, "end_s": 13.0}, True),
    ],
)
def test_caption_after_the_end_gets_a_note(recipe: dict[str, Any], is_noted: bool) -> None:
    caption = Caption(text="Too late for this", **recipe)
    noted = notes(a_plan(Recipe(captions=(caption,))))
    begins = f"it begins at {caption.start_s:g} s, and the GIF ends at 1.00 s."
    assert noted == [f"The caption “Too late for this” is not shown: {begins}"] * is_noted


@pytest.mark.parametrize("recipe", [{"hold_s": 1.0}, {"direction": "boomerang"}])
def test_caption_on_held_or_returning_pictures_gets_no_note(recipe: dict[str, Any]) -> None:
    caption = Caption(text="in time", start_s=1.5)
    assert notes(a_plan(Recipe(captions=(caption,), **recipe))) == []
