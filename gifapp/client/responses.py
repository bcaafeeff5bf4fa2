"""Sends requests to the service, and raises the errors in its responses."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

import httpx

from gifapp import errors

_TIMEOUTS = httpx.Timeout(30, read=120)  # the response to an upload waits until the video is probed

_BY_STATUS: dict[int, type[errors.GifappError]] = {
    401: errors.TokenInvalid,
    403: errors.AccessDenied,
    404: errors.NotFound,
    413: errors.LimitReached,
    415: errors.SourceRefused,
    422: errors.SourceRefused,
    423: errors.UploadLocked,
    429: errors.TooManyRequests,
    507: errors.DiskFull,
}
_ALSO_FROM_PROXIES = {401, 403, 429}


def connect(url: str, cookies: httpx.Cookies | None = None) -> httpx.Client:
    """A connection to the API at `url`, with our timeouts."""
    return httpx.Client(base_url=f"{url}/api/v1", cookies=cookies, timeout=_TIMEOUTS, verify=_certificates())


@cache
def _certificates() -> ssl.SSLContext:
    # shared by all connections, since reading them takes 15 ms
    return httpx.create_ssl_context()


def checked_response(http: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    """Send a request, and return the response.

    Raises:
        errors.ServiceUnavailable: there was no response.
        errors.GifappError: the error that the service reported.
    """
    try:
        response = http.request(method, path, **request)
    except httpx.TransportError:
        raise errors.ServiceUnavailable(service="gifapp") from None
    if response.is_success:
        return response
    raise error_in(response)


def error_in(response: httpx.Response) -> errors.GifappError:
    """The error in a response's problem details (RFC 9457), or the one for its status."""
    is_problem = "problem+json" in response.headers.get("Content-Type", "")
    if is_problem and response.content:
        problem = response.json()
        if "Retry-After" in response.headers:
            problem["retry_after_s"] = _retry_after_s(response)
        return described_error(problem)
    retry_after_s = _retry_after_s(response)
    if is_problem or response.status_code in _ALSO_FROM_PROXIES:  # a response to HEAD has no body
        kind = _BY_STATUS.get(response.status_code, errors.ServiceUnavailable)
        return kind(service="gifapp", kind="upload", retry_after_s=retry_after_s)
    # from a proxy, or a server that is starting
    return errors.ServiceUnavailable(service="gifapp", retry_after_s=retry_after_s)


def described_error(problem: dict[str, Any]) -> errors.GifappError:
    """The error that problem details describe."""
    standard = ("type", "title", "status", "detail", "code", "instance")
    facts = {name: fact for name, fact in problem.items() if name not in standard}
    return errors.GifappError.from_response(
        problem.get("code", ""), problem.get("detail") or problem["title"], facts
    )


def _retry_after_s(response: httpx.Response) -> int:
    header = response.headers.get("Retry-After", "")
    return int(header) if header.isascii() and header.isdecimal() else 0
