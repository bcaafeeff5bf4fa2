"""A file that becomes part of a recipe: read by the page, decoded as on the command line."""

import pytest

from gifapp.widgets.controls.file_field import FileField

TEXT = "1\n00:00:00,000 --> 00:00:01,000\n你好\n"


@pytest.fixture
def field() -> FileField:
    return FileField(description="Add subtitles", is_text=True, limit=100)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk"])
def test_text_of_any_encoding_is_decoded(field: FileField, encoding: str) -> None:
    # as ipywidgets passes on what the page sends
    field.data = memoryview(TEXT.encode(encoding))  # type: ignore[assignment]
    assert (field.value, field.problem, field.data) == (TEXT, "", b"")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (
            b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
            "The file's text encoding is not known. Save it as UTF-8.",
        ),
        (b"x" * 101, "The file is longer than 100 characters."),
    ],
)
def test_binary_file_is_refused_each_time(field: FileField, data: bytes, problem: str) -> None:
    problems = []
    field.observe(lambda change: problems.append(change.new), "problem")
    for _ in range(2):
        field.data = data
    assert problems == [problem, "", problem]
    assert (field.value, field.data) == (None, b"")
