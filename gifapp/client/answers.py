"""Requests to the service, and the errors in its answers."""

from __future__ import annotations

from typing import Any

import httpx

from gifapp import errors

TIMEOUTS = httpx.Timeout(30, read=120)  # the answer to an upload waits for the look into the video


def answer_of(http: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    try:
        answer = http.request(method, path, **request)
    except httpx.TransportError:
        raise errors.ServiceUnavailable(service="gifapp") from None
    if answer.is_success:
        return answer
    raise _told_by(answer)


def _told_by(answer: httpx.Response) -> errors.GifappError:
    """The error in an answer's problem details (RFC 9457)."""
    if "problem+json" not in answer.headers.get("Content-Type", ""):
        return errors.ServiceUnavailable(service="gifapp")  # a proxy, or a server that is starting
    told = answer.json()
    standard = ("type", "title", "status", "detail", "code", "instance")
    facts = {name: fact for name, fact in told.items() if name not in standard}
    return errors.GifappError.retold(told.get("code", ""), told.get("detail") or told["title"], facts)
