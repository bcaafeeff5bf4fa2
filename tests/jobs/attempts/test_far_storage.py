"""An attempt whose storage is unreachable or slow."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.views.jobs import JobView
from gifapp.jobs.parts import JobParts
from gifapp.storage.blob import Blob
from tests.jobs.attempts.conftest import Run


def test_attempt_waits_for_unreachable_storage(
    parts: JobParts, run: Run, job: JobView, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = {"local": 2, "keep": 2}

    def now_and_then(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def tried(*args: Any) -> Any:
            away[name] -= 1
            if away[name] >= 0:
                raise errors.ServiceUnavailable(service="the storage")
            return step(*args)

        return tried

    for name in away:
        monkeypatch.setattr(parts.blobs.store, name, now_and_then(name, getattr(parts.blobs.store, name)))
    run("quick", job.id).ended()
    done = parts.jobs.find("ann", job.id)
    assert (done.state, done.attempts, away) == (JobState.SUCCEEDED, 1, {"local": -1, "keep": -1})


def test_attempt_is_retried_when_storage_stays_unreachable(
    parts: JobParts, run: Run, job: JobView, monkeypatch: pytest.MonkeyPatch, storage: Path
) -> None:
    def away(*_: object) -> None:
        raise errors.ServiceUnavailable(service="the storage")

    monkeypatch.setattr(parts.blobs.store, "keep", away)
    run("quick", job.id, timings=replace(parts.timings, storage_s=0.1)).ended()
    waiting = parts.jobs.find("ann", job.id)
    assert waiting.state == JobState.QUEUED
    assert [error.code for error in waiting.errors] == ["service-unavailable"]
    assert not list((storage / "scratch").iterdir())


def test_lease_is_renewed_while_storage_is_slow(
    parts: JobParts, run: Run, job: JobView, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = parts.blobs.store.keep

    def keep_slowly(aside: Path, blob: Blob) -> None:
        time.sleep(1.5)
        keep(aside, blob)

    monkeypatch.setattr(parts.blobs.store, "keep", keep_slowly)
    attempt = run("quick", job.id, timings=replace(parts.timings, lease_s=0.8))
    while attempt.is_alive():
        parts.sweep()
        time.sleep(0.1)
    done = parts.jobs.find("ann", job.id)
    assert (done.state, done.attempts) == (JobState.SUCCEEDED, 1)


def test_cancel_is_noticed_while_storage_is_slow(
    parts: JobParts, run: Run, job: JobView, monkeypatch: pytest.MonkeyPatch, storage: Path
) -> None:
    keep, begun = parts.blobs.store.keep, threading.Event()

    def slowly(*args: Any) -> None:
        begun.set()
        time.sleep(1)
        keep(*args)

    monkeypatch.setattr(parts.blobs.store, "keep", slowly)
    attempt = run("quick", job.id)
    assert begun.wait(20)
    parts.jobs.cancel("ann", job.id)
    attempt.ended()
    assert parts.jobs.find("ann", job.id).state == JobState.CANCELLED
    assert not list((storage / "gifs").iterdir())
