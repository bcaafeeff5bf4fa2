"""Logging to stderr: readable on a terminal, JSON for programs.

Callers bind context (`structlog.contextvars.bind_contextvars(job_id=...)`), which every line then carries,
those of libraries too. Passwords and tokens are removed from every line. A warning that keeps repeating
is counted instead of written each time.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog

from gifapp.redaction import redact

LogFormat = Literal["auto", "console", "json"]

_Kind = tuple[str, str, str]

_MINUTE_S = 60.0
_MAX_REPEATS = 20
_MAX_KINDS = 200
_KIND_LETTERS = 100
_REQUEST_PROBLEMS = "tornado.general"  # logs malformed requests at level INFO: strangers can flood it
_OTHERS: _Kind = ("all loggers", "other kinds of lines", "")

_log = structlog.get_logger()

_SECRET_NAMES = re.compile(r"passw|secret|token|authorization|cookie", re.IGNORECASE)


def configure(*, log_format: LogFormat = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Write the records of structlog and of `logging` to `stream` (default stderr), one line each."""
    out = stream or sys.stderr
    as_json = log_format == "json" or (log_format == "auto" and not out.isatty())
    handler = logging.StreamHandler(out)
    handler.addFilter(Repeats())
    handler.setFormatter(_formatter(as_json=as_json, colors=out.isatty()))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


class Repeats(logging.Filter):
    """Passes the first lines of each kind in a minute and counts the rest, so that no fault floods the log.

    A kind is a logger, its event (of libraries: the message before formatting), and the exception's type.
    Lines below WARNING, such as requests and job outcomes, always pass, except those of `tornado.general`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._minute_ends = 0.0
        self._counts: Counter[_Kind] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING and record.name != _REQUEST_PROBLEMS:
            return True
        if self._clock() >= self._minute_ends:
            self._begin_minute()
        kind = _kind_of(record)
        self._counts[kind if kind in self._counts or len(self._counts) < _MAX_KINDS else _OTHERS] += 1
        return self._counts.get(kind, _MAX_REPEATS + 1) <= _MAX_REPEATS

    def _begin_minute(self) -> None:
        counts, self._counts = self._counts, Counter()
        self._minute_ends = self._clock() + _MINUTE_S
        for (name, text, error), count in counts.items():
            if count > _MAX_REPEATS:
                kind = {"of_logger": name, "of_event": text, "of_error": error or None}
                _log.warning("repeated lines omitted", count=count - _MAX_REPEATS, **kind)


def _kind_of(record: logging.LogRecord) -> _Kind:
    message = record.msg.get("event", "") if isinstance(record.msg, dict) else record.msg
    error = error_of(record)
    text = str(message).partition("\n")[0][:_KIND_LETTERS]
    return record.name, text, type(error).__name__ if error else ""


def error_of(record: logging.LogRecord) -> BaseException | None:
    """The exception that a line reports: a library's line has it in the record, ours in the event."""
    own_error = record.msg.get("exc_info") if isinstance(record.msg, dict) else None
    for info in (record.exc_info, own_error):
        if isinstance(info, BaseException):
            return info
        if isinstance(info, tuple):
            error: BaseException | None = info[1]
            return error
        if info is True:
            return sys.exc_info()[1]
    return None


def without_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: replaces secrets by `…`, both values named like secrets and secrets in text."""
    for key, value in event.items():
        event[key] = _redacted(key, value)
    return event


def _redacted(key: object, value: Any) -> Any:
    if _SECRET_NAMES.search(str(key)):
        return "…"
    if isinstance(value, Mapping):
        return {name: _redacted(name, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_redacted("", inner) for inner in value]
    return value if value is None or isinstance(value, int | float) else redact(str(value))


def _shared() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(*, as_json: bool, colors: bool) -> logging.Formatter:
    last: list[structlog.typing.Processor] = [
        structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)
    ]
    if as_json:
        last = [structlog.processors.JSONRenderer(ensure_ascii=False)]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *_shared()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            without_secrets,
            *last,
        ],
    )
