"""The responses in the OpenAPI document: content, headers and possible problems."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from gifapp import errors
from gifapp.web.http.operations import Access, Operation
from gifapp.web.http.payloads import Headers, Payload, Query
from gifapp.web.http.problems import CONTENT_TYPE, phrase, status_of_kind

Node = dict[str, Any]

HEADERS: Mapping[str, str] = {
    "Accept-Ranges": "bytes",
    "ETag": "Send it back as If-None-Match.",
    "Location": "The URL of what was created.",
    "Preview-Range": "The range of the video shown, in seconds, such as 1.25-2.75; empty for listed frames.",
    "Retry-After": "How many seconds to wait before trying again.",
    "Set-Cookie": "The session's next refresh token; only refresh and logout accept it.",
    "Upgrade": "websocket",
    "Upload-Expires": "When the upload is deleted, unless more bytes arrive.",
    "Upload-Length": "The total size of the upload in bytes.",
    "Upload-Offset": "How many bytes of the upload have been received.",
    "WWW-Authenticate": "Bearer",
}

_WITH_STATUS = {401: ["WWW-Authenticate"], 426: ["Upgrade"], 429: ["Retry-After"], 503: ["Retry-After"]}
_OF_EVERYTHING = (
    errors.ServiceUnavailable,
    errors.RateLimited,
    errors.TooManyAtOnce,
    errors.TooMuchAtOnce,
)
_OF_TOKENS = (
    errors.NotSignedIn,
    errors.TokenInvalid,
    errors.TokenExpired,
    errors.ScopeMissing,
    errors.SessionNeeded,
)
_OF_ACCESS: Mapping[Access, Collection[type[errors.GifappError]]] = {
    "anyone": (),
    "signed in": _OF_TOKENS,
    "administrator": (*_OF_TOKENS, errors.AdministratorsOnly),
    "cookie": (errors.NotSignedIn, errors.TokenInvalid, errors.TokenExpired, errors.RequestForged),
    "signed address": (errors.MediaLinkInvalid,),
}
_OF_BODIES = (errors.JsonInvalid, errors.BodyTooLarge, errors.ContentTypeWrong, errors.FieldInvalid)
# errors that Tornado itself raises, by status
_BAD_REQUEST = {400: "bad-request"}
_NO_SUCH_RANGE = {416: "requested-range-not-satisfiable"}
_NO_WEBSOCKET = {400: "bad-request", 403: "forbidden", 426: "upgrade-required"}


def responses(declared: Operation, access: Access, schema: Node | None, *, has_id: bool) -> Node:
    """An operation's responses by status; `schema` is the schema of a JSON response."""
    nodes = {status: _response(declared, schema, text) for status, text in _successes(declared).items()}
    if declared.has_etag or declared.is_file:
        nodes[304] = {"description": "Not modified.", "headers": _headers(["ETag"])}
    codes = _codes(usual_errors(declared, access, has_id=has_id), _of_tornado(declared, has_id=has_id))
    problems = {status: _refusal(status, node) for status, node in codes.items() if status not in nodes}
    return {str(status): node for status, node in sorted((nodes | problems).items())}


def usual_errors(declared: Operation, access: Access, *, has_id: bool) -> list[type[errors.GifappError]]:
    """The errors an operation may raise: the declared ones, and those common to its kind."""
    reads_arguments = declared.reads(Query) or declared.reads(Headers)
    return [
        *_OF_EVERYTHING,
        *_OF_ACCESS[access],
        *([errors.NotFound] if has_id else []),
        *(_OF_BODIES if declared.reads(Payload) else []),
        *([errors.FieldInvalid] if reads_arguments else []),
        *declared.raises,
    ]


def _successes(declared: Operation) -> dict[int, str]:
    by_range = {206: "The requested part of the file."} if declared.is_file else {}
    return {declared.usual_status: phrase(declared.usual_status), **by_range, **declared.also}


def _of_tornado(declared: Operation, *, has_id: bool) -> dict[int, str]:
    """The errors that Tornado itself raises for this operation."""
    if declared.usual_status == 101:
        return _NO_WEBSOCKET
    decodes = has_id or declared.reads(Query)
    return (_BAD_REQUEST if decodes else {}) | (_NO_SUCH_RANGE if declared.is_file else {})


def _response(declared: Operation, schema: Node | None, description: str) -> Node:
    names = [*declared.response_headers, *(["ETag"] if declared.has_etag or declared.is_file else [])]
    node: Node = {"description": description}
    if names:
        node["headers"] = _headers(names)
    if schema is not None:
        node["content"] = {"application/json": {"schema": schema}}
    elif declared.produces:
        node["content"] = {kind: {} for kind in declared.produces}
    return node


def _codes(kinds: Collection[type[errors.GifappError]], others: Mapping[int, str]) -> dict[int, Node]:
    """The error codes by status, each with its sentence."""
    by_status: dict[int, Node] = defaultdict(dict)
    for kind in kinds:
        by_status[status_of_kind(kind)][kind.code] = kind.sentence
    for status, code in others.items():
        by_status[status][code] = phrase(status)
    return by_status


def _refusal(status: int, codes: Node) -> Node:
    schema = {
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "properties": {"status": {"const": status}, "code": {"enum": sorted(codes)}},
    }
    node: Node = {
        "description": "\n".join(f"- `{code}`: {sentence}" for code, sentence in sorted(codes.items())),
        "content": {CONTENT_TYPE: {"schema": schema}},
    }
    return node | ({"headers": _headers(_WITH_STATUS[status])} if status in _WITH_STATUS else {})


def _headers(names: Collection[str]) -> Node:
    return {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in names}
