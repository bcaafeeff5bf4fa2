"""Tones, blur, chroma key and background: measured colours against the documented formulas."""

from math import erf, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gifapp.conversion.decode.chroma_key import keyed
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render.rendering import rendered
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import ChromaKey, Look, Recipe
from tests.support.gifs import seen_by_pillow
from tests.support.known_videos import convert, facts_of
from tests.support.letters import read_gif, run_ffmpeg, write_clip

GREEN = np.array([20, 200, 60])
LUMA = np.array([54, 183, 18]) / 255


def stored(path: Path, picture: np.ndarray) -> Path:
    """A lossless clip of one picture, uint8 (height, width, 3 or 4)."""
    height, width, channels = picture.shape
    kind = {3: "rgb24", 4: "rgba"}[channels]
    run_ffmpeg("-f", "rawvideo", "-s", f"{width}x{height}", "-pix_fmt", kind, "-i", "pipe:0",
           "-c:v", "png", path, stdin=picture.tobytes())  # fmt: skip
    return path


def soft(colour: tuple[int, int, int]) -> np.ndarray:
    """One colour, from transparent to opaque."""
    picture = np.zeros((2, 256, 4), np.uint8)
    picture[..., :3], picture[..., 3] = colour, np.arange(256)
    return picture


def seen(path: Path, **recipe: Any) -> np.ndarray:
    """The first frame as the encoder gets it."""
    limits = Limits()
    reporter = Reporter(lambda _: None, limits.deadline_s)
    with rendered(path, facts_of(path), Recipe(**recipe), limits=limits, reporter=reporter) as made:
        return next(made.frames).pixels


def high_range(path: Path) -> Path:
    """Many colours in PQ, BT.2020."""
    tags = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
    meaning = "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
    picture = ("-f", "lavfi", "-i", "testsrc2=s=96x64:r=5:d=0.4", "-vf", meaning)
    run_ffmpeg(*picture, "-c:v", "libx264", "-crf", 1, *tags, path)
    return path


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """Every kind of colour, 64 x 64."""
    picture = np.random.default_rng(7).integers(0, 256, (64, 64, 3), np.uint8)
    picture[0, :8] = [(v, v, v) for v in (0, 1, 63, 127, 128, 192, 254, 255)]
    return stored(tmp_path_factory.mktemp("colours") / "colours.mov", picture), picture


@pytest.mark.parametrize(
    "look",
    [
        {},
        {"brightness": 0.2},
        {"brightness": -0.35},
        {"contrast": 1.7},
        {"contrast": 0.0},
        {"gamma": 2.2},
        {"gamma": 0.1},
        {"invert": True},
        {"brightness": -1e-05},
        {"brightness": 0.1, "contrast": 0.6, "gamma": 1.4, "invert": True},
    ],
    ids=str,
)
def test_tones_follow_their_formulas(colours: tuple[Path, np.ndarray], look: dict[str, Any]) -> None:
    clip, picture = colours
    made = Look(**look)
    tone = np.clip(0.5 + (picture / 255 - 0.5) * made.contrast + made.brightness, 0, 1) ** (1 / made.gamma)
    expected = 255 * (1 - tone if made.invert else tone)
    np.testing.assert_allclose(seen(clip, look=made), expected, atol=0.51)


def test_grayscale_is_luma_and_keeps_white(colours: tuple[Path, np.ndarray]) -> None:
    clip, picture = colours
    grey = seen(clip, look=Look(grayscale=True))
    assert (grey == grey[..., :1]).all()
    np.testing.assert_allclose(grey[..., 0], picture @ np.array([0.2126, 0.7152, 0.0722]), atol=2)
    np.testing.assert_allclose(grey[0, :8].astype(int), picture[0, :8], atol=1)
    assert (grey[0, [0, 7], 0] == [0, 255]).all()


@pytest.mark.parametrize("saturation", [1e-05, 0.5, 0.95, 1.3, 2.0, 3.0])
def test_saturation_moves_colours_away_from_their_grey(
    colours: tuple[Path, np.ndarray], saturation: float
) -> None:
    clip, picture = colours
    grey = picture @ LUMA
    expected = np.clip(grey[..., None] + saturation * (picture - grey[..., None]), 0, 255)
    shown = seen(clip, look=Look(saturation=saturation))
    np.testing.assert_allclose(shown, expected, atol=1.1)
    np.testing.assert_array_equal(shown[0, :8], picture[0, :8])  # greys


