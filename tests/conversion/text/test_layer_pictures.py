"""The layers as pictures: put onto a frame, they are what the engine puts there."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from gifapp.conversion.frame import Frame
from gifapp.conversion.text import compositing, layer_pictures
from gifapp.conversion.text.layer_pictures import LayerPicture
from gifapp.domain.recipes.recipe import Caption, Recipe
from tests.support.plans import GREY, a_plan, layers

CAPTIONS = (Caption(text="Hello"), Caption(text="there 😀", position="top_left", start_s=0.4, end_s=0.8))


def pictures(recipe: Recipe) -> tuple[list[LayerPicture], list[str]]:
    return layer_pictures.layer_pictures(a_plan(recipe), checkpoint=lambda: None)


def test_layers_cover_what_the_engine_draws() -> None:
    recipe = Recipe(captions=CAPTIONS)
    plan = a_plan(recipe)
    grey = np.full(plan.shape, GREY, np.uint8)
    expected = [frame.pixels for frame in compositing.composite([Frame(grey, 40)] * 2, layers(plan))]
    for begin_s, frame in zip((0.0, 0.4), expected, strict=True):
        shown = Image.fromarray(grey)
        for picture in pictures(recipe)[0]:
            if picture.start_s <= begin_s and (picture.end_s is None or begin_s < picture.end_s - 0.005):
                png = Image.open(BytesIO(picture.png))
                assert png.size == (picture.width_px, picture.height_px)
                shown.paste(png, (picture.x_px, picture.y_px), png)
        assert np.array_equal(np.asarray(shown), frame)


def test_each_names_its_field_and_none_shows_what_cannot_be_seen() -> None:
    drawn, notes = pictures(Recipe(captions=(*CAPTIONS, Caption(text=" "), Caption(text="late", start_s=99))))
    assert [(picture.part, picture.end_s) for picture in drawn] == [("captions.0", None), ("captions.1", 0.8)]
    assert [note for note in notes if "late" in note]


def test_more_pictures_than_a_page_can_take_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_pictures, "MAX_DRAWN_PX", 3_000)
    drawn, notes = pictures(Recipe(captions=CAPTIONS))
    assert [picture.part for picture in drawn] == ["captions.0"]
    assert notes == ["The video shows only the first 1 texts; the preview and the GIF show all 2."]
