"""Which pictures a frame rate selects, with fine and coarse time bases; each picture shows its own number."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.decode.filters import filter_chain
from gifapp.conversion.plan import Plan, make_plan
from gifapp.conversion.probing.clock import Clock, clock_of
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe, Segment
from tests.support.letters import run_ffmpeg

LIMITS = Limits()
NTSC = Fraction(1000, 1001)
RATES = [
    *(Fraction(rate) for rate in (24, 25, 30, 50, 60, 120, 240)),
    *(rate * NTSC for rate in (24, 30, 60)),
]
TARGETS = [5, 6, 7.5, 8, 10, 11, 12, 12.5, 15, 17, 20, 23.976, 24, 25, 29.97, 30, 33, 40, 50]
BITS, SIDE_PX = 10, 8
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-qp", "0", "-pix_fmt", "yuv420p")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "2M", "-pix_fmt", "yuv420p")


def numbered(path: Path, rate: Fraction, seconds: float = 1.5, to: tuple[str, ...] = ()) -> Path:
    """A video whose pictures show their own numbers in binary: black and white squares from left to right."""
    numbers = np.arange(round(seconds * rate))[:, None, None]
    bits = (numbers >> np.arange(BITS)[::-1]) & 1
    pixels = (bits * 255).astype(np.uint8).repeat(SIDE_PX, axis=1).repeat(SIDE_PX, axis=2)
    size = f"{BITS * SIDE_PX}x{SIDE_PX}"
    codec = VP8 if path.suffix == ".webm" else X264
    run_ffmpeg("-f", "rawvideo", "-s", size, "-pix_fmt", "gray", "-r", rate, "-i", "pipe:0",
           *codec, *to, path,
           stdin=pixels.tobytes())  # fmt: skip
    return path


def numbers_of(frames: np.ndarray) -> list[int]:
    """The numbers shown by frames, uint8 (n, height, width, 3)."""
    bits = frames[:, SIDE_PX // 2, SIDE_PX // 2 :: SIDE_PX, 1] > 127
    return [int(number) for number in bits @ (1 << np.arange(BITS)[::-1])]


def shown(path: Path, recipe: Recipe) -> list[int]:
    """The numbers of the pictures that a recipe selects."""
    video = probe(path, limits=LIMITS)
    plan = make_plan(video, recipe, LIMITS)
    frames = ffmpeg.frames(path, video, plan, limits=LIMITS, checkpoint=lambda: None)
    return numbers_of(np.stack(list(frames)))


def shown_at_rates(path: Path, video: Video, plans: list[Plan]) -> list[list[int]]:
    """The same for many plans; one ffmpeg decodes the frames of all."""
    split = f"[0:v]split={len(plans)}" + "".join(f"[in{number}]" for number in range(len(plans)))
    chains = [
        f"[in{number}]{filter_chain(video, plan, plan.cuts[0])}[out{number}]"
        for number, plan in enumerate(plans)
    ]
    outputs: list[object] = []
    for number, plan in enumerate(plans):
        outputs += ["-map", f"[out{number}]", "-frames:v", plan.frames, "-fps_mode", "passthrough"]
        outputs += ["-f", "rawvideo", "-pix_fmt", "rgb24", path.with_name(f"{number}.raw")]
    run_ffmpeg("-copyts", "-i", path, "-filter_complex", ";".join([split, *chains]), *outputs)
    raw = [path.with_name(f"{number}.raw").read_bytes() for number in range(len(plans))]
    return [
        numbers_of(np.frombuffer(data, np.uint8).reshape(-1, *plan.shape))
        for data, plan in zip(raw, plans, strict=True)
    ]


def steps(numbers: list[int]) -> set[int]:
    return {later - earlier for earlier, later in pairwise(numbers)}


def divides(rate: Fraction, target: float) -> bool:
    ratio = float(rate) / target
    return abs(ratio - round(ratio)) < 1e-4


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{float(rate):.6g}")
@pytest.mark.parametrize("container", ["mp4", "mkv", "webm", "ts", "mov"])
def test_steps_between_pictures_are_even_at_every_rate(
    tmp_path: Path, container: str, rate: Fraction
) -> None:
    path = numbered(tmp_path / f"clip.{container}", rate)
    video = probe(path, limits=LIMITS)
    plans = [make_plan(video, Recipe(fps=target), LIMITS) for target in TARGETS]
    for target, numbers in zip(TARGETS, shown_at_rates(path, video, plans), strict=True):
        assert max(steps(numbers)) - min(steps(numbers)) <= (0 if divides(rate, target) else 1), target


@pytest.mark.parametrize(
    ("name", "rate", "recipe", "step"),
    [
        ("clip.mp4", 60, Recipe(fps=30), 2),
        ("clip.mkv", 120, Recipe(fps=30), 4),
        ("clip.webm", 30, Recipe(fps=15), 2),
        ("clip.flv", 60, Recipe(fps=20), 3),
        ("clip.mkv", 60 * NTSC, Recipe(fps=29.97), 2),
        ("clip.ts", 60 * NTSC, Recipe(fps=29.97), 2),
        ("clip.mkv", 24, Recipe(fps=24, speed=2), 2),
        ("clip.mp4", 30, Recipe(fps=50, speed=5), 3),
        ("clip.mp4", 25, Recipe(fps=12.5, speed=0.5), 1),
        ("clip.mkv", 60, Recipe(fps=30, segments=[Segment(start_s=2.5)]), 2),
        ("clip.mp4", 60, Recipe(fps=30, segments=[Segment(start_s=2.51, end_s=3)]), 2),
        ("clip.mkv", 120, Recipe(fps=30, segments=[Segment(start_s=3.003)]), 4),
        ("clip.ts", 60, Recipe(fps=30, segments=[Segment(start_s=0.7)]), 2),
        ("clip.avi", 30, Recipe(fps=15), 2),
        ("clip.avi", 30, Recipe(fps=15, segments=[Segment(start_s=1)]), 2),
    ],
)
def test_rate_that_divides_selects_every_nth_picture(
    tmp_path: Path, name: str, rate: Fraction, recipe: Recipe, step: int
) -> None:
    numbers = shown(numbered(tmp_path / name, Fraction(rate), seconds=4), recipe)
    start_s = recipe.segments[0].start_s if recipe.segments else 0
    assert steps(numbers) == {step}
    assert abs(numbers[0] - start_s * rate) <= step / 2 + 1


def test_gaps_in_an_even_rate_do_not_shift_other_pictures(tmp_path: Path) -> None:
    whole = numbered(tmp_path / "whole.mkv", Fraction(60), seconds=3)
    selection = "select='not(between(mod(n,30),10,19))'"
    run_ffmpeg("-i", whole, "-vf", selection, *X264, "-fps_mode", "vfr", tmp_path / "gaps.mkv")
    numbers = shown(tmp_path / "gaps.mkv", Recipe(fps=30))
    assert all(number == 2 * at for at, number in enumerate(numbers) if not 9 <= 2 * at % 30 <= 20)


@pytest.mark.parametrize("tick_s", [Fraction(1, 1000), Fraction(1, 90_000), Fraction(1, 600)])
@pytest.mark.parametrize("rate", [*RATES[:5], *RATES[-3:], Fraction(1733, 100)])
def test_even_rate_is_recognised_behind_rounded_timestamps(tick_s: Fraction, rate: Fraction) -> None:
    times = [round(7 + number / rate / tick_s) for number in range(500)]
    origin_s, clock = clock_of(times, tick_s, [])
    assert float(clock.step_s * clock.usual_steps) == pytest.approx(float(1 / rate), rel=1e-4)
    assert abs(origin_s - times[0] * tick_s) <= tick_s


def test_irregular_timestamps_are_kept() -> None:
    times = sorted({int(at) for at in np.random.default_rng(0).uniform(0, 20_000, 400)})
    assert clock_of(times, Fraction(1, 1000), [Fraction(30)]) == (
        Fraction(times[0], 1000),
        Clock(Fraction(1, 1000), int(np.median(np.diff(times)))),
    )


def test_fine_time_base_with_whole_milliseconds_counts_as_milliseconds() -> None:
    times = [90 * round(number * 1000 / 60) for number in range(100)]
    assert clock_of(times, Fraction(1, 90_000), [])[1].step_s == Fraction(1, 60)


def test_source_probed_by_an_older_version_keeps_its_timestamps(tmp_path: Path) -> None:
    path = numbered(tmp_path / "clip.ts", Fraction(25))
    video = replace(probe(path, limits=LIMITS), clock=Clock())
    plan = make_plan(video, Recipe(fps=25), LIMITS)
    assert shown_at_rates(path, video, [plan]) == [[*range(38)]]
