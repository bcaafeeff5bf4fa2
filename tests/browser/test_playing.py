"""The stage plays the original in the browser; the tests are steps of one visit."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from gifapp.client import Client
from tests.support.clips import pattern
from tests.support.service import PASSWORD, RunningService

VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "1M", "-pix_fmt", "yuv420p")
VIDEO = ".gifapp-stage__video"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def ada(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The administrator, who has a video that every browser plays, and an animation."""
    folder = tmp_path_factory.mktemp("videos")
    with service.sign_up("ada@example.com") as client:
        frames = [Image.new("L", (40, 30), 8 * number) for number in range(20)]
        frames[0].save(folder / "a.gif", save_all=True, append_images=frames[1:], duration=100)
        client.upload(folder / "a.gif")
        client.upload(pattern(folder / "clip.webm", seconds=4, to=VP8))
    return client


def enter(page: Page, service: RunningService) -> None:
    page.goto(service.url)
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="clip.webm")).to_be_visible()


def time_of(page: Page) -> float:
    return float(page.locator(VIDEO).evaluate("video => video.currentTime"))


def picture_of(page: Page) -> str:
    """The video's current frame as a data URL."""
    return str(
        page.locator(VIDEO).evaluate("""video => {
            const canvas = new OffscreenCanvas(32, 24);
            const context = canvas.getContext("2d");
            context.drawImage(video, 0, 0, 32, 24);
            return context.getImageData(0, 0, 32, 24).data.join();
        }""")
    )


def difference(picture: str, other: str) -> float:
    """The mean difference of two pictures, in levels of 255."""
    values, others = (np.array(text.split(","), np.float64) for text in (picture, other))
    return float(np.abs(values - others).mean())


def screen_of(page: Page) -> NDArray[np.float64]:
    """A screenshot of the middle of the stage."""
    screenshot = page.locator(".gifapp-stage__frame").screenshot()
    with Image.open(BytesIO(screenshot)) as picture:
        middle = picture.convert("RGB").crop((20, 20, picture.width - 20, picture.height - 20))
        return np.asarray(middle, np.float64)


def until(page: Page, condition: str) -> None:
    page.wait_for_function(
        f"() => {{ const video = document.querySelector('{VIDEO}'); return {condition}; }}"
    )


@pytest.mark.usefixtures("ada")
def test_video_plays_as_soon_as_it_is_chosen(page: Page, service: RunningService) -> None:
    enter(page, service)
    expect(page.locator(VIDEO)).to_be_visible()
    until(page, "!video.paused && video.currentTime > 0.2")
    before = picture_of(page)
    at_s = time_of(page)
    until(page, f"video.currentTime > {at_s + 0.3}")
    assert picture_of(page) != before


def test_only_the_chosen_range_plays_and_repeats(page: Page) -> None:
    page.get_by_label("Start (s)").fill("1")
    page.get_by_label("Start (s)").press("Enter")
    page.get_by_label("End (s)").fill("1.6")
    page.get_by_label("End (s)").press("Enter")
    page.evaluate("""() => {
        window.times = [];
        const video = document.querySelector(".gifapp-stage__video");
        const note = () => {
            if (!video.paused && !video.seeking) window.times.push(video.currentTime);
            video.requestVideoFrameCallback(note);
        };
        note();
    }""")
    page.wait_for_function("() => times.filter((at, i) => i && at < times[i - 1]).length >= 3")
    times = page.evaluate("times.slice(1)")
    assert min(times) >= 0.98
    assert max(times) < 1.65


def test_keys_play_pause_and_step_by_a_frame(page: Page) -> None:
    page.get_by_role("button", name="Pause").click()
    page.locator(".gifapp-stage__frame").focus()
    page.keyboard.press(" ")
    until(page, "!video.paused")
    page.keyboard.press(" ")
    until(page, "video.paused && !video.seeking")
    at_s = time_of(page)
    page.keyboard.press(".")
    until(page, f"Math.abs(video.currentTime - {at_s} - 0.04) < 0.03")
    shown = picture_of(page)
    page.keyboard.press(".")
    page.keyboard.press(",")
    until(page, f"!video.seeking && Math.abs(video.currentTime - {at_s} - 0.04) < 0.03")
    assert difference(picture_of(page), shown) < 1  # decoding again may change a pixel by rounding
    page.keyboard.press(".")
    until(page, f"!video.seeking && video.currentTime - {at_s} > 0.06")
    assert difference(picture_of(page), shown) > 1, "the next frame is another"


def test_filmstrip_shows_the_whole_video(page: Page) -> None:
    expect(page.locator(".gifapp-filmstrip__slot").first).to_be_attached()
    page.locator(".gifapp-stage__frame").focus()
    page.keyboard.press("i")
    expect(page.get_by_label("Start (s)")).not_to_have_value("1")
    page.keyboard.press("Control+z")
    expect(page.get_by_label("Start (s)")).to_have_value("1")


def test_typing_in_a_field_does_not_control_playback(page: Page) -> None:
    at_s = time_of(page)
    page.get_by_label("Frame rate (fps)").press(".")
    page.get_by_label("Frame rate (fps)").fill("")
    page.get_by_role("button", name="Look").press(".")
    assert time_of(page) == at_s


