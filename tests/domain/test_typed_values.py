import pytest

from gifapp.domain.typed_values import bytes_in, seconds_in


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90.5", 90.5),
        ("90,5", 90.5),
        (" .5 ", 0.5),
        ("1:30", 90),
        ("1:30.5", 90.5),
        ("1:01:30,25", 3690.25),
        ("90:00", 5400),
    ],
)
def test_time_notations(text: str, seconds: float) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "soon", "1:", ":30", "-1", "1:-1", "1:2:3:4", "1e3", "nan", "1 30", "\N{ARABIC-INDIC DIGIT ONE}"],
)
def test_invalid_times(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time such as 90\.5 or 1:30\.5"):
        seconds_in(text)


@pytest.mark.parametrize(
    ("text", "unit", "count"),
    [
        ("500000", "", 500_000),
        ("256KB", "", 256_000),
        ("500 kB", "m", 500_000),
        ("1.5MiB", "", 1_572_864),
        ("2,5", "m", 2_500_000),
        ("2500 b", "m", 2_500),
        ("1G", "m", 1_000_000_000),
    ],
)
def test_size_notations(text: str, unit: str, count: float) -> None:
    assert bytes_in(text, unit=unit) == count


@pytest.mark.parametrize("text", ["", "small", "-1", "1 TB", "1e6", "inf", "1..5"])
def test_invalid_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size such as"):
        bytes_in(text)
