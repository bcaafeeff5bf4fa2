import subprocess
import sys
from pathlib import Path

import pytest

from gifapp import children

MODULE = """
import atexit, sys
def main(word, code=""):
    atexit.register(print, "taken down")
    print(word, end="")
    assert code != "crash"
    return int(code) if code else None
"""


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (directory / "said.py").write_text(MODULE)
    argv = children.command("said", *arguments)
    environment = {"PYTHONPATH": f"{directory}:{Path(children.__file__).parents[1]}"}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("arguments", "code"), [(["Hi"], 0), (["Hi", "0"], 0), (["Hi", "3"], 3)])
def test_child_exits_with_what_main_returns(tmp_path: Path, arguments: list[str], code: int) -> None:
    assert run(tmp_path, *arguments).returncode == code


def test_child_writes_all_its_output_and_takes_nothing_down(tmp_path: Path) -> None:
    assert run(tmp_path, "x" * 100_000).stdout == "x" * 100_000


def test_child_that_raises_fails(tmp_path: Path) -> None:
    done = run(tmp_path, "Hi", "crash")
    assert done.returncode == 1
    assert "AssertionError" in done.stderr


def test_child_imports_nothing_from_the_working_directory() -> None:
    assert children.command("said")[:2] == [sys.executable, "-P"]
