"""The base of all handlers: headers, CORS, problem details, authentication, rate limits."""

from __future__ import annotations

import contextvars
import functools
import json
import secrets
import time
from asyncio import Future
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, ClassVar, ParamSpec, TypeVar

import structlog
import tornado.web
from pydantic import BaseModel
from tornado.iostream import StreamClosedError

from gifapp import errors
from gifapp.domain.rates import RequestKind
from gifapp.identity.audit import set_request_origin
from gifapp.identity.callers import Need
from gifapp.identity.service import Caller
from gifapp.identity.throttle import network_of
from gifapp.web.http.access_log import shown_request
from gifapp.web.http.context import Parts
from gifapp.web.http.operations import Access, Operation, operation_of
from gifapp.web.http.payloads import Model, Query, validated
from gifapp.web.http.problems import CONTENT_TYPE, problem, status_of
from gifapp.web.traffic.fair_pool import FairPool
from gifapp.web.traffic.in_flight import CLOSE_CONNECTION

_NO_STORE = "no-store"
_SECURITY_HEADERS = {
    "Cache-Control": _NO_STORE,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_CORS_EXPOSED = (
    "Content-Disposition, ETag, Location, Preview-Range, Retry-After, Server-Timing, X-Request-Id, "
    "Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, "
    "Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset, Upload-Source"
)
_CORS_ACCEPTED = (
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Range, Tus-Resumable, Upload-Checksum, "
    "Upload-Length, Upload-Metadata, Upload-Offset, X-HTTP-Method-Override"
)
_CORS_MAX_AGE_S = "600"

REVALIDATED = "private, no-cache"
"""The Cache-Control of responses that clients may cache but must revalidate."""

_log = structlog.get_logger()

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class AnsweringHandler(tornado.web.RequestHandler):
    """Handles headers, CORS, problem details, authentication and rate limits."""

    limited_as: ClassVar[Mapping[str, RequestKind | None]] = {}
    """Rate-limit kind by method, unless "reads" for GET and HEAD, else "writes"; None: not limited here."""

    access: ClassVar[Access] = "anyone"
    usual_need: ClassVar[Need | None] = None

    _user_id: str | None = None

    @property
    def parts(self) -> Parts:
        parts: Parts = self.settings["gifapp"]
        return parts

    @functools.cached_property
    def request_id(self) -> str:
        return secrets.token_hex(8)

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in _SECURITY_HEADERS.items():
            self.set_header(name, value)
        self.set_header("X-Request-Id", self.request_id)
        if self.parts.in_flight.is_stopping:
            self.set_header(*CLOSE_CONNECTION)
        self._set_cors_headers()

    async def prepare(self) -> None:
        self.parts.in_flight.begin(self)
        structlog.contextvars.bind_contextvars(request_id=self.request_id)
        set_request_origin(self.request.remote_ip, self.request_id)
        if self.request.method != "OPTIONS":  # a preflight carries no token
            await self._admit()

    async def identify(self) -> str | None:
        """The id of the signed-in caller; None: the rate limits are by address, not by account.

        Raises:
            errors.AccessDenied
        """
        return None

    @property
    def client(self) -> str:
        """Who makes the request: the account's id once known, until then the address."""
        return self._user_id or network_of(self.request.remote_ip or "")

    @functools.cached_property
    def _held(self) -> list[tuple[str, int]]:
        return []

    def hold(self, count: int) -> None:
        """Count memory that this request uses until its response is sent.

        Raises:
            errors.TooMuchAtOnce
        """
        self.parts.memory.take(self.client, count, is_signed_in=self._user_id is not None)
        self._held.append((self.client, count))

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> Future[None]:
        sent = super().finish(chunk)
        sent.add_done_callback(lambda _: self._give_back())
        return sent

    def on_connection_close(self) -> None:
        self._give_back()
        super().on_connection_close()

    def _give_back(self) -> None:
        while self._held:
            self.parts.memory.give_back(*self._held.pop())

    async def _admit(self) -> None:
        """Identify the caller, and count the request even if that fails."""
        try:
            self._user_id = await self.identify()
        finally:
            await self._count(self._user_id)

    async def _count(self, user_id: str | None) -> None:
        method = str(self.request.method)
        kind = self.limited_as.get(method, "reads" if method in ("GET", "HEAD") else "writes")
        if kind is not None:
            address = self.request.remote_ip or ""
            count = self.parts.request_limits.count
            await self.run_blocking(count, kind, user_id=user_id, address=address)

    async def options(self, *_: str) -> None:
        """Answer OPTIONS: the allowed methods, and CORS preflights."""
        self.set_status(204)
        self.set_header("Allow", ", ".join(self.methods()))
        if self._has_allowed_origin():
            self.set_header("Access-Control-Allow-Methods", ", ".join(self.methods()))
            self.set_header("Access-Control-Allow-Headers", _CORS_ACCEPTED)
            self.set_header("Access-Control-Max-Age", _CORS_MAX_AGE_S)

    async def run_blocking(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Run `function` on a thread, so that the event loop never waits for a disk or a database."""
        context = contextvars.copy_context()  # the log's request id
        call = functools.partial(context.run, functools.partial(function, *args, **kwargs))
        return await self.parts.short_call_pool.run(self.client, call)

    async def run_hashing(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Run `function`, which hashes a password, when it is the user's turn.

        Raises:
            errors.TooManyAtOnce
        """
        call = functools.partial(function, *args, **kwargs)
        return await self.run_in_turn(self.parts.passwords, self.client, call)

    async def run_in_turn(self, pool: FairPool, owner_id: str, work: Callable[[], Result]) -> Result:
        """Run `work` when it is the owner's turn; the Server-Timing header reports the wait.

        Raises:
            errors.TooManyAtOnce
            StreamClosedError: the client disconnected while it waited.
        """
        requested_at = time.monotonic()
        connection: Any = self.request.connection

        def begin() -> Result:
            if connection.stream.closed():
                raise StreamClosedError
            self.set_header("Server-Timing", f"wait;dur={1000 * (time.monotonic() - requested_at):.0f}")
            return work()

        return await pool.run(owner_id, begin)

    def bearer(self) -> str:
        """The token of the Authorization header.

        Raises:
            errors.NotSignedIn: there is no bearer token.
        """
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise errors.NotSignedIn
        return token.strip()

    async def caller(self) -> Caller:
        """Authenticate the caller.

        Raises:
            errors.NotSignedIn, errors.TokenInvalid, errors.TokenExpired
            errors.SessionNeeded, errors.ScopeMissing: this API token may not make this request.
        """
        caller = await self.run_blocking(self.parts.identity.authenticate, self.bearer())
        caller.check(self.need())
        return caller

    def need(self) -> Need:
        """The scope that an API token needs for this request; `session`: no API token may make it."""
        declared = operation_of(getattr(self, str(self.request.method).lower()))
        usual = self.usual_need or ("read" if self.request.method in ("GET", "HEAD") else "write")
        return (declared and declared.need) or usual

    def check_xsrf_cookie(self) -> None:
        """Disable Tornado's check on every write; only handlers that trust the cookie call `require_xsrf`."""

    def require_xsrf(self) -> None:
        """Reject a request that another site may have forged with our cookie (CSRF).

        Raises:
            errors.RequestForged
        """
        try:
            super().check_xsrf_cookie()
        except tornado.web.HTTPError:
            raise errors.RequestForged from None

    @classmethod
    def methods(cls) -> list[str]:
        """The methods that this handler implements."""
        inherited = tornado.web.RequestHandler
        return [
            name
            for name in cls.SUPPORTED_METHODS
            if getattr(cls, name.lower()) is not getattr(inherited, name.lower())
        ]

    def begin(self, declared: Operation) -> None:
        """Set the parts of the response that are known before the method runs."""
        self.set_status(declared.usual_status)
        if declared.has_etag:
            self.set_header("Cache-Control", REVALIDATED)

    def read(self, model: type[BaseModel]) -> BaseModel:
        """Parse a declared method's parameter from the request.

        Raises:
            errors.FieldInvalid; for a body, see `json_body`.
        """
        if issubclass(model, Query):
            return self.query(model)
        headers = self.request.headers
        return validated(model, {name: headers[name] for name in _names(model) if name in headers})

    def compute_etag(self) -> str | None:
        """Tornado's ETag, if clients may cache the response."""
        return super().compute_etag() if self._headers.get("Cache-Control") != _NO_STORE else None

    def query(self, model: type[Model]) -> Model:
        """Parse the query string.

        Raises:
            errors.FieldInvalid
        """
        arguments = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        return validated(model, arguments)

    def write_model(self, model: BaseModel) -> None:
        self.set_header("Content-Type", "application/json")
        content = model.model_dump_json()
        self.hold(len(content))
        self.write(content)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        super().send_error(status_of(error) if error else status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        self._set_error_headers(status_code, error)
        body = json.dumps(problem(error, status_code, self.request_id), default=str).encode()
        self.set_header("Content-Type", CONTENT_TYPE)
        self.set_header("Content-Length", len(body))
        self.finish(body)

    def log_exception(
        self,
        typ: type[BaseException] | None,  # noqa: ARG002
        value: BaseException | None,
        tb: TracebackType | None,  # noqa: ARG002
    ) -> None:
        if status_of(value) >= 500:
            _log.error("request failed", request=shown_request(self.request), exc_info=value)

    def _set_error_headers(self, status: int, error: BaseException | None) -> None:
        if status == 401:
            self.set_header("WWW-Authenticate", 'Bearer realm="gifapp"')
        if status == 405:
            self.set_header("Allow", ", ".join(self.methods()))
        if status == 426:
            self.set_header("Upgrade", "websocket")
        if isinstance(error, errors.TooManyRequests):
            self.set_header("Retry-After", str(error.facts["retry_after_s"]))
        if status == 503:
            self.set_header("Retry-After", "5")

    def _has_allowed_origin(self) -> bool:
        return self.request.headers.get("Origin") in self.parts.cors_origins

    def _set_cors_headers(self) -> None:
        if self.parts.cors_origins:
            self.set_header("Vary", "Origin")
        if self._has_allowed_origin():
            self.set_header("Access-Control-Allow-Origin", self.request.headers["Origin"])
            self.set_header("Access-Control-Expose-Headers", _CORS_EXPOSED)


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
