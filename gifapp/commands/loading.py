"""Loads the settings when a command runs, not for `--help`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gifapp.settings import Settings


def load_settings(*, log_level: str | None = None, **flags: Any) -> Settings:
    """Load the settings and configure logging, at `log_level` if given.

    Raises:
        errors.SettingInvalid
    """
    from gifapp import logs, settings

    loaded = settings.load(**flags)
    logs.configure(log_format=loaded.log_format, level=log_level or loaded.log_level)
    return loaded
