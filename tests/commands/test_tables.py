import pytest
from rich.console import Console
from rich.text import Text

from gifapp.commands.tables import echo_table, make_table


def test_columns_are_aligned_by_how_wide_letters_are(capsys: pytest.CaptureFixture[str]) -> None:
    echo_table([("字字", "x", ""), ("abc", "", "y")], headings=("ID", "A", "B"))
    assert capsys.readouterr().out.splitlines() == ["ID    A  B", "字字  x", "abc      y"]


def test_a_line_is_as_long_as_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    echo_table([("a", "long " * 100_000 + "end"), ("b", "short")])
    long, short = capsys.readouterr().out.splitlines()
    assert (len(long), short) == (3 + 500_003, "b  short")


def test_what_strangers_wrote_is_neither_markup_nor_a_command_to_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    echo_table([("[red]a[/]", ":smile:", "b\x1b[2J\nc\td")])
    assert capsys.readouterr().out == "[red]a[/]  :smile:  b�[2J�c�d\n"


def test_what_is_too_wide_for_a_console_is_folded(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(Text("ok"), "name", Text("one two three\n→ four"))]
    Console(width=18).print(make_table(rows))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["ok  name  one two", "          three", "          → four"]
