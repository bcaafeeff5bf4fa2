import pytest

from gifapp.conversion.sizing.sampling import Prediction, SizeCorrection, added, drawn


def told(count_bytes: float) -> Prediction:
    return Prediction(count_bytes, is_exact=False)


def test_without_experience_a_prediction_stands() -> None:
    assert SizeCorrection().corrected(told(500)) == 500


def test_one_experience_bends_all_by_its_factor() -> None:
    correction = SizeCorrection()
    correction.add(told(1000), 1500)
    assert [correction.corrected(told(size)) for size in (100, 1000, 4000)] == pytest.approx(
        [150, 1500, 6000]
    )


def test_between_two_a_prediction_is_bent_by_its_share() -> None:
    correction = SizeCorrection()
    correction.add(told(1600), 3200)
    correction.add(told(100), 100)
    corrected = [correction.corrected(told(size)) for size in (50, 100, 400, 1600, 3200)]
    assert corrected == pytest.approx([50, 100, (100 * 3200) ** 0.5, 3200, 6400])


def test_what_is_exact_is_never_bent() -> None:
    correction = SizeCorrection()
    correction.add(told(1000), 1500)
    correction.add(Prediction(10, is_exact=True), 10)
    assert correction.corrected(Prediction(1000, is_exact=True)) == 1000


@pytest.mark.parametrize(
    ("written", "before", "counted"),
    [
        ([0, 500, 10, 20, 30], 2, 50),  # each frame is written with the next one
        ([0, 0, 0, 500, 30], 2, 30),  # three frames alike, written as one
        ([0, 0, 0, 0, 500], 2, 0),
        ([0, 540], 1, 0),
    ],
)
def test_a_run_costs_neither_its_first_picture_nor_the_frames_before_it(
    written: list[int], before: int, counted: int
) -> None:
    assert added(written, before) == counted


def test_runs_are_drawn_as_often_as_they_change_and_stand_for_all_changes() -> None:
    changes = [float(1 + number % 7) for number in range(60)]
    stand_for = drawn(changes, 12)
    assert sum(changes[run] * alike for run, alike in stand_for.items()) == pytest.approx(sum(changes))
    assert len(stand_for) <= 12


def test_a_cut_stands_for_itself_alone() -> None:
    changes = [1.0] * 20
    changes[7] = changes[13] = 500.0
    stand_for = drawn(changes, 6)
    assert (stand_for[7], stand_for[13]) == (1.0, 1.0)
    assert sum(alike for run, alike in stand_for.items() if changes[run] == 1) == pytest.approx(18)


def test_all_runs_may_be_looked_at() -> None:
    assert drawn([3.0, 1.0], 4) == {0: 1.0, 1: 1.0}
