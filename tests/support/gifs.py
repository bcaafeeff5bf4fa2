"""Makes GIFs with the encoder alone, and reads them with independent decoders."""

import io
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
from PIL import Image, ImageSequence

from gifapp.conversion.frame import Frame
from gifapp.conversion.gif import lzw
from gifapp.conversion.gif.encoder import Encoded, Style, encode

GIFSICLE = Path(sys.executable).with_name("gifsicle")


def gif_of(
    pictures: Iterable[np.ndarray],
    delays_cs: Sequence[int] | int = 8,
    *,
    loop: int = 0,
    on_frame: Callable[[int], None] | None = None,
    **style: Any,
) -> tuple[bytes, Encoded]:
    """Encode the pictures as a GIF of this style; other fields are those of a default recipe."""
    frames = [np.asarray(picture, np.uint8) for picture in pictures]
    delays = [delays_cs] * len(frames) if isinstance(delays_cs, int) else delays_cs
    height_px, width_px = frames[0].shape[:2]
    out = io.BytesIO()
    encoded = encode(
        map(Frame, frames, delays),
        out,
        width_px=width_px,
        height_px=height_px,
        loop=loop,
        style=Style(**style),
        on_frame=on_frame,
    )
    return out.getvalue(), encoded


def compressed(indices: np.ndarray, colour_bits: int) -> bytes:
    """The image data of a frame."""
    return lzw.packed(lzw.codes_of(indices), colour_bits, lzw.AS_THEY_ARE)


def seen_by_pillow(gif: bytes) -> tuple[np.ndarray, list[int]]:
    """RGBA frames, uint8 (n, height, width, 4), and their delays; transparent pixels are all zero."""
    with Image.open(io.BytesIO(gif)) as image:
        frames = [
            (np.asarray(frame.convert("RGBA")), frame.info["duration"])
            for frame in ImageSequence.Iterator(image)
        ]
    return _plain(np.stack([frame for frame, _ in frames])), [round(duration / 10) for _, duration in frames]


def seen_by_ffmpeg(gif: bytes) -> np.ndarray:
    """The same frames by ffmpeg's decoder, in the order of the file."""
    argv = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-xerror",
        "-err_detect",
        "explode",
        "-f",
        "gif",
        "-i",
        "-",
        "-fps_mode",
        "passthrough",
    ]
    done = subprocess.run(
        [*argv, "-f", "rawvideo", "-pix_fmt", "rgba", "-"], input=gif, capture_output=True, check=True
    )
    width_px, height_px = int.from_bytes(gif[6:8], "little"), int.from_bytes(gif[8:10], "little")
    return _plain(np.frombuffer(done.stdout, np.uint8).reshape(-1, height_px, width_px, 4))


def gifsicle(gif: bytes, *words: str) -> str:
    """gifsicle's description of the file; it complains about anything out of order."""
    done = subprocess.run([GIFSICLE, "--info", *words, "-"], input=gif, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout.decode("latin-1")


def _plain(frames: np.ndarray) -> np.ndarray:
    return np.where(frames[..., 3:] > 0, frames, 0)


def seen_by_libav(gif: bytes) -> tuple[np.ndarray, list[int]]:
    """RGBA frames and delays by FFmpeg's libraries in this process: hundreds of GIFs a second."""
    with av.open(io.BytesIO(gif), "r", format="gif", options={"min_delay": "0"}) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        frames = [frame.to_ndarray(format="rgba") for packet in packets for frame in packet.decode()]
        ticks_cs = float(packets[0].time_base * 100)
    return _plain(np.stack(frames)), [round((packet.duration or 0) * ticks_cs) for packet in packets]


def seen_by_gifsicle(gif: bytes) -> tuple[np.ndarray, list[int]]:
    """RGBA frames and delays as composed by gifsicle, which rewrites each frame; libav then reads them.

    Pillow would take some pixels for transparent: findings/pillow_gif_grey_ramp_keeps_transparency.sh
    """
    gifsicle(gif)  # here it reports errors; below it would only report too many colours
    argv = [str(GIFSICLE), "--no-warnings", "--optimize=2", "--optimize=keep-empty", "-"]
    return seen_by_libav(subprocess.run(argv, input=gif, capture_output=True, check=True).stdout)
