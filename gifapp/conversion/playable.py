"""Which originals are served to browsers, with which media type, and which may have a proxy. Pure."""

from __future__ import annotations

from gifapp.conversion.video import Turn, Video

MEDIA_TYPES = {"mov": "video/mp4", "matroska": "video/webm"}
"""The media type by container. No other type is ever sent with a user's file."""

MAX_PROXY_S = 300.0

_CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "av1"})
_TURNS = frozenset({Turn.NONE, Turn.CLOCKWISE, Turn.HALF, Turn.COUNTERCLOCKWISE})


def media_type(video: Video) -> str | None:
    """The media type of an original that browsers show like the GIF; None: they would not.

    Browsers ignore mirroring and changes of shape, and map HDR to other colours than we do.
    """
    is_alike = video.turn in _TURNS and not video.shape_changes and not video.is_hdr
    if video.fps is None or video.codec not in _CODECS or not is_alike:
        return None
    return MEDIA_TYPES.get(video.container)


def has_proxy(video: Video) -> bool:
    """Whether a proxy may be made: the source moves, and is not too long."""
    return video.fps is not None and video.duration_s <= MAX_PROXY_S
