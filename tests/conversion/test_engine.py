"""Each in a process of its own: here the engine is loaded for good."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from gifapp.processes import stop, wait_until
from tests.letters import write_clip

COMPILING = "gifapp: the engine is being compiled, once for this installation (about half a minute)\n"
WHERE_KEPT = (
    "from gifapp.conversion import encoder, kernels; "
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


def test_where_nothing_may_be_kept_the_engine_is_there_nevertheless() -> None:
    assert where_kept(NUMBA_CACHE_LOCATOR_CLASSES="IPythonCacheLocator") == "False None"


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_the_first_run_says_that_it_compiles_and_can_be_stopped(tmp_path: Path, sig: signal.Signals) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]])
    argv = [sys.executable, "-m", "gifapp", "convert", str(clip)]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    process = subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        assert process.stderr.readline() == COMPILING
        assert wait_until(lambda: bool(psutil.Process(process.pid).children()), timeout_s=20)
        children = psutil.Process(process.pid).children(recursive=True)
        begun = time.monotonic()
        process.send_signal(sig)
        assert process.wait(20) == 128 + sig
        assert time.monotonic() - begun < 2  # a quarter, where nothing else runs
        assert process.stderr.read() == ""
    finally:
        stop(process, grace_s=0)
        process.stderr.close()
    assert not [child for child in children if child.is_running()]
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mkv", "cache"}
