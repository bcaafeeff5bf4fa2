"""Fair scheduling: decides which job runs next, and predicts when a queued job will run.

A free worker serves the owner with the fewest running jobs and, among those, the one served longest ago.
Running jobs are not preempted, so of several workers one is reserved for owners with no running job: one
user's 500 jobs, however long, delay nobody else's. Of three or more workers, one is also reserved for short
jobs: the long jobs of any number of users delay nobody's short one. Of an owner's jobs, the one with the
earliest `rank_at` is next: the time when it became due, shifted by its priority. A low-priority job therefore
waits only for high-priority jobs that become due within twice that shift, and never starves.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any, Self

from gifapp.domain.job import JobState, Priority
from gifapp.jobs.db import leases, workers
from gifapp.jobs.db.documents import LONG_AGO, JobDocument, OwnerDocument, utc_now
from gifapp.jobs.db.leases import UNLIMITED, Room
from gifapp.jobs.db.queue_pause import is_paused
from gifapp.mongodb import reaching_mongodb

PRIORITIES: dict[Priority, int] = {"high": 10, "normal": 0, "low": -10}
_SHIFT_PER_STEP = timedelta(minutes=1)
_RENEWED_SHARE = 0.8  # of a lease; a live worker renews it before less than this is left
RESERVED_WORKERS = 2  # one for owners with no running job, and one for short jobs
_RECENT = 20  # finished jobs whose mean duration predicts the next one's


def rank_of(run_at: datetime, priority: int) -> datetime:
    """The sort key of a job among its owner's; the earliest runs first."""
    return run_at - priority * _SHIFT_PER_STEP


@reaching_mongodb()
def claim_next(*, worker: str, lease_s: float, max_running: int | None = None) -> JobDocument | None:
    """Claim the next job for `worker`; None: there is none to run.

    `max_running` limits how many jobs of one owner run at a time; None: all workers but one, and one fewer
    of long jobs.
    """
    if is_paused():
        return None
    room = _room(workers.count_alive(), max_running).plus(long=_lost(lease_s, is_short__ne=True))
    for owner in _in_turn(_due_by_owner(short_only=_long_running() >= room.long), _running()):
        own_room = room.plus(own=_lost(lease_s, owner=owner))
        job = leases.claim(owner, worker=worker, lease_s=lease_s, room=own_room)
        if job is not None:
            OwnerDocument.objects(id=owner).update_one(upsert=True, set__served_at=utc_now())
            return job
    return None


def _room(alive: int, max_running: int | None) -> Room:
    """The room for jobs if all running ones have a live worker."""
    is_reserved = alive > RESERVED_WORKERS  # with fewer workers, none is reserved for short jobs
    long = alive - 1 if is_reserved else UNLIMITED
    if max_running is not None:
        return Room(max_running, max_running, long)
    own = alive - 1 if alive > 1 else UNLIMITED
    return Room(own, alive - RESERVED_WORKERS if is_reserved else own, long)


@dataclass(frozen=True)
class QueueSnapshot:
    """The queue at one moment: the number of due jobs per owner, in the order they will be served."""

    due: dict[str, int]
    running: int
    workers: int
    usual_s: float | None
    is_paused: bool = False

    @classmethod
    @reaching_mongodb()
    def now(cls) -> Self:
        due, running = _due_by_owner(), _running()
        in_order = {owner: due[owner] for owner in _in_turn(due, running)}
        return cls(in_order, running.total(), workers.count_alive(), _usual_s(), is_paused())

    @reaching_mongodb()
    def place(self, job: JobDocument) -> int | None:
        """The job's position in the queue, from 1; None unless the job is queued and due."""
        if job.state != JobState.QUEUED or job.run_at > utc_now():
            return None
        earlier = JobDocument.objects(
            state=JobState.QUEUED, owner=job.owner, run_at__lte=utc_now(), rank_at__lt=job.rank_at
        )
        return self._after(job.owner, int(earlier.count()))

    def _after(self, owner: str, own: int) -> int:
        """The position behind `own` jobs of the same owner, with which other owners' jobs alternate."""
        turns = list(self.due)
        before = turns[: turns.index(owner)] if owner in self.due else turns
        others = sum(min(count, own) for other, count in self.due.items() if other != owner)
        return 1 + own + others + sum(self.due[other] > own for other in before)

    def wait_s(self, place: int) -> float | None:
        """The estimated wait of the job at this position, from recent conversion times; None: unknown."""
        if self.usual_s is None or self.is_paused:
            return None
        kept_free = len(self.due) == 1  # for the next owner: a lone owner gets all workers but one
        usable = max(1, self.workers - kept_free)
        behind = max(0, place - max(0, usable - self.running))
        return behind * self.usual_s / usable


def _due_by_owner(*, short_only: bool = False) -> dict[str, int]:
    due: dict[str, Any] = {"state": JobState.QUEUED, "run_at": {"$lte": utc_now()}}
    if short_only:
        due["is_short"] = True
    count = {"_id": "$owner", "count": {"$sum": 1}}
    rows = JobDocument.objects.aggregate([{"$match": due}, {"$group": count}])
    return {row["_id"]: row["count"] for row in rows}


def _long_running() -> int:
    return int(JobDocument.objects(state=JobState.RUNNING, is_short__ne=True).count())


def _running() -> Counter[str]:
    return Counter(JobDocument.objects(state=JobState.RUNNING).scalar("owner"))


def _lost(lease_s: float, **jobs: Any) -> int:
    """How many of these running jobs have probably lost their worker: their leases were not renewed."""
    unless_renewed = utc_now() + _RENEWED_SHARE * timedelta(seconds=lease_s)
    running = JobDocument.objects(state=JobState.RUNNING, **jobs)
    return int(running.filter(lease_until__lt=unless_renewed).count())


def _in_turn(due: dict[str, int], running: Counter[str]) -> list[str]:
    """The owners in the order they will be served."""
    served = dict(OwnerDocument.objects(id__in=list(due)).scalar("id", "served_at"))
    return sorted(due, key=lambda owner: (running[owner], served.get(owner, LONG_AGO), owner))


def _usual_s() -> float | None:
    """The mean duration of recent conversions."""
    recent = JobDocument.objects(state=JobState.SUCCEEDED).order_by("-finished_at").limit(_RECENT)
    took_s = [(end - start).total_seconds() for start, end in recent.scalar("started_at", "finished_at")]
    return fmean(took_s) if took_s else None
