"""The formats that ffmpeg writes (all but GIF): its options, and each format's requirements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gifapp.conversion.encoders.frame_sizes import FrameSize, packet_sizes
from gifapp.conversion.encoders.last_frame import (
    set_apng_last_delay,
    set_webp_last_delay,
    webp_frame_sizes,
)
from gifapp.conversion.encoders.sequence_duration import set_avif_duration
from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.render.rendering import Rendering
from gifapp.domain.recipes.output_formats import Format
from gifapp.domain.recipes.recipe import MAX_LOSSY, Recipe
from gifapp.domain.timing import MAX_DELAY_CS

Arguments = list[str]

_WHITE = 255
_FLAT_SHARE = 0.7  # pixels that equal their neighbour: 0.9 and more on screens, 0 to 0.6 on films
_EVERY_PX = 8  # sampled rows
# in videos: players cannot seek into the middle of a longer frame; a repeat takes a few bytes
_MAX_STEP_CS = 10


@dataclass(frozen=True)
class Codec:
    """How a format is written.

    Attributes:
        variants: ffmpeg's options for the recipe, the first frames and the loop count; a lossy and a lossless
            set if only trying both shows which is better.
        prepare: adapts frames to the codec.
        frame_sizes: lists a file's frames.
        side_step_px: width and height are multiples of this.
        longest_cs: frames that last longer are stored several times.
        finish: completes a file of this duration in cs; returns the number of frames if that may be lower.
    """

    variants: Callable[[Recipe, Sequence[Frame], int], list[Arguments]]
    prepare: Callable[[Rendering], Rendering] = lambda rendering: rendering
    frame_sizes: Callable[[Path], list[FrameSize]] = packet_sizes
    side_step_px: int = 1
    longest_cs: int = MAX_DELAY_CS
    finish: Callable[[Path, int], int | None] = lambda *_: None


def _webp(recipe: Recipe, first_frames: Sequence[Frame], loop: int) -> list[Arguments]:
    """A lossy WebP stores colour at half the resolution, which is visible around letters on a screen.

    Without `lossy`, drawn content is often smaller when lossless, but not after a video codec. The first
    frames decide whether lossless is worth trying.
    """
    lossy = ["-compression_level", "4", "-quality", _level(recipe, 85, 5)]
    is_open = recipe.content == "auto" and _is_flat(first_frames)
    kinds = {"film": [lossy], "screen": [_LOSSLESS], "auto": [lossy, _LOSSLESS] if is_open else [lossy]}
    chosen = kinds[recipe.content] if recipe.lossy == 0 else [lossy]
    return [[*_WEBP, *kind, "-loop", str(loop), "-f", "webp"] for kind in chosen]


def _level(recipe: Recipe, best: int, worst: int, *, decimals: int = 0) -> str:
    """The encoder's own measure of quality for the recipe's `lossy`, from `best` to `worst`."""
    return f"{best + (worst - best) * recipe.lossy / MAX_LOSSY:.{decimals}f}"


def _is_flat(frames: Sequence[Frame]) -> bool:
    rows = [pixels[::_EVERY_PX] for pixels, _ in frames]
    same = [(row[:, 1:] == row[:, :-1]).all(axis=2) for row in rows]
    return bool(sum(map(np.count_nonzero, same)) >= _FLAT_SHARE * sum(pixels.size for pixels in same))


def _apng(_recipe: Recipe, _first_frames: Sequence[Frame], loop: int) -> list[Arguments]:
    return [["-c:v", "apng", "-pred", "mixed", "-plays", str(loop), "-f", "apng"]]


def _mp4(recipe: Recipe, _first_frames: Sequence[Frame], _loop: int) -> list[Arguments]:
    return [[*_H264, "-crf", _level(recipe, 20, 51, decimals=2), "-vf", f"{_BT709},format=yuv420p", *_MP4]]


def _avif(recipe: Recipe, first_frames: Sequence[Frame], loop: int) -> list[Arguments]:
    """Transparency is a second, lossless video, as the AVIF specification requires."""
    height_px, width_px, channels = first_frames[0].pixels.shape
    is_small = min(width_px, height_px) < _SVT_MIN_SIDE_PX
    encoder = [*(_LIBAOM if is_small else _SVT_AV1), "-crf:v:0", _level(recipe, 22, 62)]
    colour, end = f"{_BT601},format=yuv420p[colour]", ["-loop", str(loop), "-f", "avif"]
    if channels == 3:
        return [["-filter_complex", f"[0:v]{colour}", "-map", "[colour]", *encoder, *_TICKS, *end]]
    filters = f"[0:v]split[rgb][rgba];[rgb]{colour};[rgba]{_ALPHA}[alpha]"
    streams = ["-map", "[colour]", "-map", "[alpha]"]
    return [["-filter_complex", filters, *streams, *encoder, *_LOSSLESS_ALPHA, *_TICKS, *end]]


def _webm(recipe: Recipe, first_frames: Sequence[Frame], _loop: int) -> list[Arguments]:
    return [[*_VP9, "-crf", _level(recipe, 22, 62), *_in_webm(first_frames)]]


def _proxy(_recipe: Recipe, first_frames: Sequence[Frame], _loop: int) -> list[Arguments]:
    return [[*_FAST_VP9, *_in_webm(first_frames)]]


def _in_webm(first_frames: Sequence[Frame]) -> Arguments:
    has_alpha = first_frames[0].pixels.shape[2] == 4
    # libvpx rejects alternate reference frames together with transparency
    kind = ["yuva420p", "-auto-alt-ref", "0"] if has_alpha else ["yuv420p"]
    return [*_TICKS, "-vf", _BT709, "-pix_fmt", *kind, "-f", "webm"]


_WEBP = ["-c:v", "libwebp_anim", "-pix_fmt", "bgra"]
_LOSSLESS = ["-lossless", "1", "-compression_level", "2", "-quality", "50"]

_TICKS = ["-enc_time_base", "1/100"]
_SCALE = "scale=out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int:out_color_matrix="
_BT709 = f"{_SCALE}bt709,setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
# Chromium's AVIF decoder converts BT.709 with up to 5 levels too much blue, BT.601 exactly
_BT601 = f"{_SCALE}bt601,setparams=range=tv:colorspace=smpte170m:color_primaries=bt709:color_trc=iec61966-2-1"

# no B-frames, so that frames are stored in display order: with B-frames, players lose the last delay
_H264 = ["-c:v", "libx264", "-preset", "medium", "-bf", "0", *_TICKS]
_EVEN_SIDES = "An MP4 has even sides: a row or column was added to the {} \N{MULTIPLICATION SIGN} {} px."
_MP4 = ["-video_track_timescale", "100", "-movflags", "+faststart", "-f", "mp4"]

# measured on film: SVT-AV1 takes a third of libaom's CPU for about the same bytes and PSNR; but very
# small pictures crashed it
_SVT_AV1 = ["-c:v:0", "libsvtav1", "-preset", "8"]
_SVT_MIN_SIDE_PX = 16
_LIBAOM = ["-c:v:0", "libaom-av1", "-cpu-used:v:0", "6"]
_ALPHA = "alphaextract,format=gray,setparams=range=pc:colorspace=bt709"
_LOSSLESS_ALPHA = ["-c:v:1", "libaom-av1", "-cpu-used:v:1", "6", "-aom-params:v:1", "lossless=1"]

_VP9 = ["-c:v", "libvpx-vp9", "-deadline", "good", "-cpu-used", "3", "-row-mt", "1", "-b:v", "0"]
# many key frames, because the stage plays backwards by seeking
_FAST_VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1"]
_FAST_VP9 += ["-b:v", "1M", "-crf", "24", "-g", "12"]


def _for_h264(rendering: Rendering) -> Rendering:
    """Remove transparency and make the sides even: H.264 stores one colour for four pixels."""
    width_px, height_px = (side + side % 2 for side in (rendering.width_px, rendering.height_px))
    notes = rendering.notes
    if (width_px, height_px) != (rendering.width_px, rendering.height_px):
        notes = (*notes, _EVEN_SIDES.format(rendering.width_px, rendering.height_px))
    return replace(
        rendering,
        width_px=width_px,
        height_px=height_px,
        has_alpha=False,
        notes=notes,
        frames=(Frame(_even(_opaque(pixels)), delay_cs) for pixels, delay_cs in rendering.frames),
    )


def _opaque(pixels: Pixels) -> Pixels:
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.uint16)
    return ((pixels[..., :3] * alpha + _WHITE * (255 - alpha) + 127) // 255).astype(np.uint8)


def _even(pixels: Pixels) -> Pixels:
    """Repeat the last column or row if a side is odd."""
    height_px, width_px = pixels.shape[:2]
    if height_px % 2 == width_px % 2 == 0:
        return pixels
    return np.pad(pixels, ((0, height_px % 2), (0, width_px % 2), (0, 0)), mode="edge")


CODECS: Mapping[Format, Codec] = {
    "webp": Codec(_webp, frame_sizes=webp_frame_sizes, finish=set_webp_last_delay),
    "avif": Codec(_avif, finish=set_avif_duration),
    "apng": Codec(_apng, finish=set_apng_last_delay),
    "mp4": Codec(_mp4, prepare=_for_h264, side_step_px=2, longest_cs=_MAX_STEP_CS),
    "webm": Codec(_webm, longest_cs=_MAX_STEP_CS),
}
"""Every format but GIF, which has its own encoder."""

PROXY = Codec(_proxy, longest_cs=_MAX_STEP_CS)
"""A WebM that is made quickly and easy to seek in; see `conversion.proxy`."""
