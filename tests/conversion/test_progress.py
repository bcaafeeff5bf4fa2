import pytest

from gifapp import errors
from gifapp.conversion.progress import Reporter
from tests.fakes import Clock, Impatient


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def listener() -> Impatient:
    return Impatient()


@pytest.fixture
def reporter(clock: Clock, listener: Impatient) -> Reporter:
    return Reporter(listener, 60, clock)


def test_it_never_goes_back(reporter: Reporter, clock: Clock, listener: Impatient) -> None:
    for fraction in (0.2, 0.1, 0.3):
        clock.now += 1
        reporter.at("reading", fraction)
    assert [progress.fraction for progress in listener.heard] == [0.2, 0.2, 0.3]


def test_it_speaks_ten_times_a_second_at_most(reporter: Reporter, clock: Clock, listener: Impatient) -> None:
    for step in range(100):
        clock.now += 0.01
        reporter.at("reading", step / 200)
    assert 9 <= len(listener.heard) <= 11


def test_it_is_never_silent_for_half_a_second(reporter: Reporter, clock: Clock, listener: Impatient) -> None:
    for _ in range(20):
        clock.now += 0.2
        reporter.beat()
    assert len(listener.heard) >= 8


def test_it_knows_how_long_it_will_take(reporter: Reporter, clock: Clock, listener: Impatient) -> None:
    clock.now = 10
    reporter.at("writing", 0.25)
    assert listener.heard[-1].eta_s == pytest.approx(30)


def test_it_keeps_the_deadline(reporter: Reporter, clock: Clock) -> None:
    clock.now = 61
    with pytest.raises(errors.ConversionTooSlow):
        reporter.beat()
