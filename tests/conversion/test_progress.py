from collections.abc import Iterator

import numpy as np
import pytest

from gifapp import errors
from gifapp.conversion.frame import Frame
from gifapp.conversion.progress import Flow, Reporter
from tests.support.fakes import Clock, Impatient


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def listener() -> Impatient:
    return Impatient()


@pytest.fixture
def reporter(clock: Clock, listener: Impatient) -> Reporter:
    return Reporter(listener, 60, clock)


def test_fraction_never_decreases(reporter: Reporter, clock: Clock, listener: Impatient) -> None:
    for fraction in (0.2, 0.1, 0.3):
        clock.now += 1
        reporter.at("reading", fraction)
    assert [progress.fraction for progress in listener.heard] == [0.2, 0.2, 0.3]


def test_progress_is_reported_at_most_ten_times_a_second(
    reporter: Reporter, clock: Clock, listener: Impatient
) -> None:
    for step in range(100):
        clock.now += 0.01
        reporter.at("reading", step / 200)
    assert 9 <= len(listener.heard) <= 11


def test_progress_is_reported_at_least_every_half_second(
    reporter: Reporter, clock: Clock, listener: Impatient
) -> None:
    for _ in range(20):
        clock.now += 0.2
        reporter.checkpoint()
    assert len(listener.heard) >= 8


def test_phase_never_goes_back(reporter: Reporter, clock: Clock, listener: Impatient) -> None:
    for phase in ("reading", "writing", "reading", "optimising"):
        clock.now += 1
        reporter.at(phase, 0.1)
    assert [progress.phase for progress in listener.heard] == ["reading", "writing", "writing", "optimising"]


@pytest.mark.parametrize(("prepared_s", "share"), [(0.5, 0.05), (30, 0.4)])
def test_preparing_gets_its_measured_share_of_the_bar(
    reporter: Reporter, clock: Clock, prepared_s: float, share: float
) -> None:
    clock.now = prepared_s
    reporter.prepared(expected_s=9.5)
    assert reporter.fraction == pytest.approx(share)


def test_eta_of_steady_work_decreases(reporter: Reporter, clock: Clock, listener: Impatient) -> None:
    clock.now = 30  # preparing says nothing about the speed of the rest
    reporter.prepared(expected_s=10)
    begin = reporter.fraction
    for step in range(1, 201):
        clock.now = 30 + step / 10
        reporter.at("writing", begin + (1 - begin) * step / 200)
    known = [progress.eta_s for progress in listener.heard if progress.eta_s is not None]
    assert known == sorted(known, reverse=True)
    assert 18 < known[0] < 20
    assert known[-1] == 0


def test_eta_counts_down_to_zero_between_steps(reporter: Reporter, clock: Clock, listener: Impatient) -> None:
    reporter.prepared(expected_s=10)
    clock.now = 5
    reporter.at("writing", 0.5)
    for _ in range(7):
        clock.now += 1
        reporter.checkpoint()
    assert [progress.eta_s for progress in listener.heard[1:]] == [5, 4, 3, 2, 1, 0, 0, 0]


def test_eta_without_a_basis_is_not_reported(reporter: Reporter, clock: Clock, listener: Impatient) -> None:
    clock.now = 2
    reporter.at("reading", 0.04)
    assert listener.heard[-1].eta_s is None


def test_frames_pass_through_the_phases(reporter: Reporter, clock: Clock, listener: Impatient) -> None:
    flow = Flow(reporter, frames=4, group=2)
    places = []

    def frames() -> Iterator[Frame]:
        for _ in range(4):
            clock.now += 1
            yield Frame(np.zeros((1, 1, 3), np.uint8), 4)

    for number, _ in enumerate(flow.reading(frames())):
        places.append((listener.heard[-1].phase, listener.heard[-1].fraction))
        if number > 1:
            flow.note_written(number - 1)
    assert places == [("reading", 0.125), ("colours", 0.25), ("colours", 0.375), ("writing", 0.625)]
    flow.note_written(4)
    assert reporter.fraction == 1


def test_deadline_is_checked(reporter: Reporter, clock: Clock) -> None:
    clock.now = 61
    with pytest.raises(errors.ConversionTooSlow):
        reporter.checkpoint()
