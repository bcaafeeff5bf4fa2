"""Arrays of other libraries, by the protocols that they share with NumPy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gifapp import Recipe, convert, errors
from gifapp.conversion.intake.arrays import as_array
from gifapp.conversion.intake.colouring import Colouring
from tests.support.letters import pixels, read_gif, timeline_of

FRAMES = pixels([["RR"], ["GG"], ["BB"]])
RGB = FRAMES[..., :3]


def played(source: Any, folder: Path, **options: Any) -> str:
    convert(source, Recipe(fps=10, dither="none"), folder / "out.gif", **options)
    return timeline_of(read_gif(folder / "out.gif"))


class OfInterface:
    def __init__(self, array: np.ndarray) -> None:
        self.__array_interface__ = array.__array_interface__
        self._array = array


class OfDlpack:
    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()


class OnAGraphicsCard(OfDlpack):
    """As CuPy's and PyTorch's: NumPy is refused, and DLPack copies to main memory when asked to."""

    copies = 0

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def __dlpack__(self, **options: Any) -> Any:
        if options.get("dl_device") != (1, 0):
            raise BufferError("not in main memory")
        self.copies += 1
        return self._array.__dlpack__()


class WithGradients:
    """As PyTorch's that are part of a graph: only a detached copy is for others."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        raise RuntimeError("can't call numpy() on a tensor that requires grad")

    def detach(self) -> "WithGradients":
        return self

    def cpu(self) -> np.ndarray:
        return self._array


class Lazy:
    """As xarray's and Dask's: each frame is computed when it is read."""

    def __init__(self, array: np.ndarray) -> None:
        self.shape = array.shape
        self._array = array

    def __getitem__(self, number: int) -> np.ndarray:
        frame: np.ndarray = self._array[number]
        return frame

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        raise AssertionError("the whole array was read")


@pytest.mark.parametrize("kind", [OfInterface, OfDlpack, OnAGraphicsCard, WithGradients, Lazy])
def test_arrays_of_every_library_play(kind: Callable[[np.ndarray], Any], tmp_path: Path) -> None:
    assert played(kind(RGB), tmp_path) == "R10 G10 B10"


@pytest.mark.parametrize("kind", [OfInterface, OfDlpack, OnAGraphicsCard, WithGradients])
def test_frames_may_be_arrays_of_every_library(kind: Callable[[np.ndarray], Any], tmp_path: Path) -> None:
    assert played([kind(frame) for frame in RGB], tmp_path) == "R10 G10 B10"


@pytest.mark.parametrize("kind", [OfInterface, OfDlpack, np.asarray])
def test_pixels_are_not_copied(kind: Callable[[np.ndarray], Any]) -> None:
    assert np.shares_memory(as_array(kind(RGB)), RGB)
    assert np.shares_memory(Colouring().pixels(kind(RGB[0])), RGB)


WIDE = pixels([["RRRRR"], ["GGGGG"], ["BBBBB"]])
FIRST = np.moveaxis(WIDE[..., :3], 3, 1)


@pytest.mark.parametrize(
    "frames",
    [
        RGB / 255,
        (RGB / 255).astype(np.float16),
        RGB / 255 * 1.0005,
        FIRST,
        np.moveaxis(WIDE, 3, 1).astype(np.float32) / 255,
        list(FIRST),
    ],
    ids=["floats", "half floats", "rounded floats", "channels first", "RGBA first", "frames, channels first"],
)
def test_floats_and_channels_first_play(frames: Any, tmp_path: Path) -> None:
    assert played(frames, tmp_path) == "R10 G10 B10"


def test_channels_are_last_where_both_are_possible() -> None:
    frame = np.zeros((3, 8, 4), np.uint8)
    assert Colouring().pixels(frame).shape == (3, 8, 4)


def test_true_is_white(tmp_path: Path) -> None:
    assert played(np.array([[[True] * 2], [[False] * 2]]), tmp_path) == "W10 K10"


def row(numbers: Any, **colouring: Any) -> list[list[int]]:
    shown = Colouring(**colouring).ready().pixels(np.array([numbers]))
    return [pixel.tolist() for pixel in shown[0]]


