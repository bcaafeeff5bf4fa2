import base64
from typing import Any

import pytest
from hypothesis import given, settings

from gifapp import errors
from gifapp.domain.recipes.fields import leaves, recipe_field
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import Caption, Crop, Look, Overlay, Recipe, Segment
from gifapp.domain.views.jobs import SourceView
from gifapp.widgets.form import RecipeForm
from gifapp.widgets.form.fields import Field, Row
from tests.widgets.recipes import recipes
from tests.widgets.scripted import a_source

SOURCE = a_source()
PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n and more").decode()


@pytest.fixture
def changes() -> list[str]:
    return []


@pytest.fixture
def form(changes: list[str]) -> RecipeForm:
    made = RecipeForm(lambda: changes.append("changed"))
    made.show(Recipe(), SOURCE)
    return made


_form = RecipeForm(lambda: None)


@given(recipes())
@settings(max_examples=60, deadline=None)
def test_any_recipe_survives_a_round_trip_through_the_form(recipe: Recipe) -> None:
    _form.show(recipe, SOURCE)
    assert _form.recipe() == recipe


def test_untouched_form_is_the_default_recipe(form: RecipeForm) -> None:
    assert form.recipe() == Recipe()


def test_filling_the_form_is_no_user_change(form: RecipeForm, changes: list[str]) -> None:
    form.show(Recipe(fps=20.0, captions=(Caption(text="Hello"),)), SOURCE)
    assert changes == []


def test_user_change_updates_the_recipe(form: RecipeForm, changes: list[str]) -> None:
    field(form, "Frame rate").control.value = "20"
    assert form.recipe() == Recipe(fps=20.0)
    assert changes == ["changed"]


@pytest.mark.parametrize("typed", ["12.5", "12,5", " 12.5 "])
def test_number_accepts_a_point_or_a_comma(form: RecipeForm, typed: str) -> None:
    field(form, "Frame rate").control.value = typed
    field(form, "Speed").control.value = typed.replace("12", "1")
    field(form, "Max size").control.value = typed
    assert form.recipe() == Recipe(fps=12.5, speed=1.5, target_bytes=12_500_000)


def test_look_group_has_every_field_of_the_look(form: RecipeForm) -> None:
    assert {field.path for row in rows(form.groups[1]) for field in row.fields} == {*leaves("look")}


def test_control_has_its_fields_description_and_bounds(form: RecipeForm) -> None:
    blur, loop = field(form, "Blur").control, field(form, "Loop count").control
    assert (blur.min, blur.max, blur.step, blur.unit) == (0, 20, 0.5, " px")
    assert (loop.description, loop.min, loop.max) == ("Loop count (0 = forever)", 0, 65535)
    assert blur.tooltip == recipe_field("look.blur_px").description
    assert list(field(form, "Content type").control.options)[2] == ("Screen recording", "screen")


def test_fields_have_their_labels(form: RecipeForm) -> None:
    shown = {field.control.description for row in rows(form) for field in row.fields}
    assert shown >= {
        "Width (px)",
        "Frame rate (fps)",
        "Rotate",
        "Flip",
        "Direction",
        "Max size (MB)",
        "Platform",
    }


def test_resetting_the_look_keeps_other_fields(form: RecipeForm, changes: list[str]) -> None:
    form.show(Recipe(fps=20.0, look=Look(blur_px=3, fade_in_s=1, invert=True)), SOURCE)
    form.groups[1].reset.click()
    assert form.recipe() == Recipe(fps=20.0)
    assert changes


def test_reset_restores_the_defaults(form: RecipeForm, changes: list[str]) -> None:
    form.show(Recipe(fps=20.0, look=Look(blur_px=3)), SOURCE)
    form.reset.click()
    assert form.recipe() == Recipe()
    assert changes == ["changed"]


def test_group_header_lists_changed_fields(form: RecipeForm) -> None:
    form.show(Recipe(look=Look(blur_px=3.0, invert=True), captions=(Caption(text="Hello"),)), SOURCE)
    form.recipe()
    headers = {group.header.description: group.header.changes for group in form.groups}
    assert headers["Look"] == "Blur, Invert colours"
    assert headers["Text & overlays"] == "1 caption"
    assert headers["GIF quality"] == ""


# --- time ------------------------------------------------------------------------------------


def test_range_is_a_segment(form: RecipeForm, changes: list[str]) -> None:
    form.trim.segments.ranges.value = [[1.0, 2.5]]
    assert form.recipe().segments == (Segment(start_s=1.0, end_s=2.5),)
    assert changes == ["changed"]


