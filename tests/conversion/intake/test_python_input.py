"""Frames, clips and animations passed in from Python become a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from moviepy import AudioClip, ColorClip, ImageClip
from PIL import Image

from gifapp import Recipe, convert, errors
from gifapp.conversion.intake.python_input import as_file
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.support.fakes import Impatient
from tests.support.letters import pixels, read_gif, timeline_of, write_clip

FRAMES = pixels([["RR"], ["GG"], ["BB"]])
RGBW = [["RR"], ["GG"], ["BB"], ["WW"]]  # ten a second: 0.4 s


def played(source: Any, folder: Path) -> str:
    convert(source, Recipe(fps=10, dither="none"), folder / "out.gif")
    return timeline_of(read_gif(folder / "out.gif"))


class Tensor:
    """An array-like object, as PyTorch and TensorFlow pass to NumPy."""

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
def test_frames_are_accepted_in_many_types(source: Any, tmp_path: Path) -> None:
    with as_file(source, fps=10, on_frame=lambda: None) as taken:
        video = probe(taken.path, limits=Limits())
    assert (video.width_px, video.height_px, video.duration_s, video.fps) == (2, 1, 0.3, 10)


def test_iterated_frames_play_like_an_array(tmp_path: Path) -> None:
    assert played(iter(FRAMES), tmp_path) == "R10 G10 B10"
    assert played([with_palette()] * 2, tmp_path) == "R20"


def test_masked_array_without_mask_is_accepted(tmp_path: Path) -> None:
    assert played(np.ma.masked_array(FRAMES), tmp_path) == "R10 G10 B10"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ([], "there are none"),
        (np.zeros((0, 2, 2, 3), np.uint8), "there are none"),
        (
            np.full((2, 4, 4, 3), 213.5),
            "go from 0 to 213.5, but floats are shown from 0 to 1; scale them, or",
        ),
        (np.full((2, 4, 5), -np.inf), "go from -inf to 1, but floats are shown from 0 to 1"),
        (np.full((2, 4, 5), 1j), "their numbers are complex128, not uint8 from 0 to 255 nor floats"),
        (np.zeros((480, 640, 3), np.uint8), r"the shape is \(480, 640, 3\), not \(frames, height, width\)"),
        (np.zeros((2, 5, 48, 64), np.uint8), r"the shape of one is \(5, 48, 64\), not \(height, width\)"),
        (np.zeros((2, 0, 5), np.uint8), r"the shape of one is \(0, 5"),
        ([FRAMES[0], FRAMES[0][:, :1]], r"number 2 has the shape \(1, 1, 4\), the first one \(1, 2, 4\)"),
        ([[[1, 2], [3]]], "NumPy cannot read them"),
        (TensorOnAGraphicsCard(), "can't convert cuda:0"),
        (42, "int is not a sequence of frames"),
        (None, "NoneType is not a sequence of frames"),
        (np.ones((2, 4, 5), "i8"), r"are int64, not uint8 from 0 to 255 .* scale them .* astype\('uint8'\)"),
        (np.zeros((2, 4, 5, 3), ">u2"), "their numbers are >u2, not uint8"),
        (np.zeros((2, 6, 5, 2), np.uint8), r"the shape of one is \(6, 5, 2\), not \(height, width\)"),
        (np.zeros((2, 6, 5, 5), np.uint8), r"the shape of one is \(6, 5, 5\)"),
        (iter(()), "there are none"),
        (
            ["a.png", "b.png"],
            "one of them is the path 'a.png'; pass the folder of the pictures, or open each",
        ),
        ([Image.new("F", (2, 1))], "mode F has no white of its own; scale it to 0 to 255"),
        (
            [Image.fromarray(np.array([[-5, 70_000]], np.int32))],
            "mode I goes from -5 to 70000, not 0 to 65535",
        ),
    ],
)
def test_unusable_frames_are_refused_with_a_reason(source: Any, says: str) -> None:
    with pytest.raises(errors.FramesInvalid, match=says):
        convert(source)


SEE_THROUGH = FRAMES.copy()
SEE_THROUGH[..., 0, 3] = 0


@pytest.mark.parametrize(
    ("frames", "shown"),
    [
        ([FRAMES[0, ..., :3], FRAMES[1]], "RR GG"),
        ([FRAMES[0], FRAMES[1, ..., :3]], "RR GG"),
        ([FRAMES[0, ..., :3], SEE_THROUGH[1]], "RR .G"),
        ([FRAMES[0, ..., :3], FRAMES[1], SEE_THROUGH[2], FRAMES[0, ..., :3]], "RR GG .B RR"),
        ([SEE_THROUGH[0], FRAMES[1, ..., :3]], ".R GG"),
    ],
)
def test_frames_with_and_without_alpha_may_be_mixed(frames: list[Any], shown: str, tmp_path: Path) -> None:
    report = convert(iter(frames), Recipe(fps=10, dither="none"), tmp_path / "out.gif")
    letters = ["".join(rows[0]) for rows, _ in read_gif(tmp_path / "out.gif")]
    assert (" ".join(letters), report.duration_s) == (shown, len(frames) / 10)


@pytest.mark.parametrize(
    "array",
    [
        FRAMES[..., ::-1][..., ::-1],
        np.asfortranarray(FRAMES),
        np.repeat(FRAMES, 2, axis=2)[:, :, ::2],
        np.broadcast_to(FRAMES[:, :, :1], FRAMES.shape),
    ],
    ids=["turned twice", "by columns", "every other column", "read-only"],
)
def test_arrays_may_have_any_memory_layout(array: np.ndarray, tmp_path: Path) -> None:
    assert played(array, tmp_path) == "R10 G10 B10"


@pytest.mark.parametrize("shape", [(3, 2, 6), (3, 2, 6, 1)])
def test_grey_frames_may_lack_a_channel_axis(shape: tuple[int, ...], tmp_path: Path) -> None:
    white = np.full(shape, 255, np.uint8)
    assert played(white, tmp_path) == "W30"


def test_storing_frames_can_be_cancelled() -> None:
    def endless() -> Iterator[np.ndarray]:
        while True:
            yield FRAMES[0]

    with pytest.raises(errors.Cancelled):
        convert(endless(), on_progress=Impatient(cancel_at=0.0))


def test_bytes_are_a_source(tmp_path: Path) -> None:
    video = write_clip(tmp_path / "rgbw.mkv", RGBW)
    report = convert(video.read_bytes(), Recipe(fps=10.0))
    assert timeline_of(read_gif(report.save(tmp_path / "a.gif"))) == "R10 G10 B10 W10"


@pytest.mark.parametrize("fps", [7.0, 10.0, 12.5, 30.0])
@pytest.mark.parametrize("letters", ["RGBW", "R.B."])
def test_numpy_frames_are_a_source(tmp_path: Path, fps: float, letters: str) -> None:
    frames = pixels([[letter * 2] for letter in letters])
    frames = frames if "." in letters else frames[..., :3]
    shown = read_gif(convert(frames, Recipe(fps=fps)).save(tmp_path / "a.gif"))
    assert [rows[0][0] for rows, _ in shown] == list(letters)
    assert sum(delay_cs for _, delay_cs in shown) == round(400 / fps)


@pytest.mark.parametrize(
    "array", [np.zeros((2, 4, 4, 3), "i8"), np.zeros((4,), np.uint8), np.zeros((0, 2, 2, 3), np.uint8)]
)
def test_unusable_arrays_are_refused(array: np.ndarray) -> None:
    with pytest.raises(errors.FramesInvalid):
        convert(array)


def test_moviepy_clip_is_a_source(tmp_path: Path) -> None:
    from moviepy.video.VideoClip import VideoClip

    frames = pixels(RGBW)[..., :3]
    clip = VideoClip(lambda t: frames[min(int(t * 10 + 0.01), 3)], duration=0.4).with_fps(10)
    shown = read_gif(convert(clip, Recipe(fps=10.0)).save(tmp_path / "a.gif"))
    assert timeline_of(shown) == "R10 G10 B10 W10"


@pytest.mark.parametrize("fps", [5.0, 10.0, 20.0])
def test_clip_without_a_rate_plays_at_the_recipes(fps: float, tmp_path: Path) -> None:
    clip = ColorClip((4, 2), color=(255, 0, 0), duration=0.6)
    assert not hasattr(clip, "fps")
    shown = read_gif(convert(clip, Recipe(fps=fps)).save(tmp_path / "a.gif"))
    assert timeline_of(shown) == "R60"


def test_mask_makes_a_clip_transparent(tmp_path: Path) -> None:
    mask = ImageClip(np.array([[1.0, 0.999, 0.001, 0.0]]), is_mask=True, duration=0.4)
    clip = ColorClip((4, 1), color=(255, 0, 0), duration=0.4).with_mask(mask)
    assert read_gif(convert(clip, Recipe(fps=5.0)).save(tmp_path / "a.gif")) == [(["RR.."], 40)]


def test_mask_clip_is_grey(tmp_path: Path) -> None:
    clip = ImageClip(np.array([[1.0, 0.0]]), is_mask=True, duration=0.4)
    with Image.open(convert(clip, Recipe(fps=5.0)).save(tmp_path / "a.gif")) as shown:
        assert [shown.convert("RGB").getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (0, 0, 0)]


@pytest.mark.parametrize("duration", [None, 0, float("inf")])
def test_clip_needs_a_duration(duration: float | None) -> None:
    with pytest.raises(errors.FramesInvalid, match="the clip has no duration"):
        convert(ColorClip((4, 2), color=(255, 0, 0), duration=duration))


def test_audio_clip_is_refused() -> None:
    with pytest.raises(errors.FramesInvalid, match="the shape of one is"):
        convert(AudioClip(np.sin, duration=1, fps=8000))
