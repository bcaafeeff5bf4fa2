"""Reports how far a conversion has come: never backwards, never silent for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import get_args

from gifapp import errors
from gifapp.conversion.frame import Frame
from gifapp.domain.job import Phase, Progress

OFTEN_S = 0.1  # no more than ten reports a second
SILENT_S = 0.25  # and at least two, and a cancel within a second
_ETA_AFTER_S, _ETA_AFTER = 0.5, 0.05  # before so many seconds, and such a share of the work, none is known
_ORDER: tuple[Phase, ...] = get_args(Phase)
_MOST_PREPARED = 0.4  # an engine that is compiled takes any time


class Reporter:
    """Tells `on_progress`, which may raise to stop the conversion, and keeps the deadline.

    A fraction is a place on the whole bar. Neither it nor the phase ever goes back.
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
        self._told = self._started - SILENT_S
        self._phase: Phase = "preparing"
        self._fraction = 0.0
        self._begun = (self._started, 0.0)
        self._moved = self._started

    @property
    def elapsed_s(self) -> float:
        return self._clock() - self._started

    @property
    def fraction(self) -> float:
        """What was reported last, 0 to 1."""
        return self._fraction

    def prepared(self, expected_s: float) -> None:
        """Preparing is over, and the rest is expected to take so long: they share the bar accordingly."""
        elapsed_s = self.elapsed_s
        self._begun = (self._clock(), min(_MOST_PREPARED, elapsed_s / (elapsed_s + expected_s)))
        self.at("reading", self._begun[1])

    def at(self, phase: Phase, fraction: float) -> None:
        """Report a new place.

        Raises:
            errors.ConversionTooSlow: the deadline has passed.
        """
        is_new_phase = _ORDER.index(phase) > _ORDER.index(self._phase)
        if is_new_phase:
            self._phase = phase
        if fraction > self._fraction:
            self._fraction, self._moved = min(1.0, fraction), self._clock()
        self._tell_after(0 if is_new_phase or self._fraction == 1 else OFTEN_S)

    def checkpoint(self) -> None:
        """Say the same again when nothing was said for a while."""
        self._tell_after(SILENT_S)

    def _tell_after(self, silent_s: float) -> None:
        now = self._clock()
        if now - self._started > self._deadline_s:
            raise errors.ConversionTooSlow(limit_s=self._deadline_s)
        if now - self._told >= silent_s:
            self._told = now
            self._on_progress(Progress(phase=self._phase, fraction=self._fraction, eta_s=self._eta_s(now)))

    def _eta_s(self, now: float) -> float | None:
        """What is left at the pace since the work began; between two steps it counts down."""
        begun, begun_at = self._begun
        done = self._fraction - begun_at
        if now - begun < _ETA_AFTER_S or done < _ETA_AFTER * (1 - begun_at):
            return None
        left_s = (self._moved - begun) * (1 - self._fraction) / done
        return max(0.0, left_s - (now - self._moved))


class Flow:
    """Frames that are read and written side by side: each step counts half.

    The phase is the farthest that any frame has come to: its group is being read, a palette is chosen
    for the group, or it is written.
    """

    def __init__(self, reporter: Reporter, frames: int, group: int) -> None:
        self._reporter = reporter
        self._begin = reporter.fraction
        self._frames = frames
        self._group = min(group, frames)
        self._read = self._written = 0

    def reading(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The frames as they come, counted."""
        for frame in frames:
            self._read += 1
            self._tell()
            yield frame

    def wrote(self, frames: int) -> None:
        """So many are written."""
        self._written = frames
        self._tell()

    def _tell(self) -> None:
        share = (self._read + self._written) / (2 * self._frames)
        self._reporter.at(self._phase(), self._begin + (1 - self._begin) * share)

    def _phase(self) -> Phase:
        if self._written:
            return "writing"
        return "colours" if self._read == self._group else "reading"
