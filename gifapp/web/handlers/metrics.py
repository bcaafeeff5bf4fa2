"""`GET /metrics`, for Prometheus: metrics of this web process, and those shared by all processes.

Shared metrics (from documents and counters) are the same from every web process: take the maximum over
them. Each web process reports its own requests, kernels, websockets and process metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from time import perf_counter
from typing import ClassVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from gifapp import errors
from gifapp.identity.callers import Need
from gifapp.jobs.events import counters
from gifapp.web.http.base import BaseHandler
from gifapp.web.http.context import Parts
from gifapp.web.http.operations import Access, operation

_DAY = timedelta(days=1)


class MetricsHandler(BaseHandler):
    access: ClassVar[Access] = "administrator"
    usual_need: ClassVar[Need | None] = "admin"
    limited_as: ClassVar = {"GET": None}

    async def identify(self) -> str | None:
        if self.parts.instruments.is_scrape_token(self.bearer()):
            return None
        caller = await self.caller()
        if caller.role != "administrator":
            raise errors.AdministratorsOnly
        return caller.user_id

    @operation("Metrics in Prometheus' text format", produces=["text/plain"])
    async def get(self) -> None:
        """For administrators, and for the token of `GIFAPP_METRICS_TOKEN_FILE`."""
        text = await self.run_blocking(self._text)
        self.set_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
        self.finish(text)

    def _text(self) -> bytes:
        shared = CollectorRegistry()
        shared.register(_Shared(self.parts))
        return generate_latest(self.parts.instruments.registry) + generate_latest(shared)


class _Shared(Collector):
    """The shared metrics; those of an unreachable server are left out."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def describe(self) -> Iterable[Metric]:
        """Return nothing, or the Prometheus client would collect everything just to learn the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from _dependencies(self._parts.services.checks)
        for read in (self._queue, self._people, self._counters, self._storage):
            with suppress(errors.ServiceUnavailable):
                yield from list(read())

    def _queue(self) -> Iterator[Metric]:
        queue = self._parts.services.administration.queue()
        states = {"queued": queue.queued, "running": queue.running, "dead": queue.dead}
        yield _gauges("gifapp_jobs", "Jobs now in this state.", "state", states)
        yield _gauge("gifapp_jobs_due", "Queued jobs that could run now.", queue.due)
        yield _gauge(
            "gifapp_oldest_due_seconds",
            "Waiting time of the oldest due job; 0 if none is due.",
            queue.oldest_due_s or 0,
        )
        yield _gauge(
            "gifapp_queue_paused", "1 while the queue is paused, otherwise 0.", queue.paused_at is not None
        )
        workers = self._parts.services.administration.workers()
        yield _gauge("gifapp_workers", "Live workers.", len(workers))
        memory = sum(worker.memory_bytes for worker in workers)
        yield _gauge("gifapp_workers_memory_bytes", "Sum of the live workers' peak memory.", memory)

    def _people(self) -> Iterator[Metric]:
        people = self._parts.identity.people
        yield _gauge("gifapp_accounts", "Accounts.", people.count())
        active = people.count(seen_within=_DAY)
        yield _gauge(
            "gifapp_active_accounts", "Accounts whose session began or was renewed within 24 hours.", active
        )

    def _counters(self) -> Iterator[Metric]:
        for kind, series in self._parts.services.counters.read():
            yield (_counter if isinstance(kind, counters.Counter) else _histogram)(kind, series)  # type: ignore[arg-type]

    def _storage(self) -> Iterator[Metric]:
        total_bytes, free_bytes = self._parts.services.blobs.workspace.disk_usage()
        yield _gauge("gifapp_storage_bytes", "Size of the disk that holds the storage.", total_bytes)
        yield _gauge(
            "gifapp_storage_free_bytes", "Free space on the disk that holds the storage.", free_bytes
        )


def _dependencies(checks: Mapping[str, Callable[[], object]]) -> Iterator[Metric]:
    up, took = {}, {}
    for name, check in checks.items():
        begin_s = perf_counter()
        try:
            check()
            up[name] = 1.0
        except errors.ServiceUnavailable:
            up[name] = 0.0
        took[name] = perf_counter() - begin_s
    yield _gauges(
        "gifapp_dependency_up", "1 if the dependency responded to this scrape, otherwise 0.", "dependency", up
    )
    yield _gauges("gifapp_dependency_seconds", "Response time of the dependency.", "dependency", took)


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=float(value))


def _gauges(name: str, help_: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=[label])
    for key, value in values.items():
        family.add_metric([key], float(value))
    return family


def _counter(kind: counters.Counter, series: Mapping[counters.Labels, Mapping[str, float]]) -> Metric:
    family = CounterMetricFamily(kind.name, kind.help, labels=kind.labels)
    for labels, parts in series.items():
        family.add_metric(labels, parts[""])
    if not series and not kind.labels:
        family.add_metric([], 0)
    return family


def _histogram(kind: counters.Histogram, series: Mapping[counters.Labels, Mapping[str, float]]) -> Metric:
    family = HistogramMetricFamily(kind.name, kind.help, labels=kind.labels)
    for labels, parts in series.items():
        buckets = [(repr(bound), parts.get(repr(bound), 0.0)) for bound in kind.bounds]
        family.add_metric(labels, [*buckets, ("+Inf", parts["count"])], parts["sum"])
    return family
