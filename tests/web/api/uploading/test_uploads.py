"""Resumable uploads by tus: the normal course, and what is refused."""

import asyncio
import dataclasses
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gifapp.domain.limits import Allowance, Limits
from gifapp.domain.rates import Rates
from gifapp.identity.request_limits import RequestLimits
from gifapp.jobs.services import uploads
from gifapp.web.http.context import Parts
from tests.web.api.conftest import MAX_UPLOAD_BYTES, Person, SignUp, is_problem
from tests.web.api.uploading.resumable import (
    PART,
    TUS,
    UPLOADS,
    checksum,
    create,
    is_source,
    left,
    offset_of,
    patch,
)
from tests.web.api.uploading.test_sources import nothing_left

# --- the normal course -----------------------------------------------------------------------


async def test_options_list_the_servers_capabilities(stranger: httpx.AsyncClient, ada: Person) -> None:
    for path in (UPLOADS, f"{UPLOADS}/{'0' * 32}"):
        answer = await stranger.options(path)
        assert answer.status_code == 204
        assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
        assert answer.headers["Tus-Max-Size"] == str(MAX_UPLOAD_BYTES)
        assert answer.headers["Tus-Extension"] == "creation,termination,checksum,expiration"
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


async def test_chunks_become_a_source(ada: Person, video: bytes, storage: Path) -> None:
    metadata = f"filename {b64encode(b'../My clip.mp4').decode()},private"
    upload = await create(ada, len(video), **{"Upload-Metadata": metadata})
    third = len(video) // 3
    for begin, end in ((0, third), (third, 2 * third)):
        answer = await patch(ada, upload, begin, video[begin:end])
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(end))
        assert "Upload-Source" not in answer.headers
        assert "GMT" in answer.headers["Upload-Expires"]
    headers = (await ada.http.head(upload, headers=TUS)).headers
    assert (headers["Upload-Offset"], headers["Upload-Length"]) == (str(2 * third), str(len(video)))
    assert (headers["Upload-Metadata"], headers["Cache-Control"]) == (metadata, "no-store")
    last = await patch(ada, upload, 2 * third, video[2 * third :])
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(video)))
    await is_source(ada, last.headers["Upload-Source"], video, storage)
    source = (await ada.http.get(f"/api/v1/sources/{last.headers['Upload-Source']}")).json()
    assert source["name"] == "My clip.mp4"
    assert not left(storage)


async def test_client_that_lost_the_last_response_can_ask_again(ada: Person, video: bytes) -> None:
    upload = await create(ada, len(video))
    source_id = (await patch(ada, upload, 0, video)).headers["Upload-Source"]
    head = await ada.http.head(upload, headers=TUS)
    again = await patch(ada, upload, len(video), b"")
    for answer in (head, again):
        assert answer.headers["Upload-Offset"] == str(len(video))
        assert answer.headers["Upload-Source"] == source_id
    is_problem(await patch(ada, upload, 0, video), 409, "upload-offset-wrong")
    assert len((await ada.http.get("/api/v1/sources")).json()["sources"]) == 1


async def test_equal_files_are_stored_once(ada: Person, video: bytes, storage: Path) -> None:
    await ada.http.post("/api/v1/sources", content=video)
    upload = await create(ada, len(video))
    source_id = (await patch(ada, upload, 0, video)).headers["Upload-Source"]
    await is_source(ada, source_id, video, storage)
    assert len(list((storage / "sources").rglob("*/*"))) == 1


async def test_chunked_transfer_encoding_is_accepted(ada: Person, video: bytes, storage: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(video), 1000):
            yield video[start : start + 1000]

    upload = await create(ada, len(video))
    answer = await patch(ada, upload, 0, pieces())
    await is_source(ada, answer.headers["Upload-Source"], video, storage)


async def test_post_can_replace_patch(ada: Person, video: bytes) -> None:
    upload = await create(ada, len(video))
    headers = PART | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert (await ada.http.post(upload, headers=headers, content=video[:100])).status_code == 204
    assert await offset_of(ada, upload) == 100
    headers = TUS | {"X-HTTP-Method-Override": "DELETE"}
    assert (await ada.http.post(upload, headers=headers)).status_code == 204
    assert (await ada.http.head(upload, headers=TUS)).status_code == 404


