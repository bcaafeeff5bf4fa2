"""PNG and APNG files as their chunks say.

Source: PNG specification, third edition, w3.org/TR/png-3; of what is damaged, the frames that Chromium shows.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from gifapp.conversion.images.colour import displayed, upright_size
from gifapp.conversion.images.colour_profile import BT709, of_code_points, rgb_profile
from gifapp.conversion.images.signatures import PNG
from gifapp.conversion.images.tiles import Animation, Disposal, Tile, append, shown_ms

_HEADER_BYTES, _CICP_BYTES, _CHRM_BYTES = 13, 4, 32
_SRGB_GAMMA = 45455  # what writers of sRGB give for old readers
_MOST_FRAMES = 2**31
_DISPOSALS = (Disposal.KEEP, Disposal.CLEAR, Disposal.RESTORE)
# what each frame takes from the file
_SHARED = (b"PLTE", b"tRNS", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP")
# of the chunks of an animation: the exact length of controls, and the least one of data
_CONTROL_BYTES, _NUMBER_BYTES = {b"acTL": 8, b"fcTL": 26}, 4
# colour types, the last one with its bits
_INDEXED, _WITH_ALPHA, _KEYED, _GREY_16 = 3, (4, 6), (0, 2), (0, 16)


class _Chunk(NamedTuple):
    kind: bytes
    body: bytes | memoryview
    is_whole: bool = True

    def written(self) -> bytes:
        checksum = zlib.crc32(self.kind + self.body)
        return struct.pack(">I", len(self.body)) + self.kind + self.body + struct.pack(">I", checksum)


class _Control(NamedTuple):
    """A frame control chunk."""

    sequence: int
    width_px: int
    height_px: int
    x_px: int
    y_px: int
    numerator: int
    denominator: int
    disposal: int
    blends: int

    @property
    def delay_ms(self) -> float:
        return shown_ms(1000 * self.numerator / (self.denominator or 100))


class _Frame(NamedTuple):
    control: _Control
    data: list[bytes | memoryview]


def is_animated(data: memoryview) -> bool:
    """Whether a valid header of an animation comes before any image, as it must."""
    for chunk in _chunks(data):
        if chunk.kind == b"acTL":
            (frames,) = struct.unpack_from(">I", chunk.body)
            return bool(0 < frames < _MOST_FRAMES)
        if chunk.kind == b"IDAT":
            break
    return False


def read(data: memoryview) -> Animation:
    """The frames of an APNG, or the picture of a PNG.

    Raises:
        UnidentifiedImageError: it is no PNG; ValueError: there is no picture in it.
    """
    header = next(_chunks(data), None)
    if not header or header.kind != b"IHDR" or len(header.body) != _HEADER_BYTES:
        raise UnidentifiedImageError("no header")
    return _animated(data, header) if is_animated(data) else _still(data, header)


def _still(data: memoryview, header: _Chunk) -> Animation:
    shared = [chunk for chunk in _chunks(data) if chunk.kind in (*_SHARED, b"eXIf")]
    parts = [chunk.body for chunk in _chunks(data) if chunk.kind == b"IDAT"]
    decode = partial(_decoded, header, shared, parts)
    with _opened(header, shared, []) as opened:
        width_px, height_px = upright_size(opened)
    tile = Tile(0, 0, width_px, height_px, decode, may_have_alpha=_may_have_alpha(header, shared))
    return Animation(width_px, height_px, [tile])


def _animated(data: memoryview, header: _Chunk) -> Animation:
    width_px, height_px = struct.unpack_from(">2I", header.body)
    parser = _Parser(data, width_px, height_px)
    parser.walk()
    may_have_alpha = _may_have_alpha(header, parser.shared)
    tiles: list[Tile] = []
    for control, parts in parser.whole_frames():
        own_header = header._replace(
            body=struct.pack(">2I", control.width_px, control.height_px) + header.body[8:]
        )
        tile = Tile(
            *(control.x_px, control.y_px, control.width_px, control.height_px),
            decode=partial(_decoded, own_header, parser.shared, parts),
            delay_ms=control.delay_ms,
            disposal=_DISPOSALS[control.disposal],
            blends=bool(control.blends),
            may_have_alpha=may_have_alpha,
        )
        append(tile, tiles)
    if not tiles:
        raise ValueError("no frame in it")
    return Animation(width_px, height_px, tiles, parser.plays, parser.is_cut_short)


def _may_have_alpha(header: _Chunk, shared: list[_Chunk]) -> bool:
    return header.body[9] in _WITH_ALPHA or any(chunk.kind == b"tRNS" for chunk in shared)


class _Parser:
    """One walk from chunk to chunk of an animation, to the first that is out of order."""

    def __init__(self, data: memoryview, width_px: int, height_px: int) -> None:
        self._data = data
        self._sides = width_px, height_px
        self._sequence = 0
        self._most_frames = 0
        self._frames: list[_Frame] = []
        self.shared: list[_Chunk] = []
        self._is_last_whole = True
        self.plays = 0
        self.is_cut_short = True

    def walk(self) -> None:
        has_image = False
        for chunk in _chunks(self._data):
            if chunk.kind == b"IEND":
                self.is_cut_short = False
            elif chunk.kind == b"acTL":
                self._most_frames, self.plays = struct.unpack_from(">2I", chunk.body)
            elif chunk.kind == b"IDAT":
                has_image = True
                if self._frames:
                    self._frames[0].data.append(chunk.body)
            elif chunk.kind in (b"fcTL", b"fdAT"):
                if not self._goes_on(chunk):
                    self._is_last_whole = chunk.kind != b"fdAT"
                    return
            elif chunk.kind in _SHARED and not has_image:
                self._share(chunk)
            self._is_last_whole = chunk.is_whole

    def whole_frames(self) -> list[_Frame]:
        """Those with data; of several the last one is left out if the file ends within it."""
        frames = [frame for frame in self._frames if frame.data][: self._most_frames]
        return frames if self._is_last_whole or len(frames) < 2 else frames[:-1]

    def _share(self, chunk: _Chunk) -> None:
        """Only the first of a kind: a hostile file may have a million, for each frame to be decoded with."""
        if all(chunk.kind != other.kind for other in self.shared):
            self.shared.append(chunk)

    def _goes_on(self, chunk: _Chunk) -> bool:
        """Whether the chunk of an animation is in order."""
        if len(chunk.body) < _NUMBER_BYTES:
            return False
        (sequence,) = struct.unpack_from(">I", chunk.body)
        if sequence != self._sequence:
            return False
        self._sequence += 1
        if chunk.kind == b"fdAT":
            if self._frames:
                self._frames[-1].data.append(chunk.body[4:])
            return bool(self._frames)
        control = _Control(*struct.unpack_from(">5I2H2B", chunk.body))
        if not self._is_valid(control):
            return False
        if self._frames and not self._frames[-1].data:
            self._frames.pop()
        self._frames.append(_Frame(control, []))
        return True

    def _is_valid(self, control: _Control) -> bool:
        return (
            0 < control.width_px <= self._sides[0] - control.x_px
            and 0 < control.height_px <= self._sides[1] - control.y_px
            and control.disposal < len(_DISPOSALS)
            and control.blends <= 1
        )


def _chunks(data: memoryview) -> Iterator[_Chunk]:
    """Every chunk, the last one perhaps not whole; controls of animations only if they are sound."""
    at = len(PNG)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        at += length + 12
        chunk = _Chunk(kind, body, at <= len(data))
        if kind not in _CONTROL_BYTES or _is_sound(chunk, data[at - 4 : at]):
            yield chunk


def _is_sound(control: _Chunk, checksum: memoryview) -> bool:
    return len(control.body) == _CONTROL_BYTES[control.kind] and control.written()[-4:] == checksum


def _decoded(header: _Chunk, shared: list[_Chunk], parts: Sequence[bytes | memoryview]) -> Image.Image:
    with _opened(header, shared, parts) as opened:
        opened.load()
        opened.info["icc_profile"] = _profile(shared) or opened.info.get("icc_profile")
        return displayed(opened)


def _profile(shared: list[_Chunk]) -> bytes | None:
    """What the file says of its colours by numbers; a profile in it is better than most of them."""
    chunks = {chunk.kind: chunk.body for chunk in shared}
    if len(chunks.get(b"cICP", b"")) == _CICP_BYTES:
        return of_code_points(*chunks[b"cICP"][:2])
    if b"gAMA" not in chunks or chunks.keys() & {b"iCCP", b"sRGB"}:
        return None
    gamma, chromaticities = int.from_bytes(chunks[b"gAMA"], "big"), BT709
    if len(chunks.get(b"cHRM", b"")) != _CHRM_BYTES:
        gamma = 0 if gamma == _SRGB_GAMMA else gamma
    else:
        numbers = struct.unpack(">8I", chunks[b"cHRM"])
        chromaticities = [
            (x / 100_000, y / 100_000) for x, y in zip(numbers[::2], numbers[1::2], strict=True)
        ]
    return rgb_profile(chromaticities, (100_000 / gamma,)) if gamma else None


def _opened(header: _Chunk, shared: list[_Chunk], parts: Sequence[bytes | memoryview]) -> Image.Image:
    """A PNG with only what decoding needs."""
    image = [_Chunk(b"IDAT", part) for part in parts or [b""]]
    chunks = [header, *(_keyed(chunk, header) for chunk in shared), *image, _Chunk(b"IEND", b"")]
    if header.body[9] == _INDEXED and not any(chunk.kind == b"PLTE" for chunk in shared):
        raise ValueError("no palette")
    png = PNG + b"".join(chunk.written() for chunk in chunks)
    return Image.open(io.BytesIO(png), formats=("PNG",))


def _keyed(chunk: _Chunk, header: _Chunk) -> _Chunk:
    """Pillow compares a transparent colour with samples of 8 bits, whatever their depth in the file."""
    bits, colour_type = header.body[8:10]
    if chunk.kind != b"tRNS" or colour_type not in _KEYED or bits == 8 or (colour_type, bits) == _GREY_16:
        return chunk
    samples = struct.unpack(f">{len(chunk.body) // 2}H", chunk.body[: len(chunk.body) // 2 * 2])
    scaled = (sample * 255 // (2**bits - 1) for sample in samples)
    return chunk._replace(body=struct.pack(f">{len(samples)}H", *scaled))
