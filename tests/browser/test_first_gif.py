"""A new user's first steps: an account, a video, a GIF; the tests are steps of one visit."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Shoot
from tests.support.clips import real_clip
from tests.support.letters import run_ffmpeg
from tests.support.service import PASSWORD, RunningService

# seconds into the clip; frames at 12.5 a second
TIMES = {0: 0.0, 25: 2.0, 60: 4.8}

SAVE_EVERY_MS = 150  # as in controls/ranges.js

# Faster than the kernel answers, as on a busy machine: every change precedes the press.
CHANGE_AND_PRESS = """([label, values, name]) => {
  const named = (selector, text) =>
    [...document.querySelectorAll(selector)].find((node) => [node.innerText, node.ariaLabel].includes(text));
  const input = named(".gifapp-number", label).querySelector("input");
  for (const value of values) {
    input.value = value;
    input.dispatchEvent(new Event("change"));
  }
  named("button", name).click();
}"""

pytestmark = pytest.mark.timeout(120)


def test_first_visitor_creates_the_administrator_account(
    page: Page, service: RunningService, shoot: Shoot
) -> None:
    page.goto(service.setup_url)
    shoot(page, "1-sign-up")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("button", name="Drop a video here")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("up to 500 MB")).to_be_visible()
    expect(page.get_by_text("It appears here, ready to download.")).to_be_visible()
    shoot(page, "2-empty")


def test_unsupported_file_is_rejected_before_it_is_uploaded(page: Page, shoot: Shoot) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    drop(page, "holiday.pdf", "application/pdf", b"%PDF-1.7")
    drop(page, "empty.mp4", "video/mp4", b"")
    uploads = page.get_by_role("list", name="Uploads")
    expect(uploads).to_contain_text("This file type isn't supported.")
    expect(uploads).to_contain_text("The file is empty.")
    shoot(page, "3-refused")
    page.get_by_role("button", name="Dismiss holiday.pdf").click()
    page.get_by_role("button", name="Dismiss empty.mp4").click()
    expect(uploads).to_have_count(0)
    assert not [url for url in sent if "/sources" in url]


def test_file_with_a_video_name_is_rejected_in_the_services_words(page: Page) -> None:
    drop(page, "<b>fake</b>.mp4", "video/mp4", b"no video at all")
    uploads = page.get_by_role("list", name="Uploads")
    expect(uploads).to_contain_text("This isn't a video format gifapp supports.")
    expect(uploads).to_contain_text("<b>fake</b>.mp4")
    page.get_by_role("button", name="Dismiss").click()


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("image/heic", "HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        ("image/jxl", "JPEG XL", b"\0\0\0\x0cJXL \r\n\x87\n"),
        ("image/bmp", "BMP", b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0"),
    ],
)
def test_unsupported_picture_is_rejected_by_name(page: Page, kind: str, name: str, content: bytes) -> None:
    choose_source(page, "photo", kind, content)
    uploads = page.get_by_role("list", name="Uploads")
    expect(uploads).to_contain_text(name, timeout=15_000)
    page.get_by_role("button", name="Dismiss photo").click()


def test_avif_is_accepted(page: Page) -> None:
    choose_source(page, "leaf.avif", "image/avif", a_leaf())
    expect(page.get_by_role("heading", name="leaf.avif")).to_be_visible(timeout=15_000)
    page.get_by_role("button", name="Remove this video").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("heading", name="leaf.avif")).to_have_count(0)


def test_video_is_uploaded_and_shown(page: Page, shoot: Shoot) -> None:
    page.locator(".gifapp-upload input[type=file]").set_input_files(real_clip())
    expect(page.get_by_role("heading", name="bigbuckbunny.mp4")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("480 × 270 px · 66 frames · 5.3 s")).to_be_visible()  # noqa: RUF001
    poster = page.get_by_alt_text("A picture of bigbuckbunny.mp4")
    expect(poster).to_have_js_property("naturalWidth", 480)
    shoot(page, "4-uploaded")


def test_form_shows_a_recipe_error(page: Page, shoot: Shoot) -> None:
    field = page.get_by_label("Frame rate (fps)")
    field.fill("80")
    field.press("Enter")
    expect(page.get_by_text("Frame rate must be a number from 1 to 50").first).to_be_visible()
    expect(page.get_by_role("button", name="Make the GIF")).to_be_disabled()
    shoot(page, "5-wrong")
    field.fill("12.5")
    field.press("Enter")
    expect(page.get_by_role("button", name="Make the GIF")).to_be_enabled()


def test_number_accepts_a_comma_and_arrow_keys(page: Page) -> None:
    speed = page.get_by_label("Speed")
    speed.fill("0,5")
    expect(page.get_by_text("132 frames · 10.6 s")).to_be_visible()
    speed.press("ArrowUp")
    expect(speed).to_have_value("0.75")
    for _ in range(4):
        speed.press("ArrowDown")
    expect(speed).to_have_value("0.1")
    speed.fill("1")
    expect(page.get_by_text("66 frames · 5.3 s")).to_be_visible()
    rate = page.get_by_label("Frame rate (fps)")
    rate.fill("")
    rate.press("ArrowUp")
    expect(rate).to_have_value("13.5")
    rate.fill("12.5")


def test_range_time_accepts_a_comma(page: Page) -> None:
    start = page.get_by_label("Start (s)")
    start.fill("1,5")
    start.press("ArrowUp")
    expect(start).to_have_value("1.6")
    start.fill("0:01.5")
    start.press("Enter")
    expect(page.get_by_text("47 frames · 3.8 s")).to_be_visible()
    start.fill("soon")
    start.press("Enter")
    expect(start).to_have_value("1.5")
    start.fill("0")
    start.press("Enter")
    expect(page.get_by_text("66 frames · 5.3 s")).to_be_visible()


def test_typing_a_time_is_not_interrupted(page: Page) -> None:
    start = page.get_by_label("Start (s)")
    start.fill("1,5")
    start.press("ArrowUp")
    start.fill("0")
    page.wait_for_timeout(3 * SAVE_EVERY_MS)
    expect(start).to_have_value("0")
    start.press("Enter")
    expect(page.get_by_text("66 frames · 5.3 s")).to_be_visible()


def test_field_label_shows_its_help(page: Page) -> None:
    expect(page.get_by_title("The playback speed: 2 is twice as fast.")).to_contain_text("Speed")


def test_picture_follows_the_range(page: Page) -> None:
    start = page.get_by_role("slider", name="Start of the range")
    start.focus()
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    expect(page.get_by_label("Start (s)")).to_have_value("2")
    expect(page.get_by_role("group", name="Playback")).to_contain_text("0:02.00")
    expect(page.get_by_text("480 × 270 px · 41 frames · 3.3 s")).to_be_visible()  # noqa: RUF001
    start.press("Home")
    expect(page.get_by_text("480 × 270 px · 66 frames · 5.3 s")).to_be_visible()  # noqa: RUF001


def test_preview_is_updated_after_each_change(page: Page, shoot: Shoot) -> None:
    toggle = page.get_by_role("button", name="Preview")
    preview = page.get_by_alt_text("A short loop of the GIF, as it will look")
    toggle.click()
    expect(preview).to_have_js_property("naturalWidth", 480, timeout=30_000)
    page.get_by_label("Width (px)", exact=True).fill("222")
    page.keyboard.press("Tab")
    expect(preview).to_have_js_property("naturalWidth", 222, timeout=30_000)
    page.get_by_role("button", name="Look").scroll_into_view_if_needed()
    expect(preview).to_be_in_viewport()
    shoot(page, "5-preview")
    page.get_by_label("Width (px)", exact=True).fill("")
    page.keyboard.press("Tab")
    toggle.click()
    expect(preview).to_have_count(0)
    assert not cards(page, "succeeded").count()


def test_one_click_makes_a_gif_of_the_videos_pixels(page: Page, tmp_path: Path, shoot: Shoot) -> None:
    page.get_by_role("button", name="Make the GIF").click()
    expect(cards(page, "succeeded")).to_have_count(1, timeout=60_000)
    expect(cards(page, "succeeded")).to_contain_text("480 × 270 px · 66 frames")  # noqa: RUF001
    shoot(page, "6-done")
    opens = page.get_by_role("button", name="Show the GIF of bigbuckbunny.mp4 at full size")
    opens.click()
    full = page.get_by_role("dialog", name="bigbuckbunny.mp4").locator("img")
    assert full.evaluate("async image => (await image.decode(), image.width)") == 480
    page.keyboard.press("Escape")
    expect(full).to_have_count(0)
    expect(opens).to_be_focused()
    content = downloaded(page)
    for frame, at_s in TIMES.items():
        difference = pixels(content, frame) - picture_of(real_clip(), at_s, tmp_path)
        assert np.sqrt((difference**2).mean()) < 12, f"frame {frame}"


def test_submitting_the_same_gif_again_highlights_it(page: Page, shoot: Shoot) -> None:
    page.get_by_role("button", name="Make the GIF").click()
    expect(page.get_by_role("alert").first).to_contain_text("You already have this GIF.")
    expect(cards(page, "succeeded")).to_have_count(1)
    expect(cards(page, "succeeded")).to_be_focused()
    expect(cards(page, "succeeded")).to_be_in_viewport()
    shoot(page, "6-there-already")
    notice = page.locator(".gifapp-notice", has_text="You already have this GIF.")
    notice.get_by_role("button", name="Dismiss").click()


def test_reload_loses_nothing(page: Page) -> None:
    page.get_by_label("Width (px)", exact=True).fill("222")
    page.keyboard.press("Tab")
    expect(page.get_by_text("222 \N{MULTIPLICATION SIGN} 125 px")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Width (px)", exact=True)).to_have_value("222", timeout=60_000)
    page.get_by_label("Width (px)", exact=True).fill("")
    page.keyboard.press("Tab")
    expect(cards(page, "succeeded")).to_have_count(1, timeout=60_000)
    shown = page.get_by_alt_text("The GIF of bigbuckbunny.mp4")
    expect(shown).to_be_visible()
    assert shown.evaluate("async image => (await image.decode(), image.naturalWidth)") == 480
    expect(page.get_by_role("heading", name="bigbuckbunny.mp4").first).to_be_visible()


def test_crop_is_drawn_on_the_picture(page: Page, shoot: Shoot) -> None:
    page.get_by_role("button", name="Crop").click()
    box = page.locator(".gifapp-stage__frame").bounding_box()
    assert box is not None
    left_px, top_px, width_px, height_px = box["x"], box["y"], box["width"], box["height"]
    page.mouse.move(left_px + 0.25 * width_px, top_px + 0.25 * height_px)
    page.mouse.down()
    page.mouse.move(left_px + 0.75 * width_px, top_px + 0.75 * height_px, steps=4)
    page.mouse.up()
    expect(page.get_by_label("Crop left")).not_to_have_value("0")
    expect(page.get_by_label("Crop width")).not_to_have_value("1280")
    left, width = (float(page.get_by_label(label).input_value()) for label in ("Crop left", "Crop width"))
    assert abs(left - 320) < 15
    assert abs(width - 640) < 15
    shoot(page, "7-crop")
    page.get_by_role("button", name="Clear crop").click()


def test_captions_and_overlay_are_added_and_reset(page: Page, shoot: Shoot) -> None:
    folded = page.locator(".gifapp-form__head").all()[1:]
    for head in folded:
        head.click()
    page.get_by_role("button", name="Add a caption").click()
    page.get_by_label("Caption").fill("Привет, 世界 🎬")
    choose_picture(page, "huge.png", bytes(200_001))
    expect(page.get_by_text("huge.png is 200 kB; the limit is 200 kB.")).to_be_visible()
    choose_subtitles(page, b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    expect(page.get_by_text("text encoding is not known")).to_be_visible()
    choose_subtitles(page, "1\n00:00:00,000 --> 00:00:01,000\n\u4f60\u597d\n".encode("gbk"))
    expect(page.get_by_text("words.srt")).to_be_visible()
    page.get_by_role("button", name="Remove the subtitles").click()
    choose_picture(page, "logo.png", a_picture())
    expect(page.get_by_role("button", name="Text & overlays 1 caption, Overlay")).to_be_visible()
    shoot(page, "8-whole-form")
    page.get_by_role("button", name="Reset all settings").click()
    expect(page.get_by_label("Caption")).to_have_count(0)
    for head in folded:
        head.click()


def test_running_job_shows_progress_and_is_cancelled(page: Page, shoot: Shoot) -> None:
    page.get_by_role("button", name="Add another range").click()
    for label, value in (("Frame rate (fps)", "50"), ("Speed", "0.25")):
        page.get_by_label(label).fill(value)
        page.get_by_label(label).press("Enter")
    page.get_by_label("Width (px)", exact=True).fill("1280")
    page.get_by_role("button", name="Make the GIF").dblclick()
    page.evaluate(CHANGE_AND_PRESS, ["Speed", ["0.3", "0.26"], "Make the GIF"])
    expect(cards(page, "running")).to_contain_text("%", timeout=15_000)
    expect(cards(page, "running").get_by_role("progressbar")).to_be_visible()
    shoot(page, "9-running")
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_have_count(2)
    cancel.first.click()
    expect(cards(page, "cancelled")).to_have_count(1)
    cancel.first.click()
    expect(cards(page, "cancelled")).to_have_count(2)
    page.get_by_label("Speed").fill("2")
    cards(page, "cancelled").first.get_by_role("button", name="Edit a copy").click()
    expect(page.get_by_label("Speed")).to_have_value("0.26")
    expect(page.get_by_role("group", name="Range 2 of 2")).to_be_visible()


def test_deletion_is_undone_by_keyboard_or_stays(page: Page, shoot: Shoot) -> None:
    done = cards(page, "succeeded")
    done.get_by_role("button", name="Delete").press("Enter")
    expect(done).to_have_count(0)
    expect(page.get_by_role("alert").get_by_role("button", name="Undo")).to_be_focused()
    shoot(page, "10-delete")
    page.keyboard.press("Enter")
    expect(done).to_be_focused()
    done.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The GIF of bigbuckbunny.mp4 was deleted.")).to_be_visible()
    expect(done).to_have_count(0)
    page.reload()
    expect(cards(page, "cancelled")).to_have_count(2, timeout=60_000)
    expect(done).to_have_count(0)


def test_video_uploaded_before_the_form_is_drawn_is_ready(page: Page) -> None:
    page.get_by_role("button", name="Remove this video").click()
    expect(page.get_by_text("No GIFs were made from it.")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("button", name="Make the GIF")).to_be_hidden()
    page.reload(wait_until="commit")
    page.locator(".gifapp-upload input[type=file]").set_input_files(real_clip())
    expect(page.get_by_role("button", name="Make the GIF")).to_be_enabled(timeout=15_000)
    expect(page.get_by_label("End (s)")).to_have_value("5.28")


def test_changes_just_before_a_press_are_what_it_acts_on(page: Page) -> None:
    choose_source(page, "leaf.avif", "image/avif", a_leaf())
    expect(page.get_by_role("heading", name="leaf.avif")).to_be_visible(timeout=15_000)
    width = page.get_by_label("Width (px)", exact=True)
    page.evaluate(CHANGE_AND_PRESS, ["Width (px)", ["10", "12"], "bigbuckbunny.mp4"])
    expect(page.get_by_role("heading", name="bigbuckbunny.mp4").first).to_be_visible()
    expect(page.get_by_text("480 \N{MULTIPLICATION SIGN} 270 px · 66 frames")).to_be_visible()
    expect(width).to_have_value("")
    page.get_by_role("button", name="leaf.avif", exact=True).click()
    expect(width).to_have_value("12")
    width.fill("14")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.evaluate(CHANGE_AND_PRESS, ["Width (px)", ["16", "18"], "Undo"])
    expect(width).to_have_value("12")
    page.evaluate(CHANGE_AND_PRESS, ["Width (px)", ["20", "22"], "Reset all settings"])
    expect(width).to_have_value("")


def test_no_page_is_wider_than_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def cards(page: Page, state: str):  # type: ignore[no-untyped-def]
    """The gallery's cards in this state."""
    return page.locator(f'.gifapp-card[data-state="{state}"]')


