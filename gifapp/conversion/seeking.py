"""Where the decoding of a range begins: seeking reaches key frames only, and not in every file. Pure."""

from __future__ import annotations

from bisect import bisect_right

from gifapp.conversion.video import Video

SEEKABLE = ("mov", "matroska")  # seeking in other containers is unreliable
_MARGIN_S = 2.0
_EARLIER_S = 0.2  # for frames that are stored in another order than shown, ffmpeg seeks to 0.13 s before


def seek_to_s(video: Video, start_s: float) -> float | None:
    """The time to seek to before a range from `start_s` on; None: it is decoded from the file's beginning."""
    to_s = start_s - _MARGIN_S
    is_seekable = video.container in SEEKABLE and video.clock.is_absolute
    return to_s if is_seekable and to_s > 0 else None


def decoded_from_s(video: Video, start_s: float) -> float:
    """The time from which frames are decoded for a range from `start_s` on, or somewhat earlier."""
    to_s = seek_to_s(video, start_s)
    if to_s is None:
        return 0.0
    if video.entries_s is None:
        return to_s
    number = bisect_right(video.entries_s, to_s - _EARLIER_S)
    return video.entries_s[number - 1] if number else 0.0
