"""Jobs over HTTP: what is accepted, what is refused, and how lists are paged."""

import asyncio
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from gifapp.domain.limits import Allowance
from gifapp.domain.views.jobs import JobView, SourceView
from tests.web.api.conftest import Person, SignUp, is_problem

JSON = {"Content-Type": "application/json"}


async def test_job_is_accepted(ada: Person, source: SourceView) -> None:
    recipe = {"fps": 10, "width_px": 32, "segments": [{"start_s": 0.1, "end_s": 0.9}]}
    body = {"source_id": source.id, "recipe": recipe, "priority": "high"}
    answer = await ada.http.post("/api/v1/jobs", json=body)
    assert answer.status_code == 201
    view = JobView.model_validate(answer.json())
    assert (view.state, view.recipe.width_px, view.queue_position) == ("queued", 32, 1)
    assert answer.headers["Location"] == f"/api/v1/jobs/{view.id}"
    assert (await ada.http.get(answer.headers["Location"])).json()["id"] == view.id


async def test_repeat_with_the_same_key_returns_the_same_job(ada: Person, source: SourceView) -> None:
    body, key = {"source_id": source.id}, {"Idempotency-Key": "once"}
    first = await ada.http.post("/api/v1/jobs", json=body, headers=key)
    again = await ada.http.post("/api/v1/jobs", json={**body, "recipe": {"fps": 5}}, headers=key)
    other = await ada.http.post("/api/v1/jobs", json={**body, "recipe": {"fps": 5}})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
    assert again.json() == {**first.json(), "is_repeat": True}
    assert other.json()["id"] != first.json()["id"]


async def test_concurrent_repeats_return_one_job(ada: Person, source: SourceView) -> None:
    key = {"Idempotency-Key": "at once"}
    bodies = [{"source_id": source.id, "recipe": {"fps": fps}} for fps in range(1, 9)]
    answers = await asyncio.gather(
        *(ada.http.post("/api/v1/jobs", json=body, headers=key) for body in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await ada.http.get("/api/v1/jobs")).json()["jobs"]) == 1


async def test_idempotency_key_belongs_to_its_owner(
    ada: Person, job: JobView, sign_up: SignUp, video: bytes
) -> None:
    assert job.source
    eve, key = sign_up("eve"), {"Idempotency-Key": "everybody's"}
    theirs = (await eve.http.post("/api/v1/sources", content=video)).json()["id"]
    bodies = [{"source_id": source_id, "recipe": {"fps": 3}} for source_id in (job.source.id, theirs)]
    made = [
        await who.http.post("/api/v1/jobs", json=body, headers=key)
        for who, body in zip((ada, eve), bodies, strict=True)
    ]
    assert [answer.status_code for answer in made] == [201, 201]


async def test_equal_submission_returns_the_same_job(ada: Person, source: SourceView) -> None:
    first, again = [await ada.http.post("/api/v1/jobs", json={"source_id": source.id}) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "is_repeat": True}
    assert again.headers["Location"] == first.headers["Location"]


async def test_scheduled_job_has_its_time(ada: Person, source: SourceView) -> None:
    at = datetime.now(UTC) + timedelta(days=29)
    body = {"source_id": source.id, "run_at": at.astimezone(timezone(timedelta(hours=5))).isoformat()}
    submitted = (await ada.http.post("/api/v1/jobs", json=body)).json()
    assert (submitted["state"], submitted["queue_position"]) == ("queued", None)
    assert abs(datetime.fromisoformat(submitted["run_at"]) - at) < timedelta(milliseconds=1)
    assert (await ada.http.get(f"/api/v1/jobs/{submitted['id']}")).json() == submitted


async def test_past_time_means_now(ada: Person, source: SourceView) -> None:
    body = {"source_id": source.id, "run_at": "2020-01-31T12:00:00Z"}
    submitted = (await ada.http.post("/api/v1/jobs", json=body)).json()
    assert (submitted["run_at"], submitted["queue_position"]) == (None, 1)


async def test_time_too_far_ahead_is_refused(ada: Person, source: SourceView) -> None:
    for at in (datetime.now(UTC) + timedelta(days=30, minutes=1), datetime(9999, 12, 31, 23, tzinfo=UTC)):
        body = {"source_id": source.id, "run_at": at.isoformat()}
        problem = is_problem(await ada.http.post("/api/v1/jobs", json=body), 422, "field-invalid")
        assert problem["detail"] == "run_at must be at most 30 days ahead."
    assert (await ada.http.get("/api/v1/jobs")).json()["jobs"] == []


async def test_invalid_idempotency_key_is_refused(ada: Person, source: SourceView) -> None:
    for key in ("", "x" * 201, "a\tb"):
        headers = {"Idempotency-Key": key}
        answer = await ada.http.post("/api/v1/jobs", json={"source_id": source.id}, headers=headers)
        assert is_problem(answer, 422, "field-invalid")["field"] == "Idempotency-Key"
    headers = {"Idempotency-Key": "x" * 200}
    answer = await ada.http.post("/api/v1/jobs", json={"source_id": source.id}, headers=headers)
    assert answer.status_code == 201


