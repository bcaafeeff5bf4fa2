"""What holds for every route: ownership, the form of errors, and response headers."""

import asyncio
import re
import time
from urllib.parse import urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.identity.service import Identity
from gifapp.web.http.context import Parts
from tests.web.api.conftest import FRIEND, Person, SignUp, is_problem
from tests.web.visitors import policy_of


async def test_job_needs_a_source_of_its_owner(sign_up: SignUp, source: SourceView) -> None:
    eve = sign_up("eve")
    is_problem(await eve.http.post("/api/v1/jobs", json={"source_id": source.id}), 404, "not-found")
    assert (await eve.http.get("/api/v1/sources")).json() == {"sources": [], "next_cursor": None}


async def test_unknown_path_is_a_problem(stranger: httpx.AsyncClient) -> None:
    for path in ("/api/v1/nothing", "/api/v2/jobs", "/media", "/media/x", "/health", "/health/x"):
        for method in ("GET", "POST", "DELETE", "PUT"):
            is_problem(await stranger.request(method, path), 404, "not-found")


async def test_unknown_method_is_refused_with_the_allowed_ones(ada: Person) -> None:
    for method in ("PUT", "PATCH", "HEAD"):
        answer = await ada.http.request(method, "/api/v1/jobs")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, POST, OPTIONS"
    is_problem(await ada.http.put("/api/v1/jobs", content=b"x"), 405, "method-not-allowed")


async def test_internal_error_is_logged_and_reveals_nothing(
    stranger: httpx.AsyncClient,
) -> None:
    with capture_logs() as logs:
        answer = await stranger.get("/api/broken")
    problem = is_problem(answer, 500, "internal-server-error")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    [failed, completed] = [log for log in logs if log["log_level"] == "error"]
    assert (failed["event"], failed["request"]) == ("request failed", "GET /api/broken")
    assert isinstance(failed["exc_info"], Exception)
    assert (completed["event"], completed["status"]) == ("request completed", 500)
    assert problem["request_id"]


async def test_every_response_has_security_headers(stranger: httpx.AsyncClient, ada: Person) -> None:
    for answer in (
        await ada.http.get("/api/v1/me"),
        await stranger.get("/api/v1/me"),
        await stranger.get("/health/live"),
        await stranger.get("/api/broken"),
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert policy_of(answer) == {
            "default-src": {"'none'"},
            "style-src": {"'unsafe-inline'"},
            "frame-ancestors": {"'none'"},
            "sandbox": set(),
        }
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_allowed_origin_may_read_responses(stranger: httpx.AsyncClient) -> None:
    headers = {"Origin": FRIEND, "Access-Control-Request-Method": "POST"}
    preflight = await stranger.options("/api/v1/jobs", headers=headers)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    answer = await stranger.get("/api/v1/jobs", headers={"Origin": FRIEND})
    assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://friend.example.evil.example", "null", ""]
)
async def test_other_origins_may_not_read_responses(stranger: httpx.AsyncClient, origin: str) -> None:
    for answer in (
        await stranger.options("/api/v1/jobs", headers={"Origin": origin}),
        await stranger.get("/api/v1/limits", headers={"Origin": origin}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["Vary"] == "Origin"


async def test_readiness_reports_each_server(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/health/ready")
    checks = {"mongodb": "ok", "redis": "ok", "storage": "ok"}
    body = answer.json()
    assert (answer.status_code, body["status"], body["checks"], body["problems"]) == (200, "ok", checks, {})
    assert body["latency_ms"].keys() == checks.keys()
    assert all(0 < latency < 5000 for latency in body["latency_ms"].values())


async def test_without_redis_it_is_not_ready_and_reveals_no_secret(
    stranger: httpx.AsyncClient,
    parts: Parts,
    identity: Identity,
    redis_url: str,
) -> None:
    def away() -> None:
        raise ConnectionError(redis_url)

    parts.services.checks["redis"] = away
    with capture_logs() as logs:
        answer = await stranger.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["redis"] == "unreachable"
    assert answer.json()["problems"] == {"redis": "It does not respond."}
    password = urlsplit(redis_url).password or ""
    assert password not in f"{answer.text} {logs}"
    assert ("dependency not ready", "redis") in [(log["event"], log.get("dependency")) for log in logs]


async def test_concurrent_readiness_checks_share_their_results(
    stranger: httpx.AsyncClient, parts: Parts
) -> None:
    checks: list[None] = []

    def slow() -> None:
        checks.append(None)
        time.sleep(0.3)

    parts.services.checks["redis"] = slow
    answers = await asyncio.gather(*(stranger.get("/health/ready") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(checks) < 5  # requests after the first check were answered by a second one


@pytest.mark.parametrize("path", ["jobs", "jobs/{job}", "sources", "sources/{source}", "limits", "presets"])
async def test_unchanged_response_is_not_sent_again(ada: Person, job: JobView, path: str) -> None:
    assert job.source
    address = f"/api/v1/{path.format(job=job.id, source=job.source.id)}"
    first = await ada.http.get(address)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = await ada.http.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_changed_response_is_sent_again(ada: Person, job: JobView) -> None:
    tag = {"If-None-Match": (await ada.http.get(f"/api/v1/jobs/{job.id}")).headers["ETag"]}
    await ada.http.post(f"/api/v1/jobs/{job.id}/cancel")
    answer = await ada.http.get(f"/api/v1/jobs/{job.id}", headers=tag)
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


async def test_uncacheable_response_has_no_etag(ada: Person) -> None:
    for path in ("me", "jobs/nobodys"):
        answer = await ada.http.get(f"/api/v1/{path}", headers={"If-None-Match": "*"})
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/me", "/api/v1/admin/queue", "/media/gifs/x"])
async def test_refused_request_keeps_the_connection_open(url: str, ada: Person, path: str) -> None:
    to = urlsplit(url)
    reader, writer = await asyncio.open_connection(to.hostname, to.port)
    token = f"Authorization: {ada.http.headers['Authorization']}\r\n" if "admin" in path else ""
    for requested in (path, "/api/v1/limits", path):
        writer.write(f"GET {requested} HTTP/1.1\r\nHost: {to.netloc}\r\n{token}\r\n".encode())
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
        assert ("200 OK" in head) is (requested == "/api/v1/limits")
        assert "Connection: close" not in head
        await reader.readexactly(int(re.search(r"Content-Length: (\d+)", head)[1]))  # type: ignore[index]
    writer.close()


async def test_password_of_ten_megabytes_is_refused_unread(stranger: httpx.AsyncClient) -> None:
    account = {"email": "ada@example.org", "password": "x" * 10_000_000}
    is_problem(await stranger.post("/api/v1/auth/login", json=account), 413, "body-too-large")


async def test_large_body_is_refused_before_it_is_sent(url: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: 10000000\r\n\r\n".encode())
    async with asyncio.timeout(20):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_form_with_too_many_parts_is_refused(ada: Person) -> None:
    parts = [(f"part{number}", (f"{number}.mp4", b"x", "video/mp4")) for number in range(1001)]
    is_problem(await ada.http.post("/api/v1/sources", files=parts), 415, "content-type-wrong")
