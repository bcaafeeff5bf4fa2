"""Reports errors to Sentry where a DSN is set, without any personal data.

Every line of the log of level ERROR is an event, and nothing else is: what people did wrong is no error.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import structlog.contextvars

from gifapp import errors
from gifapp.logs import redact

_TAGS = ("request_id", "job_id", "attempt", "worker")
_EMAIL = re.compile(r"[^\s@<>\"'(),:;]+@[^\s@<>\"'(),:;]+\.\w+")
_FLUSH_S = 2
_UNHEARD = ("sentry_sdk", "tornado.access")  # itself; what tells once more of a request, with who asked


def configure(dsn: str | None, *, part: str) -> None:
    """Tell of errors from now on; call it after `logs.configure`. Without a DSN nothing happens.

    Raises:
        errors.SettingInvalid: it is no DSN.
    """
    if not dsn:
        return
    import sentry_sdk  # noqa: PLC0415  a third of a second that most never need
    from sentry_sdk.integrations.atexit import AtexitIntegration  # noqa: PLC0415
    from sentry_sdk.utils import BadDsn  # noqa: PLC0415

    try:
        sentry_sdk.init(
            dsn=dsn,
            release=f"gifapp@{version('gifapp')}",
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[AtexitIntegration(callback=lambda *_: None)],  # tells the last ones, silently
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            shutdown_timeout=_FLUSH_S,
            before_send=_sent,
        )
    except BadDsn:
        raise errors.SettingInvalid(name="GIFAPP_SENTRY_DSN", problem="it is no DSN of Sentry's") from None
    sentry_sdk.get_global_scope().set_tag("part", part)
    logging.getLogger().addHandler(_ToSentry(logging.ERROR))


class _ToSentry(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        import sentry_sdk  # noqa: PLC0415

        if record.name.startswith(_UNHEARD):
            return
        told = record.msg if isinstance(record.msg, Mapping) else {"event": record.getMessage()}
        with sentry_sdk.new_scope() as scope:
            known = {**structlog.contextvars.get_contextvars(), **told}
            for name in _TAGS:
                if name in known:
                    scope.set_tag(name, str(known[name]))
            scope.set_extra("said", str(told.get("event")))
            if trace := told.get("trace"):
                scope.set_extra("trace", str(trace))
            error = _error_of(record, told)
            if error is None:
                sentry_sdk.capture_message(str(told.get("event")), level="error")
            else:
                sentry_sdk.capture_exception(error)


def _error_of(record: logging.LogRecord, told: Mapping[str, Any]) -> BaseException | None:
    for given in (record.exc_info, told.get("exc_info")):
        if isinstance(given, BaseException):
            return given
        if isinstance(given, tuple):
            error: BaseException | None = given[1]
            return error
        if given is True:
            return sys.exc_info()[1]
    return None


def _sent(event: Any, _: Any) -> Any:
    # a release looks like somebody's address
    return _without_people(event) | {"release": event["release"]}


def _without_people(event: Any) -> Any:
    """The event without tokens, passwords and addresses of people, wherever in it."""
    if isinstance(event, str):
        return _EMAIL.sub("…", redact(event))
    if isinstance(event, Mapping):
        return {key: _without_people(value) for key, value in event.items()}
    if isinstance(event, list | tuple):
        return [_without_people(value) for value in event]
    return event
