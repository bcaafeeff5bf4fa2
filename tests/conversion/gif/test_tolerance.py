from itertools import pairwise

import pytest

from gifapp.conversion.gif.grouping import Kind
from gifapp.conversion.gif.tolerance import tolerance

KINDS: tuple[Kind, ...] = ("film", "screen")


@pytest.mark.parametrize("kind", KINDS)
def test_the_more_lossy_the_more_is_allowed(kind: Kind) -> None:
    rules = [tolerance(kind, "auto", lossy) for lossy in range(0, 201, 10)]
    for less, more in pairwise(rules):
        assert all(a < b for a, b in zip(less[1:], more[1:], strict=True))


def test_a_screen_is_drawn_more_exactly_than_a_film() -> None:
    film, screen = (tolerance(kind, "auto", 0) for kind in KINDS)
    assert all(a > b for a, b in zip(film, screen, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_who_asks_for_a_dither_gets_it_on_a_screen_too_and_more_of_it(kind: Kind) -> None:
    assert tolerance(kind, "sierra2_4a", 0).strength > tolerance("film", "auto", 0).strength
