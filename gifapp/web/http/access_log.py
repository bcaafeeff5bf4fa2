"""Formats requests for the log: method and URL, without secrets.

Each part of a URL is shown only if it is plainly a word or an id of ours; everything else is cut.
"""

from __future__ import annotations

import re
from typing import Any

from tornado.web import RequestHandler

from gifapp.logs import redact

CUT = "…"
_LONGEST = 500
_SHOWN = frozenset(
    {"limit", "cursor", "state", "kind", "hours", "at_s", "download", "older_than_s", "expires"}
)
_PLAIN = re.compile(r"[\w.@~+…-]{0,36}")  # ids have at most 36 characters, tokens more
_NAME = re.compile(r"[a-z_]{1,20}")


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
    return f"{segments}{mark}{arguments}"[:_LONGEST]


def _plain(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else CUT


def _argument(text: str) -> str:
    name, equals, value = text.partition("=")
    if not _NAME.fullmatch(name):
        return CUT
    return f"{name}{equals}{_plain(value) if name in _SHOWN else value and CUT}"