async def test_deleted_upload_is_gone(ada: Person, video: bytes, storage: Path) -> None:
    upload = await create(ada, len(video))
    await patch(ada, upload, 0, video[:500])
    assert (await ada.http.delete(upload, headers=TUS)).status_code == 204
    assert (await ada.http.delete(upload, headers=TUS)).status_code == 404
    is_problem(await patch(ada, upload, 500, video[500:]), 404, "not-found")
    assert await nothing_left(storage)


# --- refusals --------------------------------------------------------------------------------


async def test_other_protocol_version_is_refused(ada: Person, video: bytes) -> None:
    upload = await create(ada, len(video))
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        for method, path in (("POST", UPLOADS), ("PATCH", upload), ("DELETE", upload)):
            answer = await ada.http.request(method, path, headers=headers)
            is_problem(answer, 412, "tus-version-wrong")
            assert answer.headers["Tus-Version"] == "1.0.0"
        assert (await ada.http.head(upload, headers=headers)).status_code == 412


async def test_upload_of_another_user_does_not_exist(
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
async def test_length_is_required(ada: Person, length: str) -> None:
    headers: dict[str, Any] = TUS | {"Upload-Length": length.encode()} if length else TUS
    answer = await ada.http.post(UPLOADS, headers=headers)
    assert is_problem(answer, 422, "field-invalid")["field"] == "Upload-Length"


async def test_upload_that_cannot_become_a_source_is_refused_at_once(ada: Person, storage: Path) -> None:
    for length, status, code in ((0, 422, "source-empty"), (MAX_UPLOAD_BYTES + 1, 413, "source-too-large")):
        answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": str(length)})
        is_problem(answer, status, code)
    assert await nothing_left(storage)


@pytest.mark.parametrize(
    "metadata", ["filename !", "filename /w==", f"a {'A' * 9000}", "filename", "filename Lw=="]
)
async def test_invalid_metadata_is_refused(ada: Person, metadata: str) -> None:
    headers = TUS | {"Upload-Length": "5", "Upload-Metadata": metadata}
    is_problem(await ada.http.post(UPLOADS, headers=headers), 422, "field-invalid")


@pytest.mark.parametrize("allowance", [Allowance(stored_bytes=10_000)])
async def test_unfinished_uploads_count_towards_the_quota(ada: Person) -> None:
    answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "10001"})
    is_problem(answer, 413, "quota-exceeded")
    first, second = await create(ada, 10_000), await create(ada, 10_000)
    await patch(ada, first, 0, bytes(6_000))
    is_problem(await patch(ada, second, 0, bytes(10_000)), 413, "quota-exceeded")
    answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "4001"})
    assert is_problem(answer, 413, "quota-exceeded")["used_bytes"] == 6_000


@pytest.mark.parametrize("limits", [Limits(reserve_bytes=10**18)])
async def test_nearly_full_disk_refuses_uploads(ada: Person) -> None:
    answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "10"})
    is_problem(answer, 507, "disk-full")


async def test_uploads_per_user_are_limited(ada: Person) -> None:
    for _ in range(uploads.MAX_UNFINISHED):
        upload = await create(ada, 10)
    answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "10"})
    is_problem(answer, 429, "too-many-uploads")
    assert 86_000 < int(answer.headers["Retry-After"]) <= 86_400
    await ada.http.delete(upload, headers=TUS)
    await create(ada, 10)


async def test_concurrent_creations_keep_to_the_limit(ada: Person, storage: Path) -> None:
    requests = [
        ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "10"})
        for _ in range(uploads.MAX_UNFINISHED + 12)
    ]
    statuses = Counter(answer.status_code for answer in await asyncio.gather(*requests))
    assert statuses == {201: uploads.MAX_UNFINISHED, 429: 12}
    assert len(list((storage / "uploads").glob("*/*/upload.json"))) == uploads.MAX_UNFINISHED


