"""Errors as RFC 9457 problem details, with their HTTP status codes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import tornado.web
from pydantic import BaseModel, ConfigDict
from tornado.iostream import StreamClosedError

from gifapp import errors

CONTENT_TYPE = "application/problem+json"


class Problem(BaseModel):
    """Why a request was refused: `code` for programs, `detail` for people; other members are its facts."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str


# an error has the status of its nearest ancestor in this table
_STATUSES: dict[type[BaseException], int] = {
    errors.BadInput: 422,
    errors.JsonInvalid: 400,
    errors.BodyTooLarge: 413,
    errors.ContentTypeWrong: 415,
    errors.TusVersionWrong: 412,
    errors.ChecksumWrong: 460,
    errors.ChecksumUnknown: 400,
    errors.ChecksumMalformed: 400,
    errors.TooManyParts: 400,
    errors.UploadLengthDeferred: 400,
    errors.SourceTooLarge: 413,
    errors.SourceNotVideo: 415,
    errors.SourceCodecUnsupported: 415,
    errors.AccessDenied: 403,
    errors.NotSignedIn: 401,
    errors.CredentialsWrong: 401,
    errors.TokenInvalid: 401,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.UploadLocked: 423,
    errors.LimitReached: 429,
    errors.QuotaExceeded: 413,
    errors.DiskFull: 507,
    errors.ServiceUnavailable: 503,
    errors.LinkInterrupted: 502,
    StreamClosedError: 499,  # the client has left: nobody reads this, but it is no error of the server's
}

_PHRASES = {460: "Checksum Mismatch", 499: "Client Closed Request"}  # tus' own, and nginx's

_SENTENCES = {
    400: "The request is malformed.",
    404: "There is nothing at this address.",
    405: "This method is not allowed here; the Allow header lists those that are.",
    416: "The requested range is outside the file.",
    426: "This address accepts websocket connections only.",
    500: "Something went wrong on the server. Its log has the details under this request id.",
}


def status_of(error: BaseException | None) -> int:
    """The HTTP status of an error."""
    if isinstance(error, tornado.web.HTTPError):
        return error.status_code
    return status_of_kind(type(error))


def status_of_kind(kind: type[BaseException | None]) -> int:
    return next((_STATUSES[base] for base in kind.__mro__ if base in _STATUSES), 500)


def problem(error: BaseException | None, status: int, request_id: str) -> dict[str, Any]:
    """The problem details; an internal error reveals nothing but the request id."""
    members = {"status": status, "title": phrase(status), "request_id": request_id}
    if isinstance(error, errors.GifappError) and status == status_of(error) != 500:
        return {**error.facts, "type": _type(error.code), **members, "code": error.code, "detail": str(error)}
    code = phrase(status).lower().replace(" ", "-")
    sentence = _SENTENCES.get(status, f"{phrase(status)}.")
    return {"type": _type(code), **members, "code": code, "detail": sentence}


def _type(code: str) -> str:
    return f"urn:gifapp:error:{code}"


def phrase(status: int) -> str:
    """The reason phrase of a status."""
    return _PHRASES.get(status) or HTTPStatus(status).phrase
