"""Builds ffmpeg filters that letterbox pictures of other sizes or shapes into those of the first. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gifapp.conversion.video import Video

_UNSHARED_CHROMA = "|".join(
    [
        *("yuv444p", "yuv444p10le", "yuv444p12le", "yuv444p16le", "yuva444p", "yuva444p10le", "yuva444p16le"),
        *("gbrp", "gbrp10le", "gbrp12le", "gbrp16le", "gbrap", "gbrap16le", "gray", "gray10le", "gray16le"),
    ]
)


def of_one_size(video: Video) -> Iterator[str]:
    """Letterbox by stored size; pictures of the first one's size are unchanged."""
    yield f"scale={_size(video)}:force_original_aspect_ratio=decrease:eval=frame"
    yield from _padded(video)


def stretched(video: Video) -> Iterator[str]:
    """Stretch to one size, to be letterboxed later: scaling down would mix the two fields of a picture."""
    yield f"scale={_size(video)}:eval=frame"


def of_one_shape(video: Video, start_s: Fraction) -> Iterator[str]:
    """Letterbox by displayed shape; time 0 is at `start_s` of the video."""
    if video.shape_changes:
        sizes = [(video.stored_width_px, video.stored_height_px), *_fitted_sizes(video)]
        times = [_between(video, change.at_s) - start_s for change in video.shape_changes]
        width, height = (_at_time([size[side] for size in sizes], times) for side in (0, 1))
        yield f"scale=w='{width}':h='{height}':eval=frame"
        yield from _padded(video)


def _fitted_sizes(video: Video) -> Iterator[tuple[int, int]]:
    for change in video.shape_changes:
        width_px = video.stored_width_px * min(1, change.relative)
        height_px = video.stored_height_px / max(1, change.relative)
        yield max(1, round(width_px)), max(1, round(height_px))


def _between(video: Video, at_s: float) -> Fraction:
    """The switching time: half a clock step before the first picture of another shape."""
    step_s = video.clock.step_s
    return (round(Fraction(at_s) / step_s) - Fraction(1, 2)) * step_s


def _at_time(sides: list[int], times: list[Fraction]) -> str:
    """An expression for the side that applies at a time; a binary tree, since ffmpeg limits nesting."""
    if len({*sides}) == 1:
        return str(sides[0])
    middle = len(times) // 2
    before = _at_time(sides[: middle + 1], times[:middle])
    after = _at_time(sides[middle + 1 :], times[middle + 1 :])
    return f"if(lt(t,{float(times[middle]):.7f}),{before},{after})"


def _size(video: Video) -> str:
    return f"{video.stored_width_px}:{video.stored_height_px}"


def _padded(video: Video) -> Iterator[str]:
    if video.stored_width_px % 2 or video.stored_height_px % 2:
        yield f"format={_UNSHARED_CHROMA}"  # `pad` rounds down to whole chroma samples
    padding_colour = "black@0" if video.has_alpha else "black"
    yield f"pad={_size(video)}:-1:-1:{padding_colour}:eval=frame"
