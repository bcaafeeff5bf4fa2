import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = ROOT / ".ci" / "javascript"

Checked = subprocess.CompletedProcess[str]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A new checkout with a directory for programs."""
    (tmp_path / "programs").mkdir()
    (tmp_path / "package-lock.json").touch()
    return tmp_path


def check(checkout: Path, **environment: str) -> Checked:
    shell = shutil.which("sh")
    assert shell
    return subprocess.run(
        [shell, CHECK, "programs"],
        cwd=checkout,
        env={"PATH": str(checkout / "programs")} | environment,
        check=False,
        capture_output=True,
        text=True,
    )


def write_npm(checkout: Path, *lines: str) -> None:
    npm = checkout / "programs" / "npm"
    npm.write_text("\n".join(["#!/bin/sh", 'echo "$1" >> npm.log', *lines]))
    npm.chmod(0o755)


def test_without_npm_one_line_lists_the_skipped_checks(checkout: Path) -> None:
    skipped = check(checkout)
    assert skipped.returncode == 0
    assert skipped.stdout.startswith("The JavaScript was not checked: ")
    assert (skipped.stdout.count("\n"), skipped.stderr) == (1, "")


def test_ci_never_skips_the_checks(checkout: Path) -> None:
    assert check(checkout, CI="true").returncode == 1
    write_npm(checkout, "exit 1")
    assert check(checkout, CI="true").returncode == 1


def test_exit_status_is_that_of_npm(checkout: Path) -> None:
    write_npm(checkout, '[ "$1" = ci ]')
    assert check(checkout).returncode == 1
    write_npm(checkout)
    assert check(checkout).returncode == 0


def test_tools_are_reinstalled_only_when_the_lock_file_changes(checkout: Path) -> None:
    write_npm(checkout)
    (checkout / "node_modules").mkdir()
    installed = checkout / "node_modules" / ".package-lock.json"
    for lock_s, installed_s in [(1, 2), (3, 2)]:
        installed.touch()
        os.utime(installed, (installed_s, installed_s))
        os.utime(checkout / "package-lock.json", (lock_s, lock_s))
        check(checkout)
    assert (checkout / "npm.log").read_text().split() == ["run", "ci", "run"]
