"""What is no file becomes one: frames, clips and animations."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gifapp import Recipe, convert, errors
from gifapp.conversion.intake import as_file
from gifapp.conversion.probe import probe
from gifapp.domain.limits import Limits
from tests.fakes import Impatient
from tests.letters import pixels, read_gif, told, write_clip

FRAMES = pixels([["RR"], ["GG"], ["BB"]])
RGBW = [["RR"], ["GG"], ["BB"], ["WW"]]  # ten a second: 0.4 s


def played(source: Any, folder: Path) -> str:
    convert(source, Recipe(fps=10, dither="none"), folder / "out.gif")
    return told(read_gif(folder / "out.gif"))


class Tensor:
    """What PyTorch's and TensorFlow's look like to NumPy."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return self._array


class TensorOnAGraphicsCard:
    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def with_palette() -> Image.Image:
    return Image.fromarray(FRAMES[0, ..., :3].copy()).quantize()


@pytest.mark.parametrize(
    "source",
    [
        FRAMES,
        list(FRAMES[..., :3]),
        (frame for frame in FRAMES),
        Tensor(FRAMES),
        [Tensor(frame) for frame in FRAMES],
        [with_palette(), *(Image.fromarray(frame[..., :3].copy()) for frame in FRAMES[1:])],
    ],
    ids=["array", "list", "generator", "tensor", "tensors", "Pillow"],
)
def test_frames_may_come_in_many_ways(source: Any, tmp_path: Path) -> None:
    with as_file(source, fps=10, on_frame=lambda: None) as path:
        video = probe(path, limits=Limits())
    assert (video.width_px, video.height_px, video.duration_s, video.fps) == (2, 1, 0.3, 10)


def test_frames_one_by_one_play_as_an_array_does(tmp_path: Path) -> None:
    assert played(iter(FRAMES), tmp_path) == "R10 G10 B10"
    assert played([with_palette()] * 2, tmp_path) == "R20"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ([], "there are none"),
        (np.zeros((0, 2, 2, 3), np.uint8), "there are none"),
        (np.random.default_rng(1).random((2, 4, 4, 3)), "their numbers are float64, not uint8 from 0 to 255"),
        (np.zeros((480, 640, 3), np.uint8), r"the shape is \(480, 640, 3\), not \(frames, height, width\)"),
        (np.zeros((2, 3, 48, 64), np.uint8), r"the shape of one is \(3, 48, 64\), not \(height, width\)"),
        (np.zeros((2, 0, 5), np.uint8), r"the shape of one is \(0, 5"),
        ([FRAMES[0], FRAMES[0][:, :1]], r"number 2 has the shape \(1, 1, 4\), the first one \(1, 2, 4\)"),
        ([[[1, 2], [3]]], "NumPy cannot read them"),
        (TensorOnAGraphicsCard(), "can't convert cuda:0"),
        (42, "int is no sequence of them"),
        (None, "NoneType is no sequence of them"),
    ],
)
def test_what_is_wrong_with_frames_is_said(source: Any, says: str) -> None:
    with pytest.raises(errors.FramesInvalid, match=says):
        convert(source)


def test_storing_frames_can_be_cancelled() -> None:
    def endless() -> Iterator[np.ndarray]:
        while True:
            yield FRAMES[0]

    with pytest.raises(errors.Cancelled):
        convert(endless(), on_progress=Impatient(cancel_at=0.0))


@pytest.fixture
def axes() -> Iterator[Any]:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(1, 0.5), dpi=40)
    axes.set_position((0, 0, 1, 1))
    yield axes
    pyplot.close(figure)


def test_a_matplotlib_animation_plays_at_its_own_interval(axes: Any, tmp_path: Path) -> None:
    from matplotlib.animation import FuncAnimation

    def draw(colour: str) -> list[Any]:
        axes.set_facecolor(colour)
        return []

    animation = FuncAnimation(axes.figure, draw, frames=["red", "lime", "blue"], interval=250)
    report = convert(animation, Recipe(dither="none"), tmp_path / "out.gif")
    assert (report.width_px, report.height_px, report.duration_s) == (40, 20, 0.75)
    shown = read_gif(tmp_path / "out.gif")
    assert [(rows[10][20], delay_cs) for rows, delay_cs in shown] == [("R", 25), ("G", 25), ("B", 25)]


def test_an_artist_animation_is_a_source(axes: Any, tmp_path: Path) -> None:
    from matplotlib.animation import ArtistAnimation

    shown = [[axes.text(0.5, 0.5, word)] for word in ("one", "two", "three")]
    report = convert(ArtistAnimation(axes.figure, shown, interval=100), output=tmp_path / "out.gif")
    assert (report.frames, report.duration_s) == (3, 0.3)


def test_what_an_animation_raises_is_raised(axes: Any) -> None:
    from matplotlib.animation import FuncAnimation

    def draw(number: int) -> list[Any]:
        if number == 2:
            raise ZeroDivisionError
        return []

    with pytest.raises(ZeroDivisionError):
        convert(FuncAnimation(axes.figure, draw, frames=5))


def test_matplotlib_is_not_imported_for_others() -> None:
    code = (
        "import sys, numpy, gifapp; gifapp.convert(numpy.zeros((2, 4, 5), numpy.uint8)); "
        "assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_bytes_are_a_source(tmp_path: Path) -> None:
    video = write_clip(tmp_path / "rgbw.mkv", RGBW)
    report = convert(video.read_bytes(), Recipe(fps=10.0))
    assert told(read_gif(report.save(tmp_path / "a.gif"))) == "R10 G10 B10 W10"


@pytest.mark.parametrize("fps", [7.0, 10.0, 12.5, 30.0])
@pytest.mark.parametrize("letters", ["RGBW", "R.B."])
def test_numpy_frames_are_a_source(tmp_path: Path, fps: float, letters: str) -> None:
    frames = pixels([[letter * 2] for letter in letters])
    frames = frames if "." in letters else frames[..., :3]
    shown = read_gif(convert(frames, Recipe(fps=fps)).save(tmp_path / "a.gif"))
    assert [rows[0][0] for rows, _ in shown] == list(letters)
    assert sum(delay_cs for _, delay_cs in shown) == round(400 / fps)


@pytest.mark.parametrize(
    "array", [np.zeros((2, 4, 4, 3)), np.zeros((4,), np.uint8), np.zeros((0, 2, 2, 3), np.uint8)]
)
def test_arrays_that_are_no_frames_are_refused(array: np.ndarray) -> None:
    with pytest.raises(errors.FramesInvalid):
        convert(array)


def test_a_moviepy_clip_is_a_source(tmp_path: Path) -> None:
    from moviepy.video.VideoClip import VideoClip

    frames = pixels(RGBW)[..., :3]
    clip = VideoClip(lambda t: frames[min(int(t * 10 + 0.01), 3)], duration=0.4).with_fps(10)
    shown = read_gif(convert(clip, Recipe(fps=10.0)).save(tmp_path / "a.gif"))
    assert told(shown) == "R10 G10 B10 W10"
