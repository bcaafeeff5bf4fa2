"""Identifies the launcher's C source, so that a program built from another source is detected."""

from __future__ import annotations

import hashlib
from pathlib import Path

SOURCE = Path(__file__).with_name("launch.c")
PROGRAM = SOURCE.with_suffix("")


def digest() -> str:
    """A digest of the source, which the build compiles into the program."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()
