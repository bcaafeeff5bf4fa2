"""Loads or compiles the encoder's kernels while other work goes on.

Compiling takes half a minute, once per installation. A child process does it, for no thread could be
made to stop: whoever waits may leave at any moment.
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
    """The kernels on their way from the disk, on a thread of their own from the start."""

    def __init__(self) -> None:
        self._are_loaded = False
        self._thread = _started(self._load)

    def _load(self) -> None:
        self._are_loaded = kernels.load_kept()

    def wait(self, checkpoint: Callable[[], None]) -> None:
        """Return when the encoder is ready. `checkpoint` is called meanwhile; what it raises ends the wait.

        Call it from a thread that outlives the conversion: the compiler dies with that thread.
        """
        _join(self._thread, checkpoint)
        if self._are_loaded:
            return
        logging.getLogger(__name__).warning(_COMPILING)
        if kernels.are_kept():
            _compile_apart(checkpoint)
        # what is not there yet is compiled here: when there was nowhere to keep it, or no second process
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
