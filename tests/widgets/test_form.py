import pytest

from gifapp import errors
from gifapp.domain.recipe import Crop, Recipe, Segment
from gifapp.widgets.form import RecipeForm
from tests.widgets.scripted import a_source

SOURCE = a_source()
FULL = Recipe(
    segments=(Segment(start_s=1.5, end_s=4.0),),
    speed=2.0,
    direction="boomerang",
    crop=Crop(x_px=10, y_px=20, width_px=300, height_px=200),
    width_px=320,
    height_px=100,
    fps=20.0,
    loop=3,
    colours=64,
    dither="bayer",
)


@pytest.fixture
def changes() -> list[str]:
    return []


@pytest.fixture
def form(changes: list[str]) -> RecipeForm:
    made = RecipeForm(lambda: changes.append("changed"))
    made.show(Recipe(), SOURCE)
    return made


def test_an_untouched_form_is_the_default_recipe(form: RecipeForm) -> None:
    assert form.recipe(SOURCE) == Recipe()


def test_a_recipe_comes_back_as_it_was_filled_in(form: RecipeForm) -> None:
    form.show(FULL, SOURCE)
    assert form.recipe(SOURCE) == FULL


def test_filling_in_is_no_change_of_a_person(form: RecipeForm, changes: list[str]) -> None:
    form.show(FULL, SOURCE)
    assert changes == []


def test_the_slider_moves_the_fields(form: RecipeForm, changes: list[str]) -> None:
    form.trim.value = (1.0, 2.5)
    assert (form.start.value, form.end.value) == (1.0, 2.5)
    assert form.recipe(SOURCE).segments == (Segment(start_s=1.0, end_s=2.5),)
    assert changes == ["changed"]


def test_the_fields_move_the_slider(form: RecipeForm) -> None:
    form.end.value = 3.0
    assert form.trim.value == (0.0, 3.0)


def test_a_range_that_ends_before_it_starts_is_said(form: RecipeForm) -> None:
    form.start.value = 4.0
    form.end.value = 1.0
    with pytest.raises(errors.RecipeInvalid, match="the part must end after it begins"):
        form.recipe(SOURCE)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("fps", 80.0, "fps must be a number from 1"), ("speed", 0.0, "speed must be"),
     ("loop", -1, "loop must be"), ("width", "wide", "Width must be a whole number"),
     ("height", "0", "height_px must be")],
)  # fmt: skip
def test_a_wrong_field_is_named(form: RecipeForm, field: str, value: object, sentence: str) -> None:
    getattr(form, field).value = value
    with pytest.raises(errors.RecipeInvalid, match=sentence):
        form.recipe(SOURCE)


def test_a_crop_outside_the_picture_is_said(form: RecipeForm) -> None:
    form.crop_x.value = 1000
    with pytest.raises(errors.CropOutsideSource, match="1280 x 720"):
        form.recipe(SOURCE)


def test_empty_size_fields_show_the_size_that_comes_out(form: RecipeForm) -> None:
    form.width.value = "320"
    form.hint_size(form.recipe(SOURCE), SOURCE)
    assert form.height.placeholder == "180"


def test_a_video_of_unknown_length_is_taken_whole(form: RecipeForm) -> None:
    endless = a_source(duration_s=None)
    form.show(Recipe(), endless)
    assert form.trim_row.layout.display == "none"
    assert form.recipe(endless).segments == ()


def test_a_range_of_a_longer_video_is_cut_to_this_one(form: RecipeForm) -> None:
    form.show(Recipe(segments=(Segment(start_s=2, end_s=60),)), SOURCE)
    assert (form.start.value, form.end.value) == (2.0, 5.28)


def test_advanced_settings_are_folded_until_asked_for(form: RecipeForm) -> None:
    assert form.advanced.layout.display == "none"
    form.more.value = True
    assert form.advanced.layout.display == ""
