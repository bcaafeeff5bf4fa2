"""Uploads of whole files: streamed, refused or interrupted; only sources are left behind."""

import asyncio
import hashlib
import os
import subprocess
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from gifapp.client import Client
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.db.sources import add_source
from gifapp.jobs.parts import JobParts
from gifapp.web.handlers.sources import shown_name
from gifapp.web.http.context import Parts
from tests.jobs.conftest import purge
from tests.support.known_videos import KnownVideo
from tests.web.api.conftest import MAX_UPLOAD_BYTES, Person, is_problem


def files(storage: Path) -> list[Path]:
    """The files in the storage, except its lock."""
    # os.walk tolerates directories that disappear meanwhile
    paths = (Path(folder) / name for folder, _, names in os.walk(storage) for name in names)
    return [path for path in paths if path.name != "lock"]


async def nothing_left(storage: Path) -> bool:
    for _ in range(200):
        if not files(storage) and not list((storage / "incoming").iterdir()):
            return True
        await asyncio.sleep(0.02)
    return False


async def pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize("chunked", [True, False])
async def test_video_becomes_a_source(ada: Person, video: bytes, chunked: bool) -> None:
    content = pieces(video) if chunked else video
    answer = await ada.http.post("/api/v1/sources", params={"name": "My clip.mp4"}, content=content)
    assert answer.status_code == 201
    view = SourceView.model_validate(answer.json())
    assert (view.name, view.width, view.height, view.bytes) == ("My clip.mp4", 64, 48, len(video))
    assert view.sha256 == hashlib.sha256(video).hexdigest()
    assert answer.headers["Location"] == f"/api/v1/sources/{view.id}"
    assert (await ada.http.get(answer.headers["Location"])).json() == answer.json()
    assert (await ada.http.get("/api/v1/sources")).json() == {"sources": [answer.json()], "next_cursor": None}


async def test_poster_is_a_picture(ada: Person, stranger: httpx.AsyncClient, source: SourceView) -> None:
    body = (await ada.http.get(f"/api/v1/sources/{source.id}")).json()
    for answer in (await ada.http.get(source.poster_url or ""), await stranger.get(body["poster_url"])):
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.content.startswith(b"\xff\xd8")


async def test_deleted_source_is_gone(ada: Person, source: SourceView, jobs: JobParts, storage: Path) -> None:
    assert (await ada.http.delete(f"/api/v1/sources/{source.id}")).status_code == 204
    is_problem(await ada.http.get(f"/api/v1/sources/{source.id}"), 404, "not-found")
    restored = await ada.http.post(f"/api/v1/sources/{source.id}/restore")
    assert (restored.status_code, restored.json()["id"]) == (200, source.id)
    assert (await ada.http.delete(f"/api/v1/sources/{source.id}")).status_code == 204
    purge(jobs)
    assert not files(storage)
    is_problem(await ada.http.post(f"/api/v1/sources/{source.id}/restore"), 404, "not-found")


async def test_source_in_use_cannot_be_deleted(ada: Person, job: JobView) -> None:
    assert job.source
    is_problem(await ada.http.delete(f"/api/v1/sources/{job.source.id}"), 409, "source-in-use")


def zip_of(files: dict[str, bytes]) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def animated(kind: str) -> bytes:
    shots = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime")]
    data = BytesIO()
    shots[0].save(data, kind, save_all=True, append_images=shots[1:], duration=250)
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "duration_s"),
    [
        (zip_of({"1.png": animated("PNG"), "2.webp": animated("WEBP")}), 0.16),
        (animated("PNG"), 0.5),
        (animated("WEBP"), 0.5),
    ],
    ids=["zip", "APNG", "WebP"],
)
async def test_pictures_become_a_source_with_a_poster(ada: Person, content: bytes, duration_s: float) -> None:
    answer = await ada.http.post("/api/v1/sources", params={"name": "pictures"}, content=content)
    assert answer.status_code == 201
    view = SourceView.model_validate(answer.json())
    assert (view.width, view.height, view.duration_s) == (20, 10, duration_s)
    poster = await ada.http.get(view.poster_url or "")
    assert Image.open(BytesIO(poster.content)).size == (20, 10)


NO_VIDEOS = [
    (zip_of({"[Content_Types].xml": b"<xml/>", "word/document.xml": b"<xml/>"}), 415, "source-not-video"),
    (zip_of({"1.png": animated("PNG"), "2.txt": b"words"}), 422, "pictures-invalid"),
    (zip_of({"../1.png": animated("PNG")}), 422, "pictures-invalid"),
    (b"", 422, "source-empty"),
    (b"x", 415, "source-not-video"),
    (b"Dear Sir or Madam, " * 99, 415, "source-not-video"),
    (b"<html><script>alert(1)</script>", 415, "source-not-video"),
    (b"#EXTM3U\nfile:///etc/passwd\n", 415, "source-not-video"),
]


async def test_file_that_is_not_a_video_is_refused_and_removed(ada: Person, storage: Path) -> None:
    for content, status, code in NO_VIDEOS:
        is_problem(await ada.http.post("/api/v1/sources", content=content), status, code)
    assert await nothing_left(storage)
    assert (await ada.http.get("/api/v1/sources")).json() == {"sources": [], "next_cursor": None}


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("size", [MAX_UPLOAD_BYTES + 1, 20_000_000])
async def test_too_large_file_is_refused(ada: Person, storage: Path, size: int, chunked: bool) -> None:
    content = pieces(bytes(size), 50_000) if chunked else bytes(size)
    problem = is_problem(await ada.http.post("/api/v1/sources", content=content), 413, "source-too-large")
    assert problem["limit_bytes"] == MAX_UPLOAD_BYTES
    assert await nothing_left(storage)


