"""Chooses the mongod: a maintained one from PATH, else the bundled one; it must be able to open the data.

A mongod opens data of its own release and of the previous one, and leaves their format unchanged, so the
previous mongod can open them again. To skip a release, use backup and restore.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

from gifapp import errors, private
from gifapp.up.programs import MONGOD

Version = tuple[int, int]
OLDEST_MAINTAINED: Version = (7, 0)
"""MongoDB 6.0 has had no fixes since July 2025."""

_NOTE = "feature_version"
_TIMEOUT_S = 20


def mongod_for(
    directory: Path,
    *,
    search_path: str | None = None,
    find_package: Callable[[str], ModuleSpec | None] = find_spec,
) -> Path:
    """The mongod to run on `directory`, which may be empty or missing.

    Raises:
        errors.ServerMissing: no mongod is installed.
        errors.MongodbDataForeign: no installed mongod can open the data.
    """
    installed, bundled = MONGOD.on_path(search_path), MONGOD.in_wheel(find_package)
    is_maintained = installed is not None and (version_of(installed) or (0, 0)) >= OLDEST_MAINTAINED
    candidates = [installed, bundled] if is_maintained else [bundled, installed]
    programs = [program for program in candidates if program is not None]
    if not programs:
        raise errors.ServerMissing(program=MONGOD.name, advice=MONGOD.advice)
    data = _data_version(directory, bundled)
    suitable = next((program for program in programs if data is None or _opens(program, data)), None)
    if suitable is None:
        raise errors.MongodbDataForeign(path=directory, version=_text(data))
    return suitable


def version_of(program: Path) -> Version | None:
    """The version from `mongod --version`; None: it does not run on this machine."""
    try:
        result = subprocess.run(
            [program, "--version"], check=False, capture_output=True, text=True, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return _parsed(result.stdout)


def note_data_version(directory: Path, version: str) -> None:
    """Record the data's format version, for the next choice of a mongod."""
    note = directory / _NOTE
    if not note.exists() or private.read(note).decode() != version:
        private.write(note, version)


def _data_version(directory: Path, bundled: Path | None) -> Version | None:
    note = directory / _NOTE
    if note.exists():
        return _parsed(private.read(note).decode())
    # older versions of gifapp wrote no note, and always ran the bundled mongod
    is_empty = not (directory / "WiredTiger").exists()
    return None if is_empty or bundled is None else version_of(bundled)


def _opens(program: Path, data: Version) -> bool:
    version = version_of(program)
    if version is None:  # starting it will report why it does not run
        return True
    is_next_release = version[1] == 0 and data == (version[0] - 1, 0)
    return is_next_release or (data[0] == version[0] and data <= version)


def _parsed(text: str) -> Version | None:
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def _text(version: Version | None) -> str:
    return ".".join(map(str, version or ()))
