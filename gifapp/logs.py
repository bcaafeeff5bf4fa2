"""What gifapp says about itself: to stderr, for people on a terminal, as JSON for programs.

Callers bind what a line is about (`structlog.contextvars.bind_contextvars(job_id=...)`); every line
logged meanwhile carries it, those of libraries too. Passwords and tokens are cut out of every line.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import structlog

LogFormat = Literal["auto", "console", "json"]

_SECRET_NAMES = re.compile(r"passw|secret|token|authorization|cookie", re.IGNORECASE)
_SECRETS_IN_TEXT = [
    (re.compile(r"(://[^:/@\s]*:)[^@/\s]+@"), r"\1…@"),  # redis://:password@host
    (re.compile(r"([?&](?:setup|invite|reset|token|signature)=)[^&\s\"']+"), r"\1…"),
    (re.compile(r"(Bearer )\S+"), r"\1…"),
    (re.compile(r"(gifapp_)[\w-]{40,}"), r"\1…"),  # an API token
    (re.compile(r"(/s/)[\w-]{40,}"), r"\1…"),  # a public link
]


def configure(*, log_format: LogFormat = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's lines to `stream` (stderr), one line each."""
    out = stream or sys.stderr
    as_json = log_format == "json" or (log_format == "auto" and not out.isatty())
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter(as_json=as_json, colors=out.isatty()))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def without_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: values with a secret's name, and secrets inside text, become `…`."""
    for key, value in event.items():
        if _SECRET_NAMES.search(key):
            event[key] = "…"
        elif isinstance(value, str):
            event[key] = redact(value)
    return event


def redact(text: str) -> str:
    """`text` without passwords in URLs, tokens in query strings, bearer tokens and public links."""
    for pattern, replacement in _SECRETS_IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


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
