"""Reports errors to Sentry if a DSN is set, without personal data.

Every log line of level ERROR becomes an event, and nothing else does: users' mistakes are not errors.
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
_IGNORED = ("sentry_sdk", "tornado.access")  # Sentry itself; requests logged again, with the user's address


def configure(dsn: str | None, *, part: str) -> None:
    """Report errors from now on; call it after `logs.configure`. Without a DSN it does nothing.

    Raises:
        errors.SettingInvalid: the DSN is malformed.
    """
    if not dsn:
        return
    import sentry_sdk  # noqa: PLC0415  takes a third of a second, and most never need it
    from sentry_sdk.integrations.atexit import AtexitIntegration  # noqa: PLC0415
    from sentry_sdk.utils import BadDsn  # noqa: PLC0415

    try:
        sentry_sdk.init(
            dsn=dsn,
            release=f"gifapp@{version('gifapp')}",
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[AtexitIntegration(callback=lambda *_: None)],  # sends pending events, silently
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

        if record.name.startswith(_IGNORED):
            return
        fields = record.msg if isinstance(record.msg, Mapping) else {"event": record.getMessage()}
        with sentry_sdk.new_scope() as scope:
            known = {**structlog.contextvars.get_contextvars(), **fields}
            for name in _TAGS:
                if name in known:
                    scope.set_tag(name, str(known[name]))
            scope.set_extra("said", str(fields.get("event")))
            if trace := fields.get("trace"):
                scope.set_extra("trace", str(trace))
            error = _error_of(record, fields)
            if error is None:
                sentry_sdk.capture_message(str(fields.get("event")), level="error")
            else:
                sentry_sdk.capture_exception(error)


def _error_of(record: logging.LogRecord, fields: Mapping[str, Any]) -> BaseException | None:
    for info in (record.exc_info, fields.get("exc_info")):
        if isinstance(info, BaseException):
            return info
        if isinstance(info, tuple):
            error: BaseException | None = info[1]
            return error
        if info is True:
            return sys.exc_info()[1]
    return None


def _sent(event: Any, _: Any) -> Any:
    # the release (gifapp@0.1.0) looks like an e-mail address and would be removed
    return _without_people(event) | {"release": event["release"]}


def _without_people(event: Any) -> Any:
    """The event with tokens, passwords and e-mail addresses removed at every depth."""
    if isinstance(event, str):
        return _EMAIL.sub("…", redact(event))
    if isinstance(event, Mapping):
        return {key: _without_people(value) for key, value in event.items()}
    if isinstance(event, list | tuple):
        return [_without_people(value) for value in event]
    return event
