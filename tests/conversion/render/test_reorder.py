from collections.abc import Sequence

import numpy as np
import pytest

from gifapp import errors
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.render.reorder import Listed, needs_reordering, reordered, repeated
from gifapp.domain.recipes.recipe import Direction


def numbered(count: int) -> list[np.ndarray]:
    return [np.full((1, 1, 3), number % 256, np.uint8) for number in range(count)]


@pytest.mark.parametrize("fps", [1 / 3, 7, 10, 12.5, 29.97, 50])
@pytest.mark.parametrize("count", [1, 2, 3, 100, 1501])
@pytest.mark.parametrize(("direction", "is_doubled"), [("reverse", False), ("boomerang", True)])
def test_no_frame_is_lost_or_duplicated(
    fps: float, count: int, direction: Direction, *, is_doubled: bool
) -> None:
    frames = numbered(count)
    backwards = frames[::-1]
    expected = frames + backwards if is_doubled else backwards
    played = list(reordered(frames, fps, direction))
    assert [frame[0, 0, 0] for frame in played] == [frame[0, 0, 0] for frame in expected]


@pytest.mark.parametrize(
    ("order", "direction", "expected"),
    [
        (range(3), "forward", False),
        ([1, 1, 4], "forward", False),
        ([1, 4, 1], "forward", True),
        (range(3), "reverse", True),
    ],
)
def test_only_frames_in_ascending_order_need_no_store(
    order: Sequence[int], direction: Direction, *, expected: bool
) -> None:
    assert needs_reordering(order, direction) == expected


def test_listed_frames_are_picked_while_they_are_read_and_none_after_them() -> None:
    frames = iter(numbered(9))
    assert [frame[0, 0, 0] for frame in repeated(frames, [1, 1, 4])] == [1, 1, 4]
    assert next(frames)[0, 0, 0] == 5


def test_listed_frames_of_a_store_may_repeat_in_any_order() -> None:
    listed = Listed(numbered(9)[2:5], [2, 3, 4], [4, 2, 2, 3])
    assert [frame[0, 0, 0] for frame in reordered(listed, 10, "forward")] == [4, 2, 2, 3]
    assert [frame[0, 0, 0] for frame in reordered(listed, 10, "reverse")] == [3, 2, 2, 4]


def test_frame_store_reads_at_random() -> None:
    store = FrameStore((1, 1, 3))
    for frame in numbered(5):
        store.append(frame)
    assert len(store) == 5
    assert [store[number][0, 0, 0] for number in (4, 0, 3)] == [4, 0, 3]
    store.close()


def test_frame_store_is_bounded() -> None:
    store = FrameStore((100, 100, 3), limit_bytes=60_000)
    store.append(np.zeros((100, 100, 3), np.uint8))
    store.append(np.zeros((100, 100, 3), np.uint8))
    with pytest.raises(errors.ConversionTooBig):
        store.append(np.zeros((100, 100, 3), np.uint8))
    store.close()
