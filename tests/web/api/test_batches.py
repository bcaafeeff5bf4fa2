"""Batches of jobs: every job's owner is checked."""

import gc
import io
import zipfile
from uuid import uuid4

import httpx
import pytest

from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.parts import JobParts
from gifapp.jobs.services import batches
from tests.jobs.conftest import GIF, finish, purge
from tests.web.api.conftest import Person, SignUp, is_problem


@pytest.fixture
def made(ada: Person, jobs: JobParts, source: SourceView) -> list[str]:
    """The ids of three finished jobs of Ada's."""
    for fps in (1, 2, 3):
        jobs.submission.submit(ada.id, source.id, Recipe(fps=fps))
    return [finish(jobs, ada.id) for _ in range(3)]


async def apply(person: Person, action: str, job_ids: list[str]) -> list[str]:
    answer = await person.http.post("/api/v1/jobs/batch", json={"action": action, "job_ids": job_ids})
    assert answer.status_code == 200
    done: list[str] = answer.json()["job_ids"]
    return done


async def archive(person: Person, job_ids: list[str]) -> httpx.Response:
    return await person.http.post("/api/v1/archives", json={"job_ids": job_ids})


async def test_batch_of_jobs_is_deleted_and_restored(ada: Person, jobs: JobParts, made: list[str]) -> None:
    assert await apply(ada, "delete", [*made[:2], made[0], uuid4().hex]) == made[:2]
    assert [job.id for job in jobs.jobs.page(ada.id).jobs] == made[2:]
    assert await apply(ada, "restore", made[:2]) == made[:2]
    assert jobs.jobs.page(ada.id).total == 3
    await apply(ada, "delete", made[:1])
    purge(jobs)
    assert await apply(ada, "restore", made) == made[1:]


async def test_ended_jobs_are_not_cancelled(
    ada: Person, jobs: JobParts, source: SourceView, made: list[str]
) -> None:
    waiting = jobs.submission.submit(ada.id, source.id, Recipe(fps=9)).id
    assert await apply(ada, "cancel", [*made, waiting]) == [waiting]


async def test_batch_leaves_other_users_jobs_alone(
    ada: Person, jobs: JobParts, made: list[str], sign_up: SignUp
) -> None:
    eve = sign_up("eve")
    for action in ("delete", "restore", "cancel"):
        assert await apply(eve, action, made) == []
    is_problem(await archive(eve, made), 404, "not-found")
    assert jobs.jobs.page(ada.id).total == 3


async def test_gifs_are_downloaded_as_a_zip(
    ada: Person, made: list[str], stranger: httpx.AsyncClient
) -> None:
    answer = await archive(ada, [*made, uuid4().hex])
    body = answer.json()
    assert (answer.status_code, body["files"], body["bytes"]) == (201, 3, 3 * len(GIF))
    sent = await stranger.get(body["url"])
    assert sent.headers["Content-Disposition"].startswith('attachment; filename="gifs.zip"')
    with zipfile.ZipFile(io.BytesIO(sent.content)) as zipped:
        assert zipped.testzip() is None
        assert len(set(zipped.namelist())) == 3
        assert {zipped.read(name) for name in zipped.namelist()} == {GIF}
        assert all(name.startswith("clip") and name.endswith(".gif") for name in zipped.namelist())
    await apply(ada, "delete", made)
    is_problem(await stranger.get(body["url"]), 404, "not-found")
    is_problem(
        await stranger.get(body["url"].replace("signature=", "signature=x")), 403, "media-link-invalid"
    )


def documents() -> int:
    gc.collect()
    return sum(type(item) is JobDocument for item in gc.get_objects())


def test_download_keeps_no_documents_in_memory(ada: Person, jobs: JobParts, made: list[str]) -> None:
    before = documents()
    chunks = jobs.batches.zipped(ada.id, made)
    assert next(chunks)
    assert documents() == before


async def test_gifs_too_large_for_a_zip_are_refused(
    ada: Person, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_BYTES", 10)
    refused = is_problem(await archive(ada, made), 422, "field-invalid")
    assert refused["field"] == "job_ids"
    assert "choose fewer" in refused["detail"]


async def test_batch_size_is_limited(ada: Person) -> None:
    for job_ids in ([], ["x"], ["0" * 33], [uuid4().hex for _ in range(201)], [7]):
        for path, more in (("jobs/batch", {"action": "delete"}), ("archives", {})):
            answer = await ada.http.post(f"/api/v1/{path}", json={"job_ids": job_ids, **more})
            assert is_problem(answer, 422, "field-invalid")["field"].startswith("job_ids")
    answer = await ada.http.post("/api/v1/jobs/batch", json={"job_ids": ["0" * 32], "action": "run"})
    assert is_problem(answer, 422, "field-invalid")["field"] == "action"
