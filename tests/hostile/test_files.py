"""Malicious files sent through the whole service: each is refused or its job ends; nothing is left."""

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from gifapp.client import Client
from gifapp.domain.views.jobs import JobView
from gifapp.processes import wait_until
from tests.hostile import files
from tests.hostile.files import FAILED, MADE, REFUSED
from tests.support import clips
from tests.support.letters import write_clip
from tests.support.service import RunningService, running_service

MAX_TIME_S = 60.0
MAX_BYTES = 1_000_000_000  # of any single process
NAMES = [
    *("-i.mp4", "..%2f..%2fetc%2fpasswd", "../../etc/passwd", "$(id).mp4", "`id`.mp4", "a'b\".mp4", "%d.mp4"),
    *("<img src=x onerror=alert(1)>.mp4", "\u202e4pm.exe", "a\nb\r\nSet-Cookie: x.mp4", "concat:ok.mp4"),
    *("x" * 200 + ".mp4", "con.mp4", ".mp4", "\N{PARTY POPPER}.mp4"),
]


class Watch:
    """Samples the largest process below the service while the tests run."""

    def __init__(self) -> None:
        self.largest_bytes = 0
        [self._service] = [child for child in psutil.Process().children() if "up" in child.cmdline()]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            below = self._service.children(recursive=True)
            self.largest_bytes = max([self.largest_bytes, *map(_own_bytes, below)])


def _below_service() -> list[psutil.Process]:
    below: list[psutil.Process] = []
    for child in psutil.Process().children():  # also the ffmpeg that makes a test's video
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            below += child.children(recursive=True) if "up" in child.cmdline() else []
    return below


def _own_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def service(data: Path) -> Iterator[RunningService]:
    with running_service(data) as running:
        yield running


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[Client]:
    with service.sign_up("eve@example.com") as signed_in:
        yield signed_in


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(client: Client, data: Path) -> Iterator[None]:
    """Afterwards, no process beyond those of an idle service and no unreferenced file may be left."""
    assert _end(client, _upload(client, clips.real_clip().read_bytes(), "warm.mp4")) == MADE
    idle = _names_below()
    watch = Watch()
    yield
    watch.stop()
    assert watch.largest_bytes < MAX_BYTES
    assert wait_until(lambda: _names_below() == idle, timeout_s=10), _names_below()
    storage = data / "data" / "storage"
    unfinished = [path for folder in ("incoming", "scratch") for path in (storage / folder).rglob("*")]
    assert [path for path in unfinished if path.is_file()] == []


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An ordinary video."""
    return clips.pattern(tmp_path_factory.mktemp("ordinary") / "clip.mp4").read_bytes()


@pytest.fixture(scope="module")
def trap() -> Iterator[socket.socket]:
    """A server that only a followed playlist would connect to."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        yield listening


def test_playlists_are_not_followed(client: Client, trap: socket.socket) -> None:
    playlists = files.playlists(f"http://127.0.0.1:{trap.getsockname()[1]}")
    for kind, content in playlists.items():
        for name in (f"{kind}.mp4", f"a.{kind}"):
            end = _end(client, _upload(client, content, name))
            assert end == (MADE if kind.startswith("avi") else REFUSED), (
                kind
            )  # an AVI's picture counts as one
    with pytest.raises(TimeoutError):
        trap.accept()


@pytest.mark.parametrize("kind", files.NO_VIDEOS)
def test_files_that_are_not_videos_are_refused(client: Client, kind: str) -> None:
    assert _is_refusal(_upload(client, files.NO_VIDEOS[kind], f"{kind}.mp4"))


@pytest.mark.parametrize(("make", "end"), files.VIDEOS, ids=[make.__name__ for make, _ in files.VIDEOS])
def test_malformed_video_is_refused_or_converted(
    client: Client, tmp_path: Path, make: files.Make, end: str
) -> None:
    path = make(tmp_path / "hostile.mp4")
    answer = _upload(client, path.read_bytes(), path.name)
    assert _end(client, answer) == end, answer.text


@pytest.mark.parametrize("name", NAMES)
def test_file_name_is_displayed_and_never_used_as_a_path(
    client: Client, data: Path, tmp_path: Path, name: str
) -> None:
    clip = write_clip(tmp_path / "ok.mkv", [["R"], ["G"]]).read_bytes()
    before = {path.parent for path in data.rglob("*")}
    answer = _upload(client, clip, name)
    assert "/" not in answer.json()["name"]
    assert answer.json()["name"].isprintable()
    assert _end(client, answer) == MADE
    [job] = client.jobs(limit=1)
    assert job.gif is not None
    gif = httpx.get(client.url + job.gif.url + "&download=1")
    assert "\n" not in gif.headers["Content-Disposition"]
    assert "Set-Cookie" not in gif.headers
    made = {path.parent.name for path in data.rglob("*") if path.parent not in before}
    assert not any("etc" in folder or "mp4" in folder for folder in made)


