"""Errors reported to Sentry in real envelopes, without personal data."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pymongo
import pytest

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.parts import JobParts
from gifapp.processes import spawn, stop, wait_until
from gifapp.sentry import configure
from gifapp.up.ports import free_port
from tests.jobs.conftest import (  # noqa: F401  fixtures
    ROOT,
    allowance,
    build_parts,
    known_video,
    parts,
    storage,
    upload,
    video,
    worker_argv,
)
from tests.support.sentry import Sentry, sentry
from tests.support.service import PASSWORD

EMAIL = "ada.lovelace@example.org"


@pytest.fixture
def reports() -> Iterator[Sentry]:
    with sentry() as reports:
        yield reports


def test_request_error_is_reported_with_its_id_and_without_its_user(
    reports: Sentry, mongodb_url: str, redis_url: str, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    environment = os.environ | {
        "GIFAPP_DATA_DIR": str(tmp_path),
        "GIFAPP_MONGODB_URL": mongodb_url,
        "GIFAPP_REDIS_URL": redis_url,
        "GIFAPP_SENTRY_DSN": reports.dsn,
    }
    argv = [sys.executable, "-m", "gifapp", "web", "--port", url.rpartition(":")[2]]
    with (tmp_path / "said").open("wb") as log:
        web = spawn(argv, env=environment, stdout=log, stderr=log)
    try:
        assert wait_until(lambda: "setup=" in (tmp_path / "said").read_text(), timeout_s=60)
        token = (tmp_path / "said").read_text().partition("?setup=")[2].split()[0]
        with httpx.Client(base_url=f"{url}/api/v1", timeout=30) as browser:
            person = {"email": EMAIL, "password": PASSWORD}
            browser.post("/auth/register", json=person | {"setup_token": token}).raise_for_status()
            session = browser.post("/auth/login", json=person).json()
            headers = {"Authorization": f"Bearer {session['access_token']}"}
            assert browser.post("/auth/login", json=person | {"password": "a wrong one"}).status_code == 401
            assert browser.get("/jobs/nonesuch", headers=headers).status_code == 404
            break_the_jobs_of(session["user"]["id"], mongodb_url)
            broken = browser.get("/jobs", headers=headers)
    finally:
        stop(web, grace_s=15)
    assert broken.status_code == 500, broken.text
    [event] = reports.wait_for(1)
    assert event["tags"] == {"part": "web", "request_id": broken.headers["X-Request-Id"]}
    assert event["extra"] == {"event": "request failed", "request": "GET /api/v1/jobs"}
    assert event["exception"]["values"][-1]["type"] == "ValidationError"
    assert event["release"].startswith("gifapp@")
    for secret in (EMAIL, PASSWORD, session["access_token"], session["user"]["id"], redis_url, mongodb_url):
        assert secret.encode() not in b"".join(reports.raw)
    assert not {"user", "request"} & event.keys()
    assert not event["breadcrumbs"]["values"]


def break_the_jobs_of(owner: str, mongodb_url: str) -> None:
    """Write a document that no version of gifapp has written."""
    document = {
        **dict.fromkeys(("_id", "source", "source_name", "fingerprint"), "x"),
        "owner": owner,
        "state": "cancelled",
        "recipe": {},
        "attempts": 0,
        "max_attempts": 1,
        "progress": {"phase": "nonsense", "fraction": 7.0},
    }
    with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
        client.get_default_database()["jobs"].insert_one(document)


def test_conversion_crash_is_reported_with_its_job_and_request(
    reports: Sentry,
    parts: JobParts,  # noqa: F811
    upload: Callable[..., SourceView],  # noqa: F811
    worker_argv: Callable[..., list[str]],  # noqa: F811
    tmp_path: Path,
) -> None:
    job = parts.submission.submit("ann", upload().id, Recipe())
    JobDocument.objects.update(set__request_id="0123456789abcdef")
    with (tmp_path / "said").open("wb") as log:
        environment = os.environ | {"GIFAPP_SENTRY_DSN": reports.dsn}
        argv = worker_argv("raises_nonsense")
        worker = spawn(argv, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        [event] = reports.wait_for(1, timeout_s=60)
    finally:
        stop(worker, grace_s=10)
    tags = {"part": "worker", "request_id": "0123456789abcdef", "job_id": job.id, "attempt": "1"}
    assert event["tags"] == tags
    assert "KeyError: 'nonsense'" in event["extra"]["trace"]
    lines = [
        json.loads(line) for line in (tmp_path / "said").read_text().splitlines() if line.startswith("{")
    ]
    crashed = next(line for line in lines if line["event"] == "conversion crashed")
    assert (crashed["job_id"], crashed["request_id"], crashed["attempt"]) == (job.id, "0123456789abcdef", 1)
    assert "KeyError" in crashed["trace"]


_IN_A_KERNEL = """
from gifapp.client import Client
from gifapp.widgets.reporting import Reporter
Client.from_environment()
said = []
with Reporter(said.append).reporting():
    raise ValueError("ada.lovelace@example.org has Bearer abc.def.ghi")
assert said == ["Something went wrong on this page. Reload it and try again."]
"""


def test_dashboard_error_is_reported_without_secrets(reports: Sentry) -> None:
    own = {
        "GIFAPP_SENTRY_DSN": reports.dsn,
        "GIFAPP_URL": "http://127.0.0.1:1",
        "GIFAPP_KERNEL_TOKEN": "of the kernel",
    }
    subprocess.run([sys.executable, "-c", _IN_A_KERNEL], env=os.environ | own, check=True, timeout=60)
    [event] = reports.wait_for(1)
    assert event["tags"] == {"part": "kernel"}
    assert event["exception"]["values"][-1]["value"] == "… has Bearer …"


def test_unreachable_sentry_blocks_nobody(tmp_path: Path) -> None:
    own = {
        "GIFAPP_SENTRY_DSN": "http://public@127.0.0.1:1/1",
        "GIFAPP_URL": "http://x",
        "GIFAPP_KERNEL_TOKEN": "x",
    }
    subprocess.run([sys.executable, "-c", _IN_A_KERNEL], env=os.environ | own, check=True, timeout=10)


def test_invalid_dsn_is_refused() -> None:
    with pytest.raises(errors.SettingInvalid, match="GIFAPP_SENTRY_DSN"):
        configure("not a dsn", part="web")
