from itertools import pairwise

import pytest

from gifapp.conversion.gif.grouping import Kind
from gifapp.conversion.gif.tolerance import Tolerance, tolerance

KINDS: tuple[Kind, ...] = ("film", "drawing", "screen")


def limits(rules: Tolerance) -> tuple[float, ...]:
    return rules.strength, rules.floor, rules.share, rules.max_excess, rules.spread


@pytest.mark.parametrize("kind", KINDS)
def test_tolerance_grows_with_lossy(kind: Kind) -> None:
    rules = [tolerance(kind, "auto", lossy) for lossy in range(0, 201, 10)]
    for less, more in pairwise(rules):
        assert all(a < b for a, b in zip(limits(less)[1:], limits(more)[1:], strict=True))


def test_screen_recording_has_less_tolerance_than_a_film() -> None:
    film, _, screen = (tolerance(kind, "auto", 0) for kind in KINDS)
    assert all(a > b for a, b in zip(limits(film), limits(screen), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_explicit_dither_is_stronger_than_automatic(kind: Kind) -> None:
    assert tolerance(kind, "sierra2_4a", 0).strength > tolerance("film", "auto", 0).strength


@pytest.mark.parametrize("kind", KINDS)
def test_distance_9_is_one_step_of_every_channel(kind: Kind) -> None:
    assert tolerance(kind, "auto", 0).weights.sum() == 9
