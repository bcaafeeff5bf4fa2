"""`--help` describes each command; it and a plain conversion import little."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gifapp.__main__ import gifapp
from gifapp.settings import Settings
from tests.support.letters import write_clip

GROUP = gifapp
COMMANDS = GROUP.list_commands(click.Context(GROUP))
HEAVY = {
    *("PIL", "av", "bcrypt", "httpx", "huey", "jupyter_server", "jwt", "limits", "mongoengine", "moviepy"),
    *(
        "numpy",
        "pydantic",
        "pydantic_settings",
        "pymongo",
        "redis",
        "rich",
        "sentry_sdk",
        "structlog",
    ),
    *("tornado", "voila", "zxcvbn"),
}
MADE_FROM_MODELS = {"convert", "frames", "jobs"}  # their options are generated, which needs pydantic


@pytest.mark.parametrize("name", COMMANDS)
def test_help_describes_each_command(name: str) -> None:
    command = GROUP.get_command(click.Context(GROUP), name)
    assert command is not None
    assert command.help is not None
    summary = " ".join(command.help.split("\n\n")[0].split())
    shown = " ".join(CliRunner().invoke(GROUP, ["--help"]).output.split())
    assert f"{name} {summary}" in shown


@pytest.mark.parametrize(
    ("command", "setting"), [("web", "host"), ("web", "port"), ("up", "host"), ("up", "workers")]
)
def test_help_shows_defaults(command: str, setting: str) -> None:
    shown = " ".join(CliRunner().invoke(GROUP, [command, "--help"]).output.split())
    default = Settings.model_fields[setting].default
    assert f"[default: GIFAPP_{setting.upper()}, or {default}]" in shown


def test_help_shows_the_default_range_of_workers() -> None:
    shown = " ".join(CliRunner().invoke(GROUP, ["workers", "--help"]).output.split())
    min_workers, max_workers = Settings().worker_range
    assert f"minimum number of workers. [default: from GIFAPP_WORKERS, or {min_workers}]" in shown
    assert f"maximum number of workers. [default: from GIFAPP_WORKERS, or {max_workers}]" in shown


@pytest.mark.parametrize("words", ["--version", "--help", *(f"{name} --help" for name in COMMANDS)])
def test_help_imports_little(words: str) -> None:
    code = (
        "import sys, gifapp.__main__ as command_line\n"
        f"try: command_line.main({words.split()!r})\n"
        f"finally: print(*sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(done.stdout.splitlines()[-1].split())
    assert imported == ({"pydantic"} if words.partition(" ")[0] in MADE_FROM_MODELS else set())


def test_plain_conversion_imports_only_what_it_uses(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]])
    code = (
        "import sys; from gifapp.__main__ import main\n"
        "try: main(['convert', 'clip.mkv', '--quiet'])\n"
        f"finally: print(*sorted({HEAVY!r} & set(sys.modules)))"
    )
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["numpy", "pydantic"]
