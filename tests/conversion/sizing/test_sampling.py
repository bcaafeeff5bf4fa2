import pytest

from gifapp.conversion.sizing.sampling import Prediction, SizeCorrection, added, drawn


def predicted_bytes(count_bytes: float) -> Prediction:
    return Prediction(count_bytes, is_exact=False)


def test_prediction_without_measurements_is_unchanged() -> None:
    assert SizeCorrection().corrected(predicted_bytes(500)) == 500


def test_one_measurement_scales_every_prediction() -> None:
    correction = SizeCorrection()
    correction.add(predicted_bytes(1000), 1500)
    assert [correction.corrected(predicted_bytes(size)) for size in (100, 1000, 4000)] == pytest.approx(
        [150, 1500, 6000]
    )


def test_correction_between_two_measurements_is_interpolated() -> None:
    correction = SizeCorrection()
    correction.add(predicted_bytes(1600), 3200)
    correction.add(predicted_bytes(100), 100)
    corrected = [correction.corrected(predicted_bytes(size)) for size in (50, 100, 400, 1600, 3200)]
    assert corrected == pytest.approx([50, 100, (100 * 3200) ** 0.5, 3200, 6400])


def test_exact_sizes_are_never_corrected() -> None:
    correction = SizeCorrection()
    correction.add(predicted_bytes(1000), 1500)
    correction.add(Prediction(10, is_exact=True), 10)
    assert correction.corrected(Prediction(1000, is_exact=True)) == 1000


@pytest.mark.parametrize(
    ("written", "before", "counted"),
    [
        ([0, 500, 10, 20, 30], 2, 50),  # each frame is written together with the next
        ([0, 0, 0, 500, 30], 2, 30),  # three equal frames are written as one
        ([0, 0, 0, 0, 500], 2, 0),
        ([0, 540], 1, 0),
    ],
)
def test_sample_excludes_its_first_picture_and_the_frames_before_it(
    written: list[int], before: int, counted: int
) -> None:
    assert added(written, before) == counted


def test_samples_are_weighted_by_change() -> None:
    changes = [float(1 + number % 7) for number in range(60)]
    stand_for = drawn(changes, 12)
    assert sum(changes[run] * alike for run, alike in stand_for.items()) == pytest.approx(sum(changes))
    assert len(stand_for) <= 12


def test_cut_represents_only_itself() -> None:
    changes = [1.0] * 20
    changes[7] = changes[13] = 500.0
    stand_for = drawn(changes, 6)
    assert (stand_for[7], stand_for[13]) == (1.0, 1.0)
    assert sum(alike for run, alike in stand_for.items() if changes[run] == 1) == pytest.approx(18)


def test_all_samples_may_be_chosen() -> None:
    assert drawn([3.0, 1.0], 4) == {0: 1.0, 1: 1.0}
