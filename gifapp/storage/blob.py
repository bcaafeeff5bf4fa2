"""The key of a stored file, the same in a folder and in a bucket."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple, Self

from gifapp.domain.views.administration import FileKind

_DIGEST = re.compile(r"[0-9a-f]{64}")
_OURS: dict[FileKind, re.Pattern[str]] = {
    "source": _DIGEST,
    "poster": _DIGEST,
    "gif": re.compile(r"[0-9a-f]{32}-[0-9]+"),
}
_FOLDERS: dict[FileKind, str] = {"source": "sources", "poster": "posters", "gif": "gifs"}
_KINDS = {folder: kind for kind, folder in _FOLDERS.items()}


class Blob(NamedTuple):
    """A stored file; `name` is the digest of the video, or the key of the attempt that made the GIF.

    No name that a person gave ever becomes a part of a path.
    """

    kind: FileKind
    name: str

    @property
    def place(self) -> str:
        """Relative to the root. A GIF is named like one whatever its format is: the job knows."""
        folder = _FOLDERS[self.kind]
        match self.kind:
            case "source":
                return f"{folder}/{self.name[:2]}/{self.name}"
            case "poster":
                return f"{folder}/{self.name[:2]}/{self.name}.jpg"
            case "gif":
                return f"{folder}/{self.name}.gif"

    @classmethod
    def at(cls, place: str) -> Self | None:
        """The one whose place this is; None: it is named like none of ours."""
        path = PurePosixPath(place)
        kind = _KINDS.get(path.parts[0])
        if kind is None or not _OURS[kind].fullmatch(path.stem):
            return None
        blob = cls(kind, path.stem)
        return blob if blob.place == place else None


def files_of_source(sha256: str) -> tuple[Blob, Blob]:
    """The video with this digest, and its poster."""
    return Blob("source", sha256), Blob("poster", sha256)


class StoredFile(NamedTuple):
    blob: Blob
    bytes: int