@pytest.mark.parametrize(
    ("recipe", "end"),
    [
        ({"subtitles": "1\n00:00:00,000 --> 00:00:01,000\n" + "x" * 2_000_000}, REFUSED),
        ({"subtitles": "1\n00:00:00,000 --> 00:00:01,000\n" + "x" * 90_000}, MADE),
        ({"subtitles": "1\n-00:00:05,000 --> -00:00:01,000\nbefore the beginning"}, FAILED),
        ({"subtitles": "[Script Info]\n[V4+ Styles]\nStyle: a,/etc/passwd,99999\n[Events]\n"}, REFUSED),
        ({"captions": [{"text": "\u202e" * 2000}]}, REFUSED),
        ({"captions": [{"text": "\u0301" * 500, "size_px": 400}]}, MADE),
        ({"segments": [{"end_s": 1e308}]}, REFUSED),
        ({"segments": [{"end_s": 1e9}], "captions": [{"text": "x", "start_s": 1e9}], "speed": 10}, MADE),
        ({"segments": [{"end_s": 5e-324}, {"start_s": 1e-320}], "crossfade_s": 5e-324}, MADE),
        ({"look": {"fade_in_s": 5e-324, "fade_out_s": 5e-324, "blur_px": 5e-324}}, MADE),
        ({"hold_s": 5e-324, "captions": [{"text": "x", "end_s": 5e-324}]}, MADE),
    ],
    ids=[
        *("2 MB in a line", "90 KB in a line", "negative times", "ASS", "too long", "accents"),
        *("times without end", "the longest times", "the shortest times", "short fades", "a short caption"),
    ],
)
def test_malicious_recipe_is_refused_or_converted(
    client: Client, ordinary: bytes, recipe: dict[str, Any], end: str
) -> None:
    answer = _upload(client, ordinary, "clip.mp4")
    assert _end(client, answer, **recipe) == end


def test_overlay_that_unpacks_to_a_huge_picture_is_refused(client: Client, ordinary: bytes) -> None:
    answer = _upload(client, ordinary, "clip.mp4")
    overlay = {"image": base64.b64encode(files.huge_overlay()).decode()}
    assert _end(client, answer, overlay=overlay) == FAILED


def _post(client: Client, path: str, **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {client.access_token()}"}
    return httpx.post(f"{client.url}/api/v1{path}", headers=headers, timeout=MAX_TIME_S, **body)


def _upload(client: Client, content: bytes, name: str) -> httpx.Response:
    return _post(client, "/sources", params={"name": name}, content=content)


def _end(client: Client, source: httpx.Response, **recipe: Any) -> str:
    """How a small GIF of an upload ends: with a refusal or in a job's final state."""
    answer = source
    if source.is_success:
        recipe = {"width_px": 64, "fps": 5, **recipe}
        answer = _post(client, "/jobs", json={"source_id": source.json()["id"], "recipe": recipe})
    if not answer.is_success:
        assert _is_refusal(answer), answer.text
        return REFUSED
    job = _ended(client, answer.json()["id"])
    if job.error is not None:
        assert _is_sentence(job.error.detail), job.error
    return str(job.state)


def _ended(client: Client, job_id: str) -> JobView:
    has_ended = lambda: client.job(job_id).finished_at is not None  # noqa: E731
    assert wait_until(has_ended, timeout_s=MAX_TIME_S, every_s=0.1), client.job(job_id)
    return client.job(job_id)


def _is_refusal(answer: httpx.Response) -> bool:
    """Whether it is a 4xx with problem details: a sentence without internals."""
    return 400 <= answer.status_code < 500 and _is_sentence(answer.json()["detail"])


def _is_sentence(detail: str) -> bool:
    names_field = detail.partition(":")[0].replace(".", "").isidentifier()
    return (detail[0].isupper() or names_field) and detail.endswith(".") and "Traceback" not in detail


def _names_below() -> list[str]:
    names = []
    for process in _below_service():
        with contextlib.suppress(psutil.NoSuchProcess):
            names.append(process.name())
    return sorted(names)
