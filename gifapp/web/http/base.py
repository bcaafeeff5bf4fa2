"""Base handlers: they limit the request body, and check who may call them."""

from __future__ import annotations

import asyncio
import sys
from asyncio import Future
from typing import Any, ClassVar

import tornado.web
from pydantic import BaseModel

from gifapp import errors
from gifapp.identity.callers import Need
from gifapp.identity.service import Caller
from gifapp.web.http.answering import AnsweringHandler
from gifapp.web.http.operations import Access
from gifapp.web.http.payloads import Model, Payload, decoded, validated

SESSION_COOKIE = "gifapp_session"
JSON_BODY_BYTES = 64 * 1024
JSON_BODY_TIMEOUT_S = 30.0
DRAIN_S = 10.0
_MAX_DIGITS = 18


@tornado.web.stream_request_body
class BaseHandler(AnsweringHandler):
    """Reads the body, up to `max_body_bytes`.

    A request may be answered before its body has arrived. Closing the connection at once would reset it
    while the client is still sending, and the client would never see the response. So we send the response
    and discard what still arrives, for `DRAIN_S` at most.
    """

    max_body_bytes: ClassVar[int] = JSON_BODY_BYTES
    body_timeout_s: ClassVar[float] = JSON_BODY_TIMEOUT_S

    _answered_early = False
    _received_bytes = 0

    async def prepare(self) -> None:
        connection: Any = self.request.connection
        connection.set_max_body_size(sys.maxsize)  # we reject large bodies ourselves, with a problem document
        connection.set_body_timeout(self.body_timeout_s)
        self._body = bytearray()
        await super().prepare()
        self._check_length(self._declared_bytes())

    async def data_received(self, chunk: bytes) -> None:
        if self._answered_early:
            return
        self._received_bytes += len(chunk)
        try:
            self._check_length(self._received_bytes)
            await self.receive(chunk)
        except Exception:  # noqa: BLE001  Tornado would close the connection without a response
            self.log_exception(*sys.exc_info())
            self.send_error(exc_info=sys.exc_info())

    async def receive(self, chunk: bytes) -> None:
        """Process the next chunk of the body."""
        self.hold(len(chunk))
        self._body += chunk

    def body_limit(self) -> int:
        return self.max_body_bytes

    def too_large(self) -> errors.GifappError:
        """The error for a body over the limit."""
        return errors.BodyTooLarge(limit_bytes=self.body_limit())

    def json_body(self, model: type[Model]) -> Model:
        """Parse the body as `model`.

        Raises:
            errors.ContentTypeWrong, errors.JsonInvalid, errors.FieldInvalid
        """
        content_type = self.request.headers.get("Content-Type", "").partition(";")[0]
        if content_type.strip().lower() != "application/json":
            raise errors.ContentTypeWrong(expected="application/json")
        return validated(model, decoded(bytes(self._body)))

    def read(self, model: type[BaseModel]) -> BaseModel:
        return self.json_body(model) if issubclass(model, Payload) else super().read(model)

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> Future[None]:
        if not self._request_is_arriving():
            return super().finish(chunk)
        if chunk is not None:
            self.write(chunk)
        return self._answer_early()

    def _check_length(self, length: int) -> None:
        if length > self.body_limit():
            raise self.too_large()

    def _declared_bytes(self) -> int:
        declared = self.request.headers.get("Content-Length", "0")
        if not declared.isdecimal():
            return 0
        return int(declared) if len(declared) <= _MAX_DIGITS else sys.maxsize

    def _has_body(self) -> bool:
        return self._declared_bytes() > 0 or "Transfer-Encoding" in self.request.headers

    def _request_is_arriving(self) -> bool:
        """Whether the body is still arriving: Tornado would close the connection after the response."""
        waits_for_us = self.request.headers.get("Expect") == "100-continue" and not self._received_bytes
        return not waits_for_us and not self.request._body_future.done()

    def _answer_early(self) -> Future[None]:
        self._answered_early = True
        # otherwise Tornado would run the method once the body is complete
        setattr(self, str(self.request.method).lower(), self._nothing_more)
        self.request._body_future.add_done_callback(lambda _: self._finish_drained())
        if self._has_body():
            self.set_header("Connection", "close")
            timer = asyncio.get_running_loop().call_later(DRAIN_S, self._finish_drained)
            self.request._body_future.add_done_callback(lambda _: timer.cancel())
        return self.flush()

    async def _nothing_more(self, *_: str) -> None:
        """Do nothing: the response was sent."""

    def _finish_drained(self) -> None:
        arrived = self.request._body_future
        if not self._finished and not (arrived.done() and arrived.exception()):
            super().finish()


class PrivateHandler(BaseHandler):
    """For signed-in callers; `self.user` is the caller."""

    access: ClassVar[Access] = "signed in"
    user: Caller

    async def identify(self) -> str:
        self.user = await self.caller()
        return self.user.user_id


class AdministratorHandler(PrivateHandler):
    """For administrators only."""

    access: ClassVar[Access] = "administrator"
    usual_need: ClassVar[Need | None] = "admin"

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.method != "OPTIONS" and self.user.role != "administrator":
            raise errors.AdministratorsOnly


class NotFoundHandler(BaseHandler):
    """Answers 404, for unknown paths."""

    async def prepare(self) -> None:
        await super().prepare()
        raise tornado.web.HTTPError(404)