@pytest.mark.parametrize("how", [[], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked"]])
async def test_curl_receives_the_reason_of_a_refusal(
    ada: Person, url: str, tmp_path: Path, how: list[str]
) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(30_000_000))
    token = f"Authorization: Bearer {ada.session.access_token}"
    argv = ["curl", "-sS", "-H", token, *how, "--data-binary", f"@{large}", "-w", "%{http_code}"]
    curl = await asyncio.create_subprocess_exec(
        *argv, f"{url}/api/v1/sources", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await curl.communicate()
    assert (curl.returncode, err) == (0, b"")
    assert b"larger than the limit" in out
    assert out.endswith(b"413")


async def test_stranger_writes_nothing_to_the_disk(stranger: httpx.AsyncClient, storage: Path) -> None:
    for content in (bytes(200_000), pieces(bytes(200_000))):
        is_problem(await stranger.post("/api/v1/sources", content=content), 401, "not-signed-in")
    assert await nothing_left(storage)


async def test_form_upload_is_refused(ada: Person, video: bytes, storage: Path) -> None:
    answer = await ada.http.post("/api/v1/sources", files={"file": ("clip.mp4", video)})
    is_problem(answer, 415, "content-type-wrong")
    assert await nothing_left(storage)


@pytest.mark.parametrize("length", ["150000", None], ids=["declared", "chunked"])
async def test_lost_client_leaves_nothing(ada: Person, url: str, storage: Path, length: str | None) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    framing = f"Content-Length: {length}" if length else "Transfer-Encoding: chunked"
    token = ada.session.access_token
    head = f"POST /api/v1/sources HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{framing}\r\n\r\n"
    body = bytes(100_000) if length else b"186a0\r\n" + bytes(100_000) + b"\r\n"
    writer.write(head.encode() + body)
    for _ in range(200):
        if [path for path in (storage / "incoming").rglob("video") if path.stat().st_size > 50_000]:
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("the upload never reached the disk")
    writer.transport.abort()
    assert await nothing_left(storage)


async def test_refusal_is_not_kept_open_by_a_silent_client(url: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    writer.write(b"POST /api/v1/sources HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\nabc")
    assert b"401" in await reader.readline()
    writer.close()
    await writer.wait_closed()


NAMES = {
    "../../etc/passwd": "passwd",
    "C:\\clips\\a.mp4": "a.mp4",
    "-i.mp4": "-i.mp4",
    "$(touch x).mp4": "$(touch x).mp4",
    "<img src=x onerror=alert(1)>.mp4": "<img src=x onerror=alert(1)>.mp4",
    "abc\u202e4pm.exe": "abc4pm.exe",
    "two\nlines\r.mp4": "twolines.mp4",
    "%d.mp4": "%d.mp4",
    "concat:ok.mp4": "concat:ok.mp4",
    "Ünïcode 🎬.mp4": "Ünïcode 🎬.mp4",
}


@pytest.mark.parametrize("name", NAMES)
def test_displayed_name_is_readable(name: str) -> None:
    assert shown_name(name) == NAMES[name]


async def test_name_is_never_used_as_a_path(ada: Person, video: bytes, storage: Path) -> None:
    answer = await ada.http.post("/api/v1/sources", params={"name": "../../x.mp4"}, content=video)
    assert answer.json()["name"] == "x.mp4"
    assert {path.stem for path in files(storage)} == {hashlib.sha256(video).hexdigest()}


async def test_invalid_name_is_refused(ada: Person, video: bytes, storage: Path) -> None:
    for name in ("x" * 256, "/", "\n", ""):
        answer = await ada.http.post("/api/v1/sources", params={"name": name}, content=video)
        assert is_problem(answer, 422, "field-invalid")["field"] == "name"
    assert await nothing_left(storage)


async def test_token_may_expire_during_an_upload(ada: Person, video: bytes, parts: Parts) -> None:
    """The caller is authenticated when the upload begins."""

    async def slowly() -> AsyncIterator[bytes]:
        yield video[:1000]
        await asyncio.sleep(0.1)
        parts.identity.logout(ada.session.refresh_token)
        yield video[1000:]

    assert (await ada.http.post("/api/v1/sources", content=slowly())).status_code == 201


async def test_videos_are_paged(ada: Person, source: SourceView, known_video: KnownVideo) -> None:
    facts: dict[str, Any] = {"size_bytes": 1, "sha256": source.sha256, "video": known_video.facts}
    made = [source.id, *(add_source(ada.id, name=f"{number}.mp4", **facts).id for number in range(4))]
    ids: list[str] = []
    cursor: dict[str, str] = {}
    for size in (2, 2, 1):
        page = (await ada.http.get("/api/v1/sources", params={"limit": 2, **cursor})).json()
        assert len(page["sources"]) == size
        ids += [source["id"] for source in page["sources"]]
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(ids) == sorted(made)
    assert page["next_cursor"] is None


async def test_wrong_page_argument_is_named(ada: Person) -> None:
    for query, field in {"limit=0": "limit", "limit=201": "limit", "cursor=x": "cursor"}.items():
        answer = await ada.http.get(f"/api/v1/sources?{query}")
        assert is_problem(answer, 422, "field-invalid")["field"] == field


async def test_client_reads_every_page(
    url: str, ada: Person, source: SourceView, known_video: KnownVideo
) -> None:
    facts: dict[str, Any] = {"size_bytes": 1, "sha256": source.sha256, "video": known_video.facts}
    made = [source.id, *(add_source(ada.id, name=f"{number}.mp4", **facts).id for number in range(200))]
    with Client(url, ada.session.access_token) as client:
        listed = await asyncio.to_thread(client.sources)
    assert sorted(source.id for source in listed) == sorted(made)