def test_saturation_1_changes_nothing_and_0_is_grayscale(
    colours: tuple[Path, np.ndarray],
) -> None:
    clip, picture = colours
    np.testing.assert_array_equal(seen(clip, look=Look(saturation=1)), picture)
    np.testing.assert_array_equal(seen(clip, look=Look(saturation=0)), seen(clip, look=Look(grayscale=True)))


def test_saturation_comes_before_the_tones(colours: tuple[Path, np.ndarray]) -> None:
    clip, picture = colours
    grey = picture @ LUMA
    saturated = np.clip(grey[..., None] + 2 * (picture - grey[..., None]), 0, 255)
    expected = np.clip(0.5 + (saturated / 255 - 0.5) * 0.5 + 0.1, 0, 1) * 255
    np.testing.assert_allclose(
        seen(clip, look=Look(saturation=2, contrast=0.5, brightness=0.1)), expected, atol=1.1
    )


def test_saturation_keeps_transparency(tmp_path: Path) -> None:
    clip = stored(tmp_path / "soft.mov", soft((180, 120, 90)))
    plain, strong = seen(clip), seen(clip, look=Look(saturation=2))
    np.testing.assert_array_equal(strong[..., 3], plain[..., 3])
    grey = np.array([180, 120, 90]) @ LUMA
    expected = grey + 2 * (np.array([180, 120, 90]) - grey)
    np.testing.assert_allclose(strong[0, 100:, :3], np.tile(expected, (156, 1)), atol=2)


def test_saturation_of_hdr_applies_after_tone_mapping(tmp_path: Path) -> None:
    clip = high_range(tmp_path / "hdr.mp4")
    plain, strong = seen(clip).astype(float), seen(clip, look=Look(saturation=1.5))
    grey = plain @ LUMA
    expected = np.clip(grey[..., None] + 1.5 * (plain - grey[..., None]), 0, 255)
    np.testing.assert_allclose(strong, expected, atol=1.1)


@pytest.mark.parametrize("sigma_px", [1.0, 2.0, 5.0])
def test_blur_is_a_gaussian(tmp_path: Path, sigma_px: float) -> None:
    step = np.zeros((8, 96, 3), np.uint8)
    step[:, 48:] = 255
    row = seen(stored(tmp_path / "step.mov", step), look=Look(blur_px=sigma_px))[4, :, 0]
    gaussian = [255 * (1 + erf((x - 47.5) / (sigma_px * sqrt(2)))) / 2 for x in range(96)]
    assert np.abs(row - np.array(gaussian)).max() < 18
    assert np.abs(row - np.array(gaussian)).mean() < 1.5


@pytest.mark.parametrize("letters", [["R"], ["R", "R"], ["RR"], ["RR", "RR"]])
def test_smallest_pictures_can_be_blurred_and_sharpened(tmp_path: Path, letters: list[str]) -> None:
    clip = write_clip(tmp_path / "clip.mov", [letters])
    assert seen(clip, look=Look(blur_px=50, sharpen=2)).tolist() == [
        [[255, 0, 0]] * len(row) for row in letters
    ]


def test_blur_leaves_no_dark_rim_around_transparent_pixels(tmp_path: Path) -> None:
    picture = np.zeros((16, 16, 4), np.uint8)
    picture[:, 8:] = (255, 120, 0, 255)
    shown = seen(stored(tmp_path / "half.mov", picture), look=Look(blur_px=2))
    soft = shown[8][shown[8, :, 3] > 60]
    assert len(soft) > 8
    np.testing.assert_allclose(soft[:, :3], np.tile([255, 120, 0], (len(soft), 1)), atol=4)


@pytest.mark.parametrize("amount", [0.5, 1.0, 2.0])
def test_sharpening_moves_a_picture_away_from_its_blur(tmp_path: Path, amount: float) -> None:
    picture = np.random.default_rng(3).integers(90, 160, (48, 64, 3), np.uint8)
    clip = stored(tmp_path / "noise.mov", picture)
    soft = seen(clip, look=Look(blur_px=1)).astype(float)
    expected = np.clip(picture + amount * (picture - soft), 0, 255)
    np.testing.assert_allclose(seen(clip, look=Look(sharpen=amount)), expected, atol=1.01)


