"""Denoising removes grain, mostly in still parts, and keeps motion, details and timing."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gifapp.conversion.progress import Reporter
from gifapp.conversion.render.rendering import rendered
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Look, Recipe, Segment
from tests.support.gifs import seen_by_pillow
from tests.support.known_videos import convert, facts_of
from tests.support.letters import run_ffmpeg, write_clip

DENOISED = Recipe(look=Look(denoise=0.5))
GRAIN = 5  # standard deviation, of 255
FRAMES, SPEED_PX = 16, 4


def frames_of(path: Path, recipe: Recipe) -> np.ndarray:
    """All frames as the encoder gets them."""
    limits = Limits()
    reporter = Reporter(lambda _: None, limits.deadline_s)
    with rendered(path, facts_of(path), recipe, limits=limits, reporter=reporter) as made:
        return np.array([frame.pixels for frame in made.frames])


def psnr_db(shown: np.ndarray, clean: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.square(shown.astype(float) - clean).mean()))


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A test pattern as H.264, without grain and with it."""
    directory = tmp_path_factory.mktemp("films")
    for name, grain in (("clean", "null"), ("grainy", "noise=alls=9:allf=t")):
        picture = ("-f", "lavfi", "-i", f"testsrc=s=320x240:r=12.5:d=1.6,eq=contrast=0.6,{grain}")
        run_ffmpeg(*picture, "-c:v", "libx264", "-crf", 12, "-pix_fmt", "yuv420p", directory / f"{name}.mp4")
    return directory / "clean.mp4", directory / "grainy.mp4"


@pytest.fixture(scope="module")
def passing_bar() -> tuple[np.ndarray, np.ndarray]:
    """A faint bar passing a textured wall, uint8 (n, height, width, 3), without grain and with it."""
    rng = np.random.default_rng(5)
    wall = 100 + np.repeat(np.repeat(rng.integers(-20, 20, (24, 32)), 4, axis=0), 4, axis=1)
    clean = np.tile(wall[None, :, :, None], (FRAMES, 1, 1, 3))
    for number in range(FRAMES):
        clean[number, :, 20 + SPEED_PX * number :][:, :12] += 24
    grainy = clean + rng.normal(0, GRAIN, (*clean.shape[:3], 1))
    return clean.astype(np.uint8), grainy.round().clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("lossy", [0, 20])
def test_denoised_film_is_smaller_and_closer_to_the_clean_one(films: tuple[Path, Path], lossy: int) -> None:
    clean = frames_of(films[0], Recipe())
    plain, denoised = (
        convert(films[1], recipe.model_copy(update={"lossy": lossy})) for recipe in (Recipe(), DENOISED)
    )
    before, after = (seen_by_pillow(gif.read_bytes())[0][..., :3] for gif in (plain, denoised))
    assert denoised.bytes < 0.6 * plain.bytes
    assert psnr_db(after, clean) > psnr_db(before, clean) + 2


def stored(path: Path, frames: np.ndarray) -> Path:
    _, height, width, _ = frames.shape
    run_ffmpeg("-f", "rawvideo", "-s", f"{width}x{height}", "-pix_fmt", "rgb24", "-r", 12.5, "-i", "pipe:0",
           "-c:v", "png", path, stdin=frames.tobytes())  # fmt: skip
    return path


def test_faint_moving_bar_leaves_no_ghost(passing_bar: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    clean, grainy = passing_bar
    shown = frames_of(stored(tmp_path / "bar.mov", grainy), DENOISED)
    for number in range(6, FRAMES):
        off, left = shown[number].astype(float) - clean[number], 20 + SPEED_PX * number
        assert abs(off[:, left - 12 : left].mean()) < 1
        assert abs(off[:, left : left + 12].mean()) < 1
        assert off[:, left + 12 :].std() < 0.75 * GRAIN


def test_stronger_denoising_removes_more_grain(films: tuple[Path, Path]) -> None:
    sizes = [convert(films[1], Recipe(look=Look(denoise=amount))).bytes for amount in (0, 0.3, 0.6, 1)]
    assert sizes == sorted(sizes, reverse=True)


def test_denoising_keeps_frames_and_delays(films: tuple[Path, Path]) -> None:
    recipe = Recipe(segments=(Segment(end_s=0.4), Segment(start_s=0.9)), direction="boomerang", fps=10)
    plain, denoised = (
        seen_by_pillow(convert(films[1], recipe.model_copy(update={"look": look})).read_bytes())
        for look in (Look(), DENOISED.look)
    )
    assert denoised[1] == plain[1]


@pytest.mark.parametrize("letters", [[["RGBW"]], [["R"], ["G"], ["B"]], [["R.GB"]] * 6])
def test_clean_pictures_keep_their_colours_and_transparency(letters: list[list[str]], tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mov", letters)
    plain, denoised = (frames_of(clip, recipe) for recipe in (Recipe(), Recipe(look=Look(denoise=1))))
    np.testing.assert_array_equal(denoised[..., 3:], plain[..., 3:])
    np.testing.assert_allclose(denoised[..., :3].astype(int), plain[..., :3], atol=1)


def test_animations_are_denoised(passing_bar: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    clean, grainy = passing_bar
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w") as pictures:
        for number, frame in enumerate(grainy):
            Image.fromarray(frame).save(tmp_path / "a.png")
            pictures.write(tmp_path / "a.png", f"{number:02}.png")
    assert psnr_db(frames_of(path, DENOISED), clean) > psnr_db(frames_of(path, Recipe()), clean) + 3
