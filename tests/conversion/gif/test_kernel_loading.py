"""Each in a process of its own: here the engine is loaded for good."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from gifapp.conversion.gif import kernels
from gifapp.conversion.gif.kernel_cache import keep_kernels_in
from gifapp.processes import stop, wait_until
from tests.letters import write_clip

COMPILING = "gifapp: the engine is being compiled, once for this installation (about half a minute)\n"
WHERE_KEPT = (
    "from gifapp.conversion.gif import encoder, kernels; "
    "print(kernels.are_kept(), kernels._pending[0][0].stats.cache_path)"
)


def where_kept(**environment: str) -> str:
    argv = [sys.executable, "-c", WHERE_KEPT]
    done = subprocess.run(argv, env=os.environ | environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_read_only_installation_keeps_the_engine_in_the_users_cache(tmp_path: Path) -> None:
    kept = where_kept(NUMBA_CACHE_LOCATOR_CLASSES="UserWideCacheLocator", XDG_CACHE_HOME=str(tmp_path))
    assert kept.startswith(f"True {tmp_path}")


def test_the_engine_can_be_kept_where_the_environment_says(tmp_path: Path) -> None:
    assert where_kept(NUMBA_CACHE_DIR=str(tmp_path)).startswith(f"True {tmp_path}")


def test_a_service_that_may_write_nowhere_else_keeps_the_engine_with_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    (tmp_path / "file").touch()
    read_only = [tmp_path / "file" / "cache"]
    keep_kernels_in(tmp_path / "kernels", usual=[*read_only, tmp_path / "writable"])
    assert os.environ["NUMBA_CACHE_DIR"] == ""
    keep_kernels_in(tmp_path / "kernels", usual=read_only)
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "kernels")
    assert (tmp_path / "kernels").stat().st_mode & 0o777 == 0o700
    keep_kernels_in(tmp_path / "file" / "kernels", usual=read_only)
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "kernels")


def test_where_nothing_may_be_kept_the_engine_is_there_nevertheless() -> None:
    assert where_kept(NUMBA_CACHE_LOCATOR_CLASSES="IPythonCacheLocator") == "False None"


def test_of_two_that_start_together_one_compiles(tmp_path: Path) -> None:
    module = tmp_path / "slow.py"
    module.write_text(SLOW_KERNEL)
    argv = [sys.executable, str(module)]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(argv, env=environment, **pipes) for _ in range(2)]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    said = sorted(one.communicate(timeout=120)[0] for one in both)
    assert said == ["loaded 0\n", "loaded 1\n"]


SLOW_KERNEL = """
from gifapp.conversion.gif import kernels

@kernels.kernel("int64(int64)")
def slow(number):
{steps}
    return number

print("ready", flush=True)
input()
kernels.load_all()
print("loaded", sum(slow.stats.cache_hits.values()))
""".format(steps="    for step in range(number): number ^= step\n" * 60)


def test_a_user_without_a_home_gets_no_folder_named_like_one(tmp_path: Path) -> None:
    code = f"{HOMELESS}; from numba.core import caching\n"
    code += "caching.InTreeCacheLocator.from_function = lambda *_: None\n" + WHERE_KEPT
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, cwd=tmp_path, env=without_home(), check=True, capture_output=True, text=True)
    assert done.stdout == "False None\n"
    assert list(tmp_path.iterdir()) == []


def test_a_user_without_a_home_converts_and_hears_where_a_service_may_keep_its_data(tmp_path: Path) -> None:
    code = f"{HOMELESS}; import sys; from gifapp.__main__ import main; main(sys.argv[1:])"

    def gifapp(*words: str) -> str:
        argv = [sys.executable, "-c", code, *words]
        return subprocess.run(
            argv, cwd=tmp_path, env=without_home(), check=False, capture_output=True, text=True
        ).stderr

    write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]])
    assert gifapp("convert", "clip.mkv", "--quiet") == ""
    assert gifapp("up") == (
        "gifapp: The setting GIFAPP_DATA_DIR is wrong: this user has no home directory; "
        "choose a place with --data-dir.\n"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mkv", "clip.gif"}


HOMELESS = "import pwd; pwd.getpwuid = lambda uid: {}[uid]"


def without_home() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "HOME" and "XDG" not in name}


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_the_first_run_says_that_it_compiles_and_can_be_stopped(tmp_path: Path, sig: signal.Signals) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]])
    argv = [sys.executable, "-m", "gifapp", "convert", str(clip)]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    process = subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        assert process.stderr.readline() == COMPILING
        assert wait_until(lambda: bool(psutil.Process(process.pid).children()), timeout_s=20)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(sig)
        assert process.wait(20) == 128 + sig
        assert process.stderr.read() == ""
    finally:
        stop(process, grace_s=0)
        process.stderr.close()
    assert not [child for child in children if child.is_running()]
    sources = Path(kernels.__file__).parent.glob("*.py")
    compiled = list((tmp_path / "cache").rglob("*.nbi"))
    assert len(compiled) < sum(source.read_text().count("\n@kernel(") for source in sources)
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mkv", "cache"}