async def test_chunk_beyond_the_length_is_refused(ada: Person, video: bytes, storage: Path) -> None:
    upload = await create(ada, len(video))
    await patch(ada, upload, 0, video[:100])
    for offset in (0, 99, 101, len(video)):
        answer = await patch(ada, upload, offset, video[offset:])
        assert is_problem(answer, 409, "upload-offset-wrong")["offset"] == 100
        assert answer.headers["Upload-Offset"] == "100"
    answer = await ada.http.patch(upload, headers=TUS | {"Upload-Offset": "100"}, content=video[100:])
    is_problem(answer, 415, "content-type-wrong")
    answer = await ada.http.patch(upload, headers=PART, content=video[100:])
    assert is_problem(answer, 422, "field-invalid")["field"] == "Upload-Offset"
    is_problem(await patch(ada, upload, 100, video[100:] + b"x"), 413, "body-too-large")
    assert await offset_of(ada, upload) == 100
    assert (await patch(ada, upload, 100, video[100:])).status_code == 204


async def test_chunked_body_beyond_the_length_is_refused(ada: Person) -> None:
    async def without_end() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(300)

    upload = await create(ada, 1000)
    is_problem(await patch(ada, upload, 0, without_end()), 413, "body-too-large")
    assert await offset_of(ada, upload) <= 900


async def test_file_that_is_not_a_video_is_refused_and_removed(ada: Person, storage: Path) -> None:
    data = b"Dear Sir or Madam, " * 99
    upload = await create(ada, len(data))
    await patch(ada, upload, 0, data[:50])
    is_problem(await patch(ada, upload, 50, data[50:]), 415, "source-not-video")
    assert (await ada.http.head(upload, headers=TUS)).status_code == 404
    assert await nothing_left(storage)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_chunk_with_a_wrong_checksum_is_discarded(ada: Person, video: bytes, algorithm: str) -> None:
    upload = await create(ada, len(video))
    first, rest = video[:1000], video[1000:]
    assert (await patch(ada, upload, 0, first, checksum(first, algorithm))).status_code == 204
    refused = await patch(ada, upload, 1000, rest, checksum(first, algorithm))
    is_problem(refused, 460, "checksum-wrong")
    assert refused.reason_phrase == "Checksum Mismatch"
    assert await offset_of(ada, upload) == 1000
    answer = await patch(ada, upload, 1000, rest, checksum(rest, algorithm))
    assert answer.headers["Upload-Source"]


@pytest.mark.parametrize("checksum_header", ["md5 AAAA", "", "SHA1 AAAA", "sha512 AAAA"])
async def test_unknown_checksum_algorithm_is_refused(ada: Person, checksum_header: str) -> None:
    upload = await create(ada, 10)
    answer = await patch(ada, upload, 0, b"x" * 10, {"Upload-Checksum": checksum_header})
    is_problem(answer, 400, "checksum-unknown")
    assert await offset_of(ada, upload) == 0


@pytest.mark.parametrize(
    ("checksum_header", "says"),
    [
        ("sha1 AAAA", "a sha1 checksum is 20 bytes in base64, but this one has 3"),
        (f"sha1 {b64encode(bytes(32)).decode()}", "20 bytes in base64, but this one has 32"),
        (
            f"sha256 {b64encode(bytes(20)).decode()}",
            "a sha256 checksum is 32 bytes in base64, but this one has 20",
        ),
        ("sha256", "but this one has 0"),
        ("sha256 !", "but this one is not base64"),
        (f"sha1 {bytes(20).hex()}", "but this one has 30"),
        ("sha256 AAAAA", "but this one is not base64"),
    ],
)
async def test_checksum_of_the_wrong_length_is_refused(ada: Person, checksum_header: str, says: str) -> None:
    upload = await create(ada, 10)
    answer = await patch(ada, upload, 0, b"x" * 10, {"Upload-Checksum": checksum_header})
    assert says in is_problem(answer, 400, "checksum-malformed")["detail"]
    assert await offset_of(ada, upload) == 0


