"""Chromium shows every format but GIF with the right colours and timing, moving and repeating."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from benchmarks.browser import Chromium
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import Format
from tests.conversion.encoders.test_writers import OTHERS, written

COLOURS = [(200, 30, 40), (48, 112, 208), (40, 160, 60)]
DELAYS_CS = [30, 50, 40]
IMAGES = [name for name in OTHERS if FILE_KINDS[name].content_type.startswith("image/")]
VIDEOS = [name for name in OTHERS if name not in IMAGES]
COLOUR_AT = """
async (time_s) => {
  const video = document.querySelector("video"), canvas = document.createElement("canvas");
  video.pause();
  const seeked = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
  video.currentTime = time_s;
  await seeked;
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  return [...context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data];
}
"""
DURATION = """
async () => {
  const video = document.querySelector("video");
  while (video.readyState < 2) await new Promise((resolve) => video.addEventListener("loadeddata", resolve));
  return [video.duration, video.videoWidth, video.videoHeight];
}
"""
REPEATS = """
() => new Promise((resolve) => {
  const video = document.querySelector("video");
  let before = 0;
  video.addEventListener("timeupdate", () => {
    if (video.currentTime < before) resolve(true);
    before = video.currentTime;
  });
  video.play();
})
"""


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


def file(folder: Path, name: Format, *, alpha: int | None = None) -> bytes:
    shape = (48, 64, 3 if alpha is None else 4)
    pixels = [(*colour, *(() if alpha is None else (alpha,))) for colour in COLOURS]
    path = folder / f"a.{name}"
    written(path, [np.full(shape, pixel, np.uint8) for pixel in pixels], DELAYS_CS)
    return path.read_bytes()


def show(page: Page, data: bytes, name: Format, *, ground: str = "white") -> None:
    """Open a page with the report's HTML."""
    tag = FILE_KINDS[name].html(data, 64).replace("controls", "")
    page.set_content(f'<body style="background: {ground}">{tag}')


def shown_colour(page: Page) -> tuple[int, ...]:
    """The colour in the middle of the screenshot."""
    with Image.open(io.BytesIO(page.locator("img, video").screenshot())) as screenshot:
        return tuple(screenshot.convert("RGB").getpixel((32, 24)))


def is_near(shown: Sequence[int], colour: tuple[int, ...]) -> bool:
    return bool(np.abs(np.subtract(shown, colour)).max() <= 6)


@pytest.mark.parametrize("name", IMAGES)
def test_image_has_the_right_colours_and_timing(page: Page, tmp_path: Path, name: Format) -> None:
    shown = Chromium(page).shown(file(tmp_path, name), FILE_KINDS[name].content_type)
    assert shown is not None
    assert (shown.delays_ms, shown.plays) == ([300, 500, 400], 0)
    for frame, colour in zip(shown.frames, COLOURS, strict=True):
        assert frame.shape == (48, 64, 4)
        assert is_near(frame[24, 32, :3].tolist(), colour)


@pytest.mark.parametrize("name", OTHERS)
def test_report_moves_and_repeats(page: Page, tmp_path: Path, name: Format) -> None:
    show(page, file(tmp_path, name), name)
    for colour in [*COLOURS, *COLOURS]:
        while not is_near(shown_colour(page), colour):
            pass


@pytest.mark.parametrize("name", VIDEOS)
def test_video_has_the_right_colours_and_timing_and_repeats(page: Page, tmp_path: Path, name: Format) -> None:
    show(page, file(tmp_path, name), name)
    assert page.evaluate(DURATION) == [pytest.approx(1.2, abs=0.001), 64, 48]
    for time_s, colour in zip((0.29, 0.31, 0.81), COLOURS, strict=True):
        while not is_near(tuple(page.evaluate(COLOUR_AT, time_s)[:3]), colour):
            pass  # on a busy machine Chromium ends a seek before it presents the frame
    assert page.evaluate(REPEATS)


@pytest.mark.parametrize("name", ["webp", "avif", "apng", "webm"])
def test_page_shows_through_half_transparent_pixels(page: Page, tmp_path: Path, name: Format) -> None:
    show(page, file(tmp_path, name, alpha=128), name, ground="#0000ff")
    mixed = tuple((np.array(COLOURS[0]) * 128 + np.array((0, 0, 255)) * 127) // 255)
    while not is_near(shown_colour(page), mixed):
        pass
