"""Recognises file formats by their first bytes. Imports no readers, since videos need none."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Container = Literal["gif", "apng", "png", "webp", "jpeg", "avif"]
START_BYTES = 64
GIF = (b"GIF87a", b"GIF89a")
PNG = b"\x89PNG\r\n\x1a\n"

_BY_START: list[tuple[bytes, Container]] = [
    *((signature, "gif") for signature in GIF),
    (PNG, "png"),
    (b"\xff\xd8\xff", "jpeg"),
]
_UNREAD = {
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000",
    b"\xffO\xffQ": "JPEG 2000",
    b"8BPS": "Photoshop",
    b"qoif": "QOI",
}
_AVIF, _HEIF = {b"avif", b"avis"}, {b"heic", b"heix", b"heim", b"heis", b"mif1"}
_WITH_TRACKS = {b"hevc", b"hevx", b"msf1"}  # ffmpeg reads HEIF image sequences as video


def container_of(data: bytes) -> Container | None:
    """The format of `data`, a file or its beginning; None if it is not a supported picture."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if _brands(data) & _AVIF:
        return "avif"
    return next((container for start, container in _BY_START if data.startswith(start)), None)


def is_zip(data: bytes) -> bool:
    """Whether `data` is the beginning of a zip."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def holds_pictures(path: Path) -> bool:
    """Whether our own readers read `path`: a picture, an animation, a folder or a zip, but not a video."""
    if path.is_dir():
        return True
    start = beginning(path)
    return is_zip(start) or container_of(start) is not None


def beginning(path: Path) -> bytes:
    """The first bytes of a file, which identify its format."""
    with path.open("rb") as file:
        return file.read(START_BYTES)


def unread_name(data: bytes) -> str | None:
    """The name of a known but unsupported picture format."""
    if data[:2] == b"BM" and data[6:10] == bytes(4):
        return "BMP"
    brands = _brands(data)
    if brands & _HEIF and data[8:12] not in _WITH_TRACKS:
        return "HEIC"
    return next((name for start, name in _UNREAD.items() if data.startswith(start)), None)


def _brands(data: bytes) -> set[bytes]:
    """The brands of an ISO base media file."""
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4], "big"), len(data))
    return {data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))}
