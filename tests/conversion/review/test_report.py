"""What a report can do in a notebook."""

import base64
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gifapp import Caption, GifReport, Recipe, convert, errors, options, record, show
from gifapp.conversion.review.quality import ssim
from tests.support.letters import pixels

FRAMES = pixels([["RR", "RR"], ["GG", "G."], ["BB", "BB"]])
NOISE = np.random.default_rng(1).integers(0, 255, (6, 40, 60, 3), np.uint8)


@pytest.fixture(scope="module")
def report() -> GifReport:
    return convert(FRAMES, Recipe(fps=10, dither="none"))


@pytest.fixture(scope="module")
def noisy() -> GifReport:
    return convert(NOISE, Recipe(fps=10))


def bundle(report: GifReport) -> dict[str, str]:
    return report._repr_mimebundle_(include=None, exclude=None)


def test_report_shows_the_gif_and_a_still_for_exports(report: GifReport) -> None:
    shown = bundle(report)
    assert base64.b64decode(shown["image/gif"]) == report.read_bytes()
    with Image.open(io.BytesIO(base64.b64decode(shown["image/png"]))) as still:
        assert still.convert("RGB").getpixel((0, 0)) == (255, 0, 0)
    assert shown["text/plain"].startswith("GIF, 2 x 2, 3 frames, 0.30 s")


@pytest.mark.parametrize("name", ["mp4", "webp", "apng"])
def test_other_formats_show_a_still_too(name: Any) -> None:
    assert bundle(convert(FRAMES, Recipe(fps=10, format=name))).keys() == {"text/plain", "image/png"}


def test_report_can_be_pickled(report: GifReport) -> None:
    assert pickle.loads(pickle.dumps(report)).read_bytes() == report.read_bytes()


def test_frames_are_those_that_a_viewer_sees(report: GifReport) -> None:
    shown = report.read_frames()
    assert np.array_equal(shown.frames[..., 3], FRAMES[..., 3])
    opaque = FRAMES[..., 3] > 0
    assert np.array_equal(shown.frames[opaque], FRAMES[opaque])
    assert shown.delays_s == pytest.approx((0.1, 0.1, 0.1))
    assert report.frames == 3


def test_frames_of_a_video_have_their_times() -> None:
    shown = convert(np.repeat(FRAMES, 16, axis=1), Recipe(fps=10, format="mp4")).read_frames()
    assert shown.delays_s == pytest.approx((0.1, 0.1, 0.1), abs=0.001)


@pytest.mark.parametrize("name", ["gif", "webp", "apng", "avif", "webm"])
def test_frames_keep_their_transparency_in_every_format_that_has_it(name: Any) -> None:
    large = np.repeat(np.repeat(FRAMES, 16, axis=1), 16, axis=2)
    report = convert(large, Recipe(fps=10, format=name))
    assert np.array_equal(report.read_frames().frames[..., 3], large[..., 3])
    on_black = convert(large[..., :3], Recipe(fps=10, format=name))
    assert report.compare(on_black).gifs[1].difference[-1, -1] > 50


def test_palette_is_sorted_by_frequency(report: GifReport) -> None:
    assert report.palette.tolist()[2] == [0, 255, 0]
    assert sorted(report.palette.tolist()) == [[0, 0, 255], [0, 255, 0], [255, 0, 0]]


def test_shrinking_converts_the_source_again(noisy: GifReport) -> None:
    smaller = noisy.shrink("6kB")
    assert smaller.bytes <= 6000 < noisy.bytes
    assert smaller.notes[-1].startswith("To fit 6 kB: ")
    assert noisy.shrink(6000).read_bytes() == smaller.read_bytes()


def test_shrinking_a_consumed_source_starts_from_its_gif() -> None:
    recipe = Recipe(fps=10, width_px=30, captions=(Caption(text="x", size_px=10),))
    made = convert(iter(NOISE), recipe)
    smaller = made.shrink("3kB")
    assert smaller.bytes <= 3000
    assert smaller.duration_s == made.duration_s


