"""Uploads that go on where they broke off: what is refused, what breaks off, what is whole in the end."""

import asyncio
import dataclasses
import hashlib
import os
import random
import signal
import time
from base64 import b64encode
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

from gifapp.domain.limits import Allowance, Limits
from gifapp.jobs import uploads
from gifapp.jobs.parts import JobParts
from gifapp.jobs.timings import Timings
from gifapp.processes import wait_until
from gifapp.web.parts import Parts
from tests.web.api.conftest import FRIEND, MAX_UPLOAD_BYTES, Person, SignUp, is_problem
from tests.web.api.test_sources import nothing_left
from tests.web.test_process import started
from tests.web.visitors import PASSWORD

UPLOADS = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
PART = TUS | {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def stall_s() -> float:
    return 30.0


@pytest.fixture
def parts(parts: Parts, stall_s: float) -> Parts:
    return dataclasses.replace(parts, upload_stall_s=stall_s)


async def create(person: Person, length: int, **headers: str) -> str:
    answer = await person.http.post(UPLOADS, headers=TUS | {"Upload-Length": str(length)} | headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def patch(
    person: Person, upload: str, offset: int, content: Any, headers: dict[str, str] | None = None
) -> httpx.Response:
    given = PART | {"Upload-Offset": str(offset)} | (headers or {})
    return await person.http.patch(upload, headers=given, content=content)


async def offset_of(person: Person, upload: str) -> int:
    answer = await person.http.head(upload, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"])


def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    digest = b64encode(hashlib.new(algorithm, data).digest()).decode()
    return {"Upload-Checksum": f"{algorithm} {digest}"}


async def is_source(person: Person, source_id: str, data: bytes, storage: Path) -> None:
    told = (await person.http.get(f"/api/v1/sources/{source_id}")).json()
    sha256 = hashlib.sha256(data).hexdigest()
    assert (told["sha256"], told["bytes"]) == (sha256, len(data))
    assert (storage / "sources" / sha256[:2] / sha256).read_bytes() == data
    assert (await person.http.get(told["poster_url"])).content.startswith(b"\xff\xd8")
    assert not list((storage / "incoming").iterdir())


def left(storage: Path) -> list[Path]:
    """The uploads that take room."""
    return list((storage / "uploads").glob("*/*/video"))


# --- the way of an upload --------------------------------------------------------------------


async def test_what_the_server_can(stranger: httpx.AsyncClient, ada: Person) -> None:
    for path in (UPLOADS, f"{UPLOADS}/{'0' * 32}"):
        answer = await stranger.options(path)
        assert answer.status_code == 204
        assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
        assert answer.headers["Tus-Max-Size"] == str(MAX_UPLOAD_BYTES)
        assert answer.headers["Tus-Extension"] == "creation,termination,checksum,expiration"
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


async def test_part_by_part_it_becomes_a_source(ada: Person, video: bytes, storage: Path) -> None:
    metadata = f"filename {b64encode(b'../My clip.mp4').decode()},private"
    upload = await create(ada, len(video), **{"Upload-Metadata": metadata})
    third = len(video) // 3
    for begin, end in ((0, third), (third, 2 * third)):
        answer = await patch(ada, upload, begin, video[begin:end])
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(end))
        assert "Upload-Source" not in answer.headers
        assert "GMT" in answer.headers["Upload-Expires"]
    told = (await ada.http.head(upload, headers=TUS)).headers
    assert (told["Upload-Offset"], told["Upload-Length"]) == (str(2 * third), str(len(video)))
    assert (told["Upload-Metadata"], told["Cache-Control"]) == (metadata, "no-store")
    last = await patch(ada, upload, 2 * third, video[2 * third :])
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(video)))
    await is_source(ada, last.headers["Upload-Source"], video, storage)
    source = (await ada.http.get(f"/api/v1/sources/{last.headers['Upload-Source']}")).json()
    assert source["name"] == "My clip.mp4"
    assert not left(storage)


async def test_who_has_lost_the_last_answer_can_ask_again(ada: Person, video: bytes) -> None:
    upload = await create(ada, len(video))
    source_id = (await patch(ada, upload, 0, video)).headers["Upload-Source"]
    head = await ada.http.head(upload, headers=TUS)
    again = await patch(ada, upload, len(video), b"")
    for answer in (head, again):
        assert answer.headers["Upload-Offset"] == str(len(video))
        assert answer.headers["Upload-Source"] == source_id
    is_problem(await patch(ada, upload, 0, video), 409, "upload-offset-wrong")
    assert len((await ada.http.get("/api/v1/sources")).json()["sources"]) == 1


