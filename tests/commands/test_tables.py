import pytest
from rich.console import Console
from rich.text import Text

from gifapp.commands.tables import echo_table, make_table


def test_columns_are_aligned_by_display_width(capsys: pytest.CaptureFixture[str]) -> None:
    echo_table([("字字", "x", ""), ("abc", "", "y")], headings=("ID", "A", "B"))
    assert capsys.readouterr().out.splitlines() == ["ID    A  B", "字字  x", "abc      y"]


def test_lines_are_not_truncated(capsys: pytest.CaptureFixture[str]) -> None:
    echo_table([("a", "long " * 100_000 + "end"), ("b", "short")])
    long, short = capsys.readouterr().out.splitlines()
    assert (len(long), short) == (3 + 500_003, "b  short")


def test_markup_and_control_characters_are_escaped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    echo_table([("[red]a[/]", ":smile:", "b\x1b[2J\nc\td")])
    assert capsys.readouterr().out == "[red]a[/]  :smile:  b�[2J�c�d\n"


def test_long_cells_are_wrapped_on_a_console(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(Text("ok"), "name", Text("one two three\n→ four"))]
    Console(width=18).print(make_table(rows))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["ok  name  one two", "          three", "          → four"]