@pytest.mark.parametrize("value", ["1", "0", "yes"])
async def test_deferred_length_is_refused(ada: Person, value: str) -> None:
    answer = await ada.http.post(UPLOADS, headers=TUS | {"Upload-Defer-Length": value})
    is_problem(answer, 400, "upload-length-deferred")


@pytest.mark.parametrize("content_type", ["application/octet-stream", "application/offset", "", "video/mp4"])
async def test_chunk_of_another_type_is_refused(ada: Person, content_type: str) -> None:
    upload = await create(ada, 10)
    answer = await patch(ada, upload, 0, b"x" * 10, {"Content-Type": content_type})
    is_problem(answer, 415, "content-type-wrong")
    assert await offset_of(ada, upload) == 0


@pytest.mark.parametrize("suffix", ["", "; charset=utf-8", " ;x=y"])
async def test_content_type_of_a_chunk_may_have_parameters(ada: Person, suffix: str) -> None:
    upload = await create(ada, 10)
    headers = {"Content-Type": f"Application/Offset+Octet-Stream{suffix}"}
    assert (await patch(ada, upload, 0, b"x" * 5, headers)).headers["Upload-Offset"] == "5"


async def test_every_response_has_the_version_and_is_not_cached(
    ada: Person, stranger: httpx.AsyncClient
) -> None:
    upload = await create(ada, 10)
    for person in (ada.http, stranger):
        for method in ("OPTIONS", "POST", "GET", "HEAD", "PATCH", "DELETE"):
            for path in (UPLOADS, f"{UPLOADS}/{'0' * 32}", upload):
                for headers in (TUS, {}):
                    answer = await person.request(method, path, headers=headers)
                    assert answer.headers["Tus-Resumable"] == "1.0.0"
                    assert answer.headers["Cache-Control"] == "no-store"


# --- number of chunks ------------------------------------------------------------------------


class TestWithFewUploadsAMinute:
    @pytest.fixture
    def parts(self, parts: Parts, redis_url: str) -> Parts:
        return dataclasses.replace(parts, request_limits=RequestLimits(redis_url, Rates(uploads="2/minute")))

    async def test_uploads_are_counted_when_they_begin_and_not_by_their_chunks(
        self, ada: Person, video: bytes
    ) -> None:
        upload = await create(ada, len(video))
        for offset in range(0, len(video), 512):
            answer = await patch(ada, upload, offset, video[offset : offset + 512])
            assert answer.status_code == 204
        assert answer.headers["Upload-Source"]
        await create(ada, 10)
        is_problem(await ada.http.post(UPLOADS, headers=TUS | {"Upload-Length": "9"}), 429, "rate-limited")


def make_old(storage: Path, upload: str, parts: int) -> None:
    """Pretend that this many chunks have been received."""
    [directory] = (storage / "uploads").glob(f"*/{upload.rpartition('/')[2]}")
    (directory / "parts").write_bytes(b"." * parts)


async def test_upload_in_too_many_tiny_chunks_is_ended(ada: Person, storage: Path) -> None:
    upload, other = await create(ada, 2000), await create(ada, 2000)
    assert (await patch(ada, upload, 0, bytes(512))).status_code == 204
    make_old(storage, upload, uploads.SPARE_PARTS - 1)
    for _ in range(3):  # 512 bytes allow two more chunks
        assert (await patch(ada, upload, 512, b"")).status_code == 204
    problem = is_problem(await patch(ada, upload, 512, b"x"), 400, "too-many-parts")
    assert (problem["parts"], problem["received_bytes"], problem["least_bytes"]) == (10_003, 512, 256)
    assert (await patch(ada, other, 0, b"x")).status_code == 204
    assert (await ada.http.delete(upload, headers=TUS)).status_code == 204


async def test_chunks_at_a_wrong_offset_count_as_well(ada: Person, storage: Path) -> None:
    upload = await create(ada, 2000)
    make_old(storage, upload, uploads.SPARE_PARTS - 2)
    for _ in range(2):
        is_problem(await patch(ada, upload, 7, b"x"), 409, "upload-offset-wrong")
    is_problem(await patch(ada, upload, 0, b"x"), 400, "too-many-parts")
