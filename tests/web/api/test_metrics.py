"""`/metrics`, read by Prometheus' own parser."""

import dataclasses

import httpx
import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from gifapp import errors
from gifapp.domain.views.jobs import JobView
from gifapp.jobs.attempts.attempt_timer import AttemptTimer
from gifapp.jobs.db import leases, workers
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.parts import JobParts
from gifapp.web.http.context import Parts
from gifapp.web.http.instruments import Instruments
from tests.web.api.conftest import Person, is_problem

SCRAPER = {"Authorization": "Bearer the token of the scraper"}


@pytest.fixture
def parts(parts: Parts) -> Parts:
    return dataclasses.replace(parts, instruments=Instruments(scrape_token=b"the token of the scraper"))


async def samples(client: httpx.AsyncClient) -> dict[str, float]:
    """The samples as `name label=value …`, with labels in their order, and their values."""
    answer = await client.get("/metrics", headers=SCRAPER)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        " ".join(
            [sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))]
        ): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_scrapers_token_reads_metrics_and_nothing_else(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/metrics", headers=SCRAPER)).status_code == 200
    is_problem(
        await stranger.get("/metrics", headers={"Authorization": "Bearer guess"}), 401, "token-invalid"
    )
    for path in ("/api/v1/me", "/api/v1/admin/queue", "/api/v1/jobs"):
        assert (await stranger.get(path, headers=SCRAPER)).status_code == 401


async def test_requests_are_counted_by_route(stranger: httpx.AsyncClient, ada: Person) -> None:
    for name in ("one", "two", "three"):
        await ada.http.get(f"/api/v1/jobs/{name}")
        await stranger.get(f"/api/v1/{name}")
    metrics = await samples(stranger)
    assert metrics["gifapp_http_request_seconds_count method=GET route=/api/v1/jobs/{} status=4xx"] == 3
    assert metrics["gifapp_http_request_seconds_count method=GET route=other status=4xx"] == 3
    assert not [name for name in metrics if "three" in name]
    assert metrics["process_resident_memory_bytes"] > 10_000_000


async def test_queue_metrics_match_the_queue(stranger: httpx.AsyncClient, job: JobView, root: Person) -> None:
    workers.report("busy", jobs=3, memory_bytes=34_000_000)
    await root.http.post("/api/v1/admin/queue/pause")
    metrics = await samples(stranger)
    assert (
        metrics["gifapp_jobs state=queued"],
        metrics["gifapp_jobs state=running"],
        metrics["gifapp_jobs state=dead"],
    ) == (1, 0, 0)
    assert metrics["gifapp_jobs_due"] == metrics["gifapp_queue_paused"] == metrics["gifapp_workers"] == 1
    assert metrics["gifapp_workers_memory_bytes"] == 34_000_000
    assert metrics["gifapp_oldest_due_seconds"] > 0
    assert metrics["gifapp_jobs_submitted_total"] == 1
    assert metrics["gifapp_accounts"] == metrics["gifapp_active_accounts"] == 2
    assert 0 < metrics["gifapp_storage_free_bytes"] < metrics["gifapp_storage_bytes"]
    assert (
        metrics["gifapp_dependency_up dependency=mongodb"]
        == metrics["gifapp_dependency_up dependency=redis"]
        == 1
    )


async def test_uploads_are_counted(stranger: httpx.AsyncClient, ada: Person, video: bytes) -> None:
    assert (await ada.http.post("/api/v1/sources?name=clip.mp4", content=video)).status_code == 201
    metrics = await samples(stranger)
    assert (metrics["gifapp_videos_total"], metrics["gifapp_video_bytes_total"]) == (1, len(video))


async def test_attempts_are_counted_by_their_end(
    stranger: httpx.AsyncClient, ada: Person, job: JobView, jobs: JobParts
) -> None:
    seconds = iter([0.0, 1.0, 3.0, 3.0, 10.0, 11.0, 12.0, 12.0])
    for error in (errors.WorkerLost(), errors.SourceDamaged()):
        JobDocument.objects.update(set__run_at=job.created_at)
        claimed = leases.claim(ada.id, worker="w", lease_s=30)
        assert claimed
        measured = AttemptTimer(claimed, now=lambda: next(seconds))
        measured.enter_phase("reading")
        settled = leases.fail(leases.attempt_of(claimed), error)
        assert settled
        measured.settled(settled, jobs.counters)
    metrics = await samples(stranger)
    assert metrics["gifapp_attempts_total code=worker-lost outcome=requeued"] == 1
    assert metrics["gifapp_attempts_total code=source-damaged outcome=failed"] == 1
    assert metrics["gifapp_conversion_seconds_sum format=gif outcome=requeued size=unknown"] == 3
    assert metrics["gifapp_conversion_seconds_bucket format=gif le=2.5 outcome=requeued size=unknown"] == 0
    assert metrics["gifapp_conversion_seconds_bucket format=gif le=5.0 outcome=requeued size=unknown"] == 1
    assert metrics["gifapp_conversion_seconds_bucket format=gif le=+Inf outcome=requeued size=unknown"] == 1
    assert metrics["gifapp_wait_seconds_count"] == 2


async def test_counters_restart_at_zero_after_redis_was_wiped(
    stranger: httpx.AsyncClient, job: JobView, redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    assert (await samples(stranger))["gifapp_jobs_submitted_total"] == 0
