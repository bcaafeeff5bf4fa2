"""What the stage shows of a recipe at a time is the engine's frame at that time."""

import json
from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from gifapp.conversion.probing.probe import probe
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render.rendering import rendered
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.jobs.attempts.stage_process import draw_layers
from gifapp.widgets.assets import style
from gifapp.widgets.dashboard.shown import layers_recipe, shown_crop, shown_of
from tests.browser.blank_page import arrive, blank_page, render
from tests.browser.stage.test_live_look import IN_THE_CORNER, Pixels, on_stage
from tests.browser.stage.test_stage import SERVICE, SOURCE, respond
from tests.support.letters import run_ffmpeg
from tests.widgets.scripted import a_source

WIDTH_PX, HEIGHT_PX, DURATION_S = 320, 240, 2.0
LIMITS = Limits()
SUBTITLES = "WEBVTT\n\n00:00.500 --> 00:01.000\nEarly\n\n00:01.200 --> 00:01.800\nLate"
EARLY, LATE = {"text": "First", "end_s": 0.5}, {"text": "Then 😀", "start_s": 0.5, "position": "top_left"}
BOTH_ENDS = {"fade_in_s": 0.6, "fade_out_s": 0.6}

SOURCE_VIEW = a_source(1).model_copy(
    update={"width": WIDTH_PX, "height": HEIGHT_PX, "duration_s": DURATION_S, "fps": 10.0, "pace_fps": 10.0}
)

Row = tuple[dict[str, Any], float, float]  # the recipe, the source's time, and the GIF's
ROWS: list[Row] = [
    ({}, 0.5, 0.5),
    ({"look": {"brightness": 0.2, "contrast": 1.3, "gamma": 1.4, "saturation": 1.5}}, 0.5, 0.5),
    ({"look": {"blur_px": 2.0, "invert": True, "grayscale": True}}, 0.5, 0.5),
    ({"crop": {"x_px": 80, "y_px": 60, "width_px": 160, "height_px": 120}}, 0.5, 0.5),
    ({"crop": {"x_px": 80, "y_px": 60, "width_px": 160, "height_px": 120}, "captions": [EARLY]}, 0.1, 0.1),
    ({"rotate": 180, "flip": "horizontal", "captions": [EARLY]}, 0.1, 0.1),
    ({"look": BOTH_ENDS}, 0.2, 0.2),
    ({"look": BOTH_ENDS}, 1.0, 1.0),
    ({"look": BOTH_ENDS, "captions": [EARLY, LATE]}, 1.7, 1.7),
    ({"look": BOTH_ENDS, "direction": "reverse"}, 1.7, 0.2),
    ({"captions": [EARLY, LATE]}, 0.3, 0.3),
    ({"captions": [EARLY, LATE]}, 0.7, 0.7),
    ({"captions": [EARLY, LATE], "speed": 2.0}, 0.8, 0.4),
    ({"captions": [EARLY, LATE], "speed": 2.0}, 1.2, 0.6),
    ({"captions": [EARLY, LATE], "direction": "reverse"}, 1.7, 0.2),
    ({"captions": [EARLY, LATE], "segments": [{"start_s": 1.0, "end_s": 1.8}]}, 1.3, 0.3),
    ({"captions": [EARLY, LATE], "segments": [{"start_s": 1.5}, {"start_s": 0, "end_s": 1}]}, 0.3, 0.8),
    ({"subtitles": SUBTITLES}, 0.7, 0.7),
    ({"subtitles": SUBTITLES}, 1.1, 1.1),
    ({"subtitles": SUBTITLES, "direction": "reverse"}, 1.4, 0.5),
    ({"subtitles": SUBTITLES, "direction": "boomerang"}, 1.4, 1.4),
    ({"overlay": {"image": "PICTURE", "position": "top", "scale": 0.3, "opacity": 0.6}}, 0.4, 0.4),
]


@pytest.fixture(scope="module")
def picture() -> bytes:
    """Ramps of all colours, as a PNG."""
    down, across = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    pixels = np.stack([across * 255 / WIDTH_PX, down * 255 / HEIGHT_PX, 255 - across * 255 / WIDTH_PX], -1)
    png = BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(png, "PNG")
    return png.getvalue()


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory, picture: bytes) -> Path:
    """Two seconds of the picture, without loss."""
    folder = tmp_path_factory.mktemp("video")
    (folder / "picture.png").write_bytes(picture)
    stored = ("-t", DURATION_S, "-c:v", "ffv1", "-pix_fmt", "gbrp", folder / "clip.mkv")
    run_ffmpeg("-loop", 1, "-framerate", 10, "-i", folder / "picture.png", *stored)
    return folder / "clip.mkv"


