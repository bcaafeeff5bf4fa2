"""Identifies the C sources, so that a library built from other sources is detected."""

from __future__ import annotations

import hashlib
from pathlib import Path

DIRECTORY = Path(__file__).parent


def sources() -> list[Path]:
    return sorted(DIRECTORY.glob("*.c"))


def digest() -> str:
    """A digest of the C sources, which the build compiles in and `library` compares."""
    files = sorted([*sources(), *DIRECTORY.glob("*.h")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
