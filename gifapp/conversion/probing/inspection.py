"""Inspects one video file. Runs as a child process under limits, since the file may be hostile.

Its arguments are the file and the maximum number of pixels of a picture. It prints one JSON object:
either `{"found": {…}}` with the raw facts or `{"refused": code, "facts": {…}}`.
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from gifapp import errors
from gifapp.conversion.images.signatures import beginning, holds_pictures, unread_name
from gifapp.conversion.probing.clock import LEAP_S, clock_of
from gifapp.conversion.probing.container_formats import ALPHA_DECODERS, CODECS, FORMATS, looks_like_video
from gifapp.conversion.probing.display_matrix import display_matrix
from gifapp.conversion.probing.entry_points import entry_points
from gifapp.conversion.probing.interlacing import CAPTURED, field_order
from gifapp.conversion.probing.shapes import ShapeWatch
from gifapp.conversion.probing.transparency import AlphaWatch, announces_alpha_layer, is_alpha_used
from gifapp.conversion.probing.truncation import ends_early
from gifapp.conversion.seeking import SEEKABLE

# seconds; then the pictures read so far, or the container's duration, determine the times
COUNTING_BUDGET_S = 6.0
PACKETS_WITHOUT_PICTURE = 600
HEAD_BYTES, ENCRYPTED = 65_536, b"encv"  # the sample entry of protected video in MP4
PROGRESSIVE = 1  # ffmpeg's AV_FIELD_PROGRESSIVE; higher values are field orders

LEAPING = ("mpegts", "mpeg")  # may be joined recordings: an apparent long pause is a timestamp jump


def main(name: str, max_pixels: str) -> None:
    result: dict[str, Any]
    try:
        result = {"found": inspect(Path(name), int(max_pixels))}
    except errors.SourceRefused as refused:
        result = {"refused": refused.code, "facts": refused.facts}
    json.dump(result, sys.stdout)


def inspect(path: Path, max_pixels: int) -> dict[str, Any]:
    """The raw facts of the video or the pictures at `path`.

    Raises:
        errors.SourceRefused: the file cannot be converted.
    """
    if holds_pictures(path):
        from gifapp.conversion.images import picture_facts  # noqa: PLC0415  videos need no NumPy or Pillow

        return picture_facts.inspect(path, max_pixels)
    _check_not_unread(path)
    refusals: list[errors.SourceRefused] = []
    while True:  # reopen the file after each unreadable track
        with _open(path) as container:
            films = _films(container)
            if len(refusals) == len(films):
                raise refusals[0]
            try:
                facts = _film_facts(container, films[len(refusals)], max_pixels)
                is_cut, entries_s = ends_early(path, facts["container"]), _entries_s(path, facts)
                return facts | {
                    "unreadable_videos": len(refusals),
                    "ends_early": is_cut,
                    "entries_s": entries_s,
                }
            except errors.SourceRefused as refused:
                refusals.append(refused)


def _film_facts(container: Any, stream: Any, max_pixels: int) -> dict[str, Any]:
    if stream.codec_context is None or stream.codec.canonical_name not in CODECS:
        raise errors.SourceCodecUnsupported(codec=_codec_name(stream))
    _check_size(stream.codec_context.width, stream.codec_context.height, max_pixels)
    packets = _Packets(container, stream, max_pixels)
    picture = packets.first_picture()
    _check_size(picture.width, picture.height, max_pixels)
    looks = _looks(stream, packets, picture)
    packets.count()
    return _container_facts(container, stream) | _picture_facts(stream, picture) | packets.facts() | looks


def _entries_s(path: Path, facts: dict[str, Any]) -> list[float] | None:
    if facts["container"] not in SEEKABLE:
        return None
    lasts_s = facts["span_s"] if facts["all_counted"] else max(facts["span_s"], facts["claimed_s"] or 0.0)
    with _open(path) as container:
        return entry_points(container, int(facts["stream"]), start_s=facts["start_s"], duration_s=lasts_s)


def _check_not_unread(path: Path) -> None:
    if name := unread_name(beginning(path)):
        raise errors.SourcePictureUnsupported(format=name)


def _open(path: Path) -> Any:
    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(FORMATS)}
    try:
        return av.open(f"file:{path}", options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError):
        with path.open("rb") as file:
            start = file.read(HEAD_BYTES)
        if not looks_like_video(start):
            raise errors.SourceNotVideo from None
        raise errors.SourceEncrypted if ENCRYPTED in start else errors.SourceDamaged from None


def _films(container: Any) -> list[Any]:
    """The video streams without covers and thumbnails, default ones first."""
    covers = Disposition.attached_pic | Disposition.timed_thumbnails
    films = [stream for stream in container.streams.video if not stream.disposition & covers]
    if not films:
        raise errors.SourceWithoutPicture if container.streams.audio else errors.SourceNotVideo
    return sorted(films, key=lambda film: (film.frames == 1, not film.disposition & Disposition.default))


def _codec_name(stream: Any) -> str:
    return stream.codec.canonical_name if stream.codec_context is not None else "unknown"


def _check_size(width_px: int, height_px: int, max_pixels: int) -> None:
    if width_px * height_px > max_pixels:
        raise errors.SourceTooManyPixels(width_px=width_px, height_px=height_px, limit_px=max_pixels)


class _Packets:
    """Walks the stream's packets once: decodes the first picture, then mostly reads timestamps."""

    def __init__(self, container: Any, stream: Any, max_pixels: int) -> None:
        self.stream = stream
        self.container = container.format.name
        self.stores_no_times = self.container == "avi"  # its presentation timestamps are made up
        self.times: list[int] = []
        self.last_ticks = 0
        self.all_counted = True
        self.has_alpha_layer = False
        self.has_hevc_alpha = False
        self._vpx: Any = None
        self.jumps = False
        self.left_out = 0
        self._leap = round(LEAP_S / stream.time_base) if self.container in LEAPING else math.inf
        self._shift = 0
        self._earliest, self._latest = -math.inf, math.inf  # bounds of the next packet's decoding timestamp
        self._last: Any = None
        self._shapes = ShapeWatch(stream, max_pixels)
        self._walk = self._noted(container)

    def first_picture(self) -> Any:
        for number, packet in enumerate(self._walk):
            if packet.has_sidedata("encryption_info"):
                raise errors.SourceEncrypted
            for picture in self._decoded(packet):
                return self._begun(picture)
            if number >= PACKETS_WITHOUT_PICTURE:
                break
        for picture in _decoded_rest(self.stream):
            return self._begun(picture)
        raise errors.SourceDamaged

    def _begun(self, picture: Any) -> Any:
        """Exclude pictures before the first keyframe, which depend on missing ones and never show."""
        if picture.pts is not None and not self.jumps and not self.stores_no_times:
            shown = [time for time in self.times if time >= picture.pts] or self.times
            self.left_out += len(self.times) - len(shown)
            self.times = shown
        return picture

    def pictures(self) -> Iterator[Any]:
        """The pictures after the first."""
        for packet in self._walk:
            yield from self._decoded(packet)

    def _decoded(self, packet: Any) -> list[Any]:
        try:
            return list(self._vpx.decode(packet) if self._vpx else packet.decode())
        except av.FFmpegError:
            return []

    def count(self) -> None:
        """Walk on to the end, or until the time budget is used up."""
        end = time.monotonic() + COUNTING_BUDGET_S
        for _ in self._walk:
            if time.monotonic() > end:
                self.all_counted = False
                return

    def lacks_pictures(self) -> bool:
        """Whether an MP4 or MOV lists more pictures than it has, apart from those that an edit list omits."""
        counted = len(self.times) + self.left_out
        return self.all_counted and self.container.startswith("mov") and self.stream.frames > counted

    def facts(self) -> dict[str, Any]:
        """The facts about the pictures' times, in seconds."""
        ends_in_picture = self._last is not None and self._last.is_corrupt
        lacks_pictures = self.lacks_pictures()
        if ends_in_picture and len(self.times) > 1:
            self.times.pop()  # only the last picture is truncated
        base, times = self.stream.time_base, sorted(self.times) or [0]
        gaps = [later - earlier for earlier, later in itertools.pairwise(times) if later > earlier]
        start_s, clock = clock_of(times, base, _rates(self.stream))
        is_counted = self.stores_no_times and len({*gaps}) == 1
        return {
            "pictures": len(self.times),
            "all_counted": self.all_counted,
            "start_s": float(start_s),
            "clock": {
                "step_s": str(clock.step_s),
                "usual_steps": clock.usual_steps,
                "is_counted": is_counted,
                "jumps": self.jumps,
            },
            "span_s": float((times[-1] - times[0]) * base),
            "last_s": float(self.last_ticks * base),
            "usual_gap_s": float(statistics.median(gaps) * base) if gaps else None,
            "longest_gap_s": float(max(*gaps, self.last_ticks, 0) * base) if self.all_counted else None,
            "step_s": float(math.gcd(*gaps, self.last_ticks) * base),
            "uneven_gaps": _share_of_uneven(gaps, tolerance=0.002 / base),
            "has_alpha_layer": self.has_alpha_layer,
            "ends_in_picture": ends_in_picture,
            "lacks_pictures": lacks_pictures,
            **self._shape_facts(times[0], base),
        }

    def _shape_facts(self, start: int, base: Fraction) -> dict[str, Any]:
        changes = self._shapes.changes(start, base)
        facts = {"shape_changes": changes, "largest_px": self._shapes.max_pixels()}
        if changes and self.container in LEAPING:  # they store no aspect; ffmpeg's may be of any picture
            facts["pixel_aspect"] = self._shapes.first_pixel_aspect(start)
        return facts

    def _noted(self, container: Any) -> Iterator[Any]:
        try:
            for packet in container.demux(self.stream):
                if packet.size:
                    self._note(packet)
                    yield packet
        except av.FFmpegError:  # the file ends in garbage; the packets before it count
            return

    def _note(self, packet: Any) -> None:
        self._last = packet
        dts, at = packet.dts, None if self.stores_no_times else packet.pts
        if dts is not None:
            if not self._earliest <= dts < self._latest:
                self._join(packet)
            self._earliest, self._latest = dts, dts + self._leap
        at = dts if at is None else at
        at = None if at is None else at + self._shift
        self._shapes.look_at(packet, self._next_time() if at is None else at)
        if at is None or packet.is_discard:
            self.left_out += 1
        else:
            if not self.times or at >= max(self.times[-1], 0):
                self.last_ticks = packet.duration or 0
            self.times.append(at)
        if len(self.times) < 2:
            self._look_for_layers(packet)

    def _next_time(self) -> int:
        return max(self.times, default=0) + (self.last_ticks or 1)

    def _join(self, packet: Any) -> None:
        """After a restart or jump, continue the clock from the previous picture."""
        self.jumps = True
        self._shift += self._earliest + (packet.duration or 1) - packet.dts

    def _look_for_layers(self, packet: Any) -> None:
        codec = self.stream.codec.canonical_name
        if codec == "hevc":
            self.has_hevc_alpha |= announces_alpha_layer(self.stream, packet)
        elif codec in ALPHA_DECODERS and packet.has_sidedata("matroska_block_additional"):
            self.has_alpha_layer = True
            self._vpx = self._vpx or av.CodecContext.create(ALPHA_DECODERS[codec], "r")


