"""Measures one attempt for the counters: time in the queue, time per phase, and outcome."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable

from gifapp.conversion.video import Video
from gifapp.domain.job import JobState, Phase
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.events.counters import (
    CONVERTING,
    ENDED,
    MADE_BYTES,
    PHASES,
    WAITING,
    CounterStore,
    Increment,
)

_MEGAPIXELS = ((100, "small"), (1000, "medium"))  # over all frames; 100 is about 4 s of 720p at 25 fps


class AttemptTimer:
    """A stopwatch, started when the attempt is claimed."""

    def __init__(self, job: JobDocument, *, now: Callable[[], float] = time.monotonic) -> None:
        self._job = job
        self._now = now
        self._began = self._phase_began = now()
        self._phase: Phase = "preparing"
        self._phases: defaultdict[Phase, float] = defaultdict(float)
        self.video: Video | None = None

    def enter_phase(self, phase: Phase) -> None:
        now = self._now()
        self._phases[self._phase] += now - self._phase_began
        self._phase, self._phase_began = phase, now

    def settled(self, job: JobDocument, counters: CounterStore) -> None:
        """Count the attempt; `job` is the job after it has ended."""
        self.enter_phase(self._phase)
        size, kind = _size(self.video), str(job.recipe.get("format", "gif"))
        steps = [
            ended(job),
            CONVERTING.observe(self._now() - self._began, outcome=_outcome(job), format=kind, size=size),
            WAITING.observe(max(0.0, (self._job.started_at - self._job.run_at).total_seconds())),
        ]
        if job.state == JobState.SUCCEEDED:
            steps += [PHASES.observe(spent, phase=phase, size=size) for phase, spent in self._phases.items()]
            steps.append(MADE_BYTES.increment(job.gif.bytes, format=kind))
        counters.count(*steps)


def ended(job: JobDocument) -> list[Increment]:
    """The increments for an attempt's outcome; `job` is the job after it has ended."""
    return ENDED.increment(outcome=_outcome(job), code=_code(job))


def _outcome(job: JobDocument) -> str:
    """The attempt's outcome; a job that is queued again was either released or requeued after an error."""
    if job.state != JobState.QUEUED:
        return str(job.state)
    return "released" if job.error is None or job.error.attempt != job.attempts else "requeued"


def _code(job: JobDocument) -> str:
    is_its_own = _outcome(job) in ("requeued", JobState.FAILED, JobState.DEAD)
    return str(job.error.code) if is_its_own and job.error else ""


def _size(video: Video | None) -> str:
    if video is None:
        return "unknown"
    megapixels = video.width_px * video.height_px * video.duration_s * (video.fps or 1) / 1e6
    return next((name for bound, name in _MEGAPIXELS if megapixels < bound), "large")
