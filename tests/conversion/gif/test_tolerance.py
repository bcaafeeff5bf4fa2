from itertools import pairwise

import pytest

from gifapp.conversion.gif.grouping import Kind
from gifapp.conversion.gif.style import Style
from gifapp.conversion.gif.tolerance import Tolerance, tolerance

KINDS: tuple[Kind, ...] = ("film", "drawing", "screen")


def limits(rules: Tolerance) -> tuple[float, ...]:
    return rules.strength, rules.floor, rules.share, rules.max_excess, rules.spread


@pytest.mark.parametrize("kind", KINDS)
def test_tolerance_grows_with_lossy(kind: Kind) -> None:
    rules = [tolerance(kind, Style(lossy=lossy)) for lossy in range(0, 201, 10)]
    for less, more in pairwise(rules):
        assert all(a < b for a, b in zip(limits(less)[1:], limits(more)[1:], strict=True))


def test_screen_recording_has_less_tolerance_than_a_film() -> None:
    film, _, screen = (tolerance(kind, Style()) for kind in KINDS)
    assert all(a > b for a, b in zip(limits(film), limits(screen), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_explicit_dither_is_stronger_than_automatic(kind: Kind) -> None:
    assert tolerance(kind, Style(dither="sierra2_4a")).strength > tolerance("film", Style()).strength


@pytest.mark.parametrize("kind", KINDS)
def test_distance_9_is_one_step_of_every_channel(kind: Kind) -> None:
    assert tolerance(kind, Style()).weights.sum() == 9


@pytest.mark.parametrize("kind", KINDS)
def test_exact_style_tolerates_nothing(kind: Kind) -> None:
    rules = tolerance(kind, Style(exact=True))
    assert limits(rules)[1:] == (0, 0, 0, 0)
    assert rules.finds_nearest


@pytest.mark.parametrize("kind", KINDS)
def test_file_that_must_be_smaller_is_not_exact(kind: Kind) -> None:
    assert tolerance(kind, Style(exact=True, lossy=40)) == tolerance(kind, Style(lossy=40))


@pytest.mark.parametrize("kind", KINDS)
def test_only_high_effort_looks_ahead(kind: Kind) -> None:
    costs = [tolerance(kind, Style(effort=effort)).code_cost for effort in (1, 2, 3)]
    assert costs[0] == costs[1] == 0 < costs[2]
