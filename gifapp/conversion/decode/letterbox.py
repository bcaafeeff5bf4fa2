"""Pictures of another size or shape than the first, fitted into it in proportion, in ffmpeg's words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gifapp.conversion.video import Video


def of_one_size(video: Video) -> Iterator[str]:
    """Fitted as they are stored; those of the first one's size pass through."""
    yield f"scale={_size(video)}:force_original_aspect_ratio=decrease:eval=frame"
    yield _padded(video)


def stretched(video: Video) -> Iterator[str]:
    """Of one size, to be fitted later: as long as it holds two fields, no picture is made less high."""
    yield f"scale={_size(video)}:eval=frame"


def of_one_shape(video: Video, start_s: Fraction) -> Iterator[str]:
    """Fitted as they are displayed; time 0 is at `start_s` of the video."""
    if video.shape_changes:
        sizes = [(video.stored_width_px, video.stored_height_px), *_fitted_sizes(video)]
        times = [_between(video, change.at_s) - start_s for change in video.shape_changes]
        width, height = (_at_time([size[side] for size in sizes], times) for side in (0, 1))
        yield f"scale=w='{width}':h='{height}':eval=frame"
        yield _padded(video)


def _fitted_sizes(video: Video) -> Iterator[tuple[int, int]]:
    for change in video.shape_changes:
        width_px = video.stored_width_px * min(1, change.relative)
        height_px = video.stored_height_px / max(1, change.relative)
        yield max(1, round(width_px)), max(1, round(height_px))


def _between(video: Video, at_s: float) -> Fraction:
    """Half a step of the clock before the first picture of another shape."""
    step_s = video.clock.step_s
    return (round(Fraction(at_s) / step_s) - Fraction(1, 2)) * step_s


def _at_time(sides: list[int], times: list[Fraction]) -> str:
    """The first side, and the next one from each time on: a tree, for ffmpeg bounds how deep a formula is."""
    if len({*sides}) == 1:
        return str(sides[0])
    middle = len(times) // 2
    before = _at_time(sides[: middle + 1], times[:middle])
    after = _at_time(sides[middle + 1 :], times[middle + 1 :])
    return f"if(lt(t,{float(times[middle]):.7f}),{before},{after})"


def _size(video: Video) -> str:
    return f"{video.stored_width_px}:{video.stored_height_px}"


def _padded(video: Video) -> str:
    beside = "black@0" if video.has_alpha else "black"
    return f"pad={_size(video)}:-1:-1:{beside}:eval=frame"
