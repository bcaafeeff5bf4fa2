"""Identifies the launcher's C source, so that a program that was built from another is noticed."""

from __future__ import annotations

import hashlib
from pathlib import Path

SOURCE = Path(__file__).with_name("launch.c")
PROGRAM = SOURCE.with_suffix("")


def digest() -> str:
    """What the build compiles into the program."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()
