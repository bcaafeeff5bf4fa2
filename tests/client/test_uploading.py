"""Uploads over bad connections, across restarts and expiring tokens; failed uploads leave nothing."""

import asyncio
import hashlib
from collections.abc import Iterator
from io import BytesIO
from itertools import repeat, takewhile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from gifapp import errors
from gifapp.client import Client
from gifapp.client.uploading import CHUNK_BYTES, send_file
from gifapp.domain.views.jobs import SourceView
from tests.client.conftest import several_chunks, unfinished
from tests.client.scripted_service import ScriptedService
from tests.support.clips import real_clip
from tests.support.lines import bad_line
from tests.support.service import RunningService, running_service, web_server

CUT_AFTER_BYTES = 300_000


@pytest.fixture(scope="module")
def service(directory: Path) -> Iterator[RunningService]:
    with running_service(directory, GIFAPP_RATE_UPLOADS="1/3 seconds") as running:
        yield running


def is_clip(source: SourceView, content: bytes) -> bool:
    return (source.sha256, source.bytes) == (hashlib.sha256(content).hexdigest(), len(content))


async def test_upload_survives_connections_shorter_than_the_file(
    service: RunningService, client: Client
) -> None:
    clip = real_clip().read_bytes()
    assert len(clip) > 3 * CUT_AFTER_BYTES
    sent: list[int] = []
    async with bad_line(urlsplit(service.url).port or 0, repeat(CUT_AFTER_BYTES)) as line:
        with Client(line, client.access_token) as over_the_line:
            upload = asyncio.to_thread(
                over_the_line.upload, clip, lambda bytes_sent, _: sent.append(bytes_sent), name="bunny.mp4"
            )
            source = await upload
    assert is_clip(source, clip)
    assert source.name == "bunny.mp4"
    assert sent[-1] == len(clip)


def test_upload_resumes_after_the_web_server_was_killed(service: RunningService, client: Client) -> None:
    killed: list[psutil.Process] = []

    def kill_once(sent: int, size: int) -> None:
        if sent > CHUNK_BYTES and not killed:
            killed.append(web_server(service))
            killed[0].kill()

    content = several_chunks()
    assert is_clip(client.upload(content, kill_once), content)
    assert killed


def test_upload_waits_for_the_rate_limit(service: RunningService, client: Client) -> None:
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "1"}
    headers = {"Authorization": f"Bearer {client.access_token()}"} | tus
    with httpx.Client(base_url=service.url, headers=headers, timeout=30) as http:
        begun = list(takewhile(lambda answer: answer.status_code != 429, begin_uploads(http)))
        assert client.upload(real_clip()).name == "bigbuckbunny.mp4"
        for answer in begun:
            http.delete(answer.headers["Location"]).raise_for_status()


def begin_uploads(http: httpx.Client) -> Iterator[httpx.Response]:
    while True:
        yield http.post("/api/v1/uploads")


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_interrupted_upload_is_deleted(
    directory: Path, client: Client, interruption: type[BaseException]
) -> None:
    begun: list[list[Path]] = []

    def interrupt(sent: int, size: int) -> None:
        begun.append(unfinished(directory))
        raise interruption

    with pytest.raises(interruption):
        client.upload(several_chunks(), interrupt)
    assert len(begun[0]) == 1
    assert unfinished(directory) == []


def test_upload_fails_when_its_token_is_revoked(service: RunningService, client: Client) -> None:
    with httpx.Client(base_url=f"{service.url}/api/v1", timeout=30) as http:
        http.headers["Authorization"] = f"Bearer {client.access_token()}"
        token = http.post("/me/tokens", json={"name": "script", "scopes": ["read", "write"]}).json()

        def revoke(sent: int, size: int) -> None:
            http.delete(f"/me/tokens/{token['id']}")

        with Client(service.url, token["token"]) as script, pytest.raises(errors.TokenInvalid):
            script.upload(several_chunks(), revoke)


def test_unreadable_file_is_named(client: Client, tmp_path: Path) -> None:
    with pytest.raises(errors.SourceNotReadable, match=tmp_path.name):
        client.upload(tmp_path)


async def test_upload_does_not_wait_an_hour_for_a_limit(scripted: ScriptedService) -> None:
    too_many = {"code": "too-many-uploads", "title": "Too Many Requests", "limit": 100, "retry_after_s": 3600}
    scripted.answers["uploads"] = (429, too_many)
    with Client(scripted.url, "a token") as client, pytest.raises(errors.TooManyUploads):
        await asyncio.to_thread(client.upload, b"a video")
    assert scripted.asked == ["uploads"]


def test_empty_answer_of_a_proxy_is_not_taken_for_the_services() -> None:
    answers = iter([{"Location": "/uploads/1"}, {}, {"Upload-Offset": "0"}, {"Upload-Source": "source-1"}])
    sent: list[str] = []

    def send(method: str, path: str, **_: Any) -> httpx.Response:
        sent.append(f"{method} {path}")
        return httpx.Response(200, headers=next(answers))

    assert send_file(send, BytesIO(b"video"), "clip.mp4", lambda _sent, _size: None) == "source-1"
    assert sent == ["POST /uploads", "PATCH /uploads/1", "HEAD /uploads/1", "PATCH /uploads/1"]