async def test_equal_bytes_are_kept_once(ada: Person, video: bytes, storage: Path) -> None:
    await ada.http.post("/api/v1/sources", content=video)
    upload = await create(ada, len(video))
    source_id = (await patch(ada, upload, 0, video)).headers["Upload-Source"]
    await is_source(ada, source_id, video, storage)
    assert len(list((storage / "sources").rglob("*/*"))) == 1


async def test_a_chunked_body_is_taken_as_well(ada: Person, video: bytes, storage: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(video), 1000):
            yield video[start : start + 1000]

    upload = await create(ada, len(video))
    answer = await patch(ada, upload, 0, pieces())
    await is_source(ada, answer.headers["Upload-Source"], video, storage)


async def test_a_post_can_stand_for_a_patch(ada: Person, video: bytes) -> None:
    upload = await create(ada, len(video))
    given = PART | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert (await ada.http.post(upload, headers=given, content=video[:100])).status_code == 204
    assert await offset_of(ada, upload) == 100
    given = TUS | {"X-HTTP-Method-Override": "DELETE"}
    assert (await ada.http.post(upload, headers=given)).status_code == 204
    assert (await ada.http.head(upload, headers=TUS)).status_code == 404


async def test_what_is_given_up_is_gone(ada: Person, video: bytes, storage: Path) -> None:
    upload = await create(ada, len(video))
    await patch(ada, upload, 0, video[:500])
    assert (await ada.http.delete(upload, headers=TUS)).status_code == 204
    assert (await ada.http.delete(upload, headers=TUS)).status_code == 404
    is_problem(await patch(ada, upload, 500, video[500:]), 404, "not-found")
    assert await nothing_left(storage)


# --- refusals --------------------------------------------------------------------------------


async def test_another_version_is_refused(ada: Person, video: bytes) -> None:
    upload = await create(ada, len(video))
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        for method, path in (("POST", UPLOADS), ("PATCH", upload), ("DELETE", upload)):
            answer = await ada.http.request(method, path, headers=headers)
            is_problem(answer, 412, "tus-version-wrong")
            assert answer.headers["Tus-Version"] == "1.0.0"
        assert (await ada.http.head(upload, headers=headers)).status_code == 412


async def test_anothers_upload_is_not_there(
    ada: Person, sign_up: SignUp, stranger: httpx.AsyncClient, video: bytes
) -> None:
    upload, eve = await create(ada, len(video)), sign_up("eve")
    for path in (upload, f"{UPLOADS}/{'0' * 32}", f"{UPLOADS}/..%2f..%2flock", f"{UPLOADS}/x"):
        assert (await eve.http.head(path, headers=TUS)).status_code == 404
        is_problem(await patch(eve, path, 0, video), 404, "not-found")
        is_problem(await eve.http.delete(path, headers=TUS), 404, "not-found")
    for method in ("PATCH", "DELETE"):
        is_problem(await stranger.request(method, upload, headers=PART), 401, "not-signed-in")
    assert await offset_of(ada, upload) == 0


@pytest.mark.parametrize("length", ["", "-1", "1.5", "x", "²", "9" * 30])
async def test_a_length_is_needed(ada: Person, length: str) -> None:
    headers = TUS | {"Upload-Length": length.encode()} if length else TUS
    answer = await ada.http.post(UPLOADS, headers=headers)
    assert is_problem(answer, 422, "field-invalid")["field"] == "Upload-Length"


async def test_what_cannot_become_a_source_does_not_begin(ada: Person, storage: Path) -> None:
    for length, status, code in ((0, 422, "source-empty"), (MAX_UPLOAD_BYTES + 1, 413, "source-too-large")):
        answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": str(length)})
        is_problem(answer, status, code)
    assert await nothing_left(storage)


@pytest.mark.parametrize(
    "metadata", ["filename !", "filename /w==", f"a {'A' * 9000}", "filename", "filename Lw=="]
)
async def test_metadata_must_be_readable(ada: Person, metadata: str) -> None:
    headers = TUS | {"Upload-Length": "5", "Upload-Metadata": metadata}
    is_problem(await ada.http.post(UPLOADS, headers=headers), 422, "field-invalid")