def drop(page: Page, name: str, kind: str, content: bytes) -> None:
    """Drop a file anywhere on the page."""
    page.evaluate(
        """([name, type, text]) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([text], name, { type }));
            document.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
        }""",
        [name, kind, content.decode()],
    )


def choose_source(page: Page, name: str, kind: str, content: bytes) -> None:
    upload = page.locator(".gifapp-upload input[type=file]")
    upload.set_input_files({"name": name, "mimeType": kind, "buffer": content})


def choose_picture(page: Page, name: str, content: bytes) -> None:
    picture = page.locator('.gifapp-file input[accept^="image/"]')
    picture.set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def choose_subtitles(page: Page, content: bytes) -> None:
    field = page.locator('.gifapp-file input[accept^=".srt"]')
    field.set_input_files({"name": "words.srt", "mimeType": "application/x-subrip", "buffer": content})


def a_leaf() -> bytes:
    picture = BytesIO()
    Image.new("RGB", (32, 24), "teal").save(picture, "AVIF")
    return picture.getvalue()


def a_picture() -> bytes:
    content = BytesIO()
    Image.new("RGBA", (40, 20), (255, 80, 0, 160)).save(content, "PNG")
    return content.getvalue()


def downloaded(page: Page) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".gif")
    return Path(download.value.path()).read_bytes()


def pixels(gif: bytes, frame: int) -> NDArray[np.float64]:
    with Image.open(BytesIO(gif)) as picture:
        assert picture.size == (480, 270)
        assert picture.n_frames == 66
        picture.seek(frame)
        return np.asarray(picture.convert("RGB"), np.float64)


def picture_of(video: Path, at_s: float, folder: Path) -> NDArray[np.float64]:
    shot = folder / f"{at_s}.png"
    run_ffmpeg("-i", video, "-ss", at_s, "-frames:v", 1, "-vf", "scale=480:270", shot)
    return np.asarray(Image.open(shot).convert("RGB"), np.float64)
