"""Animations drawn by a function."""

import multiprocessing
import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gifapp import Recipe, animate, errors
from gifapp.notebook.animating import _draw
from tests.support.letters import pixels, read_gif, timeline_of

COLOURS: dict[str, np.ndarray] = dict(zip("RGB", pixels([["RR"], ["GG"], ["BB"]]), strict=True))


def in_colour(letter: str) -> np.ndarray:
    return COLOURS[letter]


def of_the_process(_: int) -> np.ndarray:
    return np.full((2, 2, 3), os.getpid() % 256, np.uint8)


def dying(number: int) -> np.ndarray:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return COLOURS["R"]


def failing(number: int) -> np.ndarray:
    return COLOURS["R"] * (1 // (3 - number) + 1)


@pytest.mark.parametrize("function", [in_colour, lambda letter: COLOURS[letter]], ids=["parallel", "serial"])
def test_frames_keep_their_order(function: Any, tmp_path: Path) -> None:
    report = animate(function, "RGBRGBRRGB", Recipe(dither="none"), tmp_path / "out.gif", fps=10, processes=2)
    assert timeline_of(read_gif(tmp_path / "out.gif")) == "R10 G10 B10 R10 G10 B10 R20 G10 B10"
    assert report.duration_s == 1
    assert multiprocessing.active_children() == []


def test_function_that_can_be_pickled_is_called_elsewhere() -> None:
    elsewhere = animate(of_the_process, range(4), processes=2).read_frames().frames
    assert os.getpid() % 256 not in elsewhere[..., :3]
    here = animate(partial(of_the_process), range(4), processes=1).read_frames().frames
    assert set(here[..., :3].ravel()) == {os.getpid() % 256}


@pytest.mark.parametrize(
    ("function", "error", "says"),
    [
        (failing, ZeroDivisionError, "by zero"),
        (dying, errors.FramesInvalid, "ended, perhaps for lack of"),
    ],
)
def test_failure_ends_all_processes(
    function: Any, error: type[Exception], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(error, match=says):
        animate(function, range(100), output=tmp_path / "out.gif", processes=2)
    assert multiprocessing.active_children() == []
    assert list(tmp_path.iterdir()) == []


def test_figures_that_the_function_opens_are_closed() -> None:
    pytest.importorskip("matplotlib").use("agg")
    from matplotlib import pyplot

    from gifapp.conversion.intake.colouring import Colouring

    kept = pyplot.figure(figsize=(1, 1), dpi=20)
    try:
        returned = _draw(lambda _: pyplot.figure(figsize=(2, 1), dpi=20), 1, Colouring())
        current = _draw(lambda _: kept.set_facecolor("red"), 1, Colouring())
        assert (returned.shape, current[0, 0].tolist()) == ((20, 40, 3), [255, 0, 0])
        assert pyplot.get_fignums() == [kept.number]
    finally:
        pyplot.close(kept)


@pytest.mark.parametrize(
    ("options", "says"), [({"processes": 0}, "^processes must be 1 or more"), ({"fps": 99}, "^fps must")]
)
def test_arguments_that_cannot_be_used_are_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(errors.FieldInvalid, match=says):
        animate(in_colour, "R", **options)


def test_no_values_make_no_gif() -> None:
    with pytest.raises(errors.FramesInvalid, match="there are none"):
        animate(in_colour, "")
