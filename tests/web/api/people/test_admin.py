"""Administrators over HTTP: the queue, the dead letters of all owners, the workers."""

from collections.abc import Callable

from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.db import leases, workers
from gifapp.jobs.parts import JobParts
from tests.jobs.conftest import stored_video
from tests.web.api.conftest import Person, is_problem

QUEUE = "/api/v1/admin/queue"
DEAD = "/api/v1/admin/dead-letters"


async def test_queue_is_paused_shown_and_resumed(root: Person, job: JobView) -> None:
    queue = (await root.http.get(QUEUE)).json()
    assert (queue["queued"], queue["due"], queue["running"], queue["dead"]) == (1, 1, 0, 0)
    assert queue["paused_at"] is None
    assert queue.keys() == {
        *("paused_at", "queued", "due", "running", "dead", "oldest_due_s", "workers", "usual_s")
    }
    assert (await root.http.post(f"{QUEUE}/pause")).json()["paused_at"]
    assert (await root.http.get(QUEUE)).json()["paused_at"]
    assert (await root.http.post(f"{QUEUE}/resume")).json()["paused_at"] is None


async def test_paused_queue_still_accepts_jobs(root: Person, ada: Person, source: SourceView) -> None:
    await root.http.post(f"{QUEUE}/pause")
    assert (await ada.http.post("/api/v1/jobs", json={"source_id": source.id})).status_code == 201


async def test_living_workers_are_listed(root: Person, job: JobView, ada: Person) -> None:
    workers.report("busy", jobs=3, memory_bytes=34_000_000)
    leases.claim(ada.id, worker="busy", lease_s=30)
    [worker] = (await root.http.get("/api/v1/admin/workers")).json()["workers"]
    assert worker["started_at"] <= worker.pop("seen_at")
    del worker["started_at"]
    assert worker == {"name": "busy", "jobs": 3, "memory_bytes": 34_000_000, "job_id": job.id}


async def test_missing_files_are_reported(
    root: Person, ada: Person, jobs: JobParts, source: SourceView
) -> None:
    storage = "/api/v1/admin/storage"
    assert (await root.http.get(storage)).json() == {"storage": None}
    stored_video(jobs, ada.id, source.id).unlink()
    jobs.housekeeping()
    seen = (await root.http.get(storage)).json()["storage"]
    assert seen["compared_at"]
    assert (seen["removed_files"], seen["missing_count"]) == (0, 1)
    assert seen["missing"] == [{"kind": "source", "id": source.id, "owner_id": ada.id}]


async def test_dead_letter_has_its_owner_and_history(
    root: Person, jobs: JobParts, bury: Callable[[int], JobView]
) -> None:
    job = bury(5)
    [listed] = (await root.http.get(DEAD)).json()["dead_letters"]
    assert (listed["id"], listed["owner_email"], listed["source_name"]) == (
        job.id,
        "ada@example.org",
        "clip.mp4",
    )
    assert (listed["state"], listed["attempts"]) == ("dead", jobs.timings.max_attempts)
    assert [(error["code"], error["attempt"]) for error in listed["errors"]] == [
        ("worker-lost", number) for number in range(1, jobs.timings.max_attempts + 1)
    ]
    assert all(error["at"] and error["detail"] for error in listed["errors"])
    shown = (await root.http.get(f"{DEAD}/{job.id}")).json()
    recipe = shown.pop("recipe")
    assert (shown, recipe["fps"], recipe["subtitles"]) == (listed, 5.0, None)


async def test_dead_letters_are_paged(root: Person, bury: Callable[[int], JobView]) -> None:
    ids = [bury(fps).id for fps in (1, 2, 3)]
    first = (await root.http.get(DEAD, params={"limit": 2})).json()
    second = (await root.http.get(DEAD, params={"cursor": first["next_cursor"]})).json()
    assert [letter["id"] for letter in first["dead_letters"] + second["dead_letters"]] == ids[::-1]
    assert second["next_cursor"] is None


async def test_owner_can_read_why_the_job_died(ada: Person, bury: Callable[[int], JobView]) -> None:
    body = (await ada.http.get(f"/api/v1/jobs/{bury(5).id}")).json()
    assert body["error"]["code"] == "worker-lost"
    assert [error["code"] for error in body["errors"]] == ["worker-lost"] * body["attempts"]


async def test_dead_letters_are_requeued_singly_and_all_at_once(
    root: Person, bury: Callable[[int], JobView]
) -> None:
    first, second = bury(1), bury(2)
    answer = await root.http.post(f"{DEAD}/{first.id}/requeue")
    assert (answer.json()["state"], answer.json()["owner_email"]) == ("queued", "ada@example.org")
    is_problem(await root.http.post(f"{DEAD}/{first.id}/requeue"), 404, "not-found")
    assert (await root.http.post(f"{DEAD}/requeue")).json() == {"requeued": 1, "left": 0}
    is_problem(await root.http.get(f"{DEAD}/{second.id}"), 404, "not-found")


async def test_dead_letter_without_its_video_cannot_be_requeued(
    root: Person, ada: Person, source: SourceView, bury: Callable[[int], JobView]
) -> None:
    job = bury(1)
    assert (await ada.http.delete(f"/api/v1/sources/{source.id}")).status_code == 204
    is_problem(await root.http.post(f"{DEAD}/{job.id}/requeue"), 422, "source-gone")
    assert (await root.http.post(f"{DEAD}/requeue")).json() == {"requeued": 0, "left": 1}


async def test_dead_letters_are_purged_singly_by_age_and_all_at_once(
    root: Person, bury: Callable[[int], JobView]
) -> None:
    first, _ = bury(1), bury(2)
    assert (await root.http.delete(f"{DEAD}/{first.id}")).status_code == 204
    assert (await root.http.delete(f"{DEAD}?older_than_s=3600")).json() == {"purged": 0}
    assert (await root.http.delete(DEAD)).json() == {"purged": 1}
    assert (await root.http.get(DEAD)).json() == {"dead_letters": [], "next_cursor": None}


async def test_wrong_argument_purges_nothing(root: Person, bury: Callable[[int], JobView]) -> None:
    bury(1)
    for age in ("-1", "week", "nan", "1e300", ""):
        answer = await root.http.delete(DEAD, params={"older_than_s": age})
        assert is_problem(answer, 422, "field-invalid")["field"] == "older_than_s"
    answer = await root.http.delete(DEAD, params={"older_than": "3600"})
    assert is_problem(answer, 422, "field-invalid")["field"] == "older_than"
    assert len((await root.http.get(DEAD)).json()["dead_letters"]) == 1


async def test_other_users_are_refused(ada: Person) -> None:
    problem = is_problem(await ada.http.get(QUEUE), 403, "administrators-only")
    assert problem["detail"] == "Only an administrator can do that."
