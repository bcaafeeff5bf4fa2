"""Frames recorded one by one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gifapp
from gifapp import Recipe, errors, record
from gifapp.notebook.recording import Recording
from tests.support.letters import pixels, read_gif, timeline_of

FRAMES = pixels([["RR"], ["GG"], ["BB"]])


def test_recording_keeps_every_frame(tmp_path: Path) -> None:
    with record(Recipe(dither="none"), tmp_path / "out.gif", fps=50) as gif:
        gif.add(FRAMES[0])
        gif.add(Image.fromarray(FRAMES[1]))
        gif.add(FRAMES[2, ..., :3] / 255)
    assert timeline_of(read_gif(tmp_path / "out.gif")) == "R2 G2 B2"
    assert gif.report.path == tmp_path / "out.gif"
    assert {"image/gif", "image/png", "text/html", "text/plain"} == gif._repr_mimebundle_().keys()
    assert repr(gif).startswith("Recording, 2 x 1, 3 frames, 0.06 s")


def test_recipe_may_thin_a_recording(tmp_path: Path) -> None:
    with record(Recipe(fps=10), fps=20) as gif:
        for number in range(8):
            gif.add(FRAMES[number // 2 % 3])
    assert (gif.report.frames, gif.report.duration_s) == (4, 0.4)
    assert gif.report.shrink("1kB").duration_s == 0.4


@pytest.mark.parametrize(
    ("recipe", "size"), [({}, (600, 500)), ({"width_px": 300}, (300, 250)), ({"rotate": 90}, (500, 600))]
)
def test_recording_keeps_its_size_unless_the_recipe_sets_one(
    recipe: dict[str, Any], size: tuple[int, int]
) -> None:
    with record(Recipe(**recipe)) as gif:
        gif.add(np.zeros((500, 600), np.uint8))
    assert (gif.report.width_px, gif.report.height_px) == size


def test_figures_are_recorded_as_they_are(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib").use("agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.4, 0.2), dpi=50)
    with record(Recipe(dither="none"), tmp_path / "out.gif", fps=10) as gif:
        for colour in ("red", "lime"):
            figure.set_facecolor(colour)
            gif.add(figure)
    assert timeline_of(read_gif(tmp_path / "out.gif")) == "R10 G10"


def test_fields_are_recorded_by_a_colormap(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with record(Recipe(dither="none"), tmp_path / "out.gif", fps=10, cmap="gray", vmin=5, vmax=7) as gif:
        gif.add(np.array([[5.0, 7.0, 5.0, 7.0, 5.0]]))
    assert read_gif(tmp_path / "out.gif")[0][0] == ["KWKWK"]


def fail_while(gif: Recording) -> None:
    with gif:
        gif.add(FRAMES[0])
        raise ZeroDivisionError


def test_failed_recording_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gif = record(output=tmp_path / "out.gif")
    with pytest.raises(ZeroDivisionError):
        fail_while(gif)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(errors.NotRecorded, match="There is no GIF yet"):
        _ = gif.report
    assert gif._repr_mimebundle_() == {"text/plain": "Recording without a GIF"}
    with pytest.raises(errors.NotRecording, match="inside `with gifapp"):
        gif.add(FRAMES[0])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"fps": 0}, "^fps must be above 0 and at most 50, not 0"),
        ({"fps": 51}, "^fps must be above 0 and at most 50, not 51"),
        ({"cmap": "gray"}, "^vmin must be set, and so must vmax"),
        ({"cmap": "greyish", "vmin": 0, "vmax": 1}, "^cmap must be a matplotlib colormap"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(options: dict[str, Any], says: str) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(errors.FieldInvalid, match=says):
        record(**options)


def test_recording_without_frames_is_refused() -> None:
    with pytest.raises(errors.FramesInvalid, match="there are none"), gifapp.record():
        pass