def test_preview_plays_in_time_with_the_original_until_that_is_paused(page: Page) -> None:
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Preview").click()
    until(page, "video.paused")
    expect(page.get_by_alt_text("A short loop of the GIF, as it will look")).to_be_visible()
    until(page, "!video.paused")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_alt_text("A short loop of the GIF, as it will look")).to_have_count(0)
    until(page, "video.paused")


def directions(page: Page) -> set[str]:
    """The directions in which the video goes within the next frames, without the leaps to the other end."""
    steps = page.evaluate("""() => new Promise((done) => {
        const video = document.querySelector(".gifapp-stage__video");
        const times = [];
        const note = () => {
            times.push(video.currentTime);
            if (times.length < 40) video.requestVideoFrameCallback(note);
            else done(times.slice(1).map((at, number) => at - times[number]));
        };
        video.requestVideoFrameCallback(note);
    })""")
    return {"forwards" if step > 0 else "backwards" for step in steps if 0.001 < abs(step) < 0.25}


def test_video_plays_at_the_speed_and_in_the_direction_of_the_gif(page: Page) -> None:
    page.get_by_label("Speed").fill("2")
    page.get_by_label("Speed").press("Enter")
    until(page, "video.playbackRate === 2")
    page.get_by_label("Reverse").check()
    page.get_by_role("button", name="Play").click()
    assert directions(page) == {"backwards"}
    page.get_by_label("Boomerang").check()
    assert directions(page) == {"forwards", "backwards"}
    page.get_by_label("Forward").check()
    until(page, "!video.paused")
    assert directions(page) == {"forwards"}
    page.get_by_role("button", name="Pause").click()


def test_playing_video_has_the_look_of_the_gif(page: Page) -> None:
    page.locator(".gifapp-stage__frame").focus()
    until(page, "video.paused && !video.seeking")
    before = screen_of(page)
    page.get_by_role("button", name="Look").click()
    page.get_by_label("Invert colours").check()
    page.wait_for_function("() => document.querySelector('.gifapp-stage__filtered').style.filter !== 'none'")
    assert np.abs(255 - before - screen_of(page)).mean() < 1
    page.get_by_label("Invert colours").uncheck()


def test_unplayable_video_is_shown_as_single_frames(page: Page) -> None:
    page.route("**/media/proxies/**", lambda route: route.abort())
    page.get_by_role("button", name="a.gif").click()
    expect(page.get_by_role("heading", name="a.gif")).to_be_visible()
    expect(page.get_by_role("group", name="Playback")).to_contain_text("a few frames a second")
    page.get_by_role("slider", name="Start of the range").press("PageUp")
    picture = page.locator(".gifapp-stage__picture")
    expect(page.locator(".gifapp-stage__picture[src*='at_s=1.00']")).to_be_visible()
    page.get_by_role("button", name="Next frame").click()
    expect(page.locator(".gifapp-stage__picture[src*='at_s=1.10']")).to_be_visible()
    page.get_by_role("button", name="Play").click()
    for _ in range(2):
        expect(page.locator(".gifapp-stage__picture[src*='at_s=1.40']")).to_be_visible()
        expect(page.locator(".gifapp-stage__picture[src*='at_s=1.80']")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    shown = picture.get_attribute("src")
    page.wait_for_timeout(500)  # two frames, if it were still playing
    assert picture.get_attribute("src") == shown


def test_video_that_fails_to_decode_is_shown_as_single_frames(page: Page) -> None:
    page.route("**/media/videos/**", lambda route: route.fulfill(content_type="video/webm", body="nothing"))
    page.get_by_role("button", name="clip.webm").click()
    expect(page.get_by_role("group", name="Playback")).to_contain_text("a few frames a second")
    expect(page.locator(VIDEO)).to_be_hidden()
    expect(page.get_by_alt_text("A picture of clip.webm")).to_be_visible()


def test_unplayable_video_plays_as_a_proxy_once_that_is_made(page: Page) -> None:
    page.unroute("**/media/proxies/**")
    page.get_by_role("button", name="a.gif").click()
    expect(page.get_by_role("heading", name="a.gif")).to_be_visible()
    until(page, "!video.paused && video.src.includes('/media/proxies/') && video.currentTime > 0.2")
    expect(page.get_by_role("group", name="Playback")).not_to_contain_text("a few frames a second")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("slider", name="Start of the range").press("PageDown")
    page.get_by_role("slider", name="Start of the range").press("PageUp")
    until(page, "!video.seeking && Math.abs(video.currentTime - 1) < 0.05")
    shown = np.array(picture_of(page).split(","), np.float64).reshape(-1, 4)[:, :3]
    assert abs(shown.mean() - 80) < 3  # the eleventh picture


def test_reduced_motion_turns_autoplay_off(browser: Browser, service: RunningService) -> None:
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        enter(page, service)
        expect(page.locator(VIDEO)).to_be_visible()
        assert page.locator(VIDEO).evaluate("video => video.paused && !video.autoplay")
        page.get_by_role("button", name="Play").click()
        until(page, "!video.paused && video.currentTime > 0.2")
