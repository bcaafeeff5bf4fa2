"""Loads the settings when a command runs: `--help` needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gifapp.settings import Settings


def load_settings(*, log_level: str | None = None, **flags: Any) -> Settings:
    """The settings; logging is set up as they say, or at `log_level`.

    Raises:
        errors.SettingInvalid
    """
    from gifapp import logs, settings

    loaded = settings.load(**flags)
    logs.configure(log_format=loaded.log_format, level=log_level or loaded.log_level)
    return loaded
