"""`@operation`: declares a handler method; its parsing, its response and its documentation follow from it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel

from gifapp import errors
from gifapp.identity.callers import Need
from gifapp.web.http.payloads import Headers, Payload, Query

Access = Literal["anyone", "signed in", "administrator", "cookie", "signed address"]
"""Who may call an operation, and how they authenticate."""

Method = Callable[..., Awaitable[BaseModel | None]]
HandlerMethod = Callable[..., Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Operation:
    """Declares a method of a handler, such as `async def post(self, job_id: str, body: Body) -> JobView`.

    Parameters of type `Payload`, `Query` or `Headers` are read from the request and validated before the
    method runs; the model that it returns is written as the response.

    Attributes:
        summary: one line, without a full stop.
        status: the status of a success; None: 200, or 204 without content.
        also: other statuses of a success, and when they are used.
        raises: the errors it may raise, besides those implied by its path, parameters and access.
        response_model: the model of the response, if the method writes it itself.
        produces: the content types of a response that is not JSON.
        response_headers: the headers of the response; see `openapi_responses.HEADERS`.
        consumes: the content types of a body that the handler reads itself.
        reads_itself: the models that the handler reads itself, for instance in `prepare`.
        access: who may call it, if that differs from the handler's other methods.
        need: the scope an API token needs, if not the usual one; `session`: no API token may call it.
        has_etag: clients may cache the response and revalidate it by its ETag.
        is_file: as `has_etag`, with range requests.
        description: the method's docstring.
        parameters: the models it reads, by parameter name.
    """

    summary: str
    _: KW_ONLY
    status: int | None = None
    also: Mapping[int, str] = field(default_factory=dict)
    raises: Collection[type[errors.GifappError]] = ()
    response_model: type[BaseModel] | None = None
    produces: Collection[str] = ()
    response_headers: Collection[str] = ()
    consumes: Collection[str] = ()
    reads_itself: Collection[type[BaseModel]] = ()
    access: Access | None = None
    need: Need | None = None
    has_etag: bool = False
    is_file: bool = False
    description: str = ""
    parameters: Mapping[str, type[BaseModel]] = field(default_factory=dict)

    def __call__(self, method: Method) -> HandlerMethod:
        declared = self._of(method)

        @functools.wraps(method)
        async def handle(handler: Any, *path: Any, **options: Any) -> None:
            for name, model in declared.parameters.items():
                options[name] = handler.read(model)
            handler.begin(declared)
            response = await method(handler, *path, **options)
            if response is not None:
                handler.write_model(response)

        handle.operation = declared  # type: ignore[attr-defined]
        return handle

    def reads(self, kind: type[BaseModel]) -> type[BaseModel] | None:
        """The model of this kind (body, query or headers) that it reads, if any."""
        read = [*self.parameters.values(), *self.reads_itself]
        return next((model for model in read if issubclass(model, kind)), None)

    @property
    def usual_status(self) -> int:
        return self.status or (200 if self.response_model or self.produces else 204)

    def _of(self, method: Method) -> Operation:
        """The declaration, completed with the method's docstring and types."""
        hints = get_type_hints(method)
        returned = hints.pop("return", None)
        return replace(
            self,
            description=inspect.getdoc(method) or "",
            response_model=self.response_model or (returned if _is_a(returned, BaseModel) else None),
            parameters={name: hint for name, hint in hints.items() if _is_a(hint, Payload, Query, Headers)},
        )


operation = Operation


def operation_of(method: Any) -> Operation | None:
    """The `@operation` of a method; None: it has none."""
    return getattr(method, "operation", None)


def _is_a(hint: Any, *kinds: type) -> bool:
    return isinstance(hint, type) and issubclass(hint, kinds)