@pytest.fixture(scope="module")
def page(browser: Browser, video: Path, picture: bytes) -> Iterator[Page]:
    with blank_page(browser) as opened:
        opened.set_viewport_size({"width": 1000, "height": 500 + HEIGHT_PX})
        sheets = ("common", "stage/stage", "stage/cropper", "stage/layers")
        opened.add_style_tag(content=f"{style(*sheets)} {IN_THE_CORNER} .gifapp-crop {{ border: 0; }}")
        opened.route(f"{SERVICE}/layers", lambda route: draw(route, video))
        poster = f"data:image/png;base64,{b64encode(picture).decode()}"
        facts = {"width_px": WIDTH_PX, "height_px": HEIGHT_PX, "duration_s": DURATION_S, "frame_s": 0.1}
        source = SOURCE | facts | {"poster_url": poster, "frame_url": None, "layers_url": "/layers"}
        traits: dict[str, Any] = {
            "sources": [source],
            "selected": "1",
            "gifs": {},
            "crop": {},
            "recipe": None,
        }
        flags = {"can_undo": False, "can_redo": False, "is_previewing": False, "layers_recipe": None}
        shown = shown_of(Recipe(), SOURCE_VIEW)
        render(opened, "dashboard/editor", page_url=SERVICE, shown=shown, **traits, **flags)
        expect(opened.locator(".gifapp-stage__picture")).to_have_js_property("naturalWidth", WIDTH_PX)
        yield opened


def draw(route: Route, video: Path) -> None:
    """Respond as the service does."""
    if route.request.method == "OPTIONS":
        return respond(route)
    recipe = Recipe.parse(json.loads(route.request.post_data or "")["recipe"])
    out = video.with_name("layers.json")
    draw_layers(
        video, recipe, out, video=probe(video, limits=LIMITS), limits=LIMITS, on_progress=lambda _: None
    )
    return respond(route, body=out.read_bytes(), content_type="application/json")


def staged(page: Page, recipe: Recipe, at_s: float) -> Pixels:
    """What the stage shows of the recipe at the source's time, within the crop."""
    drawn = layers_recipe(recipe)
    crop = shown_crop(recipe, SOURCE_VIEW)
    arrive(page, shown=shown_of(recipe, SOURCE_VIEW), crop=crop, layers_recipe=None)
    arrive(page, layers_recipe=drawn.model_dump_json() if drawn else None)
    seek = {"source": "1", "at": at_s}
    page.evaluate("detail => document.dispatchEvent(new CustomEvent('gifapp-seek', { detail }))", seek)
    page.clock.run_for(200)
    if drawn:
        expect(page.locator(".gifapp-layer")).not_to_have_count(0)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.gifapp-layer img')].every((image) => image.complete)"
    )
    pixels = on_stage(page)
    rows = slice(crop.get("y_px", 0), crop.get("y_px", 0) + crop.get("height_px", HEIGHT_PX))
    return pixels[rows, crop.get("x_px", 0) : crop.get("x_px", 0) + crop.get("width_px", WIDTH_PX)]


def made(video: Path, recipe: Recipe, gif_s: float) -> Pixels:
    """The engine's frame at the GIF's time."""
    reporter = Reporter(lambda _: None, LIMITS.deadline_s)
    probed = probe(video, limits=LIMITS)
    with rendered(video, probed, recipe, limits=LIMITS, reporter=reporter) as whole:
        begin_cs = 0
        for pixels, delay_cs in whole.frames:
            if begin_cs <= round(100 * gif_s) < begin_cs + delay_cs:
                return pixels
            begin_cs += delay_cs
    raise AssertionError(f"the GIF ends at {begin_cs} cs")


@pytest.mark.parametrize("row", ROWS)
def test_stage_shows_the_frame_of_the_gif(page: Page, video: Path, picture: bytes, row: Row) -> None:
    fields, at_s, gif_s = row
    text = json.dumps({"fps": 10, "width_px": WIDTH_PX, **fields})
    recipe = Recipe.parse(json.loads(text.replace("PICTURE", b64encode(picture).decode())))
    shown, frame = staged(page, recipe, at_s), made(video, recipe, gif_s)
    difference = np.abs(shown.astype(int) - frame)
    assert difference.mean() < 1.5  # of 255
    assert np.percentile(difference, 99.5) < 24
