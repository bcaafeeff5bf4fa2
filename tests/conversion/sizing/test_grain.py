from pathlib import Path

import pytest

from gifapp.conversion.sizing.estimate import estimate
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Look, Recipe
from tests.support import clips
from tests.support.known_videos import convert
from tests.support.letters import run_ffmpeg

DENOISED = Recipe(look=Look(denoise=0.5))


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A real film, clean and with grain."""
    directory = tmp_path_factory.mktemp("films")
    for name, grain in (("clean", ""), ("grainy", ",noise=alls=9:allf=t")):
        to = (
            "-an",
            "-vf",
            f"scale=320:-2{grain}",
            "-crf",
            12,
            "-preset",
            "veryfast",
            directory / f"{name}.mp4",
        )
        run_ffmpeg("-i", clips.real_clip(), *to)
    return directory / "clean.mp4", directory / "grainy.mp4"


def notes_on(path: Path, recipe: Recipe | None = None) -> tuple[str, ...]:
    return estimate(path, recipe or Recipe(), limits=Limits()).notes


def test_denoising_a_grainy_clip_is_recommended_with_its_saving(films: tuple[Path, Path]) -> None:
    (note,) = notes_on(films[1])
    plain, denoised = (convert(films[1], recipe).bytes for recipe in (Recipe(), DENOISED))
    percent = int(note.removesuffix(" %.").split()[-1])
    assert note.startswith("Grainy: Denoise at 0.5 would save about ")
    assert percent == pytest.approx(100 * (1 - denoised / plain), abs=12)


def test_denoising_a_clean_or_denoised_clip_is_not_recommended(films: tuple[Path, Path]) -> None:
    assert notes_on(films[0]) == ()
    assert notes_on(films[1], DENOISED) == ()


def test_motion_is_not_mistaken_for_grain(tmp_path: Path) -> None:
    run_ffmpeg("-f", "lavfi", "-i", "mandelbrot=s=320x240:r=12:start_scale=2:end_pts=30", "-t", 1.5,
               "-vf", "scroll=h=0.02", "-c:v", "ffv1", tmp_path / "zoom.mkv")  # fmt: skip
    assert notes_on(tmp_path / "zoom.mkv") == ()


def test_long_grainy_clip_is_recognised_from_samples(films: tuple[Path, Path], tmp_path: Path) -> None:
    run_ffmpeg("-stream_loop", 20, "-i", films[1], "-c", "copy", tmp_path / "long.mp4")
    (note,) = notes_on(tmp_path / "long.mp4")
    assert "Grainy" in note


def test_clip_of_a_few_frames_is_not_judged(films: tuple[Path, Path], tmp_path: Path) -> None:
    run_ffmpeg("-i", films[1], "-t", 0.2, "-c", "copy", tmp_path / "short.mp4")
    assert "Grainy" not in " ".join(notes_on(tmp_path / "short.mp4", Recipe(fps=10)))


def test_denoising_is_recommended_with_a_target_size_too(films: tuple[Path, Path]) -> None:
    given_up, note = notes_on(films[1], Recipe(target_bytes=500_000))
    assert given_up.startswith("To fit 500 kB: ")
    assert "Grainy" in note
