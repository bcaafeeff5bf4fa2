"""Exporting and deleting an account: what the export has, and that deletion leaves nothing."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pymongo
import pytest
import redis

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.db import leases
from gifapp.jobs.db.documents import JobDocument, OwnerDocument, utc_now
from gifapp.jobs.db.job_store import add_job
from gifapp.jobs.db.sources import find_source
from gifapp.jobs.parts import JobParts
from gifapp.jobs.services.export import archive
from gifapp.storage.blob import Blob
from tests.jobs.conftest import stored_video
from tests.support.storages import blob_path
from tests.web.api.conftest import PASSWORD, Person, SignUp, is_problem


def files_in(storage: Path) -> list[Path]:
    return [path for path in storage.rglob("*") if path.is_file() and path.name != "lock"]


async def unzipped(person: Person) -> zipfile.ZipFile:
    answer = await person.http.get("/api/v1/me/export")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert "attachment" in answer.headers["Content-Disposition"]
    zipped = zipfile.ZipFile(io.BytesIO(answer.content))
    assert zipped.testzip() is None
    return zipped


async def test_export_has_all_of_ones_own_data(
    ada: Person, source: SourceView, job: JobView, gif: bytes, video: bytes
) -> None:
    await ada.http.post("/api/v1/me/tokens", json={"name": "backup"})
    zipped = await unzipped(ada)
    assert zipped.read(f"videos/{source.id}-clip.mp4") == video
    assert zipped.read(f"gifs/{job.id}-clip-0.4s-64px.gif") == gif
    account, tokens, videos, jobs = (
        json.loads(zipped.read(name))
        for name in ("account.json", "api-tokens.json", "videos.json", "jobs.json")
    )
    assert (account["id"], account["email"]) == (ada.id, "ada@example.org")
    assert [token["name"] for token in tokens] == ["backup"]
    assert [video["sha256"] for video in videos] == [source.sha256]
    assert [(job["id"], job["state"]) for job in jobs] == [(job.id, "succeeded")]
    assert jobs[0]["recipe"]
    assert len(zipped.namelist()) == 7


@pytest.mark.parametrize("source_name", ["../../etc/a\\b\n.mp4"])
async def test_file_name_in_an_export_cannot_leave_its_folder(ada: Person, source: SourceView) -> None:
    zipped = await unzipped(ada)
    assert f"videos/{source.id}-....etcab.mp4" in zipped.namelist()


async def test_export_has_nothing_of_other_users(gif: bytes, sign_up: SignUp) -> None:
    zipped = await unzipped(sign_up("eve"))
    assert [name for name in zipped.namelist() if "/" in name] == []
    assert json.loads(zipped.read("jobs.json")) == json.loads(zipped.read("videos.json")) == []


async def test_missing_file_is_left_out(ada: Person, source: SourceView, jobs: JobParts) -> None:
    jobs.blobs.remove_source(source.sha256)
    zipped = await unzipped(ada)
    assert "videos.json" in zipped.namelist()
    assert not [name for name in zipped.namelist() if name.startswith("videos/")]


def test_export_is_made_in_small_chunks(jobs: JobParts, source: SourceView, ada: Person) -> None:
    with blob_path(jobs.blobs, Blob("source", source.sha256)).open("ab") as video:
        video.truncate(50_000_000)
    sizes = [len(part) for part in archive(jobs.blobs, ada.id, {})]
    assert sum(sizes) > 50_000_000
    assert max(sizes) < 300_000


@pytest.fixture
def left_of(storage: Path, mongodb_url: str, redis_url: str) -> Callable[[str], list[object]]:
    """What is left of a user: files, documents and Redis keys.

    The audit log, the mark of the deletion and counters that expire do not count.
    """

    def left_of(user_id: str) -> list[object]:
        remains: list[object] = [*files_in(storage)]
        with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
            database = client.get_default_database()
            remains += [
                name
                for name in set(database.list_collection_names()) - {"audit", "owners"}
                if user_id in str(list(database[name].find()))
            ]
        with redis.Redis.from_url(redis_url) as client:
            keys = (key for key in client.scan_iter() if user_id.encode() in key)
            return remains + [
                key for key in keys if not key.startswith(b"gifapp:limits") or client.ttl(key) < 0
            ]

    return left_of


@pytest.mark.usefixtures("gif")
async def test_deleted_account_leaves_nothing(
    ada: Person,
    job: JobView,
    jobs: JobParts,
    source: SourceView,
    left_of: Callable[[str], list[object]],
) -> None:
    running = jobs.submission.submit(ada.id, source.id, Recipe(fps=5.0))
    claimed = leases.claim(ada.id, worker="w", lease_s=30)
    assert claimed is not None
    assert claimed.id == running.id
    jobs.submission.submit(ada.id, source.id, Recipe(fps=6.0))
    await ada.http.post("/api/v1/me/tokens", json={"name": "backup"})
    await ada.http.post("/api/v1/recipes", json={"name": "small", "recipe": {}})
    await ada.http.post(f"/api/v1/jobs/{job.id}/shares", json={})
    unfinished = {"Tus-Resumable": "1.0.0", "Upload-Length": "9"}
    assert (await ada.http.post("/api/v1/uploads", headers=unfinished)).status_code == 201
    assert len(left_of(ada.id)) > 8
    assert {"jobs", "sources", "saved_recipes", "shares", "sessions", "api_tokens"} <= set(left_of(ada.id))
    answer = await ada.http.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert answer.status_code == 204
    assert left_of(ada.id) == []
    assert leases.cancel(leases.attempt_of(claimed)) is None  # the worker that ran it is fenced out
    is_problem(await ada.http.get("/api/v1/me"), 401, "token-invalid")


async def test_deletion_requires_the_password(ada: Person) -> None:
    answer = await ada.http.request("DELETE", "/api/v1/me", json={"password": "wrong horse"})
    is_problem(answer, 401, "credentials-wrong")
    assert (await ada.http.get("/api/v1/me")).status_code == 200


async def test_last_administrator_cannot_leave(sign_up: SignUp) -> None:
    root = sign_up("root", "administrator")
    answer = await root.http.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    is_problem(answer, 409, "last-administrator")
    assert (await root.http.get("/api/v1/me")).status_code == 200


async def test_equal_video_of_another_user_stays(
    ada: Person, source: SourceView, sign_up: SignUp, jobs: JobParts, video: bytes
) -> None:
    eve = sign_up("eve")
    answer = await eve.http.post("/api/v1/sources?name=mine.mp4", content=video)
    assert answer.status_code == 201
    await ada.http.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert stored_video(jobs, eve.id, answer.json()["id"]).read_bytes() == video


def test_upload_that_ends_after_its_account_is_not_kept(
    ada: Person, jobs: JobParts, video: bytes, storage: Path
) -> None:
    with jobs.sources.incoming(ada.id) as incoming:
        incoming.write(video)
        jobs.delete_account(ada.id)
        with pytest.raises(errors.NotFound, match="account"):
            jobs.sources.add(ada.id, incoming, "late.mp4")
    assert files_in(storage) == []


def test_job_submitted_during_the_deletion_is_removed(
    ada: Person, jobs: JobParts, source: SourceView
) -> None:
    OwnerDocument.objects(id=ada.id).update_one(
        upsert=True, set__gone_at=utc_now()
    )  # its video is deleted next
    with pytest.raises(errors.NotFound, match="account"):
        jobs.submission.submit(ada.id, source.id, Recipe())
    assert not JobDocument.objects(owner=ada.id)


def test_job_of_a_killed_process_is_removed_with_its_video(
    ada: Person, jobs: JobParts, source: SourceView, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, exclusive = find_source(ada.id, source.id), jobs.blobs.store.exclusive

    @contextmanager
    def submitting() -> Iterator[None]:
        """A process adds a job while videos are removed, and is killed before it sees the mark."""
        with exclusive():
            facts: dict[str, Any] = {"priority": "normal", "run_at": None, "idempotency_key": None}
            assert add_job(video, Recipe(), fingerprint="its own", is_short=True, max_attempts=1, **facts)
            yield

    monkeypatch.setattr(jobs.blobs.store, "exclusive", submitting)
    jobs.delete_account(ada.id)
    assert not JobDocument.objects(owner=ada.id)


async def test_job_submitted_after_the_deletion_is_not_queued(
    ada: Person, jobs: JobParts, source: SourceView, stranger: httpx.AsyncClient
) -> None:
    jobs.delete_account(ada.id)
    with pytest.raises(errors.NotFound):
        jobs.submission.submit(ada.id, source.id, Recipe())