def test_several_ranges_can_be_crossfaded(form: RecipeForm) -> None:
    assert form.trim.crossfade.layout.display == "none"
    form.trim.segments.ranges.value = [[0.0, 1.0], [3.0, 5.28]]
    assert form.recipe().segments == (Segment(end_s=1.0), Segment(start_s=3.0))
    assert form.trim.crossfade.layout.display == ""


def test_range_of_the_whole_video_is_no_segment(form: RecipeForm) -> None:
    form.show(Recipe(segments=(Segment(start_s=2),)), SOURCE)
    form.trim.segments.ranges.value = [[0.0, 5.28]]
    assert form.recipe().segments == ()


def test_range_of_a_longer_video_is_clamped(form: RecipeForm) -> None:
    form.show(Recipe(segments=(Segment(start_s=2, end_s=60),)), SOURCE)
    assert form.trim.segments.ranges.value == [[2.0, 5.28]]


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        ([[4.0, 1.0]], "End must be later than the start"),
        ([[0.0, 1.0], [2.0, 2.0]], "End of range 2 must be later than the start"),
        ([[7.0, 9.0]], "Start is past the end of the video (5.28 s)"),
    ],
)
def test_impossible_range_is_reported_beside_it(
    form: RecipeForm, ranges: list[list[float]], words: str
) -> None:
    form.trim.segments.ranges.value = ranges
    assert refused(form) == words
    assert form.trim.segments.ranges.problem == f"{words}."


def test_video_of_unknown_length_is_used_whole(form: RecipeForm) -> None:
    form.show(Recipe(), a_source(duration_s=None))
    assert form.trim.segments.layout.display == "none"
    assert form.recipe().segments == ()


def test_single_picture_has_no_ranges(form: RecipeForm) -> None:
    form.show(Recipe(), a_source(duration_s=0.1, fps=None))
    assert form.trim.segments.layout.display == "none"


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        ("Frame rate", "80", "Frame rate must be a number from 1 to 50 (got 80)"),
        ("Speed", "0", "Speed must be a number from 0.1 to 10 (got 0)"),
        ("Loop count", "65536", "Loop count must be a whole number from 0 to 65,535 (got 65536)"),
        ("Loop count", "-1", "Loop count must be a whole number from 0 to 65,535 (got -1)"),
        ("Width", "wide", "Width: enter a whole number such as 12"),
        ("Width", "1.5", "Width: enter a whole number such as 12"),
        ("Width", "9" * 5000, "Width: enter a whole number such as 12"),
        ("Frame rate", "1.000,5", "Frame rate: enter a number such as 0.5"),
        ("Frame rate", "nan", "Frame rate must be a number from 1 to 50 (got nan)"),
        ("Speed", "", "Speed: enter a number such as 0.5"),
        ("Height", "0", "Height must be a whole number from 1 to 4096 px (got 0)"),
        ("Fade in", "11", "Fade in must be a number from 0 to 10 s (got 11)"),
        ("Max size", "0", "Max size must be a number from 0.001 to 1000 MB (got 0)"),
    ],
)
def test_error_names_the_label_beside_its_field(
    form: RecipeForm, label: str, value: object, words: str
) -> None:
    field(form, label).control.value = value
    assert refused(form) == words
    assert shown_problems(form) == [f"{words}."]
    field(form, label).control.value = field(form, label)._shown
    assert form.recipe() == Recipe()
    assert shown_problems(form) == []


def test_collapsed_group_opens_on_an_error_in_it(form: RecipeForm) -> None:
    look = form.groups[1]
    assert not look.header.value
    field(form, "Fade in").control.value = "11"
    refused(form)
    assert look.header.value


def test_caption_without_text_is_ignored(form: RecipeForm) -> None:
    captions = form.text.captions
    captions.addition.click()
    assert form.recipe() == Recipe()
    captions.addition.click()
    captions.items[1].text.value = "second"
    captions.items[1].rows[2].fields[1].control.value = "1"
    with pytest.raises(errors.RecipeInvalid):
        form.recipe()
    assert not captions.items[0].rows[2].problem
    assert "6 to 400" in captions.items[1].rows[2].problem


def test_error_in_a_caption_is_shown_there(form: RecipeForm) -> None:
    form.show(Recipe(captions=(Caption(text="one"), Caption(text="two", start_s=2.0))), SOURCE)
    second = form.text.captions.items[1]
    second.text.value = "w" * 501
    second.rows[1].fields[1].control.value = "1"
    assert refused(form) == "End must be later than the start"
    second.rows[1].fields[1].control.value = ""
    assert refused(form) == "Caption must be text of 1 to 500 characters (got 501 characters)"


