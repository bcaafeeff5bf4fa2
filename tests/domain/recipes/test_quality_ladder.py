from fractions import Fraction
from itertools import pairwise

import pytest

from gifapp.domain.recipes.quality_ladder import EncodeSettings, GifStats, Stage, given_up, ladder

PLAIN = EncodeSettings(lossy=0, colours=256)


def stages(
    plain: EncodeSettings = PLAIN, fps: float = 12.5, *, is_exact: bool = False, is_screen: bool = False
) -> list[Stage]:
    before = GifStats(plain.lossy, plain.colours, fps, 480, 270, 20.0)
    return ladder(plain, before, is_exact=is_exact, is_screen=is_screen)


@pytest.mark.parametrize("fps", [1, 5, 10, 12.5, 24, 25, 30, 50])
@pytest.mark.parametrize("is_exact", [False, True])
@pytest.mark.parametrize("is_screen", [False, True])
def test_every_step_lowers_the_quality_further(fps: float, *, is_exact: bool, is_screen: bool) -> None:
    for stage in stages(fps=fps, is_exact=is_exact, is_screen=is_screen):
        steps = [stage.at(place / 40) for place in range(41)]
        for before, after in pairwise(steps):
            assert after.frame_share == before.frame_share
            assert after.lossy >= before.lossy
            assert (after.colours, after.scale, after.length) <= (before.colours, before.scale, before.length)
            assert after.scale <= before.scale


def test_every_stage_drops_more_frames_and_starts_at_full_quality() -> None:
    begins = [stage.at(0) for stage in stages()]
    assert begins == [EncodeSettings(0, 256, frame_share=stage.at(0).frame_share) for stage in stages()]
    assert begins[0] == PLAIN
    assert all(after.frame_share < before.frame_share for before, after in pairwise(begins))


def test_stage_ends_at_its_last_step() -> None:
    stage = Stage((PLAIN, EncodeSettings(40, 256), EncodeSettings(80, 64, scale=0.5)))
    assert (stage.at(0), stage.at(0.5), stage.at(1)) == stage.points
    assert stage.at(0.75) == EncodeSettings(60, 128, scale=0.75)


def test_ladder_never_exceeds_the_recipe() -> None:
    plain = EncodeSettings(lossy=90, colours=32)
    for stage in stages(plain):
        assert all(point.lossy >= 90 and point.colours <= 32 for point in stage.points)


def test_exact_picture_keeps_its_dimensions_and_others_their_duration() -> None:
    assert all(point.scale == 1 for stage in stages(is_exact=True) for point in stage.points)
    assert stages(is_exact=True)[-1].at(1).length == 0.5 / 20.0
    assert all(point.length == 1 for stage in stages() for point in stage.points)


def test_screen_recording_drops_frames_before_it_shrinks() -> None:
    film, screen = stages(fps=25), stages(fps=25, is_screen=True)
    assert film[0].at(1).scale < 1
    assert [stage.at(1).scale for stage in screen[:2]] == [1, 1]
    assert screen[1].at(1).frame_share < screen[0].at(1).frame_share
    assert screen[-1].at(1).scale == film[-1].at(1).scale


def test_slow_clip_keeps_all_of_its_frames_longest() -> None:
    assert [stage.points[0].frame_share for stage in stages(fps=4)] == [Fraction(1)]


def test_reductions_are_described_in_a_sentence() -> None:
    before = GifStats(0, 256, 12.5, 480, 270, 10.0)
    after = GifStats(0, 128, 8.33, 480, 270, 10.0)
    assert given_up(1_000_000, before, after) == "To fit 1.0 MB: 128 colours, 8.3 fps (was 12.5)."
    shorter = GifStats(60, 256, 12.5, 240, 135, 4.0)
    assert given_up(128_000, before, shorter) == (
        "To fit 128 kB: stronger compression, 240 × 135 px (was 480 × 270), only the first 4.0 s (of 10.0)."  # noqa: RUF001
    )
