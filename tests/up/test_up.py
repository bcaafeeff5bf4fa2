"""`gifapp up` as users run it: its own process, a data directory, signals."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import httpx
import psutil
import pytest

from gifapp.processes import wait_until

GIFAPP = [sys.executable, "-m", "gifapp"]
Start = Callable[..., "RunningUp"]


class RunningUp:
    """A `gifapp up`, and its output until it was ready."""

    def __init__(self, data_dir: Path, output: IO[bytes], environment: dict[str, str]) -> None:
        self.data_dir = data_dir
        argv = [*GIFAPP, "up", "--port", "0", "--data-dir", str(data_dir), "--workers", "1..1"]
        self.process = subprocess.Popen(
            argv, stdout=output, stderr=subprocess.STDOUT, env=os.environ | environment, umask=0o022
        )
        self._output = Path(output.name)

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def url(self) -> str:
        return self.output.partition("gifapp is ready at ")[2].split()[0]

    def wait_until_ready(self) -> "RunningUp":
        ended_or_ready = lambda: self.process.poll() is not None or "is ready at" in self.output  # noqa: E731
        assert wait_until(ended_or_ready, timeout_s=60)
        assert self.process.poll() is None, self.output
        return self

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def part(self, *words: str) -> psutil.Process:
        """The direct child whose command line has all of these words."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if all(word in " ".join(child.cmdline()) for word in words))


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[Start]:
    started: list[RunningUp] = []

    def start(data_dir: Path = tmp_path / "data", **environment: str) -> RunningUp:
        with (tmp_path / f"output{len(started)}").open("wb") as output:
            started.append(RunningUp(data_dir, output, environment))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.process.wait()


def test_up_starts_the_whole_service_and_stops_it_without_a_trace(start_up: Start) -> None:
    up = start_up().wait_until_ready()
    for path in ("/health/live", "/health/ready"):
        with urllib.request.urlopen(up.url + path, timeout=5) as answer:  # noqa: S310
            assert answer.status == 200
    document = json.loads((up.data_dir / "run" / "services.json").read_text())
    assert document["url"] == up.url
    assert up.output.index("Create the administrator account at") < up.output.index("gifapp is ready at")
    family = up.family()
    arguments = " ".join(word for process in family for word in process.cmdline())
    for secret in (document["redis_url"], document["mongodb_url"]):
        assert secret.partition("@")[0].rpartition(":")[2] not in arguments

    second = start_up()
    assert second.process.wait(10) == 1
    assert f"in use by gifapp (process {up.process.pid})" in second.output

    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(60) == 0
    assert not alive(family)
    assert not (up.data_dir / "run" / "services.json").exists()


def test_open_data_directory_is_made_private(start_up: Start, tmp_path: Path) -> None:
    for name in ("redis", "mongodb", "storage/incoming", "logs"):
        (tmp_path / "data" / name).mkdir(parents=True)
    for path in [tmp_path / "data", *(tmp_path / "data").rglob("*")]:
        path.chmod(0o755)
    up = start_up().wait_until_ready()
    open_dashboard(up)
    paths = [up.data_dir, *(path for path in up.data_dir.rglob("*") if not path.is_socket())]
    assert {"appendonlydir", "WiredTiger", "web.log", "lock"} <= {path.name for path in paths}
    assert [path for path in paths if path.exists() and path.stat().st_mode & 0o077] == []


def test_killed_part_is_restarted(start_up: Start) -> None:
    up = start_up().wait_until_ready()
    victims = [up.part("valkey-server"), up.part("gifapp", "web"), up.part("gifapp", "workers")]
    for victim in victims:
        victim.kill()
    assert wait_until(lambda: healthy(up.url) and not alive(victims), timeout_s=30, every_s=0.2)
    assert wait_until(lambda: len(psutil.Process(up.process.pid).children()) == 4, timeout_s=10)
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(15) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals are Linux's")
def test_nothing_outlives_a_killed_up_and_it_starts_again(start_up: Start) -> None:
    up = start_up().wait_until_ready()
    open_dashboard(up)
    family = up.family()
    assert {"gifapp.widgets.kernel_server", "gifapp.jobs.attempts.forkserver"} <= {
        word for process in family for word in process.cmdline()
    }
    up.process.kill()
    up.process.wait()
    assert wait_until(lambda: not alive(family), timeout_s=10)
    assert (up.data_dir / "run" / "services.json").exists()
    start_up().wait_until_ready()


