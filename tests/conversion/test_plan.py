from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gifapp import errors
from gifapp.conversion.decode.filters import filter_chain
from gifapp.conversion.plan import make_plan
from gifapp.conversion.video import ColourTags, Turn, Video
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Crop, Look, Recipe, Segment
from gifapp.domain.timing import delays_cs

VIDEO = Video(
    container="mov",
    codec="h264",
    decoder=None,
    width_px=640,
    height_px=360,
    duration_s=10.0,
    fps=25.0,
    is_vfr=False,
    has_alpha=False,
    start_s=0.0,
    last_s=9.96,
    stored_width_px=640,
    stored_height_px=360,
    pixel_aspect=1.0,
    turn=Turn.NONE,
    colours=ColourTags("bt709", "bt709", "bt709", full_range=False),
    notes=(),
)
ANIMATION = replace(
    VIDEO,
    container="gif",
    codec="gif",
    stored_width_px=1920,
    stored_height_px=1080,
    delays_s=(0.1,) * 300,
    duration_s=30.0,
    fps=10.0,
    composed_px=300 * 1920 * 1080,
)
SEGMENTS = st.lists(
    st.tuples(st.floats(0, 9.5), st.floats(0.01, 5)).map(lambda p: Segment(start_s=p[0], end_s=p[0] + p[1])),
    min_size=1,
    max_size=20,
)


@given(SEGMENTS, st.floats(0.1, 10), st.floats(1, 50), st.just(0.0) | st.floats(0, 10))
def test_every_frame_of_the_clip_is_read_once(
    segments: list[Segment], speed: float, fps: float, crossfade_s: float
) -> None:
    recipe = Recipe(segments=segments, speed=speed, fps=fps, crossfade_s=crossfade_s)
    plan = make_plan(VIDEO, recipe, Limits(max_duration_s=1e4))
    assert plan.frames == len(list(delays_cs(plan.duration_s, plan.fps)))
    assert plan.cuts[0].overlap == 0
    assert all(cut.frames > 0 for cut in plan.cuts)
    assert all(cut.frames >= cut.overlap >= 0 for cut in plan.cuts)
    assert all(cut.frames - cut.overlap >= following.overlap for cut, following in pairwise(plan.cuts))
    assert crossfade_s or not any(cut.overlap for cut in plan.cuts)


@given(SEGMENTS, st.floats(1, 50), st.floats(0, 10))
def test_crossfade_shortens_the_clip_by_its_length(
    segments: list[Segment], fps: float, crossfade_s: float
) -> None:
    joined = make_plan(VIDEO, Recipe(segments=segments, fps=fps), Limits(max_duration_s=1e4))
    mixed = make_plan(
        VIDEO, Recipe(segments=segments, fps=fps, crossfade_s=crossfade_s), Limits(max_duration_s=1e4)
    )
    lost_s = joined.duration_s - mixed.duration_s
    assert 0 <= lost_s + 1e-9 <= (len(segments) - 1) * crossfade_s + 2e-9
    assert mixed.duration_s >= joined.duration_s / 3 - 1e-9


@given(SEGMENTS, st.floats(1, 50))
def test_every_cut_starts_near_its_segment(segments: list[Segment], fps: float) -> None:
    plan = make_plan(VIDEO, Recipe(segments=segments, fps=fps), Limits())
    starts = [segment.start_s for segment in segments]
    for cut in plan.cuts:
        assert min(abs(cut.start_s - start_s) for start_s in starts) <= 0.5 / plan.fps + 1e-9


@pytest.mark.parametrize("end_s", [5e-324, 1e-300, 1e-9, 0.001])
def test_shortest_segment_is_one_frame_at_a_valid_rate(end_s: float) -> None:
    plan = make_plan(VIDEO, Recipe(segments=(Segment(end_s=end_s),), speed=10.0), Limits())
    assert plan.frames == 1
    assert plan.fps <= 100


def test_crop_undoes_the_pixel_aspect() -> None:
    wide = replace(VIDEO, width_px=1280, pixel_aspect=2.0)
    plan = make_plan(wide, Recipe(crop=Crop(x_px=640, width_px=320, height_px=360)), Limits())
    assert "crop=160:360:320:0" in filter_chain(wide, plan, plan.cuts[0])


@pytest.mark.parametrize("container", ["mov", "avi"])
def test_filters_subtract_the_files_start_time(container: str) -> None:
    late = replace(VIDEO, container=container, start_s=1.5)
    plan = make_plan(late, Recipe(segments=[Segment(start_s=2.0)]), Limits())
    chain = filter_chain(late, plan, plan.cuts[0])
    assert "setpts=round((PTS-(1500000000))/1000)*1000-(2000000000)" in chain


