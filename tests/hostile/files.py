"""Malicious uploads, each made by the function of its name."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.support import clips
from tests.support.fakes import damaged, patched, truncated
from tests.support.letters import run_ffmpeg, write_clip

Make = Callable[[Path], Path]


def playlists(url: str) -> dict[str, bytes]:
    """Playlists that make a naive reader open `url` or a local file, by the name of their format."""
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}/a.ts\n#EXTINF:1,\nfile:///etc/passwd\n"
    dash = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
        ' mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-main:2011"><Period>'
        f'<AdaptationSet mimeType="video/mp4"><BaseURL>{url}/</BaseURL>'
        '<Representation id="1" bandwidth="1"><SegmentList duration="1"><SegmentURL media="a.mp4"/>'
        "</SegmentList></Representation></AdaptationSet></Period></MPD>"
    )
    host, _, port = url.removeprefix("http://").partition(":")
    sdp = f"v=0\no=- 0 0 IN IP4 {host}\ns=x\nc=IN IP4 {host}\nt=0 0\nm=video {port} RTP/AVP 96\n"
    return {
        "hls": hls.encode(),
        "dash": dash.encode(),
        "ffconcat": f"ffconcat version 1.0\nfile {url}/a.mp4\nfile /etc/passwd\n".encode(),
        "sdp": f"{sdp}a=rtpmap:96 H264/90000\n".encode(),
        "avi with a playlist for subtitles": _avi_with_subtitles(hls.encode()),
    }


NO_VIDEOS: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"a",
    "text": b"a quick brown fox\n" * 100,
    "html": b"<!doctype html><script>alert(1)</script>",
    "elf": b"\x7fELF\x02\x01\x01" + bytes(2000),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "gif that is a script": b"GIF89a/*" + bytes(30) + b"*/=1;alert(1)",
    "zip of a zip": b"",  # made below
}


def _zip_of(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


NO_VIDEOS["zip of a zip"] = _zip_of("../../a.zip", _zip_of("a.png", bytes(10**7)))


def _clip(path: Path) -> Path:
    return clips.pattern(path, seconds=0.4)


def mp4_and_zip(path: Path) -> Path:
    return patched(_clip(path), lambda data: data + _zip_of("evil.sh", b"rm -rf /"))


def half_of_it(path: Path) -> Path:
    fast = clips.pattern(path, to=("-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart"))
    return truncated(fast, keep=0.5)


def no_moov(path: Path) -> Path:
    return truncated(clips.pattern(path), keep=0.5)


def flipped_bytes(path: Path) -> Path:
    return damaged(clips.pattern(path), every=97)


def a_minute_of_damaged_slices(path: Path) -> Path:
    return damaged(clips.pattern(path.with_suffix(".ts"), size="160x120", seconds=60), every=1500)


def lasts_2_to_the_32(path: Path) -> Path:
    return patched(_clip(path), _putting({"mvhd": (16, b"\xff" * 4), "mdhd": (16, b"\xff" * 4)}))


def no_timescale(path: Path) -> Path:
    return patched(_clip(path), _putting({"mdhd": (12, bytes(4)), "mvhd": (12, bytes(4))}))


def a_million_frames_a_second(path: Path) -> Path:
    return clips.pattern(path.with_suffix(".avi"), seconds=0.0001, fps=1_000_000)


def sizes_that_lie(path: Path) -> Path:
    huge = {"tkhd": (76, struct.pack(">II", 60000 << 16, 60000 << 16)), "avc1": (24, b"\xea\x60\xea\x60")}
    return patched(_clip(path), _putting(huge))


def a_matrix_of_zeros(path: Path) -> Path:
    return patched(_clip(path), _putting({"tkhd": (40, bytes(36))}))


def turned_by_45_degrees(path: Path) -> Path:
    tilt = struct.pack(">9i", 46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30)
    return patched(_clip(path), _putting({"tkhd": (40, tilt)}))


def very_large(path: Path) -> Path:
    return clips.pattern(path, size="16000x8000", seconds=0.04, to=("-c:v", "mjpeg"))


def very_tall(path: Path) -> Path:
    return clips.pattern(path, size="4x8192", seconds=0.2)


def very_wide(path: Path) -> Path:
    return clips.pattern(path, size="8192x4", seconds=0.2)


def very_many_frames(path: Path) -> Path:
    still = clips.pattern(path.with_name("one.mkv"), size="16x16", seconds=0.01, fps=1000, to=("-c:v", "png"))
    run_ffmpeg("-stream_loop", 5_000, "-i", still, "-c", "copy", path.with_suffix(".mkv"))
    return path.with_suffix(".mkv")


def a_day_long(path: Path) -> Path:
    still = ("-f", "lavfi", "-i", "color=red:size=16x16:rate=1/60:duration=86400")
    run_ffmpeg(*still, "-c:v", "libx264", "-preset", "ultrafast", path)
    return path


def a_gif_of_65535(path: Path) -> Path:
    image = b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x4c\x01\x00"
    head = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6)
    path.with_suffix(".gif").write_bytes(head + image + b";")
    return path.with_suffix(".gif")


def two_hundred_streams(path: Path) -> Path:
    red = clips.pattern(path.with_name("one.mkv"), size="16x16", seconds=0.2)
    run_ffmpeg("-i", red, *["-map", "0"] * 200, "-c", "copy", path.with_suffix(".mkv"))
    return path.with_suffix(".mkv")


def one_frame(path: Path) -> Path:
    return write_clip(path.with_suffix(".mkv"), [["RG"]])


def one_pixel(path: Path) -> Path:
    return write_clip(path.with_suffix(".mkv"), [["R"], ["G"]])


def odd_sizes(path: Path) -> Path:
    return clips.pattern(path.with_suffix(".mkv"), size="33x17", seconds=0.2, to=("-c:v", "ffv1"))


def another_size_in_mid_stream(path: Path) -> Path:
    parts = [
        clips.pattern(path.with_name(f"{size}.ts"), size=size, seconds=0.2) for size in ("64x48", "160x120")
    ]
    path.with_suffix(".ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    return path.with_suffix(".ts")


def encrypted(path: Path) -> Path:
    key = "76a6c65c5ea762046bd749a2e632ccbb"
    cenc = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key)
    run_ffmpeg("-i", _clip(path.with_name("clear.mp4")), "-c", "copy", *cenc, path)
    return path


def a_codec_of_nobodys(path: Path) -> Path:
    return clips.pattern(path.with_suffix(".mkv"), seconds=0.1, to=("-c:v", "snow", "-strict", "-2"))


# the expected end: a job's state or the status of the upload
REFUSED, FAILED, MADE = "refused", "failed", "succeeded"

VIDEOS: list[tuple[Make, str]] = [
    (mp4_and_zip, MADE),
    (half_of_it, MADE),
    (no_moov, REFUSED),
    (flipped_bytes, REFUSED),
    (a_minute_of_damaged_slices, MADE),
    (lasts_2_to_the_32, MADE),
    (no_timescale, MADE),
    (a_million_frames_a_second, MADE),
    (sizes_that_lie, MADE),
    (a_matrix_of_zeros, MADE),
    (turned_by_45_degrees, MADE),
    (very_large, REFUSED),
    (very_tall, MADE),
    (very_wide, MADE),
    (very_many_frames, MADE),
    (a_day_long, REFUSED),
    (a_gif_of_65535, REFUSED),
    (two_hundred_streams, MADE),
    (one_frame, MADE),
    (one_pixel, MADE),
    (odd_sizes, MADE),
    (another_size_in_mid_stream, MADE),
    (clips.sound_only, REFUSED),
    (clips.with_cover, REFUSED),
    (encrypted, REFUSED),
    (a_codec_of_nobodys, REFUSED),
]


def huge_overlay() -> bytes:
    """A picture of 30000 x 30000 in a few kilobytes."""
    packed = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(packed, "PNG")
    return packed.getvalue()


def _putting(changes: dict[str, tuple[int, bytes]]) -> Callable[[bytes], bytes]:
    """Overwrite bytes in MP4 boxes: by the type of the box, the offset after it, and the new bytes."""

    def change(data: bytes) -> bytes:
        changed = bytearray(data)
        for box, (offset, content) in changes.items():
            at = data.index(box.encode()) + 4 + offset
            changed[at : at + len(content)] = content
        return bytes(changed)

    return change


def _avi_with_subtitles(playlist: bytes) -> bytes:
    """An AVI with one picture and a subtitle track that is a playlist, which ffmpeg once followed."""
    picture = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(picture, "JPEG")
    main = struct.pack("<14I", 40_000, 0, 0, 0, 1, 0, 2, 0, 16, 16, 0, 0, 0, 0)
    vids = _stream(b"vids", b"MJPG", struct.pack("<IiiHH4s5I", 40, 16, 16, 1, 24, b"MJPG", 768, 0, 0, 0, 0))
    words = b"GAB2\0" + struct.pack("<HI", 2, 2) + b"x\0" + struct.pack("<HI", 4, len(playlist)) + playlist
    txts = _stream(b"txts", bytes(4), b"")
    head = _list(b"hdrl", _chunk(b"avih", main) + vids + txts)
    movie = _list(b"movi", _chunk(b"00dc", picture.getvalue()) + _chunk(b"01tx", words))
    return _chunk(b"RIFF", b"AVI " + head + movie)


def _stream(kind: bytes, handler: bytes, form: bytes) -> bytes:
    head = kind + handler + struct.pack("<IHHIIIIIIIIHHHH", 0, 0, 0, 0, 1, 25, 0, 1, 0, 0, 0, 0, 0, 16, 16)
    return _list(b"strl", _chunk(b"strh", head) + _chunk(b"strf", form))


def _list(kind: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", kind + content)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
