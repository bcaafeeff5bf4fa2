"""Streams with unreliable clocks: concatenated, cut, or without presentation timestamps."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe, Segment
from tests.conversion.decode.test_even_steps import numbered, shown

RATE = Fraction(10)
PLAIN = Recipe(fps=10)
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "2")


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


@pytest.mark.parametrize("name", ["one.ts", "one.mpg"])
@pytest.mark.parametrize("times", [2, 3])
def test_concatenated_recordings_play_in_turn(tmp_path: Path, name: str, times: int) -> None:
    rate, to = (Fraction(25), (*MPEG2, "-bf", "0")) if name.endswith("mpg") else (RATE, ())
    recording = numbered(tmp_path / name, rate, 2, to)
    both = joined(tmp_path / f"both{recording.suffix}", *[recording] * times)
    numbers = shown(both, Recipe(fps=float(rate)))
    assert len(numbers) == pytest.approx(times * 2 * rate, abs=times)
    assert [*dict.fromkeys(numbers)] == [*range(int(2 * rate))]
    assert sum(later < earlier for earlier, later in pairwise(numbers)) == times - 1


@pytest.mark.parametrize("late_s", [30, 5000])
def test_jump_of_the_clock_is_no_pause(tmp_path: Path, late_s: int) -> None:
    parts = (
        numbered(tmp_path / "1.ts", RATE, 2),
        numbered(tmp_path / "2.ts", RATE, 2, ("-output_ts_offset", str(late_s))),
    )
    assert shown(joined(tmp_path / "both.ts", *parts), PLAIN) == [*range(20)] * 2


def test_segment_across_concatenated_recordings(tmp_path: Path) -> None:
    recording = numbered(tmp_path / "one.ts", RATE, 2)
    both = joined(tmp_path / "both.ts", recording, recording)
    assert shown(both, Recipe(fps=10, segments=[Segment(start_s=1.5, end_s=2.5)])) == [
        15,
        16,
        17,
        18,
        19,
        *range(5),
    ]


@pytest.mark.parametrize("share", [0.17, 0.4])
def test_time_0_is_the_first_decodable_picture(tmp_path: Path, share: float) -> None:
    whole = numbered(
        tmp_path / "whole.ts", RATE, 6, ("-g", "30", "-keyint_min", "30", "-bf", "0")
    ).read_bytes()
    (tmp_path / "cut.ts").write_bytes(whole[int(len(whole) * share) // 188 * 188 :])
    assert shown(tmp_path / "cut.ts", PLAIN) == [*range(30, 60)]


@pytest.mark.parametrize(
    "to",
    [
        ("-c:v", "libx264", "-qp", "0", "-bf", "3", "-b_strategy", "0"),
        ("-c:v", "mpeg4", "-q:v", "2", "-bf", "2"),
        ("-c:v", "mpeg4", "-q:v", "2"),
    ],
)
def test_avi_shows_every_picture_for_the_same_time(tmp_path: Path, to: tuple[str, ...]) -> None:
    clip = numbered(tmp_path / "a.avi", RATE, 4, to)
    assert shown(clip, PLAIN) == [*range(40)]
    assert probe(clip, limits=Limits()).duration_s == pytest.approx(4)
    assert shown(clip, Recipe(fps=10, segments=[Segment(start_s=1, end_s=2)])) == [*range(10, 20)]


@pytest.mark.parametrize("share", [0.2, 0.3, 0.5, 0.6])
def test_pictures_delayed_by_the_decoder_at_a_joint_are_no_jump(tmp_path: Path, share: float) -> None:
    """HEVC with open GOPs is not flushed at the joint: the last pictures follow the next first one."""
    x265 = "keyint=15:min-keyint=15:scenecut=0:open-gop=1:bframes=3:lossless=1:log-level=none"
    higher = ("-vf", "scale=80:64")  # x265 needs more than 8 rows
    whole = numbered(
        tmp_path / "whole.ts", Fraction(25), 3, (*higher, "-c:v", "libx265", "-x265-params", x265)
    )
    cut = tmp_path / "cut.ts"
    cut.write_bytes(whole.read_bytes()[int(whole.stat().st_size * share) // 188 * 188 :])
    numbers = shown(joined(tmp_path / "both.ts", whole, cut), Recipe(fps=25))
    assert numbers[:73] == [*range(73)]
    after = numbers[numbers.index(74) + 1 :]
    assert after[-1] == 74
    assert sum(later < earlier for earlier, later in pairwise(after)) <= 1
