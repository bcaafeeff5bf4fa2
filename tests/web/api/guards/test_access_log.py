"""The access log identifies requests without recording secrets."""

import asyncio
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from gifapp.domain.views.jobs import JobView
from gifapp.web.http.access_log import shown_address, shown_method
from gifapp.web.http.context import Parts
from tests.web.api.conftest import Person
from tests.web.api.guards.raw import ask, get

TOKEN = "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZmdoaWo"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/api/v1/jobs?limit=10&state=failed", "/api/v1/jobs?limit=10&state=failed"),
        ("/api/v1/jobs/0123456789abcdef01234567/gif", "/api/v1/jobs/0123456789abcdef01234567/gif"),
        ("/api/kernels/0d9f6a6e-5c0e-4a3f-9f5f-0c1d2e3f4a5b/channels?session_id=a1", None),
        ("/?setup=abcdefghijklmnopqrstuvwx", "/?setup=…"),
        (f"/?access_token={TOKEN}&limit={TOKEN}", "/?access_token=…&limit=…"),
        ("/?name=holiday.mp4&%73etup=abc&x", "/?name=…&…&x"),
        ("/%3Fsetup=abc", "/…"),
        (f"/s/{TOKEN}/clip.gif?{TOKEN}", "/s/…/clip.gif?…"),
        (f"//S/{TOKEN}.", "//S/…"),
        (f"/nothing/gifapp_{TOKEN}", "/nothing/gifapp_…"),
        ("/" + "a/" * 5000, None),
        (None, ""),
    ],
)
def test_url_is_logged_without_secrets(address: str | None, shown: str | None) -> None:
    logged = shown_address(address)
    assert len(logged) <= 500
    assert TOKEN[:12] not in logged
    if shown is not None:
        assert logged == shown


def test_unknown_method_is_not_logged_verbatim() -> None:
    assert [shown_method(method) for method in ("GET", "PATCH", TOKEN, None)] == [
        "GET",
        "PATCH",
        "other",
        "other",
    ]


@pytest.mark.parametrize(
    ("method", "path", "has_line"),
    [
        ("GET", "/health/live", False),
        ("OPTIONS", "/api/v1/jobs", False),
        ("GET", "/api/docs/swagger-ui.css", False),
        ("GET", "/api/docs/nothing.css", True),
        ("POST", "/health/live", True),
    ],
)
async def test_unlimited_request_is_logged_only_if_it_fails(
    stranger: httpx.AsyncClient, method: str, path: str, has_line: bool
) -> None:
    with capture_logs() as logs:
        answer = await stranger.request(method, path)
    lines = [log for log in logs if log["event"] == "request completed"]
    assert (answer.status_code >= 400, len(lines)) == (has_line, has_line)


@pytest.mark.usefixtures("gif")
async def test_gif_download_is_logged(ada: Person, job: JobView) -> None:
    with capture_logs() as logs:
        await ada.http.get(f"/api/v1/jobs/{job.id}/gif")
    [line] = [log for log in logs if log["event"] == "request completed"]
    assert (line["log_level"], line["status"]) == ("info", 200)
    assert line["request"].startswith(f"GET /api/v1/jobs/{job.id}/gif")


async def test_client_that_leaves_while_it_waits_is_no_server_error(
    url: str, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered, may_end = asyncio.Event(), asyncio.Event(), threading.Event()
    to, run = urlsplit(url), parts.passwords.run

    async def run_noted(owner_id: str, work: Callable[[], object]) -> object:
        asked.set()
        try:
            return await run(owner_id, work)
        finally:
            answered.set()

    monkeypatch.setattr(parts.passwords, "run", run_noted)
    hashing = asyncio.create_task(run("127.0.0.1", lambda: may_end.wait(20)))
    body = b'{"email": "ada@example.com", "password": "wrong horse"}'
    with capture_logs() as logs:
        _, writer = await asyncio.open_connection(to.hostname, to.port)
        headers = f"Content-Length: {len(body)}", "Content-Type: application/json"
        writer.write(get("/api/v1/auth/login", *headers, method="POST") + body)
        await asked.wait()
        writer.transport.abort()
        await parts.in_flight.end(within_s=10)  # the server has noticed
        may_end.set()
        await asyncio.gather(hashing, answered.wait())
    assert [(log["event"], log["status"]) for log in logs] == [("request completed", 499)]


async def test_each_request_is_one_line_and_unknown_methods_are_counted_as_one(
    url: str, stranger: httpx.AsyncClient, parts: Parts
) -> None:
    with capture_logs() as logs:
        await stranger.get(
            "/api/v1/limits?access_token=hunter2", headers={"Cookie": f"a={TOKEN}", "Referer": TOKEN}
        )
        for number in range(3):
            assert (await ask(url, get("/api/v1/limits", method=f"{TOKEN}{number}"))).status == 405
    first, *others = [log for log in logs if log["event"] == "request completed"]
    assert (first["status"], first["request"]) == (200, "GET /api/v1/limits?access_token=…")
    assert first["remote_ip"] == "127.0.0.1"
    assert first["duration_ms"] > 0
    assert [(log["log_level"], log["status"], log["request"]) for log in others] == [
        ("warning", 405, "other /api/v1/limits")
    ] * 3
    counted = [
        sample.labels["method"]
        for metric in parts.instruments.registry.collect()
        for sample in metric.samples
        if sample.name == "gifapp_http_request_seconds_count"
    ]
    assert sorted(counted) == ["GET", "other"]
