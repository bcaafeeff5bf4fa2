"""What holds for every route: whose it is, how errors look, which headers come with the answer."""

from urllib.parse import urlsplit

import httpx
import pytest
from tornado.routing import URLSpec

from gifapp.domain.views import JobView, SourceView
from gifapp.identity.service import Identity
from gifapp.web.api import api_routes
from gifapp.web.parts import Parts
from tests.web.api.conftest import FRIEND, Person, SignUp, is_problem

# method, route: the status for nobody, for another user, for an administrator, for the owner.
# The media of the last column need a finished job, which this one is not.
ACCESS = {
    ("POST", "/api/v1/auth/register"): (415, 415, 415, 415),
    ("POST", "/api/v1/auth/login"): (415, 415, 415, 415),
    ("POST", "/api/v1/auth/refresh"): (401, 401, 401, 401),
    ("POST", "/api/v1/auth/logout"): (204, 204, 204, 204),
    ("POST", "/api/v1/auth/password"): (401, 415, 415, 415),
    ("GET", "/api/v1/me"): (401, 200, 200, 200),
    ("GET", "/api/v1/limits"): (200, 200, 200, 200),
    ("GET", "/api/v1/sources"): (401, 200, 200, 200),
    ("POST", "/api/v1/sources"): (401, 422, 422, 422),
    ("GET", "/api/v1/sources/{source}"): (401, 404, 404, 200),
    ("GET", "/api/v1/sources/{source}/poster"): (401, 404, 404, 200),
    ("GET", "/api/v1/sources/{source}/frame?at_s=0"): (401, 404, 404, 200),
    ("DELETE", "/api/v1/sources/{source}"): (401, 404, 404, 409),
    ("POST", "/api/v1/uploads"): (401, 412, 412, 412),
    ("HEAD", "/api/v1/uploads/{source}"): (401, 412, 412, 412),
    ("GET", "/api/v1/jobs"): (401, 200, 200, 200),
    ("POST", "/api/v1/jobs"): (401, 415, 415, 415),
    ("POST", "/api/v1/estimates"): (401, 415, 415, 415),
    ("GET", "/api/v1/presets"): (200, 200, 200, 200),
    ("GET", "/api/v1/jobs/{job}"): (401, 404, 404, 200),
    ("GET", "/api/v1/jobs/{job}/gif"): (401, 404, 404, 409),
    ("POST", "/api/v1/jobs/{job}/retry"): (401, 404, 404, 409),
    ("POST", "/api/v1/jobs/{job}/cancel"): (401, 404, 404, 200),
    ("DELETE", "/api/v1/jobs/{job}"): (401, 404, 404, 204),
    ("GET", "/api/v1/events"): (401, 400, 400, 400),
    ("GET", "/api/v1/admin/queue"): (401, 403, 200, 403),
    ("POST", "/api/v1/admin/queue/pause"): (401, 403, 200, 403),
    ("POST", "/api/v1/admin/queue/resume"): (401, 403, 200, 403),
    ("GET", "/api/v1/admin/workers"): (401, 403, 200, 403),
    ("GET", "/api/v1/admin/storage"): (401, 403, 200, 403),
    ("GET", "/api/v1/admin/dead-letters"): (401, 403, 200, 403),
    ("DELETE", "/api/v1/admin/dead-letters"): (401, 403, 200, 403),
    ("POST", "/api/v1/admin/dead-letters/requeue"): (401, 403, 200, 403),
    ("GET", "/api/v1/admin/dead-letters/{job}"): (401, 403, 404, 403),
    ("DELETE", "/api/v1/admin/dead-letters/{job}"): (401, 403, 404, 403),
    ("POST", "/api/v1/admin/dead-letters/{job}/requeue"): (401, 403, 404, 403),
    ("GET", "/media/gifs/{job}"): (403, 403, 403, 403),
    ("GET", "/media/posters/{source}"): (403, 403, 403, 403),
    ("GET", "/media/frames/{source}"): (403, 403, 403, 403),
    ("GET", "/health/live"): (200, 200, 200, 200),
    ("GET", "/health/ready"): (200, 200, 200, 200),
}


async def test_who_may_what(stranger: httpx.AsyncClient, ada: Person, sign_up: SignUp, job: JobView) -> None:
    assert job.source
    askers = [stranger, sign_up("eve").http, sign_up("root", "administrator").http, ada.http]
    found = {}
    for method, route in ACCESS:
        path = route.format(job=job.id, source=job.source.id)
        found[method, route] = tuple([(await who.request(method, path)).status_code for who in askers])
    assert found == ACCESS


def test_every_route_is_in_the_table() -> None:
    known = [urlsplit(path.format(job="x", source="x")).path for _, path in ACCESS]
    missing = [
        route.regex.pattern
        for route in api_routes()[:-1]
        if isinstance(route, URLSpec) and not any(route.regex.match(path) for path in known)
    ]
    assert missing == []


async def test_anothers_video_makes_no_job(sign_up: SignUp, source: SourceView) -> None:
    eve = sign_up("eve")
    is_problem(await eve.http.post("/api/v1/jobs", json={"source_id": source.id}), 404, "not-found")
    assert (await eve.http.get("/api/v1/sources")).json() == {"sources": []}


async def test_an_unknown_address_is_a_problem(stranger: httpx.AsyncClient) -> None:
    for path in ("/api/v1/nothing", "/api/v2/jobs", "/media", "/media/x", "/health", "/health/x"):
        for method in ("GET", "POST", "DELETE", "PUT"):
            is_problem(await stranger.request(method, path), 404, "not-found")


async def test_an_unknown_method_is_told_the_known_ones(ada: Person) -> None:
    for method in ("PUT", "PATCH", "HEAD"):
        answer = await ada.http.request(method, "/api/v1/jobs")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, POST, OPTIONS"
    is_problem(await ada.http.put("/api/v1/jobs", content=b"x"), 405, "method-not-allowed")


async def test_an_error_of_ours_is_logged_and_shows_nothing(
    stranger: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await stranger.get("/api/broken")
    told = is_problem(answer, 500, "internal-server-error")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    errors = [record for record in caplog.records if record.name.startswith("gifapp")]
    assert [record.getMessage() for record in errors] == ["GET /api/broken"]
    assert errors[0].exc_info
    assert told["request_id"]


async def test_every_answer_is_guarded(stranger: httpx.AsyncClient, ada: Person) -> None:
    for answer in (
        await ada.http.get("/api/v1/me"),
        await stranger.get("/api/v1/me"),
        await stranger.get("/health/live"),
        await stranger.get("/api/broken"),
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_friends_page_may_ask(stranger: httpx.AsyncClient) -> None:
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
async def test_no_other_page_may(stranger: httpx.AsyncClient, origin: str) -> None:
    for answer in (
        await stranger.options("/api/v1/jobs", headers={"Origin": origin}),
        await stranger.get("/api/v1/limits", headers={"Origin": origin}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["Vary"] == "Origin"


async def test_ready_tells_of_each_server(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/health/ready")
    checks = {"mongodb": "ok", "redis": "ok", "storage": "ok"}
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": checks})


async def test_without_redis_it_is_not_ready_and_says_no_secret(
    stranger: httpx.AsyncClient,
    parts: Parts,
    identity: Identity,
    redis_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away() -> None:
        raise ConnectionError(redis_url)

    assert isinstance(parts.checks, dict)
    parts.checks["redis"] = away
    answer = await stranger.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["redis"] == "unreachable"
    password = urlsplit(redis_url).password or ""
    assert password not in answer.text + caplog.text