@pytest.mark.parametrize("allowance", [Allowance(stored_bytes=10_000)])
async def test_the_quota_counts_what_lies_in_uploads(ada: Person) -> None:
    answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "10001"})
    is_problem(answer, 413, "quota-exceeded")
    first, second = await create(ada, 10_000), await create(ada, 10_000)
    await patch(ada, first, 0, bytes(6_000))
    is_problem(await patch(ada, second, 0, bytes(10_000)), 413, "quota-exceeded")
    answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "4001"})
    assert is_problem(answer, 413, "quota-exceeded")["used_bytes"] == 6_000


@pytest.mark.parametrize("limits", [Limits(reserve_bytes=10**18)])
async def test_a_disk_that_is_nearly_full_takes_none(ada: Person) -> None:
    answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "10"})
    is_problem(answer, 507, "disk-full")


async def test_nobody_has_thousands_of_them(ada: Person) -> None:
    for _ in range(uploads.MOST_UNFINISHED):
        upload = await create(ada, 10)
    answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "10"})
    is_problem(answer, 409, "too-many-uploads")
    await ada.http.delete(upload, headers=TUS)
    await create(ada, 10)


async def test_a_part_must_fit(ada: Person, video: bytes, storage: Path) -> None:
    upload = await create(ada, len(video))
    await patch(ada, upload, 0, video[:100])
    for offset in (0, 99, 101, len(video)):
        told = is_problem(await patch(ada, upload, offset, video[offset:]), 409, "upload-offset-wrong")
        assert told["offset"] == 100
    answer = await ada.http.patch(upload, headers=TUS | {"Upload-Offset": "100"}, content=video[100:])
    is_problem(answer, 415, "content-type-wrong")
    answer = await ada.http.patch(upload, headers=PART, content=video[100:])
    assert is_problem(answer, 422, "field-invalid")["field"] == "Upload-Offset"
    is_problem(await patch(ada, upload, 100, video[100:] + b"x"), 413, "body-too-large")
    assert await offset_of(ada, upload) == 100
    assert (await patch(ada, upload, 100, video[100:])).status_code == 204


async def test_a_chunked_part_does_not_reach_beyond_the_length(ada: Person) -> None:
    async def without_end() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(300)

    upload = await create(ada, 1000)
    is_problem(await patch(ada, upload, 0, without_end()), 413, "body-too-large")
    assert await offset_of(ada, upload) <= 900


async def test_what_is_no_video_is_refused_and_gone(ada: Person, storage: Path) -> None:
    data = b"Dear Sir or Madam, " * 99
    upload = await create(ada, len(data))
    await patch(ada, upload, 0, data[:50])
    is_problem(await patch(ada, upload, 50, data[50:]), 415, "source-not-video")
    assert (await ada.http.head(upload, headers=TUS)).status_code == 404
    assert await nothing_left(storage)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_part_with_a_wrong_checksum_is_not_kept(ada: Person, video: bytes, algorithm: str) -> None:
    upload = await create(ada, len(video))
    first, rest = video[:1000], video[1000:]
    assert (await patch(ada, upload, 0, first, checksum(first, algorithm))).status_code == 204
    refused = await patch(ada, upload, 1000, rest, checksum(first, algorithm))
    is_problem(refused, 460, "checksum-wrong")
    assert refused.reason_phrase == "Checksum Mismatch"
    assert await offset_of(ada, upload) == 1000
    answer = await patch(ada, upload, 1000, rest, checksum(rest, algorithm))
    assert answer.headers["Upload-Source"]


@pytest.mark.parametrize("given", ["md5 AAAA", "sha256", "sha256 !", "", "sha256 AAAA="])
async def test_an_unknown_checksum_is_refused(ada: Person, given: str) -> None:
    upload = await create(ada, 10)
    answer = await patch(ada, upload, 0, b"x" * 10, {"Upload-Checksum": given})
    is_problem(answer, 400, "checksum-unknown")
    assert await offset_of(ada, upload) == 0


