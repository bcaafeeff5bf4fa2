"""Stabilising steadies a handheld picture and keeps its frames, timing and size."""

import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from gifapp import errors
from gifapp.conversion.decode.ffmpeg import frames
from gifapp.conversion.decode.stabilising import MEASURE
from gifapp.conversion.plan import make_plan
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render.rendering import rendered
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Crop, Look, Recipe, Segment
from tests.support.known_videos import facts_of
from tests.support.letters import run_ffmpeg, write_clip

STEADY = Look(stabilise=True)
STILL = "mandelbrot=s=560x350:end_pts=1:start_scale=0.6,trim=end_frame=1,loop=-1:1,setpts=N/12.5/TB"
SHAKE = "crop=480:270:40+9*sin(n*1.7)+3*sin(n*0.9):40+8*sin(n*2.3)"
CROP = Crop(x_px=120, y_px=60, width_px=240, height_px=160)


def frames_of(path: Path, recipe: Recipe) -> np.ndarray:
    """All frames as the encoder gets them, uint8 (n, height, width, 3)."""
    limits = Limits()
    reporter = Reporter(lambda _: None, limits.deadline_s)
    with rendered(path, facts_of(path), recipe, limits=limits, reporter=reporter) as made:
        return np.array([frame.pixels for frame in made.frames])


def unrest(shown: np.ndarray) -> float:
    """The mean difference between neighbouring frames."""
    return float(np.abs(np.diff(shown.astype(float), axis=0)).mean())


@pytest.fixture(scope="module")
def shaken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A still picture of many shapes, filmed with an unsteady hand."""
    path = tmp_path_factory.mktemp("shaken") / "clip.mp4"
    run_ffmpeg("-f", "lavfi", "-i", STILL, "-vf", SHAKE, "-t", 2, "-r", 12.5, "-c:v", "libx264", "-crf", 14,
               "-pix_fmt", "yuv420p", path)  # fmt: skip
    return path


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe(crop=CROP, rotate=90),
        Recipe(speed=0.5, width_px=320),
        Recipe(segments=(Segment(end_s=0.8), Segment(start_s=1.0)), direction="boomerang"),
    ],
    ids=["whole", "cropped and rotated", "slow", "ranges"],
)
def test_shaken_picture_is_steadied(shaken: Path, recipe: Recipe) -> None:
    plain = frames_of(shaken, recipe)
    steady = frames_of(shaken, recipe.model_copy(update={"look": STEADY}))
    assert steady.shape == plain.shape
    assert unrest(steady) < 0.25 * unrest(plain)


def test_stabilising_is_deterministic(shaken: Path) -> None:
    first, second = (frames_of(shaken, Recipe(look=STEADY)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_stabilised_picture_shows_no_black_edges(tmp_path: Path) -> None:
    shake = "rotate=0.03*sin(n*1.9):c=0xb0b0b0,crop=480:270:40+18*sin(n*1.7):40+18*sin(n*2.3)"
    tones = "format=rgb24,lutrgb=r=150+val/3:g=150+val/3:b=150+val/3"
    run_ffmpeg("-f", "lavfi", "-i", STILL, "-vf", f"{tones},{shake}", "-t", 2, "-r", 12.5, "-c:v", "libx264",
               "-crf", 14, "-pix_fmt", "yuv420p", tmp_path / "clip.mp4")  # fmt: skip
    assert frames_of(tmp_path / "clip.mp4", Recipe(look=STEADY)).min() > 100


def test_middle_of_a_crop_stays_in_place(tmp_path: Path) -> None:
    run_ffmpeg("-f", "lavfi", "-i", STILL, "-t", 0.4, "-c:v", "ffv1", tmp_path / "still.mkv")
    crop = Crop(x_px=280, y_px=30, width_px=200, height_px=150)
    plain, steady = (
        frames_of(tmp_path / "still.mkv", Recipe(crop=crop, look=look))[1] for look in (Look(), STEADY)
    )
    reduced = np.asarray(Image.fromarray(steady).resize((178, 134), Image.Resampling.BICUBIC)).astype(int)
    off = np.abs(reduced - plain[8:142, 11:189]).mean()
    assert off < 0.2 * np.abs(reduced - plain[:134, :178]).mean()


def test_sequence_of_pictures_is_stabilised(shaken: Path, tmp_path: Path) -> None:
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w") as pictures:
        for number, pixels in enumerate(frames_of(shaken, Recipe())[:10]):
            Image.fromarray(pixels).save(tmp_path / "a.png")
            pictures.write(tmp_path / "a.png", f"{number:02}.png")
    plain, steady = (frames_of(path, Recipe(look=look)) for look in (Look(), STEADY))
    assert steady.shape == plain.shape
    assert unrest(steady) < 0.25 * unrest(plain)


class Cancelled(Exception):
    pass


def test_measuring_the_motion_can_be_cancelled(shaken: Path) -> None:
    commands: list[str] = []

    def cancel() -> None:
        commands.extend(" ".join(child.cmdline()) for child in psutil.Process().children())
        if any(MEASURE in command for command in commands):
            raise Cancelled

    limits, video = Limits(), facts_of(shaken)
    plan = make_plan(video, Recipe(look=STEADY), limits)
    read = frames(shaken, video, plan, limits=limits, checkpoint=cancel)
    with closing(read), pytest.raises(Cancelled):
        next(read)
    assert not [child for child in psutil.Process().children() if "ffmpeg" in child.name()]


def test_pictures_too_small_to_measure_are_unchanged(tmp_path: Path) -> None:
    tiny = write_clip(tmp_path / "tiny.mov", [["RG"], ["BW"]])
    np.testing.assert_array_equal(frames_of(tiny, Recipe(look=STEADY)), frames_of(tiny, Recipe()))


def test_transparent_source_cannot_be_stabilised(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mov", [["R."]])
    with pytest.raises(
        errors.RecipeInvalid, match=r"look\.stabilise does not work on sources with transparent parts"
    ):
        frames_of(clip, Recipe(look=STEADY))
