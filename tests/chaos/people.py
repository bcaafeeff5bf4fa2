"""People who upload and submit, and try again when they are not answered."""

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

_TRY_AGAIN_S = 0.3
_PATIENCE_S = 120.0
_UPLOAD_TAKES_S = 0.6
_CHUNKS = 12
_WORTH_TRYING_AGAIN = {408, 425, 429, 500, 502, 503, 504}


class NeverAnswered(Exception):
    """The service did not come back in all the time that a person waits."""


class InFlight:
    """How many requests of a kind are on their way at this moment."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[None]:
        self._add(1)
        try:
            yield
        finally:
            self._add(-1)

    def wait_for_one(self, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._count > 0, timeout_s)

    def _add(self, number: int) -> None:
        with self._changed:
            self._count += number
            self._changed.notify_all()


@dataclass
class Ledger:
    """What all people together asked for, and what they were answered."""

    accepted: dict[str, str] = field(default_factory=dict)  # the job's id by the idempotency key
    troubles: Counter[str] = field(default_factory=Counter)
    broken: list[BaseException] = field(default_factory=list)
    uploads: InFlight = field(default_factory=InFlight)
    submits: InFlight = field(default_factory=InFlight)


class Person(threading.Thread):
    """Uploads a video now and then, and asks for GIFs at the times of `at_s`."""

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
            with self._ledger.uploads.one():
                return self._http.post(
                    "/sources",
                    content=_slowly(video),
                    headers=self._headers() | {"Content-Length": str(len(video))},
                )

        return str(self._answered("upload", send)["id"])

    def _submit(self, source_id: str, number: int) -> None:
        key = uuid4().hex
        recipe = {"loop": number, "fps": self._random.choice([10, 12.5, 25])}  # no two are the same job

        def send() -> httpx.Response:
            headers = self._headers() | {"Idempotency-Key": key}
            with self._ledger.submits.one():
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
                self._ledger.troubles[f"{verb}: {type(broken).__name__}"] += 1
            else:
                if answer.status_code not in _WORTH_TRYING_AGAIN:
                    answer.raise_for_status()
                    told: dict[str, Any] = answer.json()
                    return told
                self._ledger.troubles[f"{verb}: {answer.status_code}"] += 1
            time.sleep(_TRY_AGAIN_S)
        raise NeverAnswered(verb)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._client.access_token()}"}


def _made_unique(video: bytes) -> bytes:
    """The same pictures in other bytes: MP4 has a box for what nobody reads."""
    return video + (24).to_bytes(4, "big") + b"free" + uuid4().bytes


def _slowly(video: bytes) -> Iterator[bytes]:
    size = len(video) // _CHUNKS + 1
    for start in range(0, len(video), size):
        time.sleep(_UPLOAD_TAKES_S / _CHUNKS)
        yield video[start : start + size]
