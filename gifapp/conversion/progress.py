"""How far a conversion has come: never backwards, never silent for long."""

from __future__ import annotations

import time
from collections.abc import Callable

from gifapp import errors
from gifapp.domain.job import Phase, Progress

OFTEN_S = 0.1  # no more than ten reports a second
SILENT_S = 0.4  # and at least two
_ETA_AFTER_S = 0.5


class Reporter:
    """Tells `on_progress`, which may raise to stop the conversion, and keeps the deadline."""

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

    @property
    def elapsed_s(self) -> float:
        return self._clock() - self._started

    @property
    def fraction(self) -> float:
        """What was reported last, 0 to 1."""
        return self._fraction

    def at(self, phase: Phase, fraction: float) -> None:
        """Report a new place.

        Raises:
            errors.ConversionTooSlow: the deadline has passed.
        """
        is_new_phase = phase != self._phase
        self._phase, self._fraction = phase, min(1.0, max(self._fraction, fraction))
        self._tell_after(0 if is_new_phase or self._fraction == 1 else OFTEN_S)

    def beat(self) -> None:
        """Say the same again when nothing was said for a while."""
        self._tell_after(SILENT_S)

    def _tell_after(self, silent_s: float) -> None:
        now = self._clock()
        if now - self._started > self._deadline_s:
            raise errors.ConversionTooSlow(limit_s=self._deadline_s)
        if now - self._told >= silent_s:
            self._told = now
            self._on_progress(Progress(phase=self._phase, fraction=self._fraction, eta_s=self._eta_s()))

    def _eta_s(self) -> float | None:
        elapsed_s = self.elapsed_s
        if elapsed_s < _ETA_AFTER_S or self._fraction == 0:
            return None
        return elapsed_s * (1 - self._fraction) / self._fraction
