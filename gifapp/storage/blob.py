"""The keys of stored files, the same in a folder and in a bucket."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple, Self

from gifapp.domain.views.administration import FileKind

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ATTEMPT = re.compile(r"[0-9a-f]{32}-[0-9]+")
_OURS: dict[FileKind, re.Pattern[str]] = {
    "source": _DIGEST,
    "poster": _DIGEST,
    "proxy": _DIGEST,
    "gif": _ATTEMPT,
    "still": _ATTEMPT,
}
_FOLDERS: dict[FileKind, str] = {
    "source": "sources",
    "poster": "posters",
    "proxy": "proxies",
    "gif": "gifs",
    "still": "stills",
}
FOLDERS = tuple(_FOLDERS.values())
_KINDS = {folder: kind for kind, folder in _FOLDERS.items()}


class Blob(NamedTuple):
    """The key of a stored file; `name` is the video's digest, or the key of the attempt that made the GIF.

    Names that users choose never become part of a path.
    """

    kind: FileKind
    name: str

    @property
    def place(self) -> str:
        """The path relative to the root. Outputs of all formats end in .gif; the job knows the format."""
        folder = _FOLDERS[self.kind]
        match self.kind:
            case "source":
                return f"{folder}/{self.name[:2]}/{self.name}"
            case "poster":
                return f"{folder}/{self.name[:2]}/{self.name}.jpg"
            case "proxy":
                return f"{folder}/{self.name[:2]}/{self.name}.webm"
            case "gif":
                return f"{folder}/{self.name}.gif"
            case "still":
                return f"{folder}/{self.name}.webp"

    @classmethod
    def at(cls, place: str) -> Self | None:
        """The blob with this path; None: it is not a path of ours."""
        path = PurePosixPath(place)
        kind = _KINDS.get(path.parts[0])
        if kind is None or not _OURS[kind].fullmatch(path.stem):
            return None
        blob = cls(kind, path.stem)
        return blob if blob.place == place else None


def files_of_source(sha256: str) -> tuple[Blob, Blob]:
    """The video with this digest, and its poster; it may also have a proxy."""
    return Blob("source", sha256), Blob("poster", sha256)


def files_of_gif(key: str, *, has_still: bool) -> list[Blob]:
    """The GIF of the attempt `key`, and its still if it has one."""
    return [Blob("gif", key), *([Blob("still", key)] if has_still else [])]


class StoredFile(NamedTuple):
    blob: Blob
    bytes: int
