"""GIFs and videos are renamed: their cards, their files, and what a search finds."""

import io
import zipfile
from typing import Any

import pytest

from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.parts import JobParts
from tests.support.known_videos import KnownVideo, add_source
from tests.web.api.conftest import Person, SignUp, is_problem


async def rename(person: Person, path: str, name: Any) -> Any:
    return await person.http.patch(f"/api/v1/{path}", json={"name": name})


async def file_name(person: Person, job: JobView) -> str:
    answer = await person.http.get(f"/api/v1/jobs/{job.id}/gif?download=1")
    assert answer.headers["Cache-Control"] == "private, no-cache"  # else it is saved under its last name
    return answer.headers["Content-Disposition"].split('"')[1]


async def found(person: Person, search: str) -> list[str]:
    page = (await person.http.get("/api/v1/jobs", params={"search": search})).json()
    return [job["id"] for job in page["jobs"]]


@pytest.mark.usefixtures("gif")
async def test_gif_is_renamed(ada: Person, job: JobView) -> None:
    assert await file_name(ada, job) == "clip-0.4s-64px.gif"
    answer = await rename(ada, f"jobs/{job.id}", " The  big\njump ")
    assert (answer.status_code, answer.json()["name"]) == (200, "The big jump")
    assert answer.json()["gif"]["file_name"] == await file_name(ada, job) == "The big jump.gif"
    assert await found(ada, "big JUMP") == await found(ada, "clip") == [job.id]
    zipped = (await ada.http.post("/api/v1/archives", json={"job_ids": [job.id]})).json()
    archive = zipfile.ZipFile(io.BytesIO((await ada.http.get(zipped["url"])).content))
    assert archive.namelist() == ["The big jump.gif"]


@pytest.mark.usefixtures("gif")
@pytest.mark.parametrize("own", ["clip.mp4", "clip"])
async def test_videos_name_restores_the_default(ada: Person, job: JobView, own: str) -> None:
    await rename(ada, f"jobs/{job.id}", "jump.gif")
    assert await file_name(ada, job) == "jump.gif"
    answer = await rename(ada, f"jobs/{job.id}", own)
    assert (answer.json()["name"], await file_name(ada, job)) == ("clip.mp4", "clip-0.4s-64px.gif")
    assert await found(ada, "jump") == []


@pytest.mark.usefixtures("gif")
async def test_gifs_without_a_name_of_their_own_follow_their_video(
    ada: Person, job: JobView, source: SourceView, jobs: JobParts, known_video: KnownVideo
) -> None:
    add_source(jobs, ada.id, known_video, "other.mp4")
    body = {"source_id": source.id, "recipe": {"fps": 5}}
    named = (await ada.http.post("/api/v1/jobs", json=body)).json()["id"]
    await rename(ada, f"jobs/{named}", "Mine")
    answer = await rename(ada, f"sources/{source.id}", "beach.mov")
    assert (answer.status_code, answer.json()["name"]) == (200, "beach.mov")
    listed = (await ada.http.get("/api/v1/jobs")).json()["jobs"]
    assert {each["id"]: each["name"] for each in listed} == {job.id: "beach.mov", named: "Mine"}
    assert await file_name(ada, job) == "beach-0.4s-64px.gif"
    assert set(await found(ada, "beach")) == {job.id, named}
    assert await found(ada, "clip") == []
    names = {each["name"] for each in (await ada.http.get("/api/v1/sources")).json()["sources"]}
    assert names == {"beach.mov", "other.mp4"}


async def test_other_peoples_keep_their_names(ada: Person, job: JobView, sign_up: SignUp) -> None:
    assert job.source
    eve = sign_up("eve")
    for path in (f"jobs/{job.id}", f"sources/{job.source.id}"):
        is_problem(await rename(eve, path, "Eve's"), 404, "not-found")
        assert (await ada.http.get(f"/api/v1/{path}")).json()["name"] == "clip.mp4"


@pytest.mark.parametrize("name", ["", " \n\t", "\u202e\u0007", "x" * 201, 7, None])
async def test_blank_name_is_refused(ada: Person, job: JobView, name: Any) -> None:
    problem = is_problem(await rename(ada, f"jobs/{job.id}", name), 422, "field-invalid")
    assert "name" in problem["detail"]
