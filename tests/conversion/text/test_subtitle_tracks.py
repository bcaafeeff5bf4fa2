"""A video's own text tracks are extracted like a subtitle file, or refused by name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gifapp import confinement, convert, errors
from gifapp.conversion.text.subtitle_tracks import with_text_track
from gifapp.conversion.text.subtitles import read
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from tests.support.clips import PLAYLISTS
from tests.support.letters import run_ffmpeg

SRT = "1\n00:00:00,200 --> 00:00:00,900\nHi <i>there</i> <3\n\n2\n00:00:01,000 --> 00:00:01,500\ntwo\nlines\n"
VTT = "WEBVTT\n\n00:00.200 --> 00:00.900\nHi <c.x>there</c> &lt;3\n\n00:01.000 --> 00:01.500\ntwo\nlines\n"
ASS = """[Script Info]
[V4+ Styles]
[Events]
Dialogue: 0,0:00:00.20,0:00:00.90,Default,,0,0,0,,Hi {\\i1}there{\\i0} <3
Dialogue: 0,0:00:01.00,0:00:01.50,Default,,0,0,0,,two\\Nlines
"""
SAID = [("Hi there <3", 0.2, 0.9), ("two\nlines", 1.0, 1.5)]


def film(folder: Path, name: str, *tracks: tuple[str, str]) -> Path:
    """A black video with subtitle tracks, each given by its file and codec."""
    inputs, maps, codecs = list[object](), ["-map", "0"], list[str]()
    for number, (text, codec) in enumerate(tracks):
        kind = "vtt" if text.startswith("WEBVTT") else "ass" if text.startswith("[") else "srt"
        file = folder / f"{number}.{kind}"
        file.write_text(text)
        inputs += ["-i", file]
        maps += ["-map", str(number + 1)]
        codecs += [f"-c:s:{number}", codec, f"-metadata:s:s:{number}", f"title=Track {number + 1}"]
    run_ffmpeg("-f", "lavfi", "-i", "color=black:s=160x90:r=10:d=2", *inputs, *maps, *codecs, folder / name)
    return folder / name


def taken(path: Path, number: int) -> Recipe:
    recipe = Recipe(subtitles=f"track:{number}")
    return with_text_track(recipe, path, limits=Limits(), checkpoint=lambda: None)


def cues(path: Path, number: int) -> list[tuple[str, float, float]]:
    return [(cue.text, cue.start_s, cue.end_s) for cue in read(taken(path, number).subtitles or "").cues]


@pytest.fixture(scope="module")
def three_tracks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tracks")
    return film(folder, "film.mkv", (SRT, "srt"), (VTT, "copy"), (ASS, "ass"))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_text_tracks_of_each_kind_are_read(three_tracks: Path, number: int) -> None:
    assert cues(three_tracks, number) == SAID


def test_text_tracks_of_mp4_are_read(tmp_path: Path) -> None:
    assert cues(film(tmp_path, "film.mp4", (SRT, "mov_text")), 1) == SAID


def test_missing_track_is_refused_and_existing_ones_listed(three_tracks: Path) -> None:
    with pytest.raises(errors.RecipeInvalid) as refused:
        taken(three_tracks, 4)
    assert "track:4: the video has only track:1 (subrip, und, 'Track 1'); track:2 (webvtt" in str(
        refused.value
    )


def test_video_without_tracks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.RecipeInvalid, match="track:1: the video has no subtitle tracks"):
        taken(film(tmp_path, "film.mp4"), 1)


@pytest.mark.parametrize(("codec", "name"), [(b"S_HDMV/PGS\0", "PGS"), (b"S_VOBSUB\0\0\0", "VobSub")])
def test_picture_based_tracks_are_refused_by_name(tmp_path: Path, codec: bytes, name: str) -> None:
    path = film(tmp_path, "film.mkv", (SRT, "srt"))
    path.write_bytes(path.read_bytes().replace(b"S_TEXT/UTF8", codec))
    with pytest.raises(errors.RecipeInvalid, match=rf"track:1 \({name}.*\) has pictures, not words"):
        taken(path, 1)


def test_damaged_track_is_refused(tmp_path: Path) -> None:
    path = film(tmp_path, "film.mkv", ("1\n00:00:00,000 --> 00:00:01,000\n \n", "srt"))
    with pytest.raises(errors.RecipeInvalid, match="track:1"):
        taken(path, 1)


def test_playlist_is_not_followed_to_another_files_tracks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "landlock_version", lambda: 0)  # it would prevent that, too
    film(tmp_path, "film.mkv", (SRT, "srt")).rename(tmp_path / "anothers.ts")
    playlist = tmp_path / "list.ffconcat"
    playlist.write_text(PLAYLISTS[playlist.name])
    with pytest.raises(errors.RecipeInvalid, match="the video has no subtitle tracks"):
        taken(playlist, 1)


def test_recipe_without_a_track_is_unchanged(tmp_path: Path) -> None:
    recipe = Recipe(subtitles=SRT)
    assert with_text_track(recipe, tmp_path / "none", limits=Limits(), checkpoint=lambda: None) is recipe


class _Left(Exception):
    pass


def test_extraction_can_be_cancelled(three_tracks: Path) -> None:
    def checkpoint() -> None:
        raise _Left

    with pytest.raises(_Left):
        with_text_track(Recipe(subtitles="track:1"), three_tracks, limits=Limits(), checkpoint=checkpoint)


def test_track_shows_in_the_gif(three_tracks: Path, tmp_path: Path) -> None:
    report = convert(three_tracks, Recipe(subtitles="track:3", fps=10.0), tmp_path / "out.gif")
    assert any("fonts, colours" in note for note in report.notes)
    with Image.open(tmp_path / "out.gif") as gif:
        gif.seek(0)
        assert np.asarray(gif.convert("RGB")).max() < 100
        gif.seek(1)
        assert np.asarray(gif.convert("RGB")).max() > 200
