"""Chooses a cache directory for compiled kernels if the usual ones are not writable.

Numba caches them beside the source or in the user's cache directory. If both are read-only, as in many
containers, each process would recompile them, which takes half a minute of CPU time.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from platformdirs import user_cache_path

from gifapp import private

_VARIABLE = "NUMBA_CACHE_DIR"
_log = logging.getLogger(__name__)


def keep_kernels_in(fallback: Path, *, usual: Iterable[Path] | None = None) -> None:
    """Let child processes cache kernels in `fallback`, unless a `usual` place is writable.

    Raises:
        errors.NotPrivate: `fallback` belongs to another user.
    """
    places = _usual_places() if usual is None else usual
    if os.environ.get(_VARIABLE) or any(_is_writable(place) for place in places):
        return
    try:
        private.make_directory(fallback)
    except OSError:  # then each process compiles for itself
        return
    os.environ[_VARIABLE] = str(fallback)
    _log.info("compiled kernels are kept in %s", fallback)


def has_user_cache() -> bool:
    """Whether this user has a cache directory; there is none without a home directory."""
    try:
        return bool(os.environ.get("XDG_CACHE_HOME") or Path.home())
    except RuntimeError:
        return False


def _usual_places() -> list[Path]:
    beside_source = Path(__file__).parent / "__pycache__"
    return [beside_source, user_cache_path("numba")] if has_user_cache() else [beside_source]


def _is_writable(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=place).close()
    except OSError:
        return False
    return True
