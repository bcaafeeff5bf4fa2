"""The accepted containers and codecs, by ffmpeg's names.

Playlists and scripts (hls, dash, concat, sdp), subtitles, images and device formats are excluded: they refer
to other files or network addresses. Pictures, including GIFs, are read by `images`.
"""

from __future__ import annotations

FORMATS = (
    *("mov", "mp4", "m4a", "3gp", "matroska", "webm", "avi", "flv", "mpegts", "mpeg"),
    *("ogg", "asf", "dv"),
)

CODECS = frozenset(
    {
        *("h264", "hevc", "vvc", "av1", "vp9", "vp8", "vp6", "vp6f", "vp6a", "theora"),
        *("mpeg1video", "mpeg2video", "mpeg4", "h261", "h263", "h263p", "flv1"),
        *("msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "wmv1", "wmv2", "wmv3", "vc1"),
        *("mjpeg", "gif", "png", "apng", "qtrle", "svq1", "svq3", "cinepak", "rpza", "jpeg2000"),
        *("prores", "dnxhd", "cfhd", "ffv1", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "hap"),
        *("rawvideo", "v210", "dvvideo", "indeo3", "indeo4", "indeo5", "flashsv", "flashsv2", "zmbv"),
    }
)

LOSSLESS = frozenset(
    {
        *("gif", "png", "apng", "ffv1", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "rawvideo", "v210"),
        *("qtrle", "flashsv", "flashsv2", "zmbv"),
    }
)

# ffmpeg's own decoders of these ignore the alpha layer
ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}

_MAGIC = (b"\x1aE\xdf\xa3", b"RIFF", b"FLV\x01", b"GIF8", b"OggS", b"\x00\x00\x01\xba", b"0&\xb2u")
_MOV_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def looks_like_video(start: bytes) -> bool:
    """Whether a file starts like a video: if it cannot be opened, it is damaged, not another kind of file."""
    return start.startswith(_MAGIC) or start[4:8] in _MOV_ATOMS
