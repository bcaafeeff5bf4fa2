"""Converting a video to every format but GIF."""

from pathlib import Path

import pytest

import gifapp
from gifapp import errors
from gifapp.domain.recipes.recipe import Format, Recipe
from tests.conversion.encoders.test_writers import OTHERS, no_ffmpeg_is_left, seen
from tests.support import clips
from tests.support.fakes import Impatient
from tests.support.letters import write_clip


@pytest.mark.parametrize("format_", OTHERS)
@pytest.mark.parametrize("fps", [7.0, 15.0, 29.97])
def test_duration_equals_the_sources(tmp_path: Path, format_: Format, fps: float) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="32x32", seconds=1.16)
    suffix = {"apng": "png"}.get(format_, format_)
    report = gifapp.convert(clip, Recipe(fps=fps, format=format_))
    shown = seen(report.save(tmp_path / f"a.{suffix}"))
    assert sum(shown.delays_cs) == 116
    assert (report.duration_s, report.frames, report.colours) == (1.16, len(shown.delays_cs), None)
    assert report.bytes == len(report.read_bytes())
    assert report.as_json()["format"] == format_


def test_transparent_videos_stay_transparent(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mov", [["R.", "GB"], ["..", "WK"]])
    shown = seen(Path(gifapp.convert(clip, output=tmp_path / "a.png").path or ""))
    assert shown.frames[..., 3].tolist() == [[[255, 0], [255, 255]], [[0, 0], [255, 255]]]


@pytest.mark.parametrize("format_", OTHERS)
def test_cancelling_leaves_nothing(tmp_path: Path, format_: Format) -> None:
    with pytest.raises(errors.Cancelled):
        gifapp.convert(clips.real_clip(), Recipe(format=format_), tmp_path / "out", Impatient(cancel_at=0.3))
    assert list(tmp_path.iterdir()) == []
    assert no_ffmpeg_is_left()


@pytest.mark.parametrize("format_", OTHERS)
def test_progress_reaches_1(format_: Format) -> None:
    listener = Impatient()
    gifapp.convert(clips.real_clip(), Recipe(width_px=120, format=format_), on_progress=listener)
    fractions = [progress.fraction for progress in listener.heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


@pytest.mark.parametrize(
    ("name", "recipe", "start"),
    [
        ("a.webp", Recipe(), b"RIFF"),
        ("a.png", Recipe(), b"\x89PNG"),
        ("a.APNG", Recipe(), b"\x89PNG"),
        ("a.mp4", Recipe(), b"\0\0\0"),
        ("a.avif", Recipe(), b"\0\0\0"),
        ("a.webm", Recipe(), b"\x1aE\xdf\xa3"),
        ("a.gif", Recipe(), b"GIF89a"),
        ("a", Recipe(format="webp"), b"RIFF"),
        ("a.webp", Recipe(format="webp"), b"RIFF"),
        ("a.dat", Recipe(), b"GIF89a"),
    ],
)
def test_output_suffix_chooses_the_format(tmp_path: Path, name: str, recipe: Recipe, start: bytes) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]])
    assert gifapp.convert(clip, recipe, tmp_path / name).read_bytes().startswith(start)


def test_suffix_that_contradicts_the_recipe_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]])
    with pytest.raises(errors.FormatContradicted, match=r"ends in .mp4, but the recipe's format is webp"):
        gifapp.convert(clip, Recipe(format="webp"), tmp_path / "a.mp4")


@pytest.mark.parametrize(
    ("format_", "tag"),
    [
        ("webp", '<img alt="the WebP" width="2" style="max-width:100%" src="data:image/webp;base64,UklG'),
        ("apng", 'src="data:image/apng;base64,iVBORw0KGgo'),
        ("avif", '<img alt="the AVIF" width="2" style="max-width:100%" src="data:image/avif;base64,'),
        ("mp4", "<video autoplay loop muted playsinline controls"),
        ("webm", 'src="data:video/webm;base64,'),
    ],
)
def test_report_displays_the_file(tmp_path: Path, format_: Format, tag: str) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]])
    assert tag in gifapp.convert(clip, Recipe(format=format_))._repr_html_()
