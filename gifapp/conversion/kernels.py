"""How the engine's inner loops are compiled: once, without the GIL, and kept on disk.

A kernel names its one signature, so that a type slipping in from outside is an error instead of a
second compilation. Nothing is compiled or loaded at import: `load_all` does it, which `encode`
calls while the decoder is starting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numba

Function = Callable[..., Any]

_pending: list[tuple[Any, str]] = []
_loading = threading.Lock()


def kernel(signature: str) -> Callable[[Function], Function]:
    """Compile a function for exactly `signature` when `load_all` runs."""

    def register(function: Function) -> Function:
        dispatcher = numba.njit(cache=True, nogil=True)(function)
        _pending.append((dispatcher, signature))
        return dispatcher

    return register


def inlined(function: Function) -> Function:
    """A helper that only kernels call: compiled into them, not loaded by itself.

    Numba's cache watches the kernel's own file only: touch that file after changing a helper of
    another module.
    """
    return numba.njit(nogil=True, forceinline=True)(function)


def load_all() -> None:
    """Load every kernel from the cache, or compile it (some seconds, once per installation)."""
    with _loading:
        while _pending:
            dispatcher, signature = _pending[-1]
            dispatcher.compile(signature)
            dispatcher.disable_compile()
            _pending.pop()
