"""Interrupted uploads: concurrent writers, lost clients, bad connections, killed web servers."""

import asyncio
import dataclasses
import hashlib
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from tusclient.client import TusClient

from gifapp.jobs.parts import JobParts
from gifapp.jobs.timings import Timings
from gifapp.processes import wait_until
from gifapp.web.http.context import Parts
from tests.support.lines import bad_line
from tests.web.api.conftest import FRIEND, Person, is_problem
from tests.web.api.uploading.resumable import (
    PART,
    TUS,
    UPLOADS,
    checksum,
    create,
    is_source,
    offset_of,
    patch,
)
from tests.web.api.uploading.test_sources import nothing_left
from tests.web.test_process import started
from tests.web.visitors import PASSWORD


@pytest.fixture
def stall_s() -> float:
    return 30.0


@pytest.fixture
def parts(parts: Parts, stall_s: float) -> Parts:
    return dataclasses.replace(parts, upload_stall_s=stall_s)


# --- concurrent writers, lost clients ---------------------------------------------------------


@asynccontextmanager
async def sending(
    url: str,
    person: Person,
    upload: str,
    data: bytes,
    *,
    declared: int,
    headers: dict[str, str] | None = None,
) -> AsyncIterator[asyncio.StreamWriter]:
    """An open request that has sent only the beginning of a chunk."""
    _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    headers_sent = PART | {
        "Host": "x",
        "Authorization": f"Bearer {person.session.access_token}",
        "Upload-Offset": "0",
        "Content-Length": str(declared),
    }
    lines = [
        f"PATCH {upload} HTTP/1.1",
        *(f"{name}: {it}" for name, it in (headers_sent | (headers or {})).items()),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode() + data)
    yield writer
    writer.transport.abort()


async def has_come(path: Path, size: int) -> None:
    def is_there() -> bool:
        return path.exists() and path.stat().st_size == size

    assert await asyncio.to_thread(wait_until, is_there, timeout_s=5)


def file_of(storage: Path, upload: str) -> Path:
    return next((storage / "uploads").glob(f"*/{upload.rpartition('/')[2]}")) / "video"


async def test_upload_has_one_writer_at_a_time(ada: Person, url: str, storage: Path, video: bytes) -> None:
    upload = await create(ada, len(video))
    async with sending(url, ada, upload, video[:1000], declared=len(video)):
        await has_come(file_of(storage, upload), 1000)
        assert await offset_of(ada, upload) == 1000
        is_problem(await patch(ada, upload, 1000, video[1000:]), 423, "upload-locked")
        is_problem(await ada.http.delete(upload, headers=TUS), 423, "upload-locked")
    answer = await patch(ada, upload, 1000, video[1000:])
    await is_source(ada, answer.headers["Upload-Source"], video, storage)


