"""Reports errors to Sentry if a DSN is set, without personal data.

Every log line of level ERROR becomes an event, and nothing else does: users' mistakes are not errors.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import structlog.contextvars

from gifapp import errors
from gifapp.logs import error_of
from gifapp.redaction import redact

_TAGS = ("request_id", "job_id", "attempt", "worker")
_EXTRAS = ("event", "request", "trace")
_EMAIL = re.compile(r"[^\s@<>\"'(),:;]+@[^\s@<>\"'(),:;]+\.\w+")
_FLUSH_S = 2
# Sentry itself; failed requests, which are logged a second time with the client's address
_IGNORED = ("sentry_sdk", "gifapp.web.http.access_log")


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
            before_send=_before_send,
        )
    except BadDsn:
        raise errors.SettingInvalid(name="GIFAPP_SENTRY_DSN", problem="it is not a Sentry DSN") from None
    sentry_sdk.get_global_scope().set_tag("part", part)
    logging.getLogger().addHandler(_ToSentry(logging.ERROR))


class _ToSentry(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        import sentry_sdk  # noqa: PLC0415

        if record.name.startswith(_IGNORED):
            return
        fields = record.msg if isinstance(record.msg, Mapping) else {"event": record.getMessage()}
        with sentry_sdk.new_scope() as scope:
            context = {**structlog.contextvars.get_contextvars(), **fields}
            for name in _TAGS:
                if name in context:
                    scope.set_tag(name, str(context[name]))
            for name in _EXTRAS:
                if name in fields:
                    scope.set_extra(name, str(fields[name]))
            error = error_of(record)
            if error is None:
                sentry_sdk.capture_message(str(fields.get("event")), level="error")
            else:
                sentry_sdk.capture_exception(error)


def _before_send(event: Any, _: Any) -> Any:
    # the release (gifapp@0.1.0) looks like an email address and would be removed
    return _scrubbed(event) | {"release": event["release"]}


def _scrubbed(event: Any) -> Any:
    """The event with tokens, passwords and email addresses removed at every depth."""
    if isinstance(event, str):
        return _EMAIL.sub("…", redact(event))
    if isinstance(event, Mapping):
        return {key: _scrubbed(value) for key, value in event.items()}
    if isinstance(event, list | tuple):
        return [_scrubbed(value) for value in event]
    return event
