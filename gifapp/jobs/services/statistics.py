"""Statistics of recent jobs and uploads, aggregated by MongoDB."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from gifapp.domain.job import JobState
from gifapp.domain.views.statistics import (
    BOUNDS_S,
    DistributionView,
    ErrorCountView,
    SlowJobView,
    StatisticsView,
    StepView,
)
from gifapp.jobs.db.documents import JobDocument, SourceDocument, utc_now
from gifapp.jobs.db.views import owned_job_view
from gifapp.mongodb import reaching_mongodb

_STEPS = 48
_SLOWEST = 10
_FINAL = [state.value for state in JobState if state.is_final]
_LOST = (JobState.FAILED, JobState.DEAD)

Rows = Iterable[dict[str, Any]]


@reaching_mongodb()
def statistics(lasting: timedelta) -> StatisticsView:
    """Statistics of the period of this length that ends now."""
    until = utc_now()
    since, step_s = until - lasting, lasting.total_seconds() / _STEPS
    ended = {"state": {"$in": _FINAL}, "finished_at": {"$gte": since}}
    made = {"state": JobState.SUCCEEDED.value, "finished_at": {"$gte": since}}
    steps = _steps(ended, since, step_s)
    return StatisticsView(
        since=since,
        until=until,
        step_s=step_s,
        success_rate=_success_rate(steps),
        **_submitted(since),
        **_uploaded(since),
        bytes_out=_sum(JobDocument, made, "$gif.bytes"),
        steps=steps,
        converting=_distribution(made, "$started_at", "$finished_at"),
        waiting=_distribution(made, "$created_at", "$started_at"),
        errors=_errors(since),
        slowest=_slowest(made),
    )


def _steps(ended: dict[str, Any], since: datetime, step_s: float) -> list[StepView]:
    passed_ms = {"$subtract": ["$finished_at", since]}
    number = {"$floor": {"$divide": [passed_ms, step_s * 1000]}}
    key = {"step": number, "state": "$state"}
    counts: list[dict[str, int]] = [{} for _ in range(_STEPS)]
    for row in _rows(JobDocument, [{"$match": ended}, {"$group": {"_id": key, "count": {"$sum": 1}}}]):
        step = min(int(row["_id"]["step"]), _STEPS - 1)  # a job may have ended after `until`
        counts[step][row["_id"]["state"]] = counts[step].get(row["_id"]["state"], 0) + row["count"]
    return [
        StepView(at=since + timedelta(seconds=number * step_s), **by_state)
        for number, by_state in enumerate(counts)
    ]


def _success_rate(steps: list[StepView]) -> float | None:
    succeeded = sum(step.succeeded for step in steps)
    tried = succeeded + sum(step.failed + step.dead for step in steps)
    return succeeded / tried if tried else None


def _submitted(since: datetime) -> dict[str, int]:
    by_owner = {"$group": {"_id": "$owner", "count": {"$sum": 1}}}
    counts = [
        row["count"] for row in _rows(JobDocument, [{"$match": {"created_at": {"$gte": since}}}, by_owner])
    ]
    return {"people": len(counts), "submitted": sum(counts)}


def _uploaded(since: datetime) -> dict[str, int]:
    totals = {"$group": {"_id": None, "videos": {"$sum": 1}, "bytes_in": {"$sum": "$bytes"}}}
    rows = list(_rows(SourceDocument, [{"$match": {"created_at": {"$gte": since}}}, totals]))
    return {name: rows[0][name] if rows else 0 for name in ("videos", "bytes_in")}


def _sum(document: Any, chosen: dict[str, Any], field: str) -> int:
    rows = list(_rows(document, [{"$match": chosen}, {"$group": {"_id": None, "sum": {"$sum": field}}}]))
    return int(rows[0]["sum"]) if rows else 0


def _distribution(chosen: dict[str, Any], begin: str, end: str) -> DistributionView:
    seconds = {"$divide": [{"$subtract": [end, begin]}, 1000]}
    # a bucket contains values from its bound (inclusive) to the next (exclusive)
    buckets = {
        "groupBy": seconds,
        "boundaries": [-1e9, *BOUNDS_S[:-1], 1e9],
        "output": {"count": {"$sum": 1}},
    }
    both = {begin.removeprefix("$"): {"$ne": None}}
    counts = dict.fromkeys([-1e9, *BOUNDS_S[:-1]], 0)
    for row in _rows(JobDocument, [{"$match": chosen | both}, {"$bucket": buckets}]):
        counts[row["_id"]] = row["count"]
    return DistributionView.of(list(counts.values()))


def _errors(since: datetime) -> list[ErrorCountView]:
    lost = {"state": {"$in": [state.value for state in _LOST]}, "finished_at": {"$gte": since}}
    by_code = {"$group": {"_id": "$error.code", "count": {"$sum": 1}}}
    rows = _rows(JobDocument, [{"$match": lost}, by_code, {"$sort": {"count": -1, "_id": 1}}])
    return [ErrorCountView(code=row["_id"] or "unknown", count=row["count"]) for row in rows]


def _slowest(made: dict[str, Any]) -> list[SlowJobView]:
    took: dict[str, Any] = {"$addFields": {"took_ms": {"$subtract": ["$finished_at", "$started_at"]}}}
    pipeline = [{"$match": made}, took, {"$sort": {"took_ms": -1}}, {"$limit": _SLOWEST}]
    rows = _rows(JobDocument, [*pipeline, {"$project": {"took_ms": 1}}])
    took_ms = {row["_id"]: row["took_ms"] for row in rows}
    jobs = JobDocument.objects(id__in=list(took_ms)).exclude("recipe")
    views = [
        SlowJobView(seconds=took_ms[job.id] / 1000, **owned_job_view(job).model_dump(exclude={"recipe"}))
        for job in jobs
    ]
    return sorted(views, key=lambda view: -view.seconds)


def _rows(document: Any, pipeline: list[dict[str, Any]]) -> Rows:
    rows: Rows = document.objects.aggregate(pipeline)
    return rows
