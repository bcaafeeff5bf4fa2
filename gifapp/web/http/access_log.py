"""Logs requests: method and URL without secrets, status and duration.

Each part of a URL is shown only if it is plainly a word or an id of ours; everything else is cut.
"""

from __future__ import annotations

import re
from typing import Any

import structlog
from tornado.web import RequestHandler, StaticFileHandler

from gifapp.redaction import redact

_log = structlog.get_logger()

CUT = "…"
_MAX_CHARACTERS = 500
_SHOWN = frozenset(
    {"limit", "cursor", "state", "kind", "hours", "at_s", "download", "older_than_s", "expires"}
)
_PLAIN = re.compile(r"[\w.@~+…-]{0,36}")  # ids have at most 36 characters, tokens more
_NAME = re.compile(r"[a-z_]{1,20}")


def log_completed(handler: RequestHandler) -> None:
    """Log a request and its status.

    Successful requests that no rate limit counts have no line: they would push the others out of the log.
    """
    status, request = handler.get_status(), handler.request
    if status < 400 and _is_unlimited(handler):
        return
    log = _log.info if status < 400 else _log.warning if status < 500 else _log.error
    log(
        "request completed",
        status=status,
        request=shown_request(request),
        remote_ip=request.remote_ip,
        duration_ms=round(1000 * request.request_time(), 2),
    )


def _is_unlimited(handler: RequestHandler) -> bool:
    """Whether this is a health check, a preflight or a file of the page, but no video or GIF."""
    request = handler.request
    is_check = request.method == "OPTIONS" or request.path.startswith("/health/")
    is_file = isinstance(handler, StaticFileHandler)
    return is_check or (is_file and not request.path.startswith(("/api/v1/", "/s/")))


def shown_request(request: Any) -> str:
    """The request for the log, for example `GET /api/v1/jobs?limit=10`."""
    return f"{shown_method(request.method)} {shown_address(request.uri)}"


def shown_method(method: str | None) -> str:
    """The method, or "other": clients may send arbitrary ones, which must not become metric labels."""
    return method if method in RequestHandler.SUPPORTED_METHODS else "other"


def shown_address(uri: str | None) -> str:
    """The URL, with `…` in place of each path segment and each value that is not plain."""
    path, mark, query = redact(uri or "").partition("?")
    segments = "/".join(_plain(segment) for segment in path.split("/"))
    arguments = "&".join(map(_argument, query.split("&"))) if query else ""
    return f"{segments}{mark}{arguments}"[:_MAX_CHARACTERS]


def _plain(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else CUT


def _argument(text: str) -> str:
    name, equals, value = text.partition("=")
    if not _NAME.fullmatch(name):
        return CUT
    return f"{name}{equals}{_plain(value) if name in _SHOWN else value and CUT}"
