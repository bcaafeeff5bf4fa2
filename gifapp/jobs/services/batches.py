"""An owner's operations on many jobs at once: delete, restore, cancel, and download as a zip.

All methods block; run them in a thread. Other people's jobs are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import PurePath

from gifapp import errors
from gifapp.domain.views.jobs import ArchiveView, BatchAction
from gifapp.domain.wording import size
from gifapp.jobs.db.job_lists import MadeFile, made_files
from gifapp.jobs.services.jobs import Jobs
from gifapp.jobs.services.zipping import ZipStream, entry_name
from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs

MAX_JOBS = 200
MAX_BYTES = 2_000_000_000


class Batches:
    def __init__(self, jobs: Jobs, blobs: Blobs) -> None:
        self._blobs = blobs
        self._actions: dict[BatchAction, Callable[[str, str], object]] = {
            "delete": jobs.delete,
            "restore": jobs.restore,
            "cancel": jobs.cancel,
        }

    def apply(self, owner_id: str, action: BatchAction, job_ids: Collection[str]) -> list[str]:
        """Act on each job, and return the ids of those that it was possible for."""
        return [job_id for job_id in dict.fromkeys(job_ids) if self._applied(owner_id, action, job_id)]

    def _applied(self, owner_id: str, action: BatchAction, job_id: str) -> bool:
        try:
            self._actions[action](owner_id, job_id)
        except (errors.NotFound, errors.MoveNotAllowed):
            return False
        return True

    def archive(self, owner_id: str, job_ids: Collection[str]) -> ArchiveView:
        """How many files a zip of these jobs' GIFs has, and their size.

        Raises:
            errors.NotFound: none of the jobs has a GIF.
            errors.FieldInvalid: the GIFs are too large for one zip.
        """
        made = _made(owner_id, job_ids)
        return ArchiveView(files=len(made), bytes=sum(file.bytes for file in made))

    def zipped(self, owner_id: str, job_ids: Collection[str]) -> Iterator[bytes]:
        """Yield the zip in chunks; files that are deleted meanwhile are left out. Each step blocks.

        Raises:
            errors.NotFound, errors.FieldInvalid: see `archive`.
            errors.ServiceUnavailable
        """
        zipped, made = ZipStream(), _made(owner_id, job_ids)
        for name, file in zip(_entry_names(made), made, strict=True):
            yield from zipped.add_blob(self._blobs, Blob("gif", file.key), name, file.created_at)
        yield zipped.end()


def _made(owner_id: str, job_ids: Collection[str]) -> list[MadeFile]:
    made = made_files(owner_id, job_ids)
    if not made:
        raise errors.NotFound(kind="GIF")
    total_bytes = sum(file.bytes for file in made)
    if total_bytes > MAX_BYTES:
        problem = f"name {size(total_bytes)} of GIFs, and a zip may have {size(MAX_BYTES)}; choose fewer"
        raise errors.FieldInvalid(field="job_ids", problem=problem)
    return made


def _entry_names(made: Collection[MadeFile]) -> Iterator[str]:
    """The files' names, each with a number where others have the same."""
    seen: Counter[str] = Counter()
    for file in made:
        path = PurePath(file.file_name)
        name = entry_name(path.stem) or "video"
        seen[name + path.suffix] += 1
        number = seen[name + path.suffix]
        yield f"{name}{path.suffix}" if number == 1 else f"{name} ({number}){path.suffix}"
