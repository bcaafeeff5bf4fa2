import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gifapp.domain.timing import MIN_DELAY_CS, delays_cs, frame_count


@pytest.mark.parametrize(
    ("duration_s", "fps", "delays"),
    [
        (1.0, 10, [10] * 10),
        (0.4, 15, [7, 6, 7, 7, 6, 7][:6]),
        (0.04, 25, [4]),
        (0.001, 12.5, [2]),
        (5.0, 1, [100] * 5),
        (1.3, 2, [50, 50, 30]),
        (0.0938, 50, [2, 2, 2, 3]),
    ],
)
def test_each_frame_ends_at_the_nearest_centisecond(duration_s: float, fps: float, delays: list[int]) -> None:
    assert list(delays_cs(duration_s, fps)) == delays


@settings(deadline=None)
@given(st.floats(0.02, 3600), st.floats(1, 50))
def test_delays_add_up_to_the_duration(duration_s: float, fps: float) -> None:
    delays = list(delays_cs(duration_s, fps))
    assert len(delays) == frame_count(duration_s, fps)
    assert min(delays) >= MIN_DELAY_CS
    assert sum(delays) == round(duration_s * 100)
