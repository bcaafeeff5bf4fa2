"""Validates the messages that a page's script sends to its widget."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_log = logging.getLogger(__name__)


class Message(BaseModel):
    """A message: the requested action, and the id of its object."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)

    type: str = Field(max_length=50)
    id: str = Field("", max_length=100)


Read = TypeVar("Read", bound=BaseModel)


def receives(
    model: type[Read],
) -> Callable[[Callable[[Any, Read], None]], Callable[[Any, Any, Any, Any], None]]:
    """Turn a method that takes an instance of `model` into a callback for `on_msg`; drop invalid messages."""

    def decorate(method: Callable[[Any, Read], None]) -> Callable[[Any, Any, Any, Any], None]:
        @functools.wraps(method)
        def receive(self: Any, _: Any, content: Any, buffers: Any) -> None:  # noqa: ARG001
            try:
                message = model.model_validate(content)
            except ValidationError:
                _log.warning("malformed message dropped by %s", type(self).__name__)
                return
            method(self, message)

        return receive

    return decorate
