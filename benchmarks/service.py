"""The whole service for measurements: a MongoDB and a Redis of its own, in a temporary folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gifapp.commands.parts import Foundation, prepare
from gifapp.settings import Settings
from gifapp.up.servers import running_mongod, running_redis


@contextmanager
def servers() -> Iterator[Foundation]:
    """What every process of the service starts from; those started meanwhile inherit the same settings."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_mongod(Path(scratch) / "mongodb") as mongodb_url,
        running_redis(Path(scratch) / "redis") as redis_url,
    ):
        os.environ |= {
            "GIFAPP_DATA_DIR": scratch,
            "GIFAPP_MONGODB_URL": mongodb_url,
            "GIFAPP_REDIS_URL": redis_url,
            "GIFAPP_LOG_LEVEL": "warning",
        }
        yield prepare(Settings())
