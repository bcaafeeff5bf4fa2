"""The base class of all errors: a code for programs, facts, and a sentence for people."""

from __future__ import annotations

import re
import string
from typing import Any, ClassVar, Self

_UNITS = {"TB": 10**12, "GB": 10**9, "MB": 10**6, "kB": 10**3}


class _SentenceFormatter(string.Formatter):
    """`str.format` with sizes: `{limit_bytes:size}` is `12.22 kB`."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return _size(value) if format_spec == "size" else str(super().format_field(value, format_spec))


class GifappError(Exception):
    """The base class: a `code`, the `facts`, and a sentence formatted from them."""

    sentence: ClassVar[str] = "Something went wrong."
    code: ClassVar[str] = "gifapp-error"

    def __init_subclass__(cls) -> None:
        """Derive the code from the class name: SourceTooLong -> source-too-long."""
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def __init__(self, **facts: Any) -> None:
        super().__init__()
        self.facts = facts
        self._server_sentence: str | None = None

    def __str__(self) -> str:
        return self._server_sentence or _SentenceFormatter().format(self.sentence, **self.facts)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.code, self.facts)

    @classmethod
    def from_code(cls, code: str, facts: dict[str, Any]) -> GifappError:
        """Rebuild an error that crossed a process boundary as its code and facts."""
        return GifappError.all()[code](**facts)

    @classmethod
    def from_response(cls, code: str, sentence: str, facts: dict[str, Any]) -> GifappError:
        """Rebuild an error with the server's own sentence; an unknown code becomes a GifappError."""
        error = GifappError.all().get(code, GifappError)(**facts)
        error._server_sentence = sentence
        return error

    @classmethod
    def all(cls) -> dict[str, type[Self]]:
        """Every error below this one, by code."""
        by_code = {cls.code: cls}
        for child in cls.__subclasses__():
            by_code |= child.all()
        return by_code


def _size(count_bytes: int) -> str:
    """The size to four digits, since a sentence may compare two sizes that hardly differ."""
    for unit, unit_bytes in _UNITS.items():
        if count_bytes >= unit_bytes:
            return f"{count_bytes / unit_bytes:.4g} {unit}"
    return f"{count_bytes} bytes"


def _rebuild(code: str, facts: dict[str, Any]) -> GifappError:
    return GifappError.from_code(code, facts)