async def test_concurrent_writers_have_one_winner_and_the_right_bytes(
    ada: Person, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    answers = await asyncio.gather(*(patch(ada, upload, 0, video) for _ in range(4)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 204
    assert set(statuses[1:]) <= {409, 423}
    won = next(answer for answer in answers if answer.status_code == 204)
    await is_source(ada, won.headers["Upload-Source"], video, storage)


@pytest.mark.parametrize("stall_s", [0.5])
async def test_silent_client_is_disconnected(ada: Person, url: str, storage: Path, video: bytes) -> None:
    upload = await create(ada, len(video))
    async with sending(url, ada, upload, video[:1000], declared=len(video)):
        await has_come(file_of(storage, upload), 1000)
        await asyncio.sleep(0.5)
        answer = await patch(ada, upload, 1000, video[1000:])
    await is_source(ada, answer.headers["Upload-Source"], video, storage)


@pytest.mark.parametrize("stall_s", [1.0])
async def test_trickling_client_is_disconnected(ada: Person, url: str, storage: Path, video: bytes) -> None:
    upload = await create(ada, len(video))
    async with sending(url, ada, upload, video[:1000], declared=len(video)) as writer:
        sent = 1000
        while not writer.transport.is_closing():
            assert sent < 1100, "a byte now and then holds it forever"
            writer.write(video[sent : sent + 1])
            sent += 1
            await asyncio.sleep(0.1)
        came = await offset_of(ada, upload)
        assert 1000 < came <= sent
        answer = await patch(ada, upload, came, video[came:])
    await is_source(ada, answer.headers["Upload-Source"], video, storage)


@pytest.mark.parametrize("stall_s", [0.5])
async def test_trickling_video_is_disconnected(ada: Person, url: str, storage: Path, video: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    lines = ["POST /api/v1/sources HTTP/1.1", "Host: x", f"Content-Length: {len(video)}"]
    lines.append(f"Authorization: Bearer {ada.session.access_token}")
    writer.write("\r\n".join([*lines, "", ""]).encode())
    closed = asyncio.create_task(reader.read())
    for _ in range(200):
        if closed.done():
            break
        writer.write(b"x")
        await asyncio.sleep(0.1)
    assert closed.done(), "a byte now and then holds it forever"
    writer.close()
    await asyncio.to_thread(wait_until, lambda: not list((storage / "incoming").iterdir()), timeout_s=5)
    assert not list((storage / "incoming").iterdir())


@pytest.mark.parametrize("stall_s", [0.6])
async def test_slow_client_above_the_minimum_rate_is_waited_for(
    ada: Person, url: str, storage: Path, video: bytes
) -> None:
    video += bytes(200_000)
    upload = await create(ada, len(video))
    facts = file_of(storage, upload).with_name("upload.json")
    async with sending(url, ada, upload, b"", declared=len(video)) as writer:
        for begin in range(0, len(video), 40_000):
            writer.write(video[begin : begin + 40_000])
            await asyncio.sleep(0.3)
        await asyncio.to_thread(wait_until, lambda: '"source_id":null' not in facts.read_text(), timeout_s=5)


async def test_process_killed_before_it_recorded_the_source_adds_no_second_one(
    ada: Person, parts: Parts, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    facts = file_of(storage, upload).with_name("upload.json")
    before = facts.read_bytes()
    first = (await patch(ada, upload, 0, video)).headers["Upload-Source"]
    facts.write_bytes(before)  # as if the process had been killed here
    file_of(storage, upload).write_bytes(video)
    again = await ada.http.head(upload, headers=TUS)
    assert again.headers["Upload-Source"] == first
    assert [listed["id"] for listed in (await ada.http.get("/api/v1/sources")).json()["sources"]] == [first]


async def test_interrupted_chunk_with_a_checksum_does_not_count(
    ada: Person, url: str, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    headers = checksum(video)
    async with sending(url, ada, upload, video[:1000], declared=len(video), headers=headers):
        await has_come(file_of(storage, upload), 1000)
        assert await offset_of(ada, upload) == 0
    assert await offset_of(ada, upload) == 0
    answer = await patch(ada, upload, 0, video, headers)
    await is_source(ada, answer.headers["Upload-Source"], video, storage)


# --- tuspy over a bad connection --------------------------------------------------------------


def send(url: str, person: Person, data: bytes, **options: Any) -> str:
    """Upload everything with tuspy; returns the upload's URL."""
    token = person.session.access_token
    client = TusClient(f"{url}{UPLOADS}", headers={"Authorization": f"Bearer {token}"})
    uploader = client.uploader(file_stream=BytesIO(data), metadata={"filename": "clip.mp4"}, **options)
    uploader.upload()
    return str(urlsplit(uploader.url).path)


async def source_of(person: Person, upload: str) -> str:
    return str((await person.http.head(upload, headers=TUS)).headers["Upload-Source"])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunk_size": 1000},
        {"chunk_size": 3000, "upload_checksum": True},
        {"chunk_size": 40},
        {"chunk_size": 40, "upload_checksum": True},
    ],
)
async def test_tuspy_uploads(
    ada: Person, url: str, storage: Path, video: bytes, options: dict[str, Any]
) -> None:
    upload = await asyncio.to_thread(send, url, ada, video, **options)
    await is_source(ada, await source_of(ada, upload), video, storage)


@pytest.mark.parametrize("options", [{}, {"chunk_size": 3000}, {"chunk_size": 2000, "upload_checksum": True}])
async def test_all_bytes_arrive_over_a_connection_that_breaks_repeatedly(
    ada: Person, url: str, storage: Path, video: bytes, options: dict[str, Any]
) -> None:
    chance = random.Random(str(options))  # noqa: S311
    cuts = [chance.randrange(1500, 5000) for _ in range(12)]
    endless = iter([10**9, *cuts, *[10**9] * 1000])  # the first one creates the upload
    port = urlsplit(url).port
    assert port
    async with bad_line(port, endless) as line:
        upload = await asyncio.to_thread(send, line, ada, video, retries=200, retry_delay=0.02, **options)
    await is_source(ada, await source_of(ada, upload), video, storage)


# --- a killed web server, expiry ----------------------------------------------------------------


def test_killed_web_server_loses_no_received_bytes(
    mongodb_url: str, redis_url: str, tmp_path: Path, video: bytes
) -> None:
    upload = ""
    with started(mongodb_url, redis_url, tmp_path) as victim, ada_at(victim, register=True) as http:
        upload = http.post(UPLOADS, headers=TUS | {"Upload-Length": str(len(video))}).headers["Location"]
        file = file_of(tmp_path / "storage", upload)

        def until_it_dies() -> Iterator[bytes]:
            yield video[:2000]
            while not (file.exists() and file.stat().st_size == 2000):
                time.sleep(0.02)
            victim.send_signal(signal.SIGKILL)
            victim.wait(5)
            yield video[2000:]

        headers = PART | {"Upload-Offset": "0", "Content-Length": str(len(video))}
        with pytest.raises(httpx.TransportError):
            http.patch(upload, headers=headers, content=until_it_dies())
    with started(mongodb_url, redis_url, tmp_path) as another, ada_at(another) as http:
        assert http.head(upload, headers=TUS).headers["Upload-Offset"] == "2000"
        answer = http.patch(upload, headers=PART | {"Upload-Offset": "2000"}, content=video[2000:])
        source = http.get(f"/api/v1/sources/{answer.headers['Upload-Source']}").json()
    assert source["sha256"] == hashlib.sha256(video).hexdigest()


@contextmanager
def ada_at(web: Any, *, register: bool = False) -> Iterator[httpx.Client]:
    """Ada, signed in at a web server that has just been started."""
    account = {"email": "ada@example.org", "password": PASSWORD}
    line = web.stdout.readline() if register else f"http://127.0.0.1:{port_of(web.pid)}"
    address, _, setup_token = line.rpartition(" ")[2].strip().partition("/?setup=")
    with httpx.Client(base_url=address, timeout=20) as http:
        if register:
            new = {**account, "setup_token": setup_token}
            http.post("/api/v1/auth/register", json=new).raise_for_status()
        token = http.post("/api/v1/auth/login", json=account).raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http


def port_of(pid: int) -> int:
    def listening() -> list[int]:
        return [
            connection.laddr.port
            for connection in psutil.Process(pid).net_connections()
            if connection.status == "LISTEN"
        ]

    assert wait_until(lambda: bool(listening()), timeout_s=20)
    return listening()[0]


async def test_complete_upload_of_a_killed_process_becomes_a_source(
    ada: Person, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    file_of(storage, upload).write_bytes(video)
    await is_source(ada, await source_of(ada, upload), video, storage)


async def test_temporary_failure_keeps_the_bytes(
    ada: Person, storage: Path, video: bytes, jobs: JobParts
) -> None:
    upload = await create(ada, len(video))
    file_of(storage, upload).write_bytes(video)
    (storage / "incoming").rename(storage / "away")
    async with httpx.AsyncClient(headers=ada.http.headers, base_url=ada.http.base_url) as unchecked:
        assert (await unchecked.head(upload, headers=TUS)).status_code == 500
    (storage / "away").rename(storage / "incoming")
    await is_source(ada, await source_of(ada, upload), video, storage)


def age(storage: Path, upload: str, age_s: float) -> None:
    for path in (file_of(storage, upload).parent).iterdir():
        os.utime(path, (time.time() - age_s,) * 2)


async def test_abandoned_upload_expires_after_a_day(
    ada: Person, jobs: JobParts, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    await patch(ada, upload, 0, video[:1000])
    kept_s = Timings().upload_s
    age(storage, upload, kept_s - 60)
    jobs.sweep()
    head = await ada.http.head(upload, headers=TUS)
    assert parsedate_to_datetime(head.headers["Upload-Expires"]).timestamp() == pytest.approx(
        time.time() + 60, abs=10
    )
    age(storage, upload, kept_s + 1)
    jobs.sweep()
    assert (await ada.http.head(upload, headers=TUS)).status_code == 404
    assert await nothing_left(storage)


async def test_sweep_leaves_uploads_being_written(
    ada: Person, url: str, jobs: JobParts, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    async with sending(url, ada, upload, video[:1000], declared=len(video)):
        await has_come(file_of(storage, upload), 1000)
        age(storage, upload, 10**6)
        jobs.sweep()
        assert await offset_of(ada, upload) == 1000


async def test_finished_upload_remembers_its_source_for_a_day(
    ada: Person, jobs: JobParts, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    source_id = (await patch(ada, upload, 0, video)).headers["Upload-Source"]
    jobs.sweep()
    assert await source_of(ada, upload) == source_id
    age(storage, upload, 10**6)
    jobs.sweep()
    assert (await ada.http.head(upload, headers=TUS)).status_code == 404
    await is_source(ada, source_id, video, storage)


async def test_allowed_origin_may_upload(stranger: httpx.AsyncClient, ada: Person) -> None:
    preflight = await stranger.options(UPLOADS, headers={"Origin": FRIEND})
    assert {"POST", "OPTIONS"} <= set(preflight.headers["Access-Control-Allow-Methods"].split(", "))
    accepted = preflight.headers["Access-Control-Allow-Headers"].split(", ")
    sent = {"Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset", "Upload-Checksum"}
    assert sent <= set(accepted)
    answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "9", "Origin": FRIEND})
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    seen = {"Location", "Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Expires", "Upload-Source"}
    assert seen <= set(exposed)
