"""Finds the file with the settings, without loading them, which takes a tenth of a short conversion."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

from gifapp import errors


def default_data_dir() -> Path:
    """Where this system keeps application data.

    Raises:
        errors.SettingInvalid: this user has no home directory.
    """
    try:
        return user_data_path("gifapp")
    except RuntimeError:
        problem = "this user has no home directory; choose a place with --data-dir"
        raise errors.SettingInvalid(name="GIFAPP_DATA_DIR", problem=problem) from None


def settings_file(data_dir: Path | str | None = None) -> Path:
    """Where `gifapp.toml` is, or would be.

    Raises:
        errors.SettingInvalid: see `default_data_dir`.
    """
    return Path(data_dir or os.environ.get("GIFAPP_DATA_DIR") or default_data_dir()) / "gifapp.toml"


def any_set() -> bool:
    """Whether a variable or the file may change a default."""
    if any(name.upper().startswith("GIFAPP_") for name in os.environ):
        return True
    try:
        return os.path.lexists(settings_file())
    except errors.SettingInvalid:  # no home directory, so no file
        return False
