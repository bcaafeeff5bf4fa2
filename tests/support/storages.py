"""Opens storage for tests."""

from pathlib import Path
from typing import cast

from gifapp.jobs.db import locks
from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs, open_blobs
from gifapp.storage.folder import Folder

CACHE_BYTES = 100_000_000


def storage_at(url: str, work_dir: Path = Path("/nowhere")) -> Blobs:
    """Open the storage at a URL; `work_dir` is for buckets."""
    return open_blobs(url, work_dir=work_dir, cache_bytes=CACHE_BYTES, take_turn=locks.exclusive)


def blob_path(blobs: Blobs, blob: Blob) -> Path:
    """The path of a file in a folder storage, whether it exists or not."""
    return cast(Folder, blobs.store).path(blob)
