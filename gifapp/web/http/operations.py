"""`@operation`: declares what a handler takes and returns; checked, written and documented from it."""

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
"""Who may ask, and what shows who asks."""

Method = Callable[..., Awaitable[BaseModel | None]]
InFlightRequests = Callable[..., Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Operation:
    """Declares a method of a handler: `async def post(self, job_id: str, given: Body) -> JobView`.

    Parameters that are a `Payload`, a `Query` or `Headers` are read from the request and checked before
    the method runs; the model that it returns is written.

    Attributes:
        summary: one line, without a full stop.
        status: of the answer; None: 200, or 204 where there is none.
        also: other statuses that the same answer may have, and when.
        raises: what it may refuse, beyond what its address, its parameters and who may ask bring along.
        answer: the model of the answer, where the method writes it itself.
        gives: the content types of an answer that is no JSON.
        answer_headers: what comes with the answer; see `openapi_answers.HEADERS`.
        takes: the content types of a body that the handler reads itself.
        reads_itself: the models of what the handler reads itself, in `prepare` for instance.
        access: who may ask, where that differs from the handler's other methods.
        need: what an API token needs, where that is not as usual; `session`: none may.
        is_tagged: clients may keep the answer, and ask by its ETag whether it still holds.
        is_file: tagged, and answered by range as well.
        description: the method's docstring.
        parameters: what it reads, by the method's own names and types.
    """

    summary: str
    _: KW_ONLY
    status: int | None = None
    also: Mapping[int, str] = field(default_factory=dict)
    raises: Collection[type[errors.GifappError]] = ()
    answer: type[BaseModel] | None = None
    gives: Collection[str] = ()
    answer_headers: Collection[str] = ()
    takes: Collection[str] = ()
    reads_itself: Collection[type[BaseModel]] = ()
    access: Access | None = None
    need: Need | None = None
    is_tagged: bool = False
    is_file: bool = False
    description: str = ""
    parameters: Mapping[str, type[BaseModel]] = field(default_factory=dict)

    def __call__(self, method: Method) -> InFlightRequests:
        declared = self._of(method)

        @functools.wraps(method)
        async def answering(handler: Any, *path: Any, **options: Any) -> None:
            for name, model in declared.parameters.items():
                options[name] = handler.read(model)
            handler.begin(declared)
            answer = await method(handler, *path, **options)
            if answer is not None:
                handler.write_model(answer)

        answering.operation = declared  # type: ignore[attr-defined]
        return answering

    def reads(self, kind: type[BaseModel]) -> type[BaseModel] | None:
        """The body, the arguments or the headers that it reads."""
        read = [*self.parameters.values(), *self.reads_itself]
        return next((model for model in read if issubclass(model, kind)), None)

    @property
    def usual_status(self) -> int:
        return self.status or (200 if self.answer or self.gives else 204)

    def _of(self, method: Method) -> Operation:
        """The declaration, completed by the method's own words and types."""
        hints = get_type_hints(method)
        returned = hints.pop("return", None)
        return replace(
            self,
            description=inspect.getdoc(method) or "",
            answer=self.answer or (returned if _is_a(returned, BaseModel) else None),
            parameters={name: hint for name, hint in hints.items() if _is_a(hint, Payload, Query, Headers)},
        )


operation = Operation


def operation_of(method: Any) -> Operation | None:
    """What was declared above a method; None: nothing."""
    return getattr(method, "operation", None)


def _is_a(hint: Any, *kinds: type) -> bool:
    return isinstance(hint, type) and issubclass(hint, kinds)
