"""Compiles the encoder's inner loops: once, without the GIL, cached on disk.

A kernel names its one signature, so that a type slipping in from outside is an error instead of a
second compilation. It allocates nothing, so that it can do without Numba's reference counts: their
atomic steps, for each array that a helper is given, cost a quarter of the time (measured). Nothing is
compiled or loaded at import: `load_all` does it.

Numba keeps what it compiled beside the source or, where that is read-only, in the user's cache
directory; `NUMBA_CACHE_DIR` names another. Where it may write nowhere, every process compiles anew. Of
several that start together one compiles, and the others load what it has kept.
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
    # Numba would make a folder that is named ~
    _config.CACHE_LOCATOR_CLASSES = "UserProvidedCacheLocator,InTreeCacheLocator"


def kernel(signature: str) -> Callable[[Function], Function]:
    """Compile a function for exactly `signature` when `load_all` runs."""

    def register(function: Function) -> Function:
        dispatcher: Any = numba.njit(**_OPTIONS)(function)
        with contextlib.suppress(RuntimeError):  # there is nowhere to keep it
            dispatcher.enable_caching()
        _pending.append((dispatcher, signature))
        return cast("Function", dispatcher)

    return register


def inlined(function: Function) -> Function:
    """A helper that only kernels call: compiled into them, not loaded by itself.

    Numba's cache watches the kernel's own file only: touch that file after changing a helper of
    another module.
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
    with contextlib.ExitStack() as held:
        # a cache that is shared with other users, or read-only, has no lock of ours: then we do not wait
        with contextlib.suppress(OSError, errors.NotPrivate, StopIteration):
            kept_at = next(path for dispatcher, _ in _pending if (path := dispatcher.stats.cache_path))
            lock = held.enter_context(private.open_lock(Path(kept_at) / _LOCK))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def load_kept() -> bool:
    """Load the kernels that were compiled before; whether those were all."""
    with _loading, event.install_listener("numba:compile", _Refusal()):
        try:
            _load_pending()
        except _NotCompiledError:
            return False
    return True


def are_kept() -> bool:
    """Whether what is compiled now need not be compiled by the next process."""
    return all(dispatcher.stats.cache_path for dispatcher, _ in _pending)


class _NotCompiledError(Exception):
    """A kernel would have to be compiled."""


class _Refusal(event.Listener):
    """Ends a kernel's compilation before it begins; those of other libraries are none of our business."""

    def on_start(self, event: event.Event) -> None:
        if any(event.data["dispatcher"] is dispatcher for dispatcher, _ in _pending):
            raise _NotCompiledError

    def on_end(self, event: event.Event) -> None:
        """Nothing is left to do."""