def test_sharpening_steepens_an_edge_and_keeps_flat_areas(tmp_path: Path) -> None:
    step = np.full((8, 96, 3), 100, np.uint8)
    step[:, 48:] = 150
    row = seen(stored(tmp_path / "step.mov", step), look=Look(sharpen=1))[4, :, 0].astype(int)
    assert row[47] < 95
    assert row[48] > 155
    assert set(row[:42]) == {100}
    assert set(row[54:]) == {150}


def test_sharpness_0_changes_nothing(colours: tuple[Path, np.ndarray]) -> None:
    clip, picture = colours
    np.testing.assert_array_equal(seen(clip, look=Look(sharpen=0)), picture)


def test_sharpening_leaves_no_rim_around_transparent_pixels(tmp_path: Path) -> None:
    picture = soft((200, 120, 40))
    picture[:, :128, :3] = 0
    clip = stored(tmp_path / "soft.mov", picture)
    plain, sharp = seen(clip), seen(clip, look=Look(sharpen=2))
    np.testing.assert_array_equal(sharp[..., 3], plain[..., 3])
    half = np.zeros((16, 16, 4), np.uint8)
    half[:, 8:] = (200, 120, 40, 255)
    edge = seen(stored(tmp_path / "half.mov", half), look=Look(sharpen=2))
    np.testing.assert_allclose(edge[:, 8:], np.tile([200, 120, 40, 255], (16, 8, 1)), atol=2)


def test_hdr_is_sharpened_after_tone_mapping(tmp_path: Path) -> None:
    clip = high_range(tmp_path / "hdr.mp4")
    plain, blurred = (seen(clip, look=look).astype(float) for look in (Look(), Look(blur_px=1)))
    expected = np.clip(plain + (plain - blurred), 0, 255)
    np.testing.assert_allclose(seen(clip, look=Look(sharpen=1)), expected, atol=1.01)


# --- chroma key ------------------------------------------------------------------------------


def mixture(front: tuple[int, int, int]) -> np.ndarray:
    """A ramp from the green screen to `front` in 101 even steps, like the pixels of an edge."""
    share = np.linspace(0, 1, 101)[:, None]
    row = GREEN * (1 - share) + np.array(front) * share
    return np.tile(row.round().astype(np.uint8), (4, 1, 1))


@pytest.mark.parametrize("front", [(255, 255, 255), (0, 0, 0), (128, 128, 128), (217, 169, 140)])
def test_chroma_key_removes_the_screens_colour_from_edges(
    tmp_path: Path, front: tuple[int, int, int]
) -> None:
    clip = stored(tmp_path / "edge.mov", mixture(front))
    row = seen(clip, chroma_key=ChromaKey(colour="#14c83c"))[2]
    assert row.shape == (101, 4)
    assert (row[:20, 3] == 0).all()
    assert (row[75:, 3] > 250).all()
    assert (np.diff(row[:, 3].astype(int)) >= 0).all()
    opaque = row[row[:, 3] >= 128][:, :3].astype(int)
    np.testing.assert_allclose(opaque, np.tile(front, (len(opaque), 1)), atol=42)
    spill = opaque[:, 1] - opaque[:, [0, 2]].max(axis=1)
    assert spill.max() <= max(front[1] - max(front[0], front[2]), 0) + 12


@pytest.mark.parametrize("front", [(255, 0, 0), (255, 255, 0), (0, 255, 255), (32, 64, 192), (255, 255, 255)])
def test_chroma_key_keeps_colours_in_front_of_the_screen(tmp_path: Path, front: tuple[int, int, int]) -> None:
    picture = np.full((4, 4, 3), front, np.uint8)
    shown = seen(stored(tmp_path / "front.mov", picture), chroma_key=ChromaKey(colour="#14c83c"))
    np.testing.assert_allclose(shown[2, 2], (*front, 255), atol=3)


def test_ffmpegs_lookup_equals_the_formula(colours: tuple[Path, np.ndarray]) -> None:
    clip, picture = colours
    key = ChromaKey(colour="#14c83c", tolerance=0.2)
    shown = seen(clip, chroma_key=key)
    expected, alpha = keyed(picture / 255, key)
    np.testing.assert_allclose(shown[..., 3], alpha * 255, atol=10)
    is_seen = alpha > 0.25
    np.testing.assert_allclose(shown[..., :3][is_seen], expected[is_seen] * 255, atol=10)