# --- two writers, clients that go ------------------------------------------------------------


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
    """A part of which only the beginning is sent."""
    _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    given = PART | {
        "Host": "x",
        "Authorization": f"Bearer {person.session.access_token}",
        "Upload-Offset": "0",
        "Content-Length": str(declared),
    }
    lines = [f"PATCH {upload} HTTP/1.1", *(f"{name}: {it}" for name, it in (given | (headers or {})).items())]
    writer.write("\r\n".join([*lines, "", ""]).encode() + data)
    yield writer
    writer.transport.abort()


async def has_come(path: Path, size: int) -> None:
    def is_there() -> bool:
        return path.exists() and path.stat().st_size == size

    assert await asyncio.to_thread(wait_until, is_there, timeout_s=5)


def file_of(storage: Path, upload: str) -> Path:
    return next((storage / "uploads").glob(f"*/{upload.rpartition('/')[2]}")) / "video"


async def test_one_writes_at_a_time(ada: Person, url: str, storage: Path, video: bytes) -> None:
    upload = await create(ada, len(video))
    async with sending(url, ada, upload, video[:1000], declared=len(video)):
        await has_come(file_of(storage, upload), 1000)
        assert await offset_of(ada, upload) == 1000
        is_problem(await patch(ada, upload, 1000, video[1000:]), 423, "upload-locked")
        is_problem(await ada.http.delete(upload, headers=TUS), 423, "upload-locked")
    answer = await patch(ada, upload, 1000, video[1000:])
    await is_source(ada, answer.headers["Upload-Source"], video, storage)


