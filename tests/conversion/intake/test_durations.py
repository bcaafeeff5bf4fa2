"""Frames that are each shown for a time of their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gifapp import Recipe, convert, errors
from tests.support.fakes import Impatient
from tests.support.letters import pixels, read_gif, timeline_of

FRAMES = pixels([["RR"], ["GG"], ["BB"], [".B"]])


def played(source: Any, folder: Path, durations_s: list[float], **recipe: Any) -> str:
    convert(source, Recipe(dither="none", **recipe), folder / "out.gif", durations_s=durations_s)
    return timeline_of(read_gif(folder / "out.gif"))


@pytest.mark.parametrize(
    ("durations_s", "shown"),
    [
        ([0.1, 0.5, 0.03], "R10 G50 B3"),
        ([1 / 30] * 3, "R3 G4 B3"),
        ([0.02, 0.001, 0.02], "R2 G2 B2"),
        ([200, 0.1, 0.1], "R20000 G10 B10"),
    ],
)
def test_every_frame_shows_as_long_as_asked(durations_s: list[float], shown: str, tmp_path: Path) -> None:
    assert played(iter(FRAMES[:3, ..., :3]), tmp_path, durations_s) == shown


def test_speed_and_direction_keep_them_in_proportion(tmp_path: Path) -> None:
    shown = played(FRAMES[:3], tmp_path, [0.1, 0.5, 0.04], speed=2, direction="reverse")
    assert sum(delay_cs for _, delay_cs in read_gif(tmp_path / "out.gif")) == 32
    assert shown.startswith("B2 G2")


def test_later_frame_may_be_transparent(tmp_path: Path) -> None:
    played(list(FRAMES), tmp_path, [0.1] * 4)
    assert [rows[0] for rows, _ in read_gif(tmp_path / "out.gif")] == ["RR", "GG", "BB", ".B"]


def endless() -> Iterator[np.ndarray]:
    while True:
        yield FRAMES[0]


@pytest.mark.parametrize(
    ("source", "durations_s", "says"),
    [
        (FRAMES[:3], [0.1, 0.2], "it has 2, and there are more than 2 frames"),
        (FRAMES[:3], [0.1] * 5, "it has 5, and there are 3 frames"),
        (endless(), [0.1] * 5, "it has 5, and there are more than 5 frames"),
        (FRAMES[:3], [0.1, 0, 0.1], "be positive numbers of seconds up to 655.35; number 2 is 0"),
        (FRAMES[:3], [0.1, 0.1, np.inf], "number 3 is inf"),
        (FRAMES[:3], [0.1, 0.1, 1e9], "number 3 is 1000000000"),
        (FRAMES[:3], [None] * 3, "number 1 is None"),
        (FRAMES[:3], ["1"] * 3, "number 1 is '1'"),
        (FRAMES[:3], 0.1, "be a list with one number for each frame, not 0.1"),
    ],
)
def test_durations_that_do_not_fit_are_refused(source: Any, durations_s: Any, says: str) -> None:
    with pytest.raises(errors.FieldInvalid, match=f"^durations_s must .*{says}"):
        convert(source, durations_s=durations_s)


def test_progress_counts_every_frame_once() -> None:
    listener, fractions = Impatient(), []

    class Watched(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            for number in range(len(self)):
                fractions.append(listener.heard[-1].fraction if listener.heard else 0.0)
                yield self[number]

    noise = np.random.default_rng(5).integers(0, 255, (40, 300, 300, 3), np.uint8)
    convert(Watched(noise), durations_s=[0.1] * 40, on_progress=listener)
    assert 0 < fractions[30] <= 0.5 * 31 / 40


def test_frames_of_other_sizes_are_refused() -> None:
    with pytest.raises(errors.FramesInvalid, match="number 2 has the shape"):
        convert([FRAMES[0], FRAMES[1][:, :1]], durations_s=[0.1, 0.1])
    with pytest.raises(errors.FramesInvalid, match="there are none"):
        convert([], durations_s=[])