@pytest.mark.parametrize(
    ("key", "letters"),
    [
        ("#00ff00", "R.BWYCMK"),
        ("#0000ff", "RG.WYCMK"),
        ("#ff00ff", "RGBWYC.K"),
        ("#ffffff", "RGB.YCMK"),
        ("#000000", "RGBWYCM."),
    ],
)
def test_any_colour_can_be_the_key(tmp_path: Path, key: str, letters: str) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RGBWYCMK"]])
    chroma_key = ChromaKey(colour=key, tolerance=0.1)
    made = convert(clip, Recipe(chroma_key=chroma_key)).save(tmp_path / "a.gif")
    assert read_gif(made)[0][0] == [letters]


@pytest.mark.parametrize(("key", "shades"), [("#ffffff", slice(0, 140)), ("#000000", slice(116, 256))])
def test_keyed_white_paper_keeps_grey_drawings(tmp_path: Path, key: str, shades: slice) -> None:
    greys = np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (2, 1, 3))
    shown = seen(stored(tmp_path / "greys.mov", greys), chroma_key=ChromaKey(colour=key))[0]
    np.testing.assert_allclose(shown[shades, :3], greys[0, shades], atol=3)
    assert (shown[shades, 3] > 250).all()
    assert shown[255 if key == "#ffffff" else 0, 3] == 0


def test_transparent_pixels_stay_transparent_under_a_key(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["R.GB"]])
    made = convert(clip, Recipe(chroma_key=ChromaKey())).save(tmp_path / "a.gif")
    assert read_gif(made)[0][0] == ["R..B"]


def test_chroma_key_and_tones_combine(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["GRKW"]])
    recipe = Recipe(chroma_key=ChromaKey(), look=Look(invert=True), flip="horizontal")
    assert read_gif(convert(clip, recipe).save(tmp_path / "a.gif"))[0][0] == ["KWC."]


def test_keyed_gif_contains_no_green(tmp_path: Path) -> None:
    y, x = np.mgrid[:90, :160]
    disc = np.clip(30 - np.hypot(x - 80, y - 45), 0, 1)[..., None]
    picture = (GREEN * (1 - disc) + 230 * disc).round().astype(np.uint8)
    path = tmp_path / "disc.mp4"
    run_ffmpeg("-f", "rawvideo", "-s", "160x90", "-pix_fmt", "rgb24", "-i", "pipe:0", "-c:v", "libx264",
           "-pix_fmt", "yuv420p", "-crf", 18, path, stdin=picture.tobytes())  # fmt: skip
    report = convert(path, Recipe(chroma_key=ChromaKey(colour="#14c83c")))
    shown = seen_by_pillow(report.read_bytes())[0][0].astype(int)
    opaque = shown[shown[..., 3] > 0]
    assert 0.9 < len(opaque) / (np.pi * 30**2) < 1.1
    assert (opaque[:, 1] - opaque[:, [0, 2]].max(axis=1)).max() < 25


# --- background ------------------------------------------------------------------------------


def test_background_fills_transparent_parts(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["R.GB"]])
    made = convert(clip, Recipe(background="#ffffff")).save(tmp_path / "a.gif")
    assert read_gif(made)[0][0] == ["RWGB"]


def test_half_transparent_pixels_mix_with_the_background(tmp_path: Path) -> None:
    shown = seen(stored(tmp_path / "soft.mov", soft((200, 100, 0))), background="#0a1eff")
    share = np.arange(256)[:, None] / 255
    expected = share * [200, 100, 0] + (1 - share) * [10, 30, 255]
    np.testing.assert_allclose(shown[0], expected, atol=3)


def test_background_does_not_change_an_opaque_clip(colours: tuple[Path, np.ndarray]) -> None:
    clip, picture = colours
    np.testing.assert_array_equal(seen(clip, background="#ff0000"), picture)


def test_lookup_path_is_escaped_in_the_filter_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "it's, [odd]; 1:2"
    odd.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    clip = write_clip(tmp_path / "clip.mkv", [["RG"]])
    assert seen(clip, chroma_key=ChromaKey())[0, :, 3].tolist() == [255, 0]
