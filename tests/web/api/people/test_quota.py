"""Quotas over HTTP: uploads are refused before their bytes where possible, with advice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gifapp.domain.limits import Allowance, Limits
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db.documents import SourceDocument
from tests.web.api.conftest import Person, is_problem
from tests.web.api.uploading.test_sources import nothing_left, pieces

QUOTA_BYTES = 50_000
bounded = pytest.mark.parametrize("allowance", [Allowance(stored_bytes=QUOTA_BYTES)])


async def answer_to_no_bytes(url: str, person: Person, declared_bytes: int) -> bytes:
    """The response to the head of an upload of which no byte is sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    token = f"Authorization: Bearer {person.session.access_token}"
    head = f"POST /api/v1/sources HTTP/1.1\r\nHost: x\r\n{token}\r\nContent-Length: {declared_bytes}\r\n\r\n"
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.readuntil(b"}"), timeout=5)
    writer.close()
    return answer


@bounded
async def test_upload_over_the_quota_is_refused_before_its_bytes(
    ada: Person, url: str, storage: Path
) -> None:
    answer = await answer_to_no_bytes(url, ada, QUOTA_BYTES + 1)
    assert b" 413 " in answer
    assert b'"code": "quota-exceeded"' in answer
    assert await nothing_left(storage)


@bounded
@pytest.mark.parametrize("chunked", [True, False])
async def test_refused_upload_says_what_to_do(ada: Person, storage: Path, chunked: bool) -> None:
    content: bytes | AsyncIterator[bytes] = bytes(QUOTA_BYTES + 1)
    if chunked:
        content = pieces(bytes(QUOTA_BYTES + 1))
    problem = is_problem(await ada.http.post("/api/v1/sources", content=content), 413, "quota-exceeded")
    assert (problem["used_bytes"], problem["limit_bytes"]) == (0, QUOTA_BYTES)
    assert "Delete videos or GIFs" in problem["detail"]
    assert await nothing_left(storage)


@bounded
async def test_job_is_refused_once_the_quota_is_used_up(ada: Person, source: SourceView) -> None:
    SourceDocument.objects(id=source.id).update(set__bytes=QUOTA_BYTES)
    answer = await ada.http.post("/api/v1/jobs", json={"source_id": source.id})
    is_problem(answer, 413, "quota-exceeded")
    body = (await ada.http.get("/api/v1/me")).json()
    assert (body["stored_bytes"], body["quota_bytes"]) == (QUOTA_BYTES, QUOTA_BYTES)


async def test_usage_is_reported_without_a_quota(ada: Person, source: SourceView, gif: bytes) -> None:
    body = (await ada.http.get("/api/v1/me")).json()
    assert (body["stored_bytes"], body["quota_bytes"]) == (source.bytes + len(gif), None)


@pytest.mark.parametrize("limits", [Limits(reserve_bytes=10**18)])
async def test_upload_is_refused_before_its_bytes_when_the_disk_is_nearly_full(
    ada: Person, url: str, storage: Path
) -> None:
    answer = await answer_to_no_bytes(url, ada, 1000)
    assert b" 507 " in answer
    assert b'"code": "disk-full"' in answer
    assert await nothing_left(storage)