@pytest.mark.parametrize(
    ("video", "recipe"),
    [
        (replace(VIDEO, stored_width_px=3840, stored_height_px=2160, duration_s=600.0, fps=60.0),
         Recipe(segments=[Segment(start_s=300, end_s=305)])),
        (replace(VIDEO, stored_width_px=1920, stored_height_px=1080, duration_s=300.0, fps=60.0), Recipe()),
        (replace(VIDEO, stored_width_px=8192, stored_height_px=4320, fps=None), Recipe()),
        (ANIMATION, Recipe()),
        (replace(ANIMATION, container="pictures", composed_px=80 * 24_000_000, delays_s=(0.1,) * 80,
                 duration_s=8.0), Recipe()),
    ],
    ids=["five seconds of 4K", "five minutes of 1080p", "a picture of 8K", "a large GIF", "80 photographs"],
)  # fmt: skip
def test_ordinary_large_sources_are_accepted(video: Video, recipe: Recipe) -> None:
    assert make_plan(video, recipe, Limits()).frames >= 1


BOMB = replace(ANIMATION, stored_width_px=8000, stored_height_px=4400, composed_px=300 * 8000 * 4400)


@pytest.mark.parametrize(
    ("video", "recipe", "pictures"),
    [
        (BOMB, Recipe(), 300),
        (replace(BOMB, composed_px=0), Recipe(), 300),
        (replace(BOMB, stored_width_px=1, stored_height_px=1), Recipe(), 300),
        (BOMB, Recipe(segments=[Segment(start_s=29.9)]), 300),
        (BOMB, Recipe(segments=[Segment(start_s=1, end_s=1.1)] * 10), 110),
        (replace(BOMB, container="pictures"), Recipe(segments=[Segment(start_s=10, end_s=20)]), 100),
        (replace(VIDEO, stored_width_px=8192, stored_height_px=4320, duration_s=300.0, fps=100.0),
         Recipe(), 30_000),
        (replace(VIDEO, stored_width_px=16, stored_height_px=16, duration_s=300.0, fps=20_000.0),
         Recipe(), 6_000_000),
        (replace(ANIMATION, stored_width_px=1, stored_height_px=1, delays_s=(0.02,) * 10_000,
                 duration_s=200.0, composed_px=10_000),
         Recipe(segments=[Segment(start_s=199.5)] * 50), 500_000),
    ],
    ids=["GIF", "GIF of an older probe", "tiles beyond the canvas", "the end of a GIF", "a range many times",
         "zip", "video", "video of millions of tiny frames", "the end of a tiny GIF many times"],
)  # fmt: skip
def test_clip_that_would_take_too_long_is_refused(video: Video, recipe: Recipe, pictures: int) -> None:
    with pytest.raises(errors.ClipTooManyPixels, match=f"{pictures:,} frames") as refused:
        make_plan(video, recipe, Limits())
    assert f"{refused.value.facts['limit_px']:,}" in str(refused.value)


def test_short_segment_of_a_too_large_source_is_accepted() -> None:
    recipe = Recipe(segments=[Segment(end_s=5.0)])
    assert make_plan(BOMB, recipe, Limits()).frames == 50


FILM = replace(VIDEO, stored_width_px=3840, stored_height_px=2160, duration_s=300.0, entries_s=(0.0,))
END = Segment(start_s=299.0)


@pytest.mark.parametrize(
    ("video", "recipe"),
    [
        (FILM, Recipe(segments=[END] * 2)),
        (replace(FILM, container="mpegts", entries_s=None), Recipe(segments=[END] * 2)),
        (replace(FILM, entries_s=(0.0, 297.0)), Recipe(segments=[END] * 2)),
        (FILM, Recipe(segments=[END], look=Look(stabilise=True))),
    ],
    ids=["one key frame", "not seekable", "too near to be reached", "read twice"],
)
def test_frames_before_a_range_count_from_the_key_frame_on(video: Video, recipe: Recipe) -> None:
    with pytest.raises(errors.ClipFarFromKeyFrame) as refused:
        make_plan(video, recipe, Limits())
    assert refused.value.facts["pictures"] == 2 * 300 * 25
    assert f"{refused.value.facts['clip_px']:,}" in str(refused.value)


@pytest.mark.parametrize("entries_s", [None, (0.0, 200.0, 296.0)], ids=["unknown", "near"])
def test_ranges_near_a_key_frame_are_read_however_many(entries_s: tuple[float, ...] | None) -> None:
    video = replace(FILM, entries_s=entries_s)
    assert len(make_plan(video, Recipe(segments=[END] * 50), Limits()).cuts) == 50
