"""Formats the operations page's figures. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gifapp.domain.views.accounts import OpenLinkView
from gifapp.domain.views.administration import ListedJobView, QueueView, StorageView, WorkerView
from gifapp.domain.views.statistics import DistributionView, SlowJobView, StatisticsView
from gifapp.domain.wording import counted, duration, size

Row = dict[str, Any]


def queue_tiles(queue: QueueView) -> list[Row]:
    """The tiles for the state of the queue."""
    return [
        _tile("Waiting", queue.due, _waiting_detail(queue), look="warning" if _is_late(queue) else ""),
        _tile(
            "Running",
            queue.running,
            counted(queue.workers, "worker"),
            look="" if queue.workers else "warning",
        ),
        _tile("Failed for good", queue.dead, "", look="warning" if queue.dead else ""),
    ]


def statistics_tiles(statistics: StatisticsView) -> list[Row]:
    """The tiles for the chosen period."""
    rate = "none yet" if statistics.success_rate is None else f"{100 * statistics.success_rate:.1f}%"
    is_bad = statistics.success_rate is not None and statistics.success_rate < 0.95
    made = sum(step.succeeded for step in statistics.steps)
    return [
        _tile("GIFs made", made, f"{size(statistics.bytes_out)} of GIFs"),
        _tile("Success rate", rate, "excluding cancelled jobs", look="warning" if is_bad else ""),
        _duration_tile("Conversion time (median)", statistics.converting),
        _duration_tile("Time in queue (median)", statistics.waiting),
        _tile("Active users", statistics.people, f"{counted(statistics.submitted, 'job')} submitted"),
        _tile("Videos", statistics.videos, size(statistics.bytes_in)),
    ]


def worker_rows(workers: Iterable[WorkerView]) -> list[list[str]]:
    return [
        [
            worker.name,
            counted(worker.jobs, "job"),
            size(worker.memory_bytes),
            "converting" if worker.job_id else "idle",
        ]
        for worker in workers
    ]


def slow_rows(jobs: Iterable[SlowJobView]) -> list[list[str]]:
    return [[job.source_name, job.owner_email or "a deleted account", duration(job.seconds)] for job in jobs]


def dead_rows(jobs: Iterable[ListedJobView]) -> list[Row]:
    """Dead letters, with their ids for the buttons."""
    return [
        {
            "id": job.id,
            "name": job.source_name,
            "owner": job.owner_email or "a deleted account",
            "why": job.error.detail if job.error else "",
            "died_at": job.finished_at.isoformat() if job.finished_at else None,
        }
        for job in jobs
    ]


def link_rows(links: Iterable[OpenLinkView]) -> list[Row]:
    """Unused links, with their ids for the buttons."""
    return [
        {
            "id": link.id,
            "what": "Invitation" if link.kind == "invitation" else "Password link",
            "whose": "anyone with the link" if link.kind == "invitation" else link.email,
            "maker": link.by_email or "the command line",
            "until": link.expires_at.isoformat(),
        }
        for link in links
    ]


def storage_text(storage: StorageView | None) -> str:
    """What the last comparison of storage and documents found."""
    if storage is None:
        return "Storage check: not run yet."
    missing = "nothing missing"
    if storage.missing_count:
        missing = f"{counted(storage.missing_count, 'file')} missing (restore from a backup)"
    removed = "no orphans removed"
    if storage.removed_files:
        removed = f"{counted(storage.removed_files, 'orphan')} removed ({size(storage.removed_bytes)})"
    return f"Storage check: {missing}, {removed}."


def _tile(label: str, value: object, more: str, *, look: str = "") -> Row:
    return {
        "label": label,
        "value": f"{value:,}" if isinstance(value, int) else value,
        "more": more,
        "look": look,
    }


def _waiting_detail(queue: QueueView) -> str:
    """The age of the oldest due job, and the number of jobs scheduled for later."""
    oldest = [f"oldest {duration(queue.oldest_due_s)}"] if queue.oldest_due_s is not None else []
    later = queue.queued - queue.due
    return "; ".join([*oldest, *([f"{later:,} scheduled"] if later > 0 else [])])


def _is_late(queue: QueueView) -> bool:
    return queue.oldest_due_s is not None and queue.oldest_due_s > 60 and queue.paused_at is None


def _duration_tile(label: str, spread: DistributionView) -> Row:
    median = "none yet" if spread.p50_s is None else duration(spread.p50_s)
    return _tile(label, median, "" if spread.p95_s is None else f"95th percentile {duration(spread.p95_s)}")
