"""What the log says of a request: its method and its address, without what opens something.

Whatever was put into an address, and however it was spelled, it is shown only where it is plainly a word
or an id of ours.
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
_PLAIN = re.compile(r"[\w.@~+…-]{0,36}")  # an id has 36 characters at the most, a token more
_NAME = re.compile(r"[a-z_]{1,20}")


def shown_request(request: Any) -> str:
    """`GET /api/v1/jobs?limit=10`."""
    return f"{shown_method(request.method)} {shown_address(request.uri)}"


def shown_method(method: str | None) -> str:
    """The method; one that does not exist may be anything, and there is no end of them."""
    return method if method in RequestHandler.SUPPORTED_METHODS else "other"


def shown_address(uri: str | None) -> str:
    """An address with `…` for each part of its path and each value that is not plain."""
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
