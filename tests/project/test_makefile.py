import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def copy_checkout(directory: Path) -> None:
    """Copy the files that `make` depends on."""
    for name in ("Makefile", "pyproject.toml", "hatch_build.py"):
        shutil.copy(ROOT / name, directory)


def test_without_a_suitable_python_make_says_what_to_install(tmp_path: Path) -> None:
    copy_checkout(tmp_path)
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    refused = subprocess.run(
        ["make", "run", f"PYTHONS={old} no-such-python"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert refused.returncode == 2
    assert "gifapp needs Python 3.11 to 3.14" in refused.stderr
    assert not (tmp_path / ".venv").exists()


def test_second_run_installs_nothing(tmp_path: Path) -> None:
    copy_checkout(tmp_path)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "gifapp"):
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/called\n')
        (programs / name).chmod(0o755)
    for _ in range(2):
        subprocess.run(["make", "run", "ARGS=--port 9000"], cwd=tmp_path, check=True, capture_output=True)
    installs, *runs = (tmp_path / "called").read_text().splitlines()
    assert "pip" in installs
    assert runs == ["gifapp up --open --port 9000"] * 2