def test_maximum_size_applies_to_every_format(form: RecipeForm) -> None:
    field(form, "Max size").control.value = "2"
    for name in FILE_KINDS:
        field(form, "Format").control.value = name
        assert form.recipe() == Recipe(format=name, target_bytes=2_000_000)


# --- picture ---------------------------------------------------------------------------------


def test_crop_outside_the_picture_is_reported(form: RecipeForm) -> None:
    form.draw_crop(Crop(x_px=10, width_px=100, height_px=100))
    field(form, "Crop left").control.value = "1200"
    assert refused(form) == "The crop reaches outside the picture (1280 x 720)"


def test_unreadable_crop_is_reported(form: RecipeForm) -> None:
    form.draw_crop(Crop(x_px=10, width_px=100, height_px=100))
    field(form, "Crop left").control.value = ""
    assert refused(form) == "Crop left: enter a whole number such as 12"


def test_drawn_crop_is_custom_and_can_be_removed(form: RecipeForm, changes: list[str]) -> None:
    drawn = Crop(x_px=10, y_px=20, width_px=300, height_px=200)
    form.show(Recipe(aspect="1:1"), SOURCE)
    form.draw_crop(drawn)
    assert form.recipe() == Recipe(crop=drawn)
    form.draw_crop(None)
    assert form.recipe() == Recipe()
    assert changes == []


def test_every_choice_has_a_selection(form: RecipeForm) -> None:
    controls = [field.control for row in rows(form) for field in row.fields]
    assert all(control.index is not None for control in controls if hasattr(control, "index"))


@pytest.mark.parametrize(
    ("source", "hints"),
    [(SOURCE, ("12.5", "0")), (a_source(keeps_times=True), ("original", "original"))],
)
def test_empty_time_fields_show_the_resulting_values(
    form: RecipeForm, source: SourceView, hints: tuple[str, str]
) -> None:
    form.show(Recipe(), source)
    form.hint(form.recipe(), source)
    assert (form.trim.fps.control.placeholder, form.trim.loop.control.placeholder) == hints


@pytest.mark.parametrize(
    ("facts", "frame_s"), [({}, 0.04), ({"fps": 5.05, "keeps_times": True}, 0.01), ({"fps": 50}, 0.02)]
)
def test_range_shows_its_last_picture(form: RecipeForm, facts: dict[str, Any], frame_s: float) -> None:
    form.show(Recipe(), a_source(**facts))
    assert form.trim.segments.ranges.frame_s == frame_s


def test_empty_size_fields_show_the_resulting_size(form: RecipeForm) -> None:
    form.trim.width.control.value = "320"
    form.hint(form.recipe(), SOURCE)
    assert form.trim.height.control.placeholder == "180"


# --- captions and overlay --------------------------------------------------------------------


def test_captions_are_added_and_removed(form: RecipeForm, changes: list[str]) -> None:
    captions = form.text.captions
    captions.addition.click()
    captions.addition.click()
    captions.items[0].text.value = "gone"
    captions.items[1].text.value = "Your words"
    assert [caption.text for caption in form.recipe().captions] == ["gone", "Your words"]
    captions.items[0].removal.click()
    assert form.recipe() == Recipe(captions=(Caption(text="Your words"),))
    assert len(changes) == 3


def test_overlay_shows_its_fields(form: RecipeForm) -> None:
    overlay = form.text.overlay
    assert overlay.rest.layout.display == "none"
    overlay.first.control.value = PICTURE
    assert overlay.rest.layout.display == ""
    assert form.recipe() == Recipe(overlay=Overlay(image=PICTURE))


def test_unusable_overlay_or_subtitles_are_reported_by_name(form: RecipeForm) -> None:
    form.text.overlay.first.control.value = "aGVsbG8="
    field(form, "Subtitles").control.value = "no times"
    assert refused(form).startswith(
        "Subtitles must be the text of an SRT, WebVTT or ASS file, "
        "or track:N for one of the video's text tracks; Overlay is not "
    )
    assert form.text.overlay.rest.problem == "Overlay is not a PNG, JPEG, WebP or GIF."


def field(form: RecipeForm, label: str) -> Field:
    """The form's field with this label."""
    return next(candidate for row in rows(form) for candidate in row.fields if candidate.label == label)


def rows(part: object) -> list[Row]:
    rows_of_part = [part] if isinstance(part, Row) else []
    return rows_of_part + [row for child in getattr(part, "children", ()) for row in rows(child)]


def shown_problems(form: RecipeForm) -> list[str]:
    return [row.problem for row in rows(form) if row.problem]


def refused(form: RecipeForm) -> str:
    with pytest.raises(errors.RecipeInvalid) as error:
        form.recipe()
    return str(error.value.facts["problems"])
