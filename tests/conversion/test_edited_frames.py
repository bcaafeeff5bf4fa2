"""The recipe's list of frames, from the recipe to finished files: which frames, in which order, how long."""

import itertools
import zipfile
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gifapp import convert, errors
from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.sizing.estimate import estimate
from gifapp.conversion.sizing.runs import in_edited_runs
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Caption, Format, Look, Recipe, Segment
from tests.conversion.encoders.test_writers import seen
from tests.support.clips import real_clip
from tests.support.frames import edits
from tests.support.gifs import gif_of
from tests.support.letters import COLOURS, pixels, read_gif, write_clip

LETTERS = "RGBWYC"
DELAYS_CS = [5, 30, 7, 100, 2, 11]
CUE = "1\n00:00:00,100 --> 00:00:00,300\nHi\n"

Shown = list[tuple[str, int]]


def solid(letter: str, *, width: int = 2, height: int = 2) -> list[str]:
    return [letter * width] * height


@pytest.fixture(scope="module")
def animation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GIF whose frames have one colour and one delay each."""
    path = tmp_path_factory.mktemp("animation") / "letters.gif"
    path.write_bytes(gif_of(pixels([solid(letter) for letter in LETTERS]), DELAYS_CS)[0])
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("video")
    return write_clip(folder / "letters.mkv", [solid(letter) for letter in LETTERS])


def made(source: Path, out: Path, recipe: Recipe) -> Shown:
    convert(source, recipe, out)
    return [(rows[0][0], delay_cs) for rows, delay_cs in read_gif(out)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"frames": edits(0, 2, 4)}, [("R", 5), ("B", 7), ("Y", 2)]),
        ({"frames": edits(1, 0, 1)}, [("G", 30), ("R", 5), ("G", 30)]),
        ({"frames": edits((3, 2), 2, (2, 400))}, [("W", 2), ("B", 407)]),
        ({"frames": edits(5, (4, 65535))}, "too long"),
        ({"frames": edits(0, 3), "speed": 2.0}, [("R", 3), ("W", 50)]),
        ({"frames": edits(0, 3), "hold_s": 0.5}, [("R", 5), ("W", 150)]),
        ({"frames": edits(0, 3), "direction": "reverse"}, [("W", 100), ("R", 5)]),
        ({"frames": edits(3, 0, 1), "direction": "boomerang"},
         [("W", 100), ("R", 5), ("G", 60), ("R", 5), ("W", 100)]),
        ({"frames": edits(0, 1), "segments": (Segment(start_s=0.35),)}, [("B", 7), ("W", 100)]),
        ({"frames": edits(4, 0), "fps": 10}, [("W", 10), ("R", 10)]),
    ],
)  # fmt: skip
def test_listed_frames_of_an_animation_keep_or_change_their_delays(
    animation: Path, tmp_path: Path, fields: dict[str, Any], expected: Shown | str
) -> None:
    if expected == "too long":
        with pytest.raises(errors.RecipeInvalid, match="frames must last at most 300 s in all"):
            convert(animation, Recipe(**fields), tmp_path / "out.gif")
        assert not list(tmp_path.iterdir())
    else:
        assert made(animation, tmp_path / "out.gif", Recipe(**fields)) == expected


@pytest.mark.parametrize("name", ["gif", "webp", "apng", "avif", "mp4", "webm"])
def test_every_format_shows_listed_frames_for_their_delays(
    animation: Path, tmp_path: Path, name: Format
) -> None:
    out = tmp_path / f"out.{name}"
    recipe = Recipe(frames=edits(3, (2, 13), 0, (4, 22)), format=name, width_px=64, height_px=64)
    convert(animation, recipe, out)
    result = seen(out)
    letters = [_nearest(frame[0, 0, :3]) for frame in result.frames]
    shown = [
        (letter, sum(delay_cs for _, delay_cs in same))
        for letter, same in groupby(zip(letters, result.delays_cs, strict=True), key=itemgetter(0))
    ]
    assert shown == [("W", 100), ("B", 13), ("R", 5), ("Y", 22)]


def _nearest(colour: np.ndarray) -> str:
    return min(LETTERS, key=lambda letter: int(np.abs(colour.astype(int) - COLOURS[letter][:3]).sum()))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"frames": edits(4, 0, (2, 33))}, [("Y", 10), ("R", 10), ("B", 33)]),
        ({"frames": edits(0, 1), "speed": 2.0}, [("R", 10), ("B", 10)]),
        ({"frames": edits(2, 0), "segments": (Segment(start_s=0.4), Segment(end_s=0.2))},
         [("R", 10), ("Y", 10)]),
    ],
)  # fmt: skip
def test_video_shows_the_listed_frames_of_its_ranges(
    video: Path, tmp_path: Path, fields: dict[str, Any], expected: Shown
) -> None:
    assert made(video, tmp_path / "out.gif", Recipe(fps=10, **fields)) == expected


def test_frames_of_a_crossfade_are_listed_like_others(video: Path, tmp_path: Path) -> None:
    ranges = (Segment(start_s=0.2, end_s=0.5), Segment(end_s=0.3))
    joined = Recipe(fps=10, segments=ranges, crossfade_s=0.2)
    convert(video, joined, tmp_path / "all.apng")
    convert(video, joined.model_copy(update={"frames": edits(2, 1)}), tmp_path / "listed.apng")
    everything, listed = (seen(tmp_path / f"{name}.apng").frames for name in ("all", "listed"))
    assert len(everything) == 4
    assert np.array_equal(listed, everything[[2, 1]])


def test_sequence_shows_the_listed_pictures(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as pictures:
        for number, letter in enumerate(LETTERS):
            Image.new("RGB", (2, 2), COLOURS[letter][:3]).save(tmp_path / "picture.png")
            pictures.write(tmp_path / "picture.png", f"{number}.png")
    recipe = Recipe(fps=5, frames=edits(5, (0, 50), 1))
    assert made(tmp_path / "pictures.zip", tmp_path / "out.gif", recipe) == [("C", 20), ("R", 50), ("G", 20)]


@pytest.mark.parametrize("source", ["animation", "video"])
def test_list_of_all_frames_changes_nothing(
    source: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(source)
    plain, listed = Recipe(fps=None), Recipe(frames=edits(*range(len(LETTERS))))
    assert convert(path, listed).read_bytes() == convert(path, plain).read_bytes()


@pytest.mark.parametrize("speed", [1.0, 1.5])
def test_reading_begins_at_the_first_listed_frame(speed: float) -> None:
    recipe = Recipe(width_px=64, speed=speed, segments=(Segment(start_s=0.3, end_s=1.9), Segment(start_s=3)))
    late = recipe.model_copy(update={"frames": edits(31, 30, 31)})
    whole, listed = (decoded(each) for each in (recipe, late))
    assert len(listed) == len(whole) - 30
    assert all(map(np.array_equal, listed, whole[30:]))


def decoded(recipe: Recipe) -> list[np.ndarray[Any, Any]]:
    """All frames that are read for a recipe of the real clip."""
    video = probe(real_clip(), limits=Limits())
    plan = make_plan(video, recipe, Limits())
    return list(ffmpeg.frames(real_clip(), video, plan, limits=Limits(), checkpoint=lambda: None))


def test_frame_number_past_the_end_is_refused(animation: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.RecipeInvalid) as refused:
        convert(animation, Recipe(frames=edits(0, 6)), tmp_path / "out.gif")
    assert refused.value.facts["fields"] == {
        "frames.1.number": "must be from 0 to 5: the clip has 6 frames (got 6)"
    }
    assert not list(tmp_path.iterdir())


def test_text_and_fades_do_not_change_what_the_numbers_mean(animation: Path, tmp_path: Path) -> None:
    recipe = Recipe(
        frames=edits(3, 0),
        look=Look(fade_out_s=0.5),
        captions=(Caption(text=".", start_s=0.5, size_px=6),),
    )
    convert(animation, recipe, tmp_path / "out.gif")
    with Image.open(tmp_path / "out.gif") as gif:
        frames = [
            (np.asarray(frame.convert("RGB"))[0, 0], frame.info["duration"])
            for frame in ImageSequence.Iterator(gif)
        ]
    assert sum(duration for _, duration in frames) == 1050
    assert len(frames) > 5
    assert _nearest(frames[0][0]) == "W"
    assert frames[-1][0].max() == 0


def lit(source: Path | np.ndarray, out: Path, recipe: Recipe) -> list[tuple[int, int]]:
    """Each frame's first shade, and whether something on it is white, with delays in tenths of a second."""
    convert(source, recipe, out)
    with Image.open(out) as gif:
        return [
            (round(frame.info["duration"] / 100), int(np.asarray(frame.convert("RGB")).max() > 200))
            for frame in ImageSequence.Iterator(gif)
        ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"frames": edits(0, 1, 2, 3)}, [(1, 0), (2, 1), (1, 0)]),
        ({"frames": edits(2, 0, 1)}, [(1, 1), (1, 0), (1, 1)]),
        ({"frames": edits(2, 0, 1), "direction": "reverse"}, [(1, 1), (1, 0), (1, 1)]),
        ({"frames": edits((1, 30), 3)}, [(3, 1), (1, 0)]),
        ({"frames": edits(0, (2, 20)), "hold_s": 1.0}, [(1, 0), (12, 1)]),
        ({"frames": edits(2, 3)}, [(1, 1), (1, 0)]),
        ({"frames": edits(3, 2), "speed": 0.5}, [(2, 0), (2, 1)]),
        ({"frames": edits(3, 4)}, [(2, 0)]),
    ],
)
def test_subtitles_stay_with_their_frames(
    tmp_path: Path, fields: dict[str, Any], expected: list[tuple[int, int]]
) -> None:
    grey = np.full((6, 60, 100, 3), 100, np.uint8)
    shown = lit(grey, tmp_path / "out.gif", Recipe(fps=10, subtitles=CUE, **fields))
    assert shown == expected


