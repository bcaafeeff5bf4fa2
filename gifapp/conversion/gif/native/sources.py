"""Identifies the C sources, so that a library that was built from others is noticed."""

from __future__ import annotations

import hashlib
from pathlib import Path

DIRECTORY = Path(__file__).parent


def sources() -> list[Path]:
    return sorted(DIRECTORY.glob("*.c"))


def digest() -> str:
    """What the build compiles into the library, and `library` compares."""
    files = sorted([*sources(), *DIRECTORY.glob("*.h")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
