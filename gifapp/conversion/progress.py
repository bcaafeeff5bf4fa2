"""Reports a conversion's progress: never backwards, and at regular intervals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import get_args

from gifapp import errors
from gifapp.conversion.frame import Frame
from gifapp.domain.job import Phase, Progress

OFTEN_S = 0.1  # at most ten reports a second
SILENT_S = 0.25  # at least two a second, so that a cancel takes effect within a second
_ETA_AFTER_S, _ETA_AFTER = 0.5, 0.05  # no estimate before this time and this share of the work
_ORDER: tuple[Phase, ...] = get_args(Phase)
_MAX_PREPARED_FRACTION = 0.4  # the probe of a large file may take long


class Reporter:
    """Calls `on_progress`, which may raise to stop the conversion, and enforces the deadline.

    A fraction is a position on the whole progress bar. Neither it nor the phase ever goes back.
    """

    def __init__(
        self,
        on_progress: Callable[[Progress], None],
        deadline_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_progress = on_progress
        self._deadline_s = deadline_s
        self._clock = clock
        self._started = clock()
        self._reported = self._started - SILENT_S
        self._phase: Phase = "preparing"
        self._fraction = 0.0
        self._begun = (self._started, 0.0)
        self._moved = self._started

    @property
    def elapsed_s(self) -> float:
        return self._clock() - self._started

    @property
    def fraction(self) -> float:
        """The latest fraction, 0 to 1."""
        return self._fraction

    def prepared(self, expected_s: float) -> None:
        """End the preparation; the bar is divided by its time and the expected time of the rest."""
        elapsed_s = self.elapsed_s
        self._begun = (self._clock(), min(_MAX_PREPARED_FRACTION, elapsed_s / (elapsed_s + expected_s)))
        self.at("reading", self._begun[1])

    def at(self, phase: Phase, fraction: float) -> None:
        """Report a new position.

        Raises:
            errors.ConversionTooSlow: the deadline has passed.
        """
        is_new_phase = _ORDER.index(phase) > _ORDER.index(self._phase)
        if is_new_phase:
            self._phase = phase
        if fraction > self._fraction:
            self._fraction, self._moved = min(1.0, fraction), self._clock()
        self._report_after(0 if is_new_phase or self._fraction == 1 else OFTEN_S)

    def checkpoint(self) -> None:
        """Repeat the last report if there was none for a while; raises as `at` does."""
        self._report_after(SILENT_S)

    def _report_after(self, silent_s: float) -> None:
        now = self._clock()
        if now - self._started > self._deadline_s:
            raise errors.ConversionTooSlow(limit_s=self._deadline_s)
        if now - self._reported >= silent_s:
            self._reported = now
            self._on_progress(Progress(phase=self._phase, fraction=self._fraction, eta_s=self._eta_s(now)))

    def _eta_s(self, now: float) -> float | None:
        """The time left at the average pace so far; it counts down between steps."""
        begun, begun_at = self._begun
        done = self._fraction - begun_at
        if now - begun < _ETA_AFTER_S or done < _ETA_AFTER * (1 - begun_at):
            return None
        left_s = (self._moved - begun) * (1 - self._fraction) / done
        return max(0.0, left_s - (now - self._moved))


class Stored:
    """Progress of frames that are stored before the conversion; `expected` is their number, 0 if unknown."""

    def __init__(self, reporter: Reporter, expected: int) -> None:
        self._reporter = reporter
        self._expected = expected
        self._stored = 0

    def note(self) -> None:
        """Note that one more frame is stored."""
        self._stored += 1
        if self._expected:
            self._reporter.at("preparing", self._stored / self._expected)
        else:
            self._reporter.checkpoint()


class Flow:
    """Progress of frames that are read and written concurrently: each step counts half.

    The phase is that of the most advanced frame: its group is being read, the group's palette is being
    chosen, or it is being written.
    """

    def __init__(self, reporter: Reporter, frames: int, group: int) -> None:
        self._reporter = reporter
        self._begin = reporter.fraction
        self._frames = frames
        self._group = min(group, frames)
        self._read = self._written = 0

    def reading(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Pass the frames through and count them as read."""
        for frame in frames:
            self._read += 1
            self._report()
            yield frame

    def note_written(self, frames: int) -> None:
        """Note that this many frames are written."""
        self._written = frames
        self._report()

    def _report(self) -> None:
        share = (self._read + self._written) / (2 * self._frames)
        self._reporter.at(self._phase(), self._begin + (1 - self._begin) * share)

    def _phase(self) -> Phase:
        if self._written:
            return "writing"
        return "colours" if self._read == self._group else "reading"
