"""`python -m benchmarks.uploads`: upload throughput, compared with a bare handler that writes to a file.

2 GB over loopback, by the same client, alternating. Throughput counts until the last byte is accepted; the
work before the response (flush to disk, probe, poster) is reported in seconds. The web server and the bare
handler are separate processes.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import urlsplit

import httpx
import psutil
import tornado.web

from benchmarks import videos
from benchmarks.service import servers, web_server
from gifapp import processes
from gifapp.up.ports import free_port
from gifapp.web.http.server import BUFFER_BYTES, CHUNK_BYTES

_SIZE = 2_000_000_000
_ROUNDS = 3
_PATIENCE_S = 300.0
_PASSWORD = "four words of load"  # noqa: S105
_TUS = {"Tus-Resumable": "1.0.0"}


class _Taken(NamedTuple):
    """Seconds until the last byte was accepted, and from then until the response."""

    sent_s: float
    answer_s: float


class UploadFigures(NamedTuple):
    """MB per second in the best round, seconds until the response, and the web server's growth in MB."""

    bare_mb_s: float
    post_mb_s: float
    patch_mb_s: float
    post_answer_s: float
    patch_answer_s: float
    grew_mb: float

    @property
    def post_ratio(self) -> float:
        return self.post_mb_s / self.bare_mb_s

    @property
    def patch_ratio(self) -> float:
        return self.patch_mb_s / self.bare_mb_s


def measure() -> UploadFigures:
    os.environ["GIFAPP_MAX_UPLOAD_BYTES"] = str(2 * _SIZE)
    try:
        with _bare_server() as bare, servers() as foundation:
            with closing(foundation.build_identity()) as identity:
                identity.create_user("a@example.org", _PASSWORD, "user")
            with web_server() as (url, web), _signed_in(url) as http:
                return _in_turns(bare, http, web)
    finally:
        del os.environ["GIFAPP_MAX_UPLOAD_BYTES"]


def _in_turns(bare: str, http: httpx.Client, web: psutil.Process) -> UploadFigures:
    for send in (_post, _patch):
        send(http, _Video(10_000_000, 0))  # warm
    rounds: list[tuple[_Taken, _Taken, _Taken]] = []
    with _growth(web) as grew:
        for number in range(1, _ROUNDS + 1):
            video = _Video(_SIZE, number)
            bare_taken = _sent(bare, "POST", "/", {}, video)
            rounds.append((bare_taken, _post(http, video), _patch(http, video)))
    bare_mb_s, post_mb_s, patch_mb_s = (
        _SIZE / 1e6 / min(taken.sent_s for taken in each) for each in zip(*rounds, strict=True)
    )
    _, post_s, patch_s = (min(taken.answer_s for taken in each) for each in zip(*rounds, strict=True))
    return UploadFigures(bare_mb_s, post_mb_s, patch_mb_s, post_s, patch_s, max(grew) / 1e6)


class _Video:
    """An MP4 padded to the requested size with an empty box at its end."""

    def __init__(self, size: int, number: int) -> None:
        clip = videos.made(videos.one_second).read_bytes()
        rest = size - len(clip)
        self.size = size
        self.head = clip + rest.to_bytes(4, "big") + b"free" + number.to_bytes(8, "big")

    def send(self, line: socket.socket) -> None:
        line.sendall(self.head)
        missing, nothing = self.size - len(self.head), memoryview(bytes(1_000_000))
        while missing:
            missing -= line.send(nothing[:missing])


def _post(http: httpx.Client, video: _Video) -> _Taken:
    token = {"Authorization": http.headers["Authorization"]}
    taken = _sent(str(http.base_url), "POST", "/api/v1/sources", token, video)
    _forget(http)
    return taken


def _patch(http: httpx.Client, video: _Video) -> _Taken:
    begun = http.post("/api/v1/uploads", headers=_TUS | {"Upload-Length": str(video.size)})
    headers = {
        "Authorization": http.headers["Authorization"],
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": "0",
    }
    taken = _sent(str(http.base_url), "PATCH", begun.headers["Location"], _TUS | headers, video)
    _forget(http)
    return taken


def _sent(url: str, method: str, path: str, headers: dict[str, str], video: _Video) -> _Taken:
    address = urlsplit(url)
    lines = [f"{method} {path} HTTP/1.1", "Host: benchmark", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {video.size}", "", ""]
    with socket.create_connection((address.hostname, address.port), timeout=_PATIENCE_S) as line:
        begin_s = time.perf_counter()
        line.sendall("\r\n".join(lines).encode())
        video.send(line)
        sent_s = time.perf_counter() - begin_s
        status = line.recv(4096).split(b" ")[1]
        taken = _Taken(sent_s, time.perf_counter() - begin_s - sent_s)
    assert status.startswith(b"2"), status
    return taken


def _forget(http: httpx.Client) -> None:
    for source in http.get("/api/v1/sources").json()["sources"]:
        http.delete(f"/api/v1/sources/{source['id']}").raise_for_status()


@contextmanager
def _signed_in(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=_PATIENCE_S) as http:
        account = {"email": "a@example.org", "password": _PASSWORD}
        token = http.post("/api/v1/auth/login", json=account).raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http


@contextmanager
def _growth(process: psutil.Process) -> Iterator[list[int]]:
    """Samples how many bytes the process has grown by since the start."""
    before, grew, done = process.memory_info().rss, [0], threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            grew.append(process.memory_info().rss - before)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield grew
    finally:
        done.set()
        looking.join()


@contextmanager
def _bare_server() -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = processes.spawn([sys.executable, "-m", "benchmarks.uploads", str(port), folder])
        url = f"http://127.0.0.1:{port}"
        try:
            assert processes.wait_until(lambda: _answers(url), timeout_s=30, every_s=0.1)
            yield url
        finally:
            processes.stop(process, grace_s=5)


def _answers(url: str) -> bool:
    try:
        return bool(httpx.get(url).status_code)
    except httpx.TransportError:
        return False


@tornado.web.stream_request_body
class _Bare(tornado.web.RequestHandler):
    """The minimum cost of an upload in Tornado."""

    _file: IO[bytes] | None = None

    def prepare(self) -> None:
        if self.request.method == "POST":
            self._file = (Path(self.settings["folder"]) / "video").open("wb")

    def data_received(self, chunk: bytes) -> None:
        assert self._file is not None
        self._file.write(chunk)

    def post(self) -> None:
        assert self._file is not None
        self._file.close()


async def _serve_bare(port: int, folder: str) -> None:
    app = tornado.web.Application([("/", _Bare)], folder=folder)
    app.listen(
        port,
        "127.0.0.1",
        max_body_size=2 * _SIZE,
        max_buffer_size=BUFFER_BYTES,
        chunk_size=CHUNK_BYTES,
    )
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1:]:
        asyncio.run(_serve_bare(int(sys.argv[1]), sys.argv[2]))
    else:
        figures = measure()
        print(figures, f"ratios: POST {figures.post_ratio:.2f}, PATCH {figures.patch_ratio:.2f}")
