import pytest

from gifapp.domain.views.statistics import BOUNDS_S, DistributionView


def counts_of(*seconds: float) -> list[int]:
    counts = [0] * len(BOUNDS_S)
    for value in seconds:
        counts[next(number for number, bound in enumerate(BOUNDS_S) if value <= bound)] += 1
    return counts


def test_quantiles_are_within_a_tenth() -> None:
    distribution = DistributionView.of(
        counts_of(*(number / 10 for number in range(1, 1001)))
    )  # 0.1 s to 100 s
    assert distribution.p50_s == pytest.approx(50, rel=0.1)
    assert distribution.p95_s == pytest.approx(95, rel=0.1)


def test_single_value_is_its_own_median() -> None:
    distribution = DistributionView.of(counts_of(3.0))
    assert distribution.p50_s == pytest.approx(3.0, rel=0.13)


def test_no_values_give_no_quantiles() -> None:
    distribution = DistributionView.of(counts_of())
    assert (distribution.p50_s, distribution.p95_s) == (None, None)
