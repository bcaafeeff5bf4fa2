"""Loads or compiles the encoder's kernels in the background.

Compiling takes half a minute, once per installation. A child process does it because the caller may cancel
at any moment, and a thread cannot be stopped.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable

from gifapp import processes
from gifapp.conversion.gif import kernels
from gifapp.conversion.gif.encoder import warm_up

CHECKPOINT_S = 0.1
_COMPILING = "gifapp: the engine is being compiled, once for this installation (about half a minute)"


class Loading:
    """Loads the kernels from disk on its own thread, which starts at once."""

    def __init__(self) -> None:
        self._are_loaded = False
        self._thread = _started(self._load)

    def _load(self) -> None:
        self._are_loaded = kernels.load_kept()

    def wait(self, checkpoint: Callable[[], None]) -> None:
        """Wait until the encoder is ready. `checkpoint` is called meanwhile; if it raises, the wait ends.

        Call it from a thread that outlives the conversion: the compiler dies with that thread.
        """
        _join(self._thread, checkpoint)
        if self._are_loaded:
            return
        logging.getLogger(__name__).warning(_COMPILING)
        if kernels.are_kept():
            _compile_apart(checkpoint)
        # whatever is still missing is compiled here: without a cache, or if the child failed
        _join(_started(warm_up), checkpoint)


def _started(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, name="engine", daemon=True)
    thread.start()
    return thread


def _join(thread: threading.Thread, checkpoint: Callable[[], None]) -> None:
    while thread.is_alive():
        thread.join(CHECKPOINT_S)
        checkpoint()


def _compile_apart(checkpoint: Callable[[], None]) -> None:
    compiler = processes.spawn(
        [sys.executable, "-P", "-m", __name__],
        env=processes.environment_without_secrets(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while compiler.poll() is None:
            processes.wait_until(lambda: compiler.poll() is not None, timeout_s=CHECKPOINT_S)
            checkpoint()
    finally:
        processes.stop(compiler, grace_s=0)


if __name__ == "__main__":
    warm_up()
