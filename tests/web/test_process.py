"""The web server as a process: its output, and what it leaves behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from gifapp.processes import wait_until
from tests.test_private import NOBODY
from tests.web.visitors import PASSWORD

_SERVE = "import sys; from tests.web.visitors import serve; serve(*sys.argv[1:])"


@pytest.fixture
def web(mongodb_url: str, redis_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with started(mongodb_url, redis_url, tmp_path) as process:
        yield process


@contextmanager
def started(mongodb_url: str, redis_url: str, directory: Path) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-c", _SERVE, mongodb_url, redis_url, (directory / "storage").as_uri()]
    temporary = directory / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield process
        process.kill()


def test_start_removes_leftovers_of_killed_servers_but_not_of_living_ones(
    mongodb_url: str, redis_url: str, tmp_path: Path
) -> None:
    homes: list[set[str]] = []
    with started(mongodb_url, redis_url, tmp_path) as living:
        for _ in range(3):
            with started(mongodb_url, redis_url, tmp_path) as victim:
                for process in (living, victim)[bool(homes) :]:
                    assert process.stdout
                    assert process.stdout.readline()
                homes.append({path.name for path in (tmp_path / "tmp").glob("gifapp-web-*")})
    assert [len(leftovers) for leftovers in homes] == [2, 2, 2]
    assert len(set.intersection(*homes)) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_planted_files_in_the_temporary_directory_are_left_alone(
    mongodb_url: str, redis_url: str, tmp_path: Path
) -> None:
    prepared = [tmp_path / "tmp" / f"gifapp-web-{name}" for name in ("pipe", "loop", "free")]
    for directory in prepared:
        directory.mkdir(parents=True)
        os.chown(directory, NOBODY, NOBODY)
    pipe, loop, free = (directory / "held" for directory in prepared)
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    free.touch()
    with started(mongodb_url, redis_url, tmp_path) as web:
        assert web.stdout
        assert web.stdout.readline()
        assert all(directory.exists() for directory in prepared)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_from_the_setup_line_to_the_last_kernel(web: subprocess.Popen[str], sig: signal.Signals) -> None:
    assert web.stdout
    line = web.stdout.readline()
    assert line.startswith("Create the administrator account at http://127.0.0.1:")
    address, _, token = line.rpartition(" ")[2].strip().partition("/?setup=")
    with httpx.Client(base_url=address, timeout=20) as browser:
        account = {"email": "ada@example.org", "password": PASSWORD}
        assert (
            browser.post("/api/v1/auth/register", json={**account, "setup_token": token}).status_code == 201
        )
        assert browser.post("/api/v1/auth/login", json=account).status_code == 200
        assert browser.get("/").status_code == 200
    children = psutil.Process(web.pid).children(recursive=True)
    assert len(children) == 2, "the kernel, and the process that it was forked from"
    web.send_signal(sig)
    assert web.wait(15) == (0 if sig == signal.SIGTERM else -signal.SIGKILL)
    assert wait_until(lambda: not any(child.is_running() for child in children), timeout_s=15)
