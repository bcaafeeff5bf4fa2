"""Runs modules of ours as short-lived child processes, which cost little more than their imports."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

from gifapp.garbage import collect_rarely

_RUN = "import sys; from gifapp.children import run; run(*sys.argv[1:])"  # a tenth less CPU than `-m`


def command(module: str, *arguments: str) -> list[str]:
    """The command that calls `main(*arguments)` of `module` and exits with what it returns, or 0."""
    # -P: do not import a file named av.py from the working directory
    return [sys.executable, "-P", "-W", "ignore", "-c", _RUN, module, *arguments]


def run(module: str, *arguments: str) -> NoReturn:
    """Call `main` of `module`, then exit at once: taking its libraries down would be a tenth of the work."""
    collect_rarely()
    code = import_module(module).main(*arguments)
    sys.stdout.flush()
    os._exit(code or 0)
