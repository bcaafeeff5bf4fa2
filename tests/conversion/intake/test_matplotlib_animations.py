"""Matplotlib animations are converted as matplotlib itself would save them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gifapp import Recipe, convert, errors
from gifapp.conversion.intake.python_input import as_file
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.support.letters import read_gif


@pytest.fixture
def axes() -> Iterator[Any]:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(1, 0.5), dpi=40)
    axes.set_position((0, 0, 1, 1))
    yield axes
    pyplot.close(figure)


def test_matplotlib_animation_plays_at_its_own_interval(axes: Any, tmp_path: Path) -> None:
    from matplotlib.animation import FuncAnimation

    def draw(colour: str) -> list[Any]:
        axes.set_facecolor(colour)
        return []

    animation = FuncAnimation(axes.figure, draw, frames=["red", "lime", "blue"], interval=250)
    report = convert(animation, Recipe(dither="none"), tmp_path / "out.gif")
    assert (report.width_px, report.height_px, report.duration_s) == (40, 20, 0.75)
    shown = read_gif(tmp_path / "out.gif")
    assert [(rows[10][20], delay_cs) for rows, delay_cs in shown] == [("R", 25), ("G", 25), ("B", 25)]


@pytest.mark.parametrize(
    ("interval", "delays_cs"), [(40, [4, 4, 4]), (1000 / 30, [3, 4, 3]), (20, [2, 2, 2])]
)
def test_animation_keeps_its_frames_up_to_50_a_second(
    axes: Any, interval: float, delays_cs: list[int], tmp_path: Path
) -> None:
    animation = animated(axes, lambda number: axes.set_facecolor(["r", "g", "b"][number]), interval=interval)
    convert(animation, output=tmp_path / "out.gif")
    assert [delay_cs for _, delay_cs in read_gif(tmp_path / "out.gif")][: len(delays_cs)] == delays_cs


def test_artist_animation_is_a_source(axes: Any, tmp_path: Path) -> None:
    from matplotlib.animation import ArtistAnimation

    shown = [[axes.text(0.5, 0.5, word)] for word in ("one", "two", "three")]
    report = convert(ArtistAnimation(axes.figure, shown, interval=100), output=tmp_path / "out.gif")
    assert (report.frames, report.duration_s) == (3, 0.3)


def test_animation_error_is_raised(axes: Any) -> None:
    from matplotlib.animation import FuncAnimation

    def draw(number: int) -> list[Any]:
        if number == 2:
            raise ZeroDivisionError
        return []

    with pytest.raises(ZeroDivisionError):
        convert(FuncAnimation(axes.figure, draw, frames=5))


def animated(
    axes: Any, draw: Callable[[int], Any] = lambda _: None, *, frames: int = 3, interval: float = 100
) -> Any:
    from matplotlib.animation import FuncAnimation

    return FuncAnimation(axes.figure, lambda number: draw(number) or [], frames=frames, interval=interval)


@pytest.mark.parametrize(
    ("width_in", "height_in", "dpi"),
    [
        (3.333, 2.227, 97),
        (6.4, 4.8, 72.3),
        (1.005, 1.005, 200),
        (0.57, 0.29, 100),
        (0.77, 0.87, 100),
        (1, 1, 33.7),
    ],
)
def test_figure_of_any_size_keeps_its_size(
    axes: Any, width_in: float, height_in: float, dpi: float, tmp_path: Path
) -> None:
    axes.figure.set_size_inches(width_in, height_in)
    axes.figure.set_dpi(dpi)
    axes.figure.savefig(tmp_path / "drawn.png", dpi=dpi)
    with Image.open(tmp_path / "drawn.png") as drawn:
        report = convert(animated(axes), output=tmp_path / "out.gif")
        assert (report.width_px, report.height_px) == drawn.size


SETTINGS = {
    "savefig.bbox": ("tight", (40, 20)),
    "savefig.pad_inches": (3, (40, 20)),
    "savefig.dpi": (80, (80, 40)),
    "savefig.format": ("pdf", (40, 20)),
}


@pytest.mark.parametrize(
    ("name", "value", "size_px"), [(n, v, s) for n, (v, s) in SETTINGS.items()], ids=SETTINGS
)
def test_matplotlibs_save_settings_do_not_distort_a_frame(
    axes: Any, name: Any, value: Any, size_px: tuple[int, int], tmp_path: Path
) -> None:
    from matplotlib import rc_context

    with rc_context({name: value}):
        report = convert(animated(axes), output=tmp_path / "out.gif")
    assert (report.width_px, report.height_px, report.duration_s) == (*size_px, 0.3)


def corners(path: Path) -> list[tuple[int, ...]]:
    """The upper left pixel of every frame."""
    with Image.open(path) as gif:
        return [
            tuple(np.asarray(frame.convert("RGBA"))[0, 0].tolist()) for frame in ImageSequence.Iterator(gif)
        ]


GONE = (0, 0, 0, 0)
WHITE = (255, 255, 255, 255)


def test_transparent_figure_stays_transparent(axes: Any, tmp_path: Path) -> None:
    axes.set_axis_off()
    axes.figure.patch.set_alpha(0)
    convert(animated(axes), output=tmp_path / "out.gif")
    assert set(corners(tmp_path / "out.gif")) == {GONE}


def test_matplotlibs_transparency_setting_is_respected(axes: Any, tmp_path: Path) -> None:
    from matplotlib import rc_context

    axes.set_axis_off()
    with rc_context({"savefig.transparent": True}):
        convert(animated(axes), output=tmp_path / "out.gif")
    assert set(corners(tmp_path / "out.gif")) == {GONE}


def test_opaque_figure_has_no_transparency(axes: Any, tmp_path: Path) -> None:
    report = convert(animated(axes), output=tmp_path / "out.gif")
    assert report.notes == ()


def test_figure_may_become_transparent(axes: Any, tmp_path: Path) -> None:
    axes.set_axis_off()
    animation = animated(axes, lambda number: axes.figure.patch.set_alpha(1 - number / 2))
    with as_file(animation, fps=10, on_frame=lambda: None) as taken:
        assert probe(taken.path, limits=Limits()).has_alpha
        convert(taken.path, Recipe(fps=10), tmp_path / "out.gif")
    shown = corners(tmp_path / "out.gif")
    assert (shown[0], shown[-1]) == (WHITE, GONE)


def test_figure_that_changes_its_size_is_refused(axes: Any) -> None:
    animation = animated(axes, lambda number: axes.figure.set_size_inches(1 + number, 0.5))
    with pytest.raises(errors.FramesInvalid, match=r"number 2 has the shape \(20, 80, 3\), the first one"):
        convert(animation)


def test_animation_without_an_interval_plays_at_the_recipes_rate(axes: Any, tmp_path: Path) -> None:
    report = convert(animated(axes, interval=0), Recipe(fps=5), tmp_path / "out.gif")
    assert report.duration_s == 0.6


@pytest.mark.filterwarnings("ignore:Can not start iterating")
def test_animation_without_frames_is_refused(axes: Any) -> None:
    with pytest.raises(errors.FramesInvalid, match="there are none"):
        convert(animated(axes, frames=0))


def test_figures_are_frames(axes: Any, tmp_path: Path) -> None:
    def figures() -> Iterator[Any]:
        for colour in ("red", "lime"):
            axes.set_facecolor(colour)
            yield axes.figure

    convert(figures(), Recipe(fps=10, dither="none"), tmp_path / "out.gif")
    shown = [(rows[10][20], delay_cs) for rows, delay_cs in read_gif(tmp_path / "out.gif")]
    assert shown == [("R", 10), ("G", 10)]


def test_setting_for_a_tight_box_does_not_change_the_size_of_figures(axes: Any, tmp_path: Path) -> None:
    from matplotlib import rc_context

    with rc_context({"savefig.bbox": "tight", "savefig.dpi": 300}):
        report = convert([axes.figure], output=tmp_path / "out.gif")
    assert (report.width_px, report.height_px) == (40, 20)


def test_other_sources_do_not_import_matplotlib() -> None:
    code = (
        "import sys, numpy, gifapp; gifapp.convert(numpy.zeros((2, 4, 5), numpy.uint8)); "
        "assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
