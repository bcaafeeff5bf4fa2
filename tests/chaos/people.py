"""Simulated users who upload and submit, and retry when a request fails."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from gifapp import errors
from gifapp.client import Client
from tests.support.service import PASSWORD

_RETRY_AFTER_S = 0.3
_PATIENCE_S = 120.0
_UPLOAD_S = 0.6
_CHUNKS = 12
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


class NoResponse(Exception):
    """The service did not answer before the user gave up."""


class InFlight:
    """Counts the requests of one kind that are in flight."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    @contextmanager
    def counted(self) -> Iterator[None]:
        self._add(1)
        try:
            yield
        finally:
            self._add(-1)

    def wait_for_any(self, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._count > 0, timeout_s)

    def _add(self, number: int) -> None:
        with self._changed:
            self._count += number
            self._changed.notify_all()


@dataclass
class Ledger:
    """What all users together submitted, and the responses they got."""

    accepted: dict[str, str] = field(default_factory=dict)  # the job's id by the idempotency key
    retries: Counter[str] = field(default_factory=Counter)
    broken: list[BaseException] = field(default_factory=list)
    uploads: InFlight = field(default_factory=InFlight)
    submits: InFlight = field(default_factory=InFlight)


class Person(threading.Thread):
    """Uploads a video now and then, and submits a job at each time in `at_s`."""

    def __init__(self, url: str, email: str, videos: list[bytes], ledger: Ledger) -> None:
        super().__init__(name=email, daemon=True)
        self._random = random.Random(email)  # noqa: S311
        self._client = Client.sign_in(url, email, PASSWORD)
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=15)
        self._videos = videos
        self._ledger = ledger
        self.at_s: list[float] = []
        self.jobs_per_video = 3
        self.began = 0.0

    def run(self) -> None:
        with self._client, self._http:
            try:
                self._ask_for_all()
            except Exception as error:  # noqa: BLE001  the test tells of it
                self._ledger.broken.append(error)

    def _ask_for_all(self) -> None:
        source_id = self._upload()
        for number, at_s in enumerate(sorted(self.at_s), 1):
            time.sleep(max(0, self.began + at_s - time.monotonic()))
            self._submit(source_id, number)
            if number % self.jobs_per_video == 0:
                source_id = self._upload()

    def _upload(self) -> str:
        video = _made_unique(self._random.choice(self._videos))

        def send() -> httpx.Response:
            with self._ledger.uploads.counted():
                return self._http.post(
                    "/sources",
                    content=_slowly(video),
                    headers=self._headers() | {"Content-Length": str(len(video))},
                )

        return str(self._answered("upload", send)["id"])

    def _submit(self, source_id: str, number: int) -> None:
        key = uuid4().hex
        recipe = {"loop": number, "fps": self._random.choice([10, 12.5, 25])}  # so that no two jobs are equal

        def send() -> httpx.Response:
            headers = self._headers() | {"Idempotency-Key": key}
            with self._ledger.submits.counted():
                return self._http.post(
                    "/jobs", json={"source_id": source_id, "recipe": recipe}, headers=headers
                )

        self._ledger.accepted[key] = self._answered("submit", send)["id"]

    def _answered(self, verb: str, send: Callable[[], httpx.Response]) -> dict[str, Any]:
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            try:
                answer = send()
            except (httpx.TransportError, errors.ServiceUnavailable) as broken:
                self._ledger.retries[f"{verb}: {type(broken).__name__}"] += 1
            else:
                if answer.status_code not in _TRANSIENT:
                    answer.raise_for_status()
                    body: dict[str, Any] = answer.json()
                    return body
                self._ledger.retries[f"{verb}: {answer.status_code}"] += 1
            time.sleep(_RETRY_AFTER_S)
        raise NoResponse(verb)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._client.access_token()}"}


def _made_unique(video: bytes) -> bytes:
    """The same video with an MP4 box appended that players skip, so that its digest is unique."""
    return video + (24).to_bytes(4, "big") + b"free" + uuid4().bytes


def _slowly(video: bytes) -> Iterator[bytes]:
    size = len(video) // _CHUNKS + 1
    for start in range(0, len(video), size):
        time.sleep(_UPLOAD_S / _CHUNKS)
        yield video[start : start + size]
