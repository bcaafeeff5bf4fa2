"""The launcher starts children without forking this process, and otherwise as without it."""

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


def output_of(code: str, **popen: Any) -> str:
    """The output of a child that runs this Python code."""
    child = spawn([sys.executable, "-c", code], limits=LIMITS, stdout=subprocess.PIPE, text=True, **popen)
    return str(child.communicate(timeout=30)[0])


def test_starting_a_child_does_not_fork_this_process() -> None:
    done = subprocess.run([sys.executable, "-c", SPAWN_AND_FORK], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["forks"]


def test_started_process_is_the_program_itself() -> None:
    with spawn(["sleep", "60"], limits=LIMITS) as child:
        assert psutil.Process(child.pid).cmdline() == ["sleep", "60"]
        assert os.getsid(child.pid) == child.pid
        child.kill()


def test_child_has_only_the_files_passed_to_it() -> None:
    code = "import os; print(*[fd for fd in range(100) if os.path.exists(f'/dev/fd/{fd}')])"
    reading, writing = os.pipe()
    try:
        usual = output_of(code).split()
        assert usual[:3] == ["0", "1", "2"]
        assert str(writing) not in usual
        assert output_of(code, pass_fds=[writing]).split() == sorted([*usual, str(writing)], key=int)
    finally:
        os.close(reading)
        os.close(writing)


def test_program_is_searched_on_the_childs_own_path(tmp_path: Path) -> None:
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
def test_unrunnable_program_raises_the_same_error_as_without_a_launcher(
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


def test_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-folder"):
        spawn(["true"], cwd=tmp_path / "no-such-folder")


def test_limit_refused_by_the_system_is_named() -> None:
    with pytest.raises(OSError, match="Invalid argument: '999=1:1'"):
        program.start(["-l", "999=1:1"], ["true"])


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_refused_seccomp_filter_stops_the_child() -> None:
    with pytest.raises(OSError, match="Invalid argument: '00"):
        program.start(["-f", "00" * 8], ["true"])


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the launcher and its source."""
    for name in ("SOURCE", "PROGRAM"):
        monkeypatch.setattr(source, name, Path(shutil.copy(getattr(source, name), tmp_path)))
    assert program.find() == str(source.PROGRAM)
    return source.PROGRAM


def test_no_process_starts_without_its_launcher(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from gifapp.launcher import source\n"
        f"source.PROGRAM = Path({str(tmp_path)!r}, 'launch')\n"
        "from gifapp.__main__ import main; main(['web'])"
    )
    refused = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("gifapp: The compiled program that starts gifapp's processes is missing")


def test_missing_launcher_says_what_to_do(launcher: Path) -> None:
    launcher.unlink()
    with pytest.raises(errors.LauncherNotBuilt, match="pip install"):
        program.find()


def test_launcher_built_from_another_source_is_refused(launcher: Path) -> None:
    source.SOURCE.write_text(source.SOURCE.read_text() + "\n")
    with pytest.raises(errors.LauncherNotBuilt, match="older than its source"):
        program.find()


def test_launcher_without_execute_permission_is_refused(launcher: Path) -> None:
    launcher.chmod(0o644)
    with pytest.raises(errors.LauncherNotBuilt, match="not executable"):
        program.find()
