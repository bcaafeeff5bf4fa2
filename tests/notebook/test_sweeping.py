"""Variants of one GIF."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gifapp import Look, Recipe, convert, errors, sweep
from gifapp.notebook.sweeping import _groups, _recipes
from gifapp.notebook.variants import Variant, with_front
from tests.support import clips
from tests.support.fakes import Impatient


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.pattern(tmp_path_factory.mktemp("clips") / "clip.mp4", size="96x64", seconds=0.5)


def test_every_combination_is_the_gif_that_convert_makes(clip: Path) -> None:
    listener = Impatient()
    made = sweep(clip, Recipe(fps=10), on_progress=listener, width_px=[48, 96], colours=[8, np.int64(64)])
    values = [(variant.values["width_px"], variant.values["colours"]) for variant in made.variants]
    assert values == [(48, 8), (48, 64), (96, 8), (96, 64)]
    for variant in made.variants:
        assert variant.report.read_bytes() == convert(clip, variant.recipe).read_bytes()
    fractions = [progress.fraction for progress in listener.heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_animation_keeps_its_rate_in_every_variant() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    from matplotlib.animation import FuncAnimation

    figure = pyplot.figure(figsize=(1, 0.5), dpi=40)
    animation = FuncAnimation(figure, lambda n: figure.set_facecolor(f"C{n}"), frames=6, interval=40)
    made = sweep(animation, colours=[8, 64], fps=[None, 10])
    assert [variant.report.frames for variant in made.variants] == [6, 2, 6, 2]
    pyplot.close(figure)


def test_best_variants_are_marked(clip: Path) -> None:
    made = sweep(clip, Recipe(fps=10), colours=[4, 64], lossy=[0, 100])
    best = max(made.variants, key=lambda variant: variant.ssim)
    assert best.values == {"colours": 64, "lossy": 0}
    assert best in made.front
    assert [variant.report.bytes for variant in made.front] == sorted(v.report.bytes for v in made.front)
    html = made._repr_html_()
    assert html.count("data:image/gif") == 4
    assert html.count("<td ") == 4 * 6
    assert repr(made).splitlines()[0].split() == ["colours", "lossy", "size", "SSIM", "best"]
    assert best.as_dict().keys() == {"colours", "lossy", "bytes", "ssim", "is_on_front"}


def test_variants_with_the_same_frames_share_a_decoding() -> None:
    values: dict[str, Any] = {"width_px": [240, 320], "colours": [64, 128, 256], "format": ["gif", "webp"]}
    groups = list(_groups(list(_recipes(Recipe(), values))))
    assert [[numbered.number for numbered in group] for group in groups] == [
        [0, 1, 2, 3, 4, 5],
        [6, 7, 8, 9, 10, 11],
    ]


def variant(size_bytes: int, ssim: float) -> Variant:
    made = convert(np.zeros((1, 2, 5), np.uint8))
    object.__setattr__(made, "bytes", size_bytes)
    return Variant({}, Recipe(), made, ssim)


def test_pareto_front_has_undominated_variants() -> None:
    table = [(100, 0.9), (200, 0.9), (150, 0.95), (300, 0.95), (400, 0.99), (400, 0.99)]
    marked = with_front([variant(*row) for row in table])
    assert [one.is_on_front for one in marked] == [True, False, True, False, True, True]


def test_arrays_and_parts_of_recipes_can_be_swept() -> None:
    frames = np.linspace(0, 1, 3 * 8 * 10).reshape(3, 8, 10)
    made = sweep(frames, look=[Look(), Look(invert=True)])
    assert len({one.report.read_bytes() for one in made.variants}) == 2


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ({"width_px": 240}, errors.FieldInvalid, "^width_px must be a list of values, not 240"),
        ({"format": "gif"}, errors.FieldInvalid, "^format must be a list of values, not 'gif'"),
        ({"width": [240]}, errors.RecipeInvalid, "width"),
        ({"colours": [1]}, errors.RecipeInvalid, "colours must be"),
        ({"colours": []}, errors.FieldInvalid, "^colours must be a list of values, not empty"),
    ],
)
def test_values_that_cannot_be_used_are_named(
    clip: Path, values: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        sweep(clip, **values)