def test_subtitles_stay_with_the_listed_frames_of_an_animation(tmp_path: Path) -> None:
    grey = pixels([["." * 100] * 60] * 4)
    grey[:] = (100, 100, 100, 255)
    grey[:, 0, 0, 0] = range(4)
    source = tmp_path / "uneven.gif"
    source.write_bytes(gif_of(grey, [40, 10, 10, 40])[0])
    cue = "1\n00:00:00,500 --> 00:00:00,600\nHi\n"
    for frames, expected in {(2, 3): [(1, 1), (4, 0)], (1, 2): [(1, 0), (1, 1)], (3,): [(4, 0)]}.items():
        assert lit(source, tmp_path / "out.gif", Recipe(subtitles=cue, frames=edits(*frames))) == expected


@pytest.mark.parametrize("recipe", [Recipe(frames=edits(*range(0, 60, 2))), Recipe(frames=edits(9, (3, 40)))])
def test_estimate_counts_the_listed_frames(recipe: Recipe, tmp_path: Path) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (60, 24, 32, 3), np.uint8)
    clip = tmp_path / "clip.gif"
    convert(noise, Recipe(fps=10), clip)
    estimated, report = estimate(clip, recipe, limits=Limits()), convert(clip, recipe)
    assert (estimated.frames, estimated.duration_s) == (report.frames, report.duration_s)
    assert estimated.bytes == pytest.approx(report.bytes, rel=0.05)


@pytest.mark.parametrize(("count", "run_frames", "lengths"), [(100, 6, [6] * 8), (4, 6, [4] * 8)])
def test_long_list_is_sampled_in_runs_from_its_whole_length(
    count: int, run_frames: int, lengths: list[int]
) -> None:
    recipe = Recipe(frames=edits(*range(0, 2 * count, 2)), direction="reverse", hold_s=1)
    sampled, found = in_edited_runs(recipe, run_frames)
    assert found == lengths
    runs = [sampled.frames[at : at + lengths[0]] for at in range(0, sum(lengths), lengths[0])]
    assert all(after.number - before.number == 2 for run in runs for before, after in itertools.pairwise(run))
    assert min(edit.number for edit in sampled.frames) < count / 4
    assert max(edit.number for edit in sampled.frames) > 2 * count - count / 4 - 2
    assert (sampled.direction, sampled.hold_s) == ("forward", 0)
