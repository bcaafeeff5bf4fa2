"""The whole web server for tests, its visitors, and a separate process that can be killed."""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from gifapp.domain.limits import Limits
from gifapp.identity.service import Rates, build_identity
from gifapp.jobs.parts import JobParts
from gifapp.web.app import run_web
from gifapp.web.http.context import Parts, build_parts
from tests.support.storages import storage_at

NOTEBOOKS = Path(__file__).parent / "notebooks"
PASSWORD = "correct horse"

_SECRET = b"a secret of thirty-two bytes, no less"
_RATES = Rates(login_by_address="100/minute", register_by_address="100/hour")

SignIn = Callable[[str], Awaitable[httpx.AsyncClient]]


def policy_of(answer: httpx.Response) -> dict[str, set[str]]:
    """A response's Content-Security-Policy, by directive."""
    directives = answer.headers["Content-Security-Policy"].split(";")
    return {name: set(allowed) for name, *allowed in map(str.split, directives)}


@contextmanager
def web_parts(mongodb_url: str, redis_url: str, storage_url: str, rates: Rates = _RATES) -> Iterator[Parts]:
    """Parts on real servers, with a cheap password hash and open registration."""
    servers: dict[str, Any] = {"mongodb_url": mongodb_url, "redis_url": redis_url}
    identity = build_identity(
        **servers, secret=_SECRET, registration="open", rates=rates, password_rounds=4
    )  # fmt: skip
    with JobParts(**servers, blobs=storage_at(storage_url), secret=_SECRET, limits=Limits()) as jobs:
        yield build_parts(jobs, identity, secret=_SECRET, redis_url=redis_url, rates=rates)
    identity.close()


def serve(mongodb_url: str, redis_url: str, storage_url: str, rates: str = "{}") -> None:
    """Runs a web server in a process of its own; `rates` are non-default rates, as JSON."""
    chosen = replace(_RATES, **json.loads(rates))
    with web_parts(mongodb_url, redis_url, storage_url, chosen) as parts:
        run_web(parts, notebooks=NOTEBOOKS, host="127.0.0.1", port=0)