async def test_pages_follow_each_other(ada: Person, source: SourceView) -> None:
    made = [
        (await ada.http.post("/api/v1/jobs", json={"source_id": source.id, "recipe": {"fps": fps}})).json()[
            "id"
        ]
        for fps in range(1, 6)
    ]
    ids: list[str] = []
    page: dict[str, Any] = {"next_cursor": None}
    for _ in range(3):
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
        page = (await ada.http.get("/api/v1/jobs", params={"limit": 2, **cursor})).json()
        ids += [job["id"] for job in page["jobs"]]
    assert sorted(ids) == sorted(made)
    assert page["next_cursor"] is None


async def test_jobs_are_filtered_by_state(ada: Person, job: JobView) -> None:
    queued = (await ada.http.get("/api/v1/jobs?state=queued")).json()["jobs"]
    assert [listed["id"] for listed in queued] == [job.id]
    assert (await ada.http.get("/api/v1/jobs?state=dead")).json()["jobs"] == []


async def test_search_finds_names_and_captions_and_returns_a_total(
    ada: Person, source: SourceView, sign_up: SignUp
) -> None:
    for fps, text in [(1, "Hello"), (2, "Hello there"), (3, "Goodbye")]:
        recipe = {"fps": fps, "captions": [{"text": text}]}
        await ada.http.post("/api/v1/jobs", json={"source_id": source.id, "recipe": recipe})
    query: dict[str, Any] = {
        "search": "CLIP hello",
        "sort": "oldest",
        "limit": 1,
        "source_id": source.id,
        "format": "gif",
    }
    page = (await ada.http.get("/api/v1/jobs", params=query)).json()
    assert (page["total"], [job["recipe"]["fps"] for job in page["jobs"]]) == (2, [1])
    page = (await ada.http.get("/api/v1/jobs", params=query | {"cursor": page["next_cursor"]})).json()
    assert (page["total"], [job["recipe"]["fps"] for job in page["jobs"]]) == (2, [2])
    assert page["next_cursor"] is None
    theirs = (await sign_up("eve").http.get("/api/v1/jobs", params={"search": "hello"})).json()
    assert theirs == {"jobs": [], "next_cursor": None, "total": 0}


WRONG_ARGUMENTS = {
    "search=" + "x" * 201: "search",
    "format=avi": "format",
    "source_id=" + "x" * 101: "source_id",
    "sort=random": "sort",
    "sort=largest&cursor=x": "cursor",
    "state=done": "state",
    "limit=0": "limit",
    "limit=201": "limit",
    "limit=ten": "limit",
    "cursor=x": "cursor",
    "cursor=" + "9" * 300: "cursor",
}


async def test_wrong_argument_is_named(ada: Person) -> None:
    for query, field in WRONG_ARGUMENTS.items():
        answer = await ada.http.get(f"/api/v1/jobs?{query}")
        assert is_problem(answer, 422, "field-invalid")["field"] == field


async def test_cancel_retry_delete(ada: Person, job: JobView) -> None:
    path = f"/api/v1/jobs/{job.id}"
    is_problem(await ada.http.post(f"{path}/retry"), 409, "move-not-allowed")
    assert (await ada.http.post(f"{path}/cancel")).json()["state"] == "cancelled"
    assert (await ada.http.post(f"{path}/retry")).json()["state"] == "queued"
    assert (await ada.http.delete(path)).status_code == 204
    is_problem(await ada.http.get(path), 404, "not-found")


async def test_unfinished_gif_is_refused(ada: Person, job: JobView) -> None:
    is_problem(await ada.http.get(f"/api/v1/jobs/{job.id}/gif"), 409, "job-not-finished")


WRONG_RECIPES: list[tuple[dict[str, Any], str]] = [
    ({"fps": 0}, "fps must be a number from 1 to 50"),
    ({"fps": True}, "fps"),
    ({"fps": "10"}, "fps"),
    ({"width_px": 1.5}, "width_px"),
    ({"dither": "blue"}, "dither must be one of auto"),
    ({"speeed": 2}, "speeed is not a known name (did you mean speed?)"),
    ({"crop": {"$gt": ""}}, "crop"),
    ({"segments": [{"start_s": 5, "end_s": 1}]}, "end_s must be greater than start_s"),
]


async def test_wrong_recipe_field_is_named(ada: Person, source: SourceView) -> None:
    for recipe, message in WRONG_RECIPES:
        answer = await ada.http.post("/api/v1/jobs", json={"source_id": source.id, "recipe": recipe})
        assert message in is_problem(answer, 422, "recipe-invalid")["detail"]
    assert (await ada.http.get("/api/v1/jobs")).json()["jobs"] == []


