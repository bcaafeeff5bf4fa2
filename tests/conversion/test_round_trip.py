"""Converting random animations again and again to GIF or APNG loses no picture, delay or play count."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gifapp import Recipe, convert
from tests.conversion.images.seen import frames, read
from tests.support.depth import examples
from tests.support.random_pictures import ANIMATIONS, IndexedFrame, gifs

GifStats = list[tuple[np.ndarray, int]]
"""Pictures, premultiplied, and their delays in centiseconds."""


def merged(pictures: list[np.ndarray], delays_ms: list[float]) -> GifStats:
    """Merge equal neighbours; delays are rounded along the time line and at least 2."""
    shown: GifStats = []
    passed_ms, shown_cs = 0.0, 0
    for picture, delay_ms in zip(pictures, delays_ms, strict=True):
        passed_ms += delay_ms
        delay_cs, seen = max(2, int(passed_ms / 10 + 0.5001) - shown_cs), premultiplied(picture)
        shown_cs += delay_cs
        if shown and np.array_equal(shown[-1][0], seen):
            shown[-1] = (seen, shown[-1][1] + delay_cs)
        else:
            shown.append((seen, delay_cs))
    return shown


def premultiplied(rgba: np.ndarray) -> np.ndarray:
    straight = rgba.astype(float)
    return np.dstack([straight[..., :3] * straight[..., 3:] / 255, straight[..., 3]]).round()


def of_file(data: bytes) -> GifStats:
    return merged(frames(data), [tile.delay_ms for tile in read(data).tiles])


def assert_same(made: GifStats, right: GifStats, max_off: int) -> None:
    assert [delay_cs for _, delay_cs in made] == [delay_cs for _, delay_cs in right]
    for (picture, _), (wanted, _) in zip(made, right, strict=True):
        assert np.abs(picture - wanted).max() <= max_off


@examples(4)
@given(drawn=gifs())
def test_converting_a_gif_three_times_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, drawn: IndexedFrame
) -> None:
    folder = tmp_path_factory.mktemp("gifs")
    (folder / "0.gif").write_bytes(drawn.data)
    right = merged(drawn.frames(), drawn.delays_ms())
    for number in range(3):
        convert(folder / f"{number}.gif", output=folder / f"{number + 1}.gif")
        made = (folder / f"{number + 1}.gif").read_bytes()
        assert_same(of_file(made), right, 0)
        assert read(made).plays == (drawn.plays if len(right) > 1 or drawn.plays != 1 else 1)


@pytest.mark.parametrize("kind", list(ANIMATIONS))
@examples(3)
@given(data=st.data())
def test_apng_of_any_animation_keeps_every_picture(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    drawn, path = data.draw(ANIMATIONS[kind]), Path(tmp_path_factory.mktemp(kind))
    assume(sum(delay_ms < 20 for delay_ms in drawn.delays_ms()) < 2)  # frames too fast for a GIF are dropped
    (path / "in").write_bytes(drawn.data)
    convert(path / "in", Recipe(format="apng"), path / "out.png")
    made = of_file((path / "out.png").read_bytes())
    right = merged(drawn.frames(), drawn.delays_ms())
    if len(right) > 1:  # else it is a still picture, which has no delay
        assert_same(made, right, 3)