def test_configured_servers_are_used_and_none_are_started(
    start_up: Start, redis_url: str, mongodb_url: str
) -> None:
    up = start_up(GIFAPP_REDIS_URL=redis_url, GIFAPP_MONGODB_URL=mongodb_url).wait_until_ready()
    assert len(psutil.Process(up.process.pid).children()) == 2
    assert not (up.data_dir / "redis").exists()
    assert not (up.data_dir / "mongodb").exists()


def test_stop_during_the_start_is_clean(start_up: Start, tmp_path: Path) -> None:
    up = start_up()
    assert wait_until(lambda: len(up.family()) >= 2, timeout_s=10)
    family = up.family()
    up.process.terminate()
    assert up.process.wait(15) == 0
    assert not alive(family)
    assert "is ready" not in up.output


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"GIFAPP_DATA_DIR": "/dev/null/data"},
            "/dev/null/data is not writable. Change its owner, or choose another with --data-dir",
        ),
        ({"GIFAPP_HOST": "192.0.2.1"}, "The setting GIFAPP_HOST is wrong"),
        ({"GIFAPP_WORKERS": "many"}, "The setting GIFAPP_WORKERS is wrong"),
        (
            {"GIFAPP_REDIS_URL": "redis://127.0.0.1:1/0"},
            "No server responds at the address in GIFAPP_REDIS_URL",
        ),
        (
            {"GIFAPP_MONGODB_URL": "mongodb://127.0.0.1:1/gifapp"},
            "No server responds at the address in GIFAPP_MONGODB_URL",
        ),
    ],
)
def test_impossible_start_prints_one_sentence(
    environment: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    environment = {"GIFAPP_DATA_DIR": str(tmp_path), "GIFAPP_PORT": "0"} | environment
    refused = subprocess.run(
        [*GIFAPP, "up"], env=os.environ | environment, check=False, capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"gifapp: {sentence}")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["redis", "mongodb"])
def test_wrong_password_is_reported_and_not_shown(
    name: str, redis_url: str, mongodb_url: str, tmp_path: Path
) -> None:
    urls = {"GIFAPP_REDIS_URL": redis_url, "GIFAPP_MONGODB_URL": mongodb_url}
    setting = f"GIFAPP_{name.upper()}_URL"
    urls[setting] = re.sub(r":[^:@/]+@", ":not-this-one@", urls[setting])
    environment = os.environ | {"GIFAPP_DATA_DIR": str(tmp_path), "GIFAPP_PORT": "0"} | urls
    for command in (["up"], ["admin", "list-users"]) if name == "mongodb" else (["up"],):
        refused = subprocess.run(
            [*GIFAPP, *command], env=environment, check=False, capture_output=True, text=True, timeout=60
        )
        assert refused.returncode == 1
        assert refused.stderr.endswith(f" rejected the user or password in {setting}.\n")
        assert "not-this-one" not in refused.stderr


def open_dashboard(up: RunningUp) -> None:
    """Sign in as the administrator and load the page, which starts a kernel."""
    person = {"email": "ada@example.org", "password": "correct horse"}
    setup_token = up.output.partition("?setup=")[2].split()[0]
    with httpx.Client(base_url=up.url, timeout=30) as browser:
        made = browser.post("/api/v1/auth/register", json=person | {"setup_token": setup_token})
        assert made.status_code == 201, made.text
        assert browser.post("/api/v1/auth/login", json=person).status_code == 200
        assert browser.get("/").status_code == 200


def healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/health/ready", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if is_alive(process)]


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
