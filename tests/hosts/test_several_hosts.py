"""Web servers, workers and data on separate hosts, one of which is disconnected."""

from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gifapp.domain.job import JobState
from gifapp.jobs.db import workers
from gifapp.jobs.db.documents import JobDocument, utc_now
from gifapp.processes import stop, wait_until
from tests.hosts.cluster import Cluster
from tests.jobs.conftest import made_video
from tests.support.service import PASSWORD

_WORKERS = ("worker-a", "worker-b")


@pytest.fixture
def ada(cluster: Cluster) -> dict[str, str]:
    """Web servers and workers are running, and Ada has an account, created at the first web server."""
    cluster.start_web("web-1")
    assert wait_until(lambda: cluster.is_ready("web-1"), timeout_s=60), cluster.output_of("web-1")
    cluster.start_web("web-2")
    for worker in _WORKERS:
        cluster.start_worker(worker)
    token = cluster.output_of("web-1").partition("?setup=")[2].split()[0]
    account = {"email": "ada@example.org", "password": PASSWORD}
    with cluster.visitor("web-1") as visitor:
        visitor.post("/auth/register", json=account | {"setup_token": token}).raise_for_status()
        access = visitor.post("/auth/login", json=account).json()["access_token"]
    assert wait_until(lambda: cluster.is_ready("web-2"), timeout_s=60), cluster.output_of("web-2")
    return {"Authorization": f"Bearer {access}"}


def test_disconnected_worker_loses_its_job_and_works_again_when_reconnected(
    cluster: Cluster, ada: dict[str, str], tmp_path: Path
) -> None:
    video = made_video(tmp_path, "testsrc2=size=640x360:rate=25:duration=20")
    with cluster.visitor("web-1") as visitor:
        uploaded = visitor.post("/sources?name=clip.mp4", content=video, headers=ada).raise_for_status()
    with cluster.visitor("web-2") as visitor:  # uploaded at one web server, known at the other
        job_id = submit(visitor, ada, uploaded.json()["id"], width_px=640, fps=50)

    assert wait_until(lambda: bool(progress_of(job_id)), timeout_s=60), recent_output(cluster)
    lost = holder_of(job_id)
    cluster.network.cut(lost)
    assert wait_until(lambda: job(job_id).state == JobState.QUEUED, timeout_s=30)
    JobDocument.objects(id=job_id).update(set__run_at=utc_now())  # pretend that the wait has passed
    assert wait_until(lambda: job(job_id).state == JobState.SUCCEEDED, timeout_s=90), recent_output(cluster)

    # the disconnected host has finished or given up, and could not report it
    cluster.network.heal(lost)
    healed_at = utc_now()
    other = next(name for name in _WORKERS if name != lost)
    assert wait_until(lambda: lost in seen_since(healed_at), timeout_s=60), cluster.output_of(lost)
    assert '"event": "lease lost"' in cluster.output_of(lost)
    assert wait_until(lambda: not list((cluster.work(lost) / "scratch").iterdir()), timeout_s=30)
    done = job(job_id)
    assert (done.attempts, done.token, done.gif.key) == (2, 2, f"{job_id}-2")
    assert [error.code for error in done.errors] == ["worker-lost"]
    assert [name for name in cluster.stored() if name.startswith("gifs")] == [f"gifs/{job_id}-2.gif"]
    assert cluster.output_of(other).count('"state": "succeeded"') == 1
    assert '"state": "succeeded"' not in cluster.output_of(lost)

    assert stop(cluster.running[other], grace_s=10) == 0
    with cluster.visitor("web-1") as visitor:
        next_id = submit(visitor, ada, uploaded.json()["id"], width_px=64, fps=5)
        assert wait_until(lambda: job(next_id).state == JobState.SUCCEEDED, timeout_s=60), recent_output(
            cluster
        )
        gif = visitor.get(f"/jobs/{next_id}/gif", headers=ada)
    assert gif.content.startswith(b"GIF89a")
    assert f'"job_id": "{next_id}"' in cluster.output_of(lost)


def submit(visitor: httpx.Client, headers: dict[str, str], source_id: str, **recipe: Any) -> str:
    answer = visitor.post("/jobs", json={"source_id": source_id, "recipe": recipe}, headers=headers)
    return str(answer.raise_for_status().json()["id"])


def job(job_id: str) -> JobDocument:
    document: JobDocument = JobDocument.objects.get(id=job_id)
    return document


def progress_of(job_id: str) -> float:
    running = job(job_id)
    return running.progress.fraction if running.state == JobState.RUNNING else 0.0


def holder_of(job_id: str) -> str:
    return str(job(job_id).worker).partition(":")[0]


def seen_since(moment: datetime) -> set[str]:
    return {worker.id.partition(":")[0] for worker in workers.alive() if worker.seen_at > moment}


def recent_output(cluster: Cluster) -> str:
    return "\n".join(f"{name}: {cluster.output_of(name)[-2000:]}" for name in cluster.running)