def _rates(stream: Any) -> list[Fraction]:
    return [rate for rate in (stream.base_rate, stream.average_rate) if rate]


def _share_of_uneven(gaps: list[int], tolerance: float) -> float:
    """The share (0 to 1) of gaps that differ from the median by more than rounding explains."""
    if not gaps:
        return 0.0
    usual = statistics.median(gaps)
    return sum(abs(gap - usual) > max(tolerance, usual * 0.1) for gap in gaps) / len(gaps)


def _decoded_rest(stream: Any) -> Iterator[Any]:
    """The pictures that the decoder holds back until the end of the file."""
    try:
        yield from stream.codec_context.decode(None)
    except av.FFmpegError:
        return


def _looks(stream: Any, packets: _Packets, first: Any) -> dict[str, Any]:
    """Field order and transparency, for which more pictures than the first are checked if necessary."""
    pictures: Iterator[Any] = itertools.chain([first], packets.pictures())
    watch = AlphaWatch()
    may_be_transparent = is_alpha_used(stream, first)
    if may_be_transparent:
        pictures = watch.over(pictures)
    fields = _fields(stream, first, pictures)
    if may_be_transparent:
        watch.look_at(itertools.chain([first], packets.pictures()))
    return {"fields": fields, "has_alpha": packets.has_hevc_alpha or watch.is_transparent}


