"""Compiles the encoder's inner loops once, without the GIL, and caches them on disk.

A kernel declares its only signature, so that a wrong argument type is an error instead of a second
compilation. It allocates nothing, so that it needs no reference counting by Numba, whose atomic updates for
each array passed to a helper cost a quarter of the time (measured). Nothing is compiled or loaded at import:
`load_all` does it.

Numba caches beside the source or, if that is read-only, in the user's cache directory; `NUMBA_CACHE_DIR`
names another. Without a writable cache every process recompiles. If several processes start together, one
compiles and the others load its result.
"""

from __future__ import annotations

import contextlib
import fcntl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numba
from numba.core import event

from gifapp import errors, private
from gifapp.conversion.gif.kernel_cache import has_user_cache

Function = Callable[..., Any]

_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False}
_pending: list[tuple[Any, str]] = []
_loading = threading.Lock()
_LOCK = "gifapp-kernels.lock"

_config: Any = numba.config
if not (has_user_cache() or _config.CACHE_LOCATOR_CLASSES):
    # or Numba would create a folder named ~
    _config.CACHE_LOCATOR_CLASSES = "UserProvidedCacheLocator,InTreeCacheLocator"


def kernel(signature: str) -> Callable[[Function], Function]:
    """Compile a function for exactly `signature` when `load_all` runs."""

    def register(function: Function) -> Function:
        dispatcher: Any = numba.njit(**_OPTIONS)(function)
        with contextlib.suppress(RuntimeError):  # no writable cache
            dispatcher.enable_caching()
        _pending.append((dispatcher, signature))
        return cast("Function", dispatcher)

    return register


def inlined(function: Function) -> Function:
    """A helper that only kernels call: inlined into them, not loaded on its own.

    Numba's cache watches only the kernel's own file: touch that file after changing a helper in another
    module.
    """
    return numba.njit(nogil=True, forceinline=True)(function)


def load_all() -> None:
    """Load every kernel from the cache, or compile it (some seconds, once per installation)."""
    if not load_kept():
        with _loading, _compiling_alone():
            _load_pending()


def _load_pending() -> None:
    while _pending:
        dispatcher, signature = _pending[-1]
        dispatcher.compile(signature)
        dispatcher.disable_compile()
        _pending.pop()


@contextlib.contextmanager
def _compiling_alone() -> Iterator[None]:
    with contextlib.ExitStack() as open_files:
        # if the cache is read-only or shared with other users, we cannot lock it and do not wait
        with contextlib.suppress(OSError, errors.NotPrivate, StopIteration):
            cache = next(path for dispatcher, _ in _pending if (path := dispatcher.stats.cache_path))
            lock = open_files.enter_context(private.open_lock(Path(cache) / _LOCK))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def load_kept() -> bool:
    """Load the cached kernels; returns whether all were cached."""
    with _loading, event.install_listener("numba:compile", _Refusal()):
        try:
            _load_pending()
        except _NotCompiledError:
            return False
    return True


def are_kept() -> bool:
    """Whether a cache on disk saves the next process from compiling."""
    return all(dispatcher.stats.cache_path for dispatcher, _ in _pending)


class _NotCompiledError(Exception):
    """A kernel would have to be compiled."""


class _Refusal(event.Listener):
    """Aborts the compilation of our kernels before it begins; other libraries may compile."""

    def on_start(self, event: event.Event) -> None:
        if any(event.data["dispatcher"] is dispatcher for dispatcher, _ in _pending):
            raise _NotCompiledError

    def on_end(self, event: event.Event) -> None:
        """Do nothing."""
