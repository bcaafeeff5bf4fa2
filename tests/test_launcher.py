"""The launcher: children start without a copy of this process, and as they would without a launcher."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from gifapp import errors
from gifapp.launcher import program, source
from gifapp.processes import spawn, untrusted_file_limits

LIMITS = untrusted_file_limits(memory_bytes=10**9, cpu_s=20)
SPAWN_AND_FORK = """
import os
from gifapp.processes import spawn, untrusted_file_limits
os.register_at_fork(before=lambda: print("forks", end=" ", flush=True))
spawn(["true"], limits=untrusted_file_limits(memory_bytes=10**9, cpu_s=20)).wait()
os.fork() or os._exit(0)
"""


def said_by(code: str, **popen: Any) -> str:
    """What a child prints that runs this Python code."""
    child = spawn([sys.executable, "-c", code], limits=LIMITS, stdout=subprocess.PIPE, text=True, **popen)
    return str(child.communicate(timeout=30)[0])


def test_starting_a_child_does_not_fork_this_process() -> None:
    done = subprocess.run([sys.executable, "-c", SPAWN_AND_FORK], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["forks"]


def test_once_started_the_process_is_the_program() -> None:
    with spawn(["sleep", "60"], limits=LIMITS) as child:
        assert psutil.Process(child.pid).cmdline() == ["sleep", "60"]
        assert os.getsid(child.pid) == child.pid
        child.kill()


def test_a_child_has_no_other_files_open_than_those_given_to_it() -> None:
    code = "import os; print(*[fd for fd in range(100) if os.path.exists(f'/dev/fd/{fd}')])"
    reading, writing = os.pipe()
    try:
        usual = said_by(code).split()
        assert usual[:3] == ["0", "1", "2"]
        assert str(writing) not in usual
        assert said_by(code, pass_fds=[writing]).split() == sorted([*usual, str(writing)], key=int)
    finally:
        os.close(reading)
        os.close(writing)


def test_a_program_is_searched_for_where_its_own_environment_says(tmp_path: Path) -> None:
    (tmp_path / "own").symlink_to(shutil.which("true") or "")
    elsewhere = f"{tmp_path}/nowhere:{tmp_path}"
    assert spawn(["own"], env={"PATH": elsewhere}).wait() == 0
    assert spawn(["./own"], cwd=tmp_path).wait() == 0
    with pytest.raises(FileNotFoundError):
        spawn(["own"])


def failing(directory: Path, name: str) -> str:
    """A program that cannot be run."""
    path = directory / name
    if name != "missing":
        path.write_bytes(b"no program")
        path.chmod(0o644 if name == "not executable" else 0o755)
    return str(path)


@pytest.mark.parametrize(
    ("name", "number"),
    [("missing", errno.ENOENT), ("not executable", errno.EACCES), ("no program", errno.ENOEXEC)],
)
@pytest.mark.parametrize("on_path", [False, True], ids=["by its path", "by its name"])
def test_what_cannot_be_run_is_the_same_error_as_without_a_launcher(
    tmp_path: Path, name: str, number: int, on_path: bool
) -> None:
    path = failing(tmp_path, name)
    argv, env = ([name], {"PATH": str(tmp_path)}) if on_path else ([path], None)
    with pytest.raises(OSError) as plain:  # noqa: PT011
        subprocess.Popen(argv, env=env)
    with pytest.raises(type(plain.value)) as launched:
        spawn(argv, limits=LIMITS, env=env, stdin=subprocess.PIPE)
    assert (launched.value.errno, launched.value.filename) == (number, argv[0])
    assert str(launched.value) == str(plain.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-folder"):
        spawn(["true"], cwd=tmp_path / "no-such-folder")


def test_a_limit_that_the_system_refuses_is_named() -> None:
    with pytest.raises(OSError, match="Invalid argument: '999=1:1'"):
        program.start(["-l", "999=1:1"], ["true"])


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the launcher and its source."""
    for name in ("SOURCE", "PROGRAM"):
        monkeypatch.setattr(source, name, Path(shutil.copy(getattr(source, name), tmp_path)))
    assert program.find() == str(source.PROGRAM)
    return source.PROGRAM


def test_without_its_launcher_no_process_of_ours_starts(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from gifapp.launcher import source\n"
        f"source.PROGRAM = Path({str(tmp_path)!r}, 'launch')\n"
        "from gifapp.__main__ import main; main(['web'])"
    )
    refused = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("gifapp: The compiled program that starts gifapp's processes is missing")


def test_a_launcher_that_was_never_built_says_what_to_do(launcher: Path) -> None:
    launcher.unlink()
    with pytest.raises(errors.LauncherNotBuilt, match="pip install"):
        program.find()


def test_a_launcher_that_was_built_from_another_source_is_refused(launcher: Path) -> None:
    source.SOURCE.write_text(source.SOURCE.read_text() + "\n")
    with pytest.raises(errors.LauncherNotBuilt, match="older than its source"):
        program.find()


def test_a_launcher_that_may_not_be_executed_is_refused(launcher: Path) -> None:
    launcher.chmod(0o644)
    with pytest.raises(errors.LauncherNotBuilt, match="not executable"):
        program.find()
