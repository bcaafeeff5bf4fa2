"""Shared by the tests of resumable uploads: a simple tus client, and checks of its effects."""

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import httpx

from tests.web.api.conftest import Person

UPLOADS = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
PART = TUS | {"Content-Type": "application/offset+octet-stream"}


async def create(person: Person, length: int, **headers: str) -> str:
    answer = await person.http.post(UPLOADS, headers=TUS | {"Upload-Length": str(length)} | headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def patch(
    person: Person, upload: str, offset: int, content: Any, headers: dict[str, str] | None = None
) -> httpx.Response:
    request_headers = PART | {"Upload-Offset": str(offset)} | (headers or {})
    return await person.http.patch(upload, headers=request_headers, content=content)


async def offset_of(person: Person, upload: str) -> int:
    answer = await person.http.head(upload, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"])


def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    digest = b64encode(hashlib.new(algorithm, data).digest()).decode()
    return {"Upload-Checksum": f"{algorithm} {digest}"}


async def is_source(person: Person, source_id: str, data: bytes, storage: Path) -> None:
    body = (await person.http.get(f"/api/v1/sources/{source_id}")).json()
    sha256 = hashlib.sha256(data).hexdigest()
    assert (body["sha256"], body["bytes"]) == (sha256, len(data))
    assert (storage / "sources" / sha256[:2] / sha256).read_bytes() == data
    assert (await person.http.get(body["poster_url"])).content.startswith(b"\xff\xd8")
    assert not list((storage / "incoming").iterdir())


def left(storage: Path) -> list[Path]:
    """The unfinished uploads that take up space."""
    return list((storage / "uploads").glob("*/*/video"))
