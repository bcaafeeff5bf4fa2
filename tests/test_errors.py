import pickle
import string

import pytest

from gifapp import errors

ALL = sorted(errors.GifappError.all().values(), key=lambda error: error.code)


def test_error_message_has_its_facts_and_advice() -> None:
    error = errors.SourceTooLong(duration_s=312.4, limit_s=60)
    assert error.code == "source-too-long"
    assert str(error) == "The clip lasts 312.4 s; the limit is 60 s. Choose a shorter range."


def test_sizes_have_readable_units() -> None:
    error = errors.TargetTooSmall(smallest_bytes=12_218, target_bytes=2000)
    assert str(error).startswith("The smallest possible file is 12.22 kB; the limit is 2 kB.")
    assert "limit of 500 MB" in str(errors.SourceTooLarge(limit_bytes=500_000_000))
    assert "1.235 GB of 2 GB" in str(errors.QuotaExceeded(used_bytes=1_234_567_890, limit_bytes=2 * 10**9))
    assert "limit of 999 bytes" in str(errors.BodyTooLarge(limit_bytes=999))


@pytest.mark.parametrize("error", ALL)
def test_every_message_is_a_sentence(error: type[errors.GifappError]) -> None:
    assert error.sentence[0].isupper() or error.sentence[0] == "{"
    assert error.sentence.endswith(".")


def test_error_codes_are_unique() -> None:
    assert len({error.code for error in ALL}) == len(ALL) > 20


@pytest.mark.parametrize("error", ALL)
def test_error_can_be_pickled(error: type[errors.GifappError]) -> None:
    fields = {name for _, name, _, _ in string.Formatter().parse(error.sentence) if name}
    original = error(**dict.fromkeys(fields, 7))
    copy = pickle.loads(pickle.dumps(original))
    assert type(copy) is error
    assert str(copy) == str(original)
