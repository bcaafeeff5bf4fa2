"""The look that the stage draws itself equals the engine's."""

import base64
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.plan import make_plan
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Look, Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.widgets.assets import style
from gifapp.widgets.dashboard.shown import shown_of
from tests.browser.blank_page import arrive, blank_page, render
from tests.browser.stage.test_stage import SOURCE
from tests.support.known_videos import facts_of
from tests.widgets.scripted import a_source

SIZE = WIDTH_PX, HEIGHT_PX = 320, 240

IN_THE_CORNER = """
.gifapp-stage__ground .gifapp-stage__frame {
  position: fixed; inset: 0 auto auto 0; width: calc(240px * var(--ratio)); border-radius: 0;
}
"""

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ramps of all colours, and a hard edge."""
    down, across = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    pixels = np.stack([across * 255 / WIDTH_PX, down * 255 / HEIGHT_PX, 255 - across * 255 / WIDTH_PX], -1)
    pixels[60:120, 40:100] = (250, 30, 10)
    path = tmp_path_factory.mktemp("picture") / "picture.png"
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


@pytest.fixture
def page(browser: Browser, picture: Path) -> Iterator[Page]:
    address = f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"
    with blank_page(browser) as opened:
        opened.set_viewport_size({"width": 1000, "height": 500 + HEIGHT_PX})
        opened.add_style_tag(content=f"{style('common', 'stage/stage')} {IN_THE_CORNER}")
        shape = {"width_px": WIDTH_PX, "height_px": HEIGHT_PX, "frame_url": None, "is_still": True}
        traits: dict[str, Any] = {"page_url": "", "selected": "1", "gifs": {}, "crop": {}, "recipe": None}
        sources = [SOURCE | shape | {"poster_url": address}]
        shown = shown_of(Recipe(), source())
        flags = {"can_undo": False, "can_redo": False, "is_previewing": False}
        render(opened, "dashboard/editor", sources=sources, shown=shown, **traits, **flags)
        expect(opened.locator(".gifapp-stage__picture")).to_have_js_property("naturalWidth", WIDTH_PX)
        yield opened


def source() -> SourceView:
    return a_source(1).model_copy(update={"width": WIDTH_PX, "height": HEIGHT_PX})


def staged(page: Page, recipe: Recipe) -> Pixels:
    """The stage's picture of the recipe."""
    arrive(page, shown=shown_of(recipe, source()))
    return on_stage(page)


def on_stage(page: Page) -> Pixels:
    box = page.locator(".gifapp-stage__frame").bounding_box()
    assert box
    clip = {"x": 0, "y": 0, "width": box["width"], "height": box["height"]}
    return np.asarray(Image.open(BytesIO(page.screenshot(clip=clip))).convert("RGB"))  # type: ignore[arg-type]


def made(picture: Path, recipe: Recipe) -> Pixels:
    """The engine's frame of the recipe."""
    limits = Limits()
    video = facts_of(picture)
    plan = make_plan(video, recipe, limits)
    with closing(ffmpeg.frames(picture, video, plan, limits=limits, checkpoint=lambda: None)) as frames:
        return next(frames)


@pytest.mark.parametrize(
    ("look", "most"),
    [
        ({}, 0.1),
        ({"brightness": 0.2, "contrast": 1.4}, 0.7),
        ({"gamma": 1.8}, 0.7),
        ({"gamma": 0.5, "invert": True}, 0.7),
        ({"saturation": 1.7}, 0.7),
        ({"saturation": 0.3, "contrast": 0.6}, 1.0),
        ({"grayscale": True}, 1.0),
        ({"blur_px": 4.0}, 1.0),
        ({"sharpen": 1.0}, 1.5),
        ({"blur_px": 2.0, "saturation": 1.5, "gamma": 1.3, "brightness": -0.1}, 1.5),
    ],
)
def test_stage_shows_the_look_of_the_gif(
    page: Page, picture: Path, look: dict[str, Any], most: float
) -> None:
    recipe = Recipe(width_px=WIDTH_PX, look=Look(**look))
    difference = np.abs(staged(page, recipe).astype(int) - made(picture, recipe))
    assert difference.mean() < most  # of 255
    assert np.percentile(difference, 99) <= 3 + 4 * most


@pytest.mark.parametrize("flip", ["none", "horizontal", "both"])
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_stage_rotates_and_flips_like_the_gif(page: Page, picture: Path, rotate: Any, flip: Any) -> None:
    recipe = Recipe(rotate=rotate, flip=flip, width_px=WIDTH_PX, height_px=WIDTH_PX)
    shown, frame = staged(page, recipe), made(picture, recipe)
    resized = np.asarray(Image.fromarray(frame).resize(shown.shape[1::-1]))
    assert np.abs(shown.astype(int) - resized).mean() < 3


def test_blur_has_the_same_width_on_the_stage_as_in_a_smaller_gif(page: Page, picture: Path) -> None:
    recipe = Recipe(width_px=WIDTH_PX // 2, look=Look(blur_px=3.0))
    frame = np.asarray(Image.fromarray(made(picture, recipe)).resize(SIZE, Image.Resampling.BICUBIC))
    assert np.abs(staged(page, recipe).astype(int) - frame).mean() < 1.5


def test_slider_changes_the_stage_before_the_kernel_answers(page: Page, picture: Path) -> None:
    before = staged(page, Recipe())
    page.evaluate("""document.body.className = "gifapp-editor";
        const detail = { path: "look.brightness", value: 0.5 };
        document.body.dispatchEvent(new CustomEvent("gifapp-slide", { bubbles: true, detail }))""")
    during = on_stage(page)
    expected = made(picture, Recipe(width_px=WIDTH_PX, look=Look(brightness=0.5)))
    assert np.abs(during.astype(int) - expected).mean() < 1
    page.clock.run_for(1000)
    assert (on_stage(page) == before).all()  # the kernel has the last word