async def test_of_two_at_once_one_wins_and_the_bytes_are_right(
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
async def test_a_client_that_says_no_more_is_given_up(
    ada: Person, url: str, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    async with sending(url, ada, upload, video[:1000], declared=len(video)):
        await has_come(file_of(storage, upload), 1000)
        await asyncio.sleep(0.5)
        answer = await patch(ada, upload, 1000, video[1000:])
    await is_source(ada, answer.headers["Upload-Source"], video, storage)


async def test_what_broke_off_before_its_checksum_does_not_count(
    ada: Person, url: str, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    given = checksum(video)
    async with sending(url, ada, upload, video[:1000], declared=len(video), headers=given):
        await has_come(file_of(storage, upload), 1000)
        assert await offset_of(ada, upload) == 0
    assert await offset_of(ada, upload) == 0
    answer = await patch(ada, upload, 0, video, given)
    await is_source(ada, answer.headers["Upload-Source"], video, storage)


# --- tuspy, and a line that is cut ------------------------------------------------------------


def send(url: str, person: Person, data: bytes, **options: Any) -> str:
    """The whole of it by tuspy; the address of the upload."""
    token = person.session.access_token
    client = TusClient(f"{url}{UPLOADS}", headers={"Authorization": f"Bearer {token}"})
    uploader = client.uploader(file_stream=BytesIO(data), metadata={"filename": "clip.mp4"}, **options)
    uploader.upload()
    return str(urlsplit(uploader.url).path)


@asynccontextmanager
async def bad_line(port: int, cuts: Iterator[int]) -> AsyncIterator[str]:
    """A proxy that cuts each connection after so many bytes from the client, answered or not."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server = await asyncio.open_connection("127.0.0.1", port)
        back = asyncio.create_task(pump(server_reader, writer, 10**9))
        await pump(reader, server, next(cuts))
        back.cancel()
        server.transport.abort()
        writer.transport.abort()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int) -> None:
        while most > 0 and (data := await reader.read(min(most, 4096))):
            writer.write(data)
            await writer.drain()
            most -= len(data)

    proxy = await asyncio.start_server(relay, "127.0.0.1")
    async with proxy:
        yield f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"


async def source_of(person: Person, upload: str) -> str:
    return str((await person.http.head(upload, headers=TUS)).headers["Upload-Source"])


@pytest.mark.parametrize("options", [{}, {"chunk_size": 1000}, {"chunk_size": 3000, "upload_checksum": True}])
async def test_tuspy_uploads(
    ada: Person, url: str, storage: Path, video: bytes, options: dict[str, Any]
) -> None:
    upload = await asyncio.to_thread(send, url, ada, video, **options)
    await is_source(ada, await source_of(ada, upload), video, storage)


@pytest.mark.parametrize("options", [{}, {"chunk_size": 3000}, {"chunk_size": 2000, "upload_checksum": True}])
async def test_over_a_line_that_is_cut_again_and_again_all_bytes_arrive(
    ada: Person, url: str, storage: Path, video: bytes, options: dict[str, Any]
) -> None:
    chance = random.Random(str(options))  # noqa: S311
    cuts = [chance.randrange(1500, 5000) for _ in range(12)]
    endless = iter([10**9, *cuts, *[10**9] * 1000])  # the first creates it
    port = urlsplit(url).port
    assert port
    async with bad_line(port, endless) as line:
        upload = await asyncio.to_thread(send, line, ada, video, retries=200, retry_delay=0.02, **options)
    await is_source(ada, await source_of(ada, upload), video, storage)


# --- a killed web tier, time ------------------------------------------------------------------


def test_a_killed_web_tier_loses_nothing_that_came(
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

        given = PART | {"Upload-Offset": "0", "Content-Length": str(len(video))}
        with pytest.raises(httpx.TransportError):
            http.patch(upload, headers=given, content=until_it_dies())
    with started(mongodb_url, redis_url, tmp_path) as another, ada_at(another) as http:
        assert http.head(upload, headers=TUS).headers["Upload-Offset"] == "2000"
        answer = http.patch(upload, headers=PART | {"Upload-Offset": "2000"}, content=video[2000:])
        source = http.get(f"/api/v1/sources/{answer.headers['Upload-Source']}").json()
    assert source["sha256"] == hashlib.sha256(video).hexdigest()


@contextmanager
def ada_at(web: Any, *, register: bool = False) -> Iterator[httpx.Client]:
    """Ada, signed in at a web tier that has just been started."""
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
        return [one.laddr.port for one in psutil.Process(pid).net_connections() if one.status == "LISTEN"]

    assert wait_until(listening, timeout_s=20)
    return listening()[0]


async def test_what_was_whole_when_its_process_died_becomes_a_source(
    ada: Person, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    file_of(storage, upload).write_bytes(video)
    await is_source(ada, await source_of(ada, upload), video, storage)


async def test_a_refusal_that_may_pass_keeps_the_bytes(
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


async def test_an_abandoned_upload_goes_after_a_day(
    ada: Person, jobs: JobParts, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    await patch(ada, upload, 0, video[:1000])
    kept_s = Timings().upload_s
    age(storage, upload, kept_s - 60)
    jobs.service.sweep()
    head = await ada.http.head(upload, headers=TUS)
    assert parsedate_to_datetime(head.headers["Upload-Expires"]).timestamp() == pytest.approx(
        time.time() + 60, abs=10
    )
    age(storage, upload, kept_s + 1)
    jobs.service.sweep()
    assert (await ada.http.head(upload, headers=TUS)).status_code == 404
    assert await nothing_left(storage)


async def test_the_sweep_leaves_what_somebody_writes(
    ada: Person, url: str, jobs: JobParts, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    async with sending(url, ada, upload, video[:1000], declared=len(video)):
        await has_come(file_of(storage, upload), 1000)
        age(storage, upload, 10**6)
        jobs.service.sweep()
        assert await offset_of(ada, upload) == 1000


async def test_what_became_a_source_is_remembered_for_a_day(
    ada: Person, jobs: JobParts, storage: Path, video: bytes
) -> None:
    upload = await create(ada, len(video))
    source_id = (await patch(ada, upload, 0, video)).headers["Upload-Source"]
    jobs.service.sweep()
    assert await source_of(ada, upload) == source_id
    age(storage, upload, 10**6)
    jobs.service.sweep()
    assert (await ada.http.head(upload, headers=TUS)).status_code == 404
    await is_source(ada, source_id, video, storage)


async def test_a_friends_page_may_upload(stranger: httpx.AsyncClient, ada: Person) -> None:
    preflight = await stranger.options(UPLOADS, headers={"Origin": FRIEND})
    assert {"POST", "OPTIONS"} <= set(preflight.headers["Access-Control-Allow-Methods"].split(", "))
    accepted = preflight.headers["Access-Control-Allow-Headers"].split(", ")
    sent = {"Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset", "Upload-Checksum"}
    assert sent <= set(accepted)
    answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "9", "Origin": FRIEND})
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    seen = {"Location", "Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Expires", "Upload-Source"}
    assert seen <= set(exposed)
