"""The storage as tests open it."""

from pathlib import Path

from gifapp.jobs.db import locks
from gifapp.storage.blobs import Blobs, open_blobs

CACHE_BYTES = 100_000_000


def storage_at(url: str, work_dir: Path = Path("/nowhere")) -> Blobs:
    """`work_dir` is for a bucket."""
    return open_blobs(url, work_dir=work_dir, cache_bytes=CACHE_BYTES, take_turn=locks.exclusive)
