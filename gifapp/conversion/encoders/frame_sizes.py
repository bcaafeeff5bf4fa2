"""Reads how many bytes each stored frame of a file takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from av.video.stream import VideoStream


class FrameSize(NamedTuple):
    """When a stored frame appears, and its bytes."""

    at_cs: int
    bytes: int


def packet_sizes(path: Path) -> list[FrameSize]:
    """The frames of a file that libavformat reads, including those of an alpha layer."""
    import av  # noqa: PLC0415  most conversions do without it

    with av.open(path) as file:
        streams = _moving(file.streams.video)
        return [
            FrameSize(round(100 * packet.pts * packet.time_base), packet.size)
            for packet in file.demux(streams)
            if packet.pts is not None and packet.time_base is not None
        ]


def _moving(streams: Sequence[VideoStream]) -> list[VideoStream]:
    """All streams except the still picture that an animated AVIF also contains."""
    return [stream for stream in streams if stream.frames != 1] or list(streams)
