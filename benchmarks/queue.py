"""`python -m benchmarks.queue`: the queue's overhead per job, and the speed-up of a second worker.

Starts its own MongoDB, Redis and workers, in a temporary folder, and really converts a short video.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import NamedTuple

from benchmarks import videos
from benchmarks.service import servers
from gifapp import processes
from gifapp.conversion.pipeline import convert_file
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView
from gifapp.jobs.db import workers
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.parts import JobParts

_ONE_BY_ONE = 40
_BURST = 8
_OWNERS = ("ada", "bob")  # one user alone never gets every worker
_PATIENCE_S = 120.0

Submit = Callable[[], JobView]


class QueueFigures(NamedTuple):
    """Milliseconds from submit to start (median, 95th percentile), and a job's overhead over its conversion.

    `two_workers` is the speed-up of a burst on two workers, each on its own core, over one worker;
    `two_conversions` is the same for conversions alone, the limit for any queue.
    """

    start_p50_ms: float
    start_p95_ms: float
    beyond_ms: float
    two_workers: float
    two_conversions: float


def measure() -> QueueFigures:
    with servers() as foundation, foundation.build_jobs() as parts:
        short, long = (_submitter(parts, make) for make in (videos.one_second, videos.bikes))
        with _worker(core=0):
            done(short())  # warm
            waits_ms, jobs_ms = zip(*(_one_by_one(short) for _ in range(_ONE_BY_ONE)), strict=True)
            alone_s = _burst(long)
            with _worker(core=1):
                together_s = _burst(long)
    return QueueFigures(
        start_p50_ms=median(waits_ms),
        start_p95_ms=quantiles(waits_ms, n=20)[-1],
        beyond_ms=median(jobs_ms) - _conversion_ms(),
        two_workers=alone_s / together_s,
        two_conversions=_two_conversions(),
    )


class _worker:  # noqa: N801  used as a function
    """A worker and its conversions, pinned to one core."""

    def __init__(self, *, core: int) -> None:
        self._core = core

    def __enter__(self) -> None:
        before = workers.count_alive()
        cores = sorted(os.sched_getaffinity(0))
        self._process = processes.spawn([sys.executable, "-m", "gifapp", "worker"])
        os.sched_setaffinity(self._process.pid, {cores[self._core % len(cores)]})
        assert processes.wait_until(lambda: workers.count_alive() > before, timeout_s=_PATIENCE_S)

    def __exit__(self, *_: object) -> None:
        processes.stop(self._process, grace_s=20)


def _submitter(parts: JobParts, make: Callable[[Path], None]) -> Submit:
    """Submits similar but distinct jobs for one video, alternating between the owners."""
    video = videos.made(make)
    sources = {owner: _uploaded(parts, owner, video) for owner in _OWNERS}
    owners, numbers = itertools.cycle(_OWNERS), itertools.count(1)

    def submit() -> JobView:
        owner = next(owners)
        return parts.submission.submit(owner, sources[owner], _recipe(next(numbers)))

    return submit


def _uploaded(parts: JobParts, owner: str, video: Path) -> str:
    with parts.sources.incoming(owner) as incoming:
        incoming.write(video.read_bytes())
        return parts.sources.add(owner, incoming, video.name).id


def _recipe(number: int) -> Recipe:
    return Recipe(width_px=320, fps=12.5, speed=1 + number / 1e6)


def _one_by_one(submit: Submit) -> tuple[float, float]:
    """Milliseconds from submit to start and from submit to finish, on an idle queue."""
    begin_s = time.time()
    ended = done(submit())
    return 1000 * (ended.started_at.timestamp() - begin_s), 1000 * (ended.finished_at.timestamp() - begin_s)


def _burst(submit: Submit) -> float:
    """Seconds from the first start to the last finish of several jobs; waiting does not count."""
    jobs = [done(job, every_s=0.5) for job in [submit() for _ in range(_BURST)]]
    took = max(job.finished_at for job in jobs) - min(job.started_at for job in jobs)
    return float(took.total_seconds())


def done(job: JobView, *, every_s: float = 0.005) -> JobDocument:
    def is_done() -> bool:
        return JobDocument.objects.get(id=job.id).finished_at is not None

    assert processes.wait_until(is_done, timeout_s=_PATIENCE_S, every_s=every_s)
    document: JobDocument = JobDocument.objects.get(id=job.id)
    return document


def _conversion_ms() -> float:
    """The same conversion, warm, on one core of this process."""
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(every)[:1])
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as after:
        after.callback(os.sched_setaffinity, 0, every)
        clip, limits, took_s = videos.made(videos.one_second), Limits(), []
        video = probe(clip, limits=limits)
        for number in range(10):
            recipe, out = _recipe(number + 1), Path(scratch) / f"{number}.gif"
            begin_s = time.perf_counter()
            convert_file(clip, recipe, out, video=video, limits=limits, on_progress=lambda _: None)
            took_s.append(time.perf_counter() - begin_s)
    return 1000 * fmean(sorted(took_s[1:])[:5])


def _two_conversions() -> float:
    """The speed-up of two converting processes, each on its own core, over one after the other."""
    with tempfile.TemporaryDirectory() as scratch:
        alone_s = _wall_s([_converting(Path(scratch), core=0)])
        together_s = _wall_s([_converting(Path(scratch), core=core) for core in (0, 1)])
    return 2 * alone_s / together_s


def _converting(scratch: Path, *, core: int) -> subprocess.Popen[bytes]:
    cores = sorted(os.sched_getaffinity(0))
    words = [videos.made(videos.bikes), scratch / f"{core}.gif", 320, 12.5, _BURST // 2, 1]
    argv = [sys.executable, "-m", "benchmarks.worker", *map(str, words)]
    converting = subprocess.Popen(argv, stdout=subprocess.PIPE)
    os.sched_setaffinity(converting.pid, {cores[core % len(cores)]})
    return converting


def _wall_s(converting: list[subprocess.Popen[bytes]]) -> float:
    """Conversion seconds, as reported by the slower process."""
    rounds = [json.loads(process.communicate()[0]) for process in converting]
    return float(max(sum(wall_s for [(_, wall_s)] in each) for each in rounds))


if __name__ == "__main__":
    print(measure())