def _fields(stream: Any, first: Any, pictures: Iterator[Any]) -> str:
    is_flagged = first.interlaced_frame or stream.codec_context.field_order > PROGRESSIVE
    if not is_flagged and stream.codec.canonical_name not in CAPTURED:
        return "progressive"
    return field_order(pictures, is_flagged=first.interlaced_frame)


def _container_facts(container: Any, stream: Any) -> dict[str, Any]:
    claimed = stream.duration * stream.time_base if stream.duration else None
    if claimed is None and container.duration:
        claimed = container.duration / av.time_base
    return {
        "container": container.format.name.partition(",")[0],
        "codec": stream.codec.canonical_name,
        "claimed_s": float(claimed) if claimed is not None else None,
        "videos": len(_films(container)),
        "stream": str(stream.index),
        "opens_s": (container.start_time or 0) / av.time_base,
        "lasts_s": (container.duration or 0) / av.time_base,
    }


def _picture_facts(stream: Any, picture: Any) -> dict[str, Any]:
    context = stream.codec_context
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio
    return {
        "width_px": picture.width,
        "height_px": picture.height,
        "pixel_aspect": float(aspect) if aspect else 1.0,
        "display_matrix": display_matrix(picture),
        "is_rgb": picture.format.is_rgb or picture.format.has_palette,
        "is_full_range_format": picture.format.name.startswith("yuvj"),
        "matrix": int(picture.colorspace),
        "primaries": int(picture.color_primaries),
        "transfer": int(picture.color_trc),
        "range": int(picture.color_range),
    }
