"""`gifapp --help`: what it says of each command, and how little it imports."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from gifapp.__main__ import gifapp

GROUP = gifapp
HEAVY = ("pydantic", "numpy", "numba", "tornado", "voila", "mongoengine", "redis", "moviepy", "PIL")


@pytest.mark.parametrize("name", GROUP.list_commands(click.Context(GROUP)))
def test_help_says_what_a_command_says_of_itself(name: str) -> None:
    command = GROUP.get_command(click.Context(GROUP), name)
    assert command is not None
    assert command.help is not None
    summary = " ".join(command.help.split("\n\n")[0].split())
    shown = " ".join(CliRunner().invoke(GROUP, ["--help"]).output.split())
    assert f"{name} {summary}" in shown


@pytest.mark.parametrize(
    ("words", "heavy"), [("--help", HEAVY), ("--version", HEAVY), ("convert --help", HEAVY[1:])]
)
def test_help_imports_little(words: str, heavy: tuple[str, ...]) -> None:
    code = (
        "import sys, gifapp.__main__ as command_line\n"
        f"try: command_line.main({words.split()!r})\n"
        f"finally: print(sorted(set({heavy!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
