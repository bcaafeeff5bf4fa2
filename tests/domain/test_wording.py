from typing import get_args

import pytest

from gifapp.domain.job import Phase
from gifapp.domain.wording import PHASES, frames, ordinal, size


@pytest.mark.parametrize(
    ("count_bytes", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "2 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"),
     (99_900_000, "99.9 MB"), (524_288_000, "524 MB"), (2_000_000_000, "2.0 GB")],
)  # fmt: skip
def test_sizes_are_worded_with_units(count_bytes: int, words: str) -> None:
    assert size(count_bytes) == words


def test_singular_and_plural() -> None:
    assert (frames(1), frames(2), frames(1200)) == ("1 frame", "2 frames", "1,200 frames")


def test_ordinals() -> None:
    numbers = (1, 2, 3, 4, 11, 12, 13, 21, 46, 112, 1003)
    assert " ".join(map(ordinal, numbers)) == "1st 2nd 3rd 4th 11th 12th 13th 21st 46th 112th 1,003rd"


def test_every_phase_has_a_label_in_order() -> None:
    assert tuple(PHASES) == get_args(Phase)