async def test_range_outside_the_video_is_refused(ada: Person, source: SourceView) -> None:
    body = {"source_id": source.id, "recipe": {"segments": [{"start_s": 50, "end_s": 60}]}}
    is_problem(await ada.http.post("/api/v1/jobs", json=body), 422, "range-outside-source")


def members(count: int) -> str:
    return ", ".join(f'"{number}": 0' for number in range(count))


WRONG_BODIES: list[tuple[str | bytes, tuple[int, str], str]] = [
    ("", (400, "json-invalid"), "not valid JSON: expecting value at line 1, column 1."),
    ("{", (400, "json-invalid"), ""),
    ('{"source_id": NaN}', (400, "json-invalid"), "NaN is not a valid number"),
    ('{"source_id": -Infinity}', (400, "json-invalid"), "-Infinity"),
    ('{"recipe": {"fps": 1e309}}', (400, "json-invalid"), "1e309 is out of range"),
    ('{"source_id": "a", "source_id": "b"}', (400, "json-invalid"), "'source_id' is given twice"),
    ('{"source_id": "\\ud800"}', (400, "json-invalid"), "UTF-8"),
    ("[" * 30 + "]" * 30, (400, "json-invalid"), "nested too deeply"),
    ("[" * 30_000 + "]" * 30_000, (400, "json-invalid"), "nested too deeply"),
    (f"{{{members(9000)}}}", (400, "json-invalid"), "more than 5000 values"),
    (f"{{{members(150_000)}}}", (400, "json-invalid"), "more than 5000 values"),
    (f"[[{'0,' * 9000}0]]", (400, "json-invalid"), "more than 5000 values"),
    (f'{{{members(9000)}, "8999": 0}}', (400, "json-invalid"), "'8999' is given twice"),
    ("9" * 5000, (400, "json-invalid"), ""),
    (b"\xff\xfe", (400, "json-invalid"), "UTF-8"),
    ("[]", (422, "field-invalid"), "body must be an object (got "),
    ("null", (422, "field-invalid"), "body must be an object (got "),
    ("{}", (422, "field-invalid"), "source_id "),
    ('{"source_id": {"$gt": ""}}', (422, "field-invalid"), "source_id "),
    ('{"source_id": true}', (422, "field-invalid"), "source_id "),
    (
        '{"source_id": "a", "recipe": []}',
        (422, "field-invalid"),
        "recipe must be an object (got a list of 0 items)",
    ),
    ('{"source_id": "a", "priority": "now"}', (422, "field-invalid"), "priority must be one of "),
    ('{"source_id": "a", "run_at": "2026-01-31T12:00:00"}', (422, "field-invalid"), "run_at must be a time"),
    (
        '{"source_id": "a", "run_at": "0001-01-01T00:00:00+14:00"}',
        (422, "field-invalid"),
        "run_at must be a time",
    ),
    (
        '{"source_id": "a", "run_at": "tomorrow"}',
        (422, "field-invalid"),
        "run_at must be a time with a time zone",
    ),
    (
        '{"source_id": "a", "run_at": 1769860800}',
        (422, "field-invalid"),
        "run_at must be a time with a time zone",
    ),
    (
        '{"source_id": "a", "owner": "b"}',
        (422, "field-invalid"),
        "owner is not a known name; known: source_id, recipe, priority, run_at",
    ),
    ('{"source_id": "nobody\'s"}', (404, "not-found"), "no such source"),
    ('{"source_id": "' + "x" * 2_100_000 + '"}', (413, "body-too-large"), "2.097 MB"),
]


async def test_wrong_body_is_refused_with_a_reason(ada: Person) -> None:
    for body, problem, message in WRONG_BODIES:
        answer = await ada.http.post("/api/v1/jobs", content=body, headers=JSON)
        assert message in is_problem(answer, *problem)["detail"]


async def test_body_without_json_content_type_is_refused(ada: Person, source: SourceView) -> None:
    body = json.dumps({"source_id": source.id})
    for content_type in ("", "text/plain", "application/x-www-form-urlencoded"):
        answer = await ada.http.post("/api/v1/jobs", content=body, headers={"Content-Type": content_type})
        is_problem(answer, 415, "content-type-wrong")


@pytest.mark.parametrize("allowance", [Allowance(jobs_per_hour=1)])
async def test_too_many_submissions_get_a_retry_time(ada: Person, source: SourceView) -> None:
    bodies = [{"source_id": source.id, "recipe": {"fps": fps}} for fps in (1, 2)]
    assert (await ada.http.post("/api/v1/jobs", json=bodies[0])).status_code == 201
    refused = await ada.http.post("/api/v1/jobs", json=bodies[1])
    problem = is_problem(refused, 429, "too-many-jobs")
    assert problem["limit"] == 1
    assert 0 < int(refused.headers["Retry-After"]) == problem["retry_after_s"] <= 3600