@pytest.mark.parametrize("name", ["webp", "mp4"])
def test_consumed_source_keeps_its_format_and_rate_when_it_shrinks(name: Any) -> None:
    made = convert(iter(NOISE), Recipe(fps=30, format=name))
    smaller = made.shrink(made.bytes * 9 // 10)
    assert (smaller.format, smaller.frames, smaller.duration_s) == (name, made.frames, made.duration_s)


def test_large_recording_is_not_scaled_down_before_it_shrinks() -> None:
    with record() as recording:
        recording.add(np.zeros((20, 600), np.uint8))
    assert recording.report.shrink("50kB").width_px == 600


@pytest.mark.parametrize("target", ["small", "", "2 TB"])
def test_invalid_target_size_is_refused(report: GifReport, target: str) -> None:
    with pytest.raises(errors.FieldInvalid, match=r"^target is wrong: .* is not a size such as 500 kB"):
        report.shrink(target)


def test_comparison_shows_what_differs(report: GifReport, tmp_path: Path) -> None:
    changed = FRAMES.copy()
    changed[:, 0, 0, :3] = 255
    other = convert(changed, Recipe(fps=10, dither="none"), tmp_path / "other.gif")
    compared = report.compare(other, tmp_path / "other.gif", other.read_bytes(), labels=("a", "b", "c", "d"))
    first, *others = compared.gifs
    assert (first.label, first.ssim, first.difference.max()) == ("a", 1.0, 0.0)
    for gif in others:
        assert gif.ssim < 1
        assert np.argwhere(gif.difference > 0).tolist() == [[0, 0]]
        assert gif.bytes == other.bytes
    html = compared._repr_html_()
    assert (html.count("data:image/gif"), html.count("data:image/png")) == (4, 3)
    assert "b: " in repr(compared)


def test_gifs_of_other_sizes_and_rates_are_compared_by_time(noisy: GifReport) -> None:
    slower = convert(NOISE.repeat(2, axis=0), Recipe(fps=5, width_px=30))
    _, compared = noisy.compare(slower).gifs
    assert compared.difference.shape == (40, 60)
    assert compared.ssimulacra2 is not None


@pytest.mark.parametrize(
    ("others", "labels", "error", "says"),
    [
        ((b"",), ("a",), errors.FieldInvalid, "^labels must be 2 names, for this GIF first; there are 1"),
        ((42,), None, TypeError, "expected reports, paths or bytes, not int"),
    ],
)
def test_incomparable_gifs_are_refused(
    report: GifReport, others: Any, labels: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        report.compare(*others, labels=labels)


@pytest.mark.parametrize("wrong", [b"", b"hello", b"\0\0\0\x18ftypmp42"])
def test_bytes_of_other_files_are_refused(report: GifReport, wrong: bytes) -> None:
    with pytest.raises(errors.FieldInvalid, match=r"^bytes must be those of a GIF"):
        report.compare(wrong)
    with pytest.raises(errors.FieldInvalid, match=r"^bytes must be those of a GIF"):
        show(wrong)


def test_ssim_is_the_benchmarks() -> None:
    from benchmarks import quality

    other = np.clip(NOISE.astype(int) + 9, 0, 255).astype(np.uint8)
    assert ssim(other, NOISE) == pytest.approx(quality.ssim(other, NOISE), abs=0.001)


def test_sheet_shows_gifs_in_columns(report: GifReport, tmp_path: Path) -> None:
    saved = report.save(tmp_path / "a <b>.gif")
    html = show(report, saved, report.read_bytes(), columns=2, height=50)._repr_html_()
    assert "repeat(2,max-content)" in html
    assert html.count('height="50"') == html.count("data:image/gif") == 3
    assert "a &lt;b&gt;.gif" in html


@pytest.mark.parametrize("wrong", [{"columns": 0}, {"height": -1}])
def test_sheet_needs_positive_numbers(wrong: dict[str, int], report: GifReport) -> None:
    with pytest.raises(errors.FieldInvalid, match=f"^{next(iter(wrong))} must be 1 or more"):
        show(report, **wrong)


def test_link_replaces_the_data_of_a_file(
    report: GifReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    saved = convert(FRAMES, output=tmp_path / "out" / "a b.gif")
    options.embed = "link"
    try:
        assert 'src="out/a%20b.gif?' in saved._repr_html_()
        assert bundle(saved).keys() == {"text/plain"}
        assert "data:image/gif" in report._repr_html_()
    finally:
        options.embed = "data"


@pytest.mark.parametrize(("name", "value"), [("embed", "inline"), ("progress", "yes"), ("colour", 1)])
def test_invalid_option_is_refused(name: str, value: Any) -> None:
    with pytest.raises(errors.FieldInvalid, match=rf"^options\.{name} (must be .* or|is not an option)"):
        setattr(options, name, value)
    assert repr(options) == "Options(embed='data', progress=True)"
