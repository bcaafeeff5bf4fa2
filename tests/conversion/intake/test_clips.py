"""OpenCV captures, plotly figures and file objects, which know their own times."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from gifapp import Recipe, convert, errors
from tests.support.letters import pixels, read_gif, timeline_of, write_clip

BGR = pixels([["RR"], ["GG"], ["BB"]])[..., 2::-1]


class Capture:
    """What OpenCV's `VideoCapture` looks like."""

    def __init__(self, frames: np.ndarray, fps: float) -> None:
        self._frames = iter(frames)
        self._fps = fps

    def isOpened(self) -> bool:  # noqa: N802  OpenCV's name
        return self._fps >= 0

    def get(self, setting: int) -> float:
        return self._fps if setting == 5 else 0.0

    def read(self) -> tuple[bool, Any]:
        frame = next(self._frames, None)
        return frame is not None, frame


@pytest.mark.parametrize(("fps", "shown"), [(5, "R20 G20 B20"), (0, "R10 G10 B10")])
def test_capture_plays_in_its_own_colours_and_rate(fps: float, shown: str, tmp_path: Path) -> None:
    recipe = Recipe(fps=10, dither="none")
    convert(Capture(BGR, fps), recipe, tmp_path / "out.gif")
    assert timeline_of(read_gif(tmp_path / "out.gif")) == shown


def test_capture_that_is_not_open_is_refused() -> None:
    with pytest.raises(errors.FramesInvalid, match="the capture is not open; OpenCV could not read"):
        convert(Capture(BGR, -1))


class Figure(go.Figure):  # type: ignore[misc]  # it carries no types
    """Draws its first bar's colour, without kaleido and Chrome."""

    def to_image(self, format: str) -> bytes:  # noqa: A002  plotly's name
        assert format == "png"
        png = io.BytesIO()
        Image.new("RGB", (2, 1), self.data[0].marker.color).save(png, "png")
        return png.getvalue()


def animated(kind: type[go.Figure], *, duration_ms: int | None = None) -> go.Figure:
    play = {"method": "animate", "args": [None, {"frame": {"duration": duration_ms}}]}
    colours = ("#ff0000", "#00ff00", "#0000ff")
    return kind(
        data=[go.Bar(y=[1], marker_color="#ffffff")],
        layout={"updatemenus": [{"buttons": [play]}]} if duration_ms else {},
        frames=[go.Frame(data=[go.Bar(marker_color=colour)]) for colour in colours],
    )


@pytest.mark.parametrize(("duration_ms", "delay_cs"), [(None, 50), (40, 4)])
def test_plotly_figure_plays_its_frames(duration_ms: int | None, delay_cs: int, tmp_path: Path) -> None:
    figure = animated(Figure, duration_ms=duration_ms)
    convert(figure, Recipe(dither="none"), tmp_path / "out.gif")
    assert timeline_of(read_gif(tmp_path / "out.gif")) == f"R{delay_cs} G{delay_cs} B{delay_cs}"
    assert figure.data[0].marker.color == "#ffffff"


def test_without_kaleido_plotly_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(errors.FramesInvalid, match=r"plotly needs kaleido and Chrome .* pip install kaleido"):
        convert(animated(go.Figure))


def test_plotly_figure_without_frames_is_refused() -> None:
    with pytest.raises(errors.FramesInvalid, match="the plotly figure has no frames"):
        convert(Figure(data=[go.Bar(y=[1])]))


def test_plotly_figures_are_frames(tmp_path: Path) -> None:
    figures = [Figure(data=[go.Bar(marker_color=colour)]) for colour in ("#ff0000", "#00ff00")]
    convert(figures, Recipe(fps=10, dither="none"), tmp_path / "out.gif")
    assert timeline_of(read_gif(tmp_path / "out.gif")) == "R10 G10"


def test_file_object_is_read_from_where_it_is(tmp_path: Path) -> None:
    video = write_clip(tmp_path / "rg.mkv", [["RR"], ["GG"]]).read_bytes()
    file = io.BytesIO(b"before" + video)
    file.seek(6)
    convert(file, Recipe(fps=10), tmp_path / "out.gif")
    assert timeline_of(read_gif(tmp_path / "out.gif")) == "R10 G10"


def test_file_object_that_reads_text_is_refused() -> None:
    with pytest.raises(errors.FramesInvalid, match="reads text; open the file in binary mode"):
        convert(io.StringIO("video"))
