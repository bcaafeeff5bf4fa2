"""Samples the queue, the workers and the end of each job several times a second."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pymongo
from pymongo.errors import PyMongoError

from gifapp.domain.job import JobState

_EVERY_S = 0.25
_FINAL = [state.value for state in JobState if state.is_final]
_END = {"state": 1, "token": 1, "gif.key": 1, "finished_at": 1}


class Sample(NamedTuple):
    at_s: float
    queued: int | None  # None: MongoDB was down
    running: int | None
    workers: int


@dataclass
class Sampler:
    """A sampling thread that runs inside its `with` block."""

    mongodb_url: str
    count_workers: Callable[[], int]
    samples: list[Sample] = field(default_factory=list)
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)  # each job's final state, as first seen
    workers_ready: int = 0  # workers that have registered
    changed: list[str] = field(default_factory=list)  # jobs that changed after their end

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_often, daemon=True)
        self.began = time.monotonic()

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _look_often(self) -> None:
        with pymongo.MongoClient[dict[str, Any]](self.mongodb_url, serverSelectionTimeoutMS=300) as client:
            while not self._stopping.wait(_EVERY_S):
                self._look(client)

    def _look(self, client: pymongo.MongoClient[dict[str, Any]]) -> None:
        jobs = client.get_default_database()["jobs"]
        queued = running = None
        with suppress(PyMongoError):
            queued, running = (
                jobs.count_documents({"state": state}) for state in (JobState.QUEUED, JobState.RUNNING)
            )
            self.workers_ready = client.get_default_database()["workers"].count_documents({})
            for end in jobs.find({"state": {"$in": _FINAL}}, _END):
                self._note(end)
        self.samples.append(Sample(time.monotonic() - self.began, queued, running, self.count_workers()))

    def _note(self, end: dict[str, Any]) -> None:
        if self.ends.setdefault(end["_id"], end) != end:
            self.changed.append(end["_id"])