def test_masked_pixels_do_not_count_as_extremes() -> None:
    frames = np.ma.masked_array([[[9.0, 2.0]], [[7.0, 7.0]]], [[[True, False]], [[True, True]]])
    assert Colouring(cmap="grey").spanning(frames) == Colouring("grey", 2.0, 2.0)


def test_what_holds_no_numbers_is_named() -> None:
    with pytest.raises(errors.FramesInvalid, match="object holds no numbers"):
        Colouring(vmin=0, vmax=1).pixels(object())


def test_nan_and_masked_pixels_are_transparent() -> None:
    assert row([0.0, np.nan, 1.0]) == [[0, 0, 0, 255], [0, 0, 0, 0], [255, 255, 255, 255]]
    masked = np.ma.masked_equal(np.array([[7, 8]], np.uint8), 8)
    assert Colouring().pixels(masked)[0].tolist() == [[7, 7, 7, 255], [8, 8, 8, 0]]
    colours = np.array([[[0.5, 0.5, 0.5, 1.0], [np.nan, 0.0, 0.0, 1.0]]])
    assert Colouring().pixels(colours)[0].tolist() == [[128, 128, 128, 255], [0, 0, 0, 0]]


def test_limits_scale_numbers_of_any_kind() -> None:
    assert row([-5, 0, 5, 50], vmin=-5, vmax=5) == [[0] * 3, [128] * 3, [255] * 3, [255] * 3]


def test_colormap_colours_as_matplotlib_does() -> None:
    mpl = pytest.importorskip("matplotlib")
    viridis = mpl.colormaps["viridis"]
    expected = viridis([0.0, 0.25, 1.0], bytes=True)[:, :3].tolist()
    assert row([10, 15, 30], cmap="viridis", vmin=10, vmax=30) == expected
    assert row([10, 15, 30], cmap=viridis, vmin=10, vmax=30) == expected
    assert row([10.0, np.nan], cmap="viridis", vmin=10, vmax=30)[1] == [0, 0, 0, 0]
    bad = viridis.with_extremes(bad="red")
    assert row([10.0, np.nan], cmap=bad, vmin=10, vmax=30)[1] == [255, 0, 0]


@pytest.mark.parametrize("make", [np.array, list, Lazy], ids=["array", "list", "lazy"])
def test_extremes_are_those_of_all_frames(make: Callable[[Any], Any], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    fields = np.array([[[3.0, 3.0]], [[np.nan, 5.0]], [[7.0, 7.0]]])
    report = convert(make(fields), Recipe(fps=10), tmp_path / "out.gif", cmap="gray")
    shown = [rows[0] for rows, _ in read_gif(report.path)]  # type: ignore[arg-type]
    assert (shown[0], shown[1][0], shown[2]) == ("KK", ".", "WW")


@pytest.mark.parametrize(
    ("source", "options", "says"),
    [
        (iter([np.zeros((2, 5))]), {"cmap": "gray"}, "^vmax must be set with vmin: frames that come one by"),
        (
            np.zeros((2, 2, 5)),
            {"cmap": "grey-ish"},
            "^cmap must be a matplotlib colormap such as 'viridis', not",
        ),
        (np.zeros((2, 2, 5)), {"cmap": 7}, "^cmap must be a matplotlib colormap"),
        (RGB, {"cmap": "gray"}, "^cmap colours grey frames; these have 3 channels"),
        (np.zeros((2, 2, 5)), {"vmin": 2, "vmax": 1}, "^vmin must not be greater than vmax"),
        (np.zeros((2, 2, 5)), {"vmin": np.nan, "vmax": 1}, "^vmin must be a finite number, not nan"),
        ("clip.mp4", {"cmap": "gray"}, "^cmap is for arrays and other frames"),
        (b"GIF89a", {"durations_s": [1]}, "^durations_s is for arrays and other frames"),
    ],
)
def test_error_names_its_argument(source: Any, options: dict[str, Any], says: str) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(errors.FieldInvalid, match=says):
        convert(source, **options)


def test_numbers_that_are_all_equal_or_missing_still_play(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert played(np.full((1, 1, 2), 5.0), tmp_path, cmap="gray") == "K10"
    assert played(np.full((1, 1, 2), np.nan), tmp_path, cmap="gray") == ".10"
