"""Videos from links: what is fetched, from where, how far it got, and what is refused."""

import asyncio
import dataclasses
import json
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from gifapp import errors
from gifapp.jobs.db import usage
from gifapp.processes import wait_until
from gifapp.web.handlers import fetching
from gifapp.web.http.context import Parts
from gifapp.web.http.fetching import AT_ONCE, LinkFetcher, is_own, is_public, may_reach
from tests.web.api.conftest import MAX_UPLOAD_BYTES, Person, SignUp, is_problem

HOSTS = {
    "videos.example": ["127.0.0.1"],
    "inside.example": ["10.0.0.7"],
    "both.example": ["127.0.0.2", "127.0.0.1"],
    "localhost": ["::1"],
}
PUBLIC = "93.184.216.34 2606:2800:220:1::1"
PRIVATE = (
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 100.64.0.1 169.254.169.254 0.0.0.0 224.0.0.1 255.255.255.255 "
    "192.88.99.1 fec0::1 3fff::1 5f00::1 "
    "::1 :: fe80::1%eth0 fd00::1 ff02::1 ::7f00:1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1:: nonsense"
)


def has_ipv6() -> bool:
    """Whether this machine has IPv6's loopback address."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


class Elsewhere(RequestHandler):
    """Another server: a video, and what servers do wrong."""

    closed: asyncio.Event

    def initialize(self, video: bytes, seen: list[str]) -> None:
        self._video = video
        seen.append(self.request.host)

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "video/mp4")

    async def get(self, path: str) -> None:
        match path:
            case "clip.mp4":
                self.finish(self._video)
            case "slow.mp4":
                self.set_header("Content-Length", str(len(self._video)))
                self.write(self._video[:1000])
                await self.flush()
                await self.closed.wait()
            case "short.mp4":
                self.set_header("Content-Length", str(len(self._video)))
                self.write(self._video[:1000])
                await self.flush()
                self.request.connection.stream.close()  # type: ignore[union-attr]
            case "endless":
                while True:
                    self.write(b"x" * 65_536)
                    await self.flush()
            case "large":
                self.set_header("Content-Length", str(MAX_UPLOAD_BYTES + 1))
                await self.flush()
                await self.closed.wait()
            case "page":
                self.set_header("Content-Type", "text/html; charset=utf-8")
                self.finish("<p>A page")
            case "text":
                self.finish("no video")
            case "there" | "inside" | "loop" | "file" | "user":
                targets = {
                    "there": "/clip.mp4",
                    "inside": self.request.full_url().replace("videos", "inside"),
                    "loop": "/loop",
                    "file": "file:///etc/passwd",
                    "user": self.request.full_url().replace("//", "//root:secret@"),
                }
                self.redirect(targets[path])
            case _:
                self.send_error(404)

    def on_connection_close(self) -> None:
        self.closed.set()


@pytest.fixture
def seen() -> list[str]:
    """The hosts that the other server was asked for."""
    return []


@pytest.fixture
async def elsewhere(video: bytes, seen: list[str]) -> AsyncIterator[str]:
    Elsewhere.closed = asyncio.Event()
    server = HTTPServer(Application([(r"/(.*)", Elsewhere, {"video": video, "seen": seen})]))
    listening, port = bind_unused_port()
    server.add_socket(listening)
    yield f"http://videos.example:{port}"
    Elsewhere.closed.set()
    server.stop()
    await server.close_all_connections()


def resolve(host: str, _: int) -> list[str]:
    if host.endswith("nowhere.example"):
        raise OSError(host)
    return HOSTS.get(host, [host])


@pytest.fixture
def parts(parts: Parts) -> Parts:
    """The server may reach this machine's 127.0.0.1, as if it were public."""
    fetcher = LinkFetcher(
        resolve=resolve,
        may_reach=lambda text: text == "127.0.0.1" or is_public(text),
        ports=range(65_536),
    )
    return dataclasses.replace(parts, link_fetcher=fetcher)


async def fetch(person: Person, link: str) -> httpx.Response:
    return await person.http.post("/api/v1/links", json={"url": link})


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("path", ["clip.mp4", "there"])
async def test_link_becomes_a_video(ada: Person, elsewhere: str, video: bytes, path: str) -> None:
    progress, *_, last = lines(await fetch(ada, f"{elsewhere}/{path}?token=1#t=2"))
    assert progress == {"received_bytes": len(video), "total_bytes": len(video)}
    source = last["source"]
    assert (source["name"], source["bytes"]) == ("clip.mp4", len(video))
    assert (await ada.http.get(f"/api/v1/sources/{source['id']}")).status_code == 200


async def test_every_address_is_checked_when_it_is_connected_to(
    ada: Person, elsewhere: str, seen: list[str]
) -> None:
    port = elsewhere.rpartition(":")[2]
    for host in ("inside.example", "10.0.0.7", "[::1]", "[::ffff:10.0.0.7]", "localhost"):
        is_problem(await fetch(ada, f"http://{host}:{port}/clip.mp4"), 422, "link-not-public")
    is_problem(await fetch(ada, f"{elsewhere}/inside"), 422, "link-not-public")
    assert seen == [f"videos.example:{port}"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, 127.0.0.2 is nobody's")
async def test_private_address_beside_a_public_one_is_not_connected_to(ada: Person, elsewhere: str) -> None:
    port = int(elsewhere.rpartition(":")[2])
    with socket.create_server(("127.0.0.2", port)) as inside:
        inside.setblocking(False)
        assert "source" in lines(await fetch(ada, f"http://both.example:{port}/clip.mp4"))[-1]
        with pytest.raises(BlockingIOError):
            inside.accept()


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/nothing", "link-failed", "answered with the status 404"),
        ("/loop", "link-failed", "redirects too often"),
        ("/file", "link-failed", "redirects to something that is not a link"),
        ("/user", "link-failed", "redirects to something that is not a link"),
        ("/page", "link-failed", "sent a web page"),
        ("/large", "source-too-large", "larger than the limit"),
    ],
)
async def test_failed_fetch_is_explained(
    ada: Person, elsewhere: str, path: str, code: str, words: str
) -> None:
    answer = await fetch(ada, elsewhere + path)
    assert answer.json()["code"] == code
    assert words in answer.json()["detail"]
    assert (await ada.http.get("/api/v1/sources")).json()["sources"] == []


@pytest.mark.parametrize(("path", "code"), [("/endless", "source-too-large"), ("/text", "source-not-video")])
async def test_content_is_checked_like_an_upload(
    ada: Person, elsewhere: str, parts: Parts, path: str, code: str
) -> None:
    assert lines(await fetch(ada, elsewhere + path))[-1]["problem"]["code"] == code
    assert (await ada.http.get("/api/v1/sources")).json()["sources"] == []
    assert list(parts.services.blobs.workspace.root.rglob("video")) == []


async def test_declared_size_is_checked_against_the_quota(ada: Person, elsewhere: str, video: bytes) -> None:
    usage.set_quota(ada.id, len(video) - 1)
    is_problem(await fetch(ada, f"{elsewhere}/slow.mp4"), 413, "quota-exceeded")


@pytest.mark.parametrize(
    "link",
    [
        "",
        "clip.mp4",
        "ftp://videos.example/a",
        "file:///etc/passwd",
        "http://",
        "http://u:p@videos.example/a",
        "http://videos.example:99999/",
        "javascript:1",
        "http://[/",
        "http://xn--a/",
        "http://" + "a" * 2000,
    ],
)
async def test_only_links_are_fetched(ada: Person, link: str) -> None:
    assert (await fetch(ada, link)).status_code == 422


async def test_unknown_host_gets_the_answer_of_a_private_one(ada: Person) -> None:
    answers = [await fetch(ada, f"https://{host}.example/a.mp4") for host in ("nowhere", "inside")]
    details = [is_problem(answer, 422, "link-not-public")["detail"] for answer in answers]
    assert details[0].replace("nowhere", "inside") == details[1]


async def test_connection_that_breaks_may_be_retried(ada: Person, elsewhere: str) -> None:
    assert lines(await fetch(ada, f"{elsewhere}/short.mp4"))[-1]["problem"]["code"] == "link-interrupted"
    unused = "http://videos.example:1/clip.mp4"
    is_problem(await fetch(ada, unused), 502, "link-interrupted")


async def test_download_has_a_deadline(
    ada: Person, elsewhere: str, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "DEADLINE_S", 0.3)
    problem = lines(await fetch(ada, f"{elsewhere}/slow.mp4"))[-1]["problem"]
    assert problem["detail"] == (
        "Can't get the file from videos.example: it took longer than half an hour. Try again."
    )
    assert not [*(parts.services.blobs.workspace.root / "incoming").iterdir()]


async def test_silence_of_a_server_is_limited(elsewhere: str, parts: Parts) -> None:
    assert parts.link_fetcher is not None
    impatient = dataclasses.replace(parts.link_fetcher, silence_s=0.2)
    async with asyncio.timeout(20), impatient.open("ann", f"{elsewhere}/slow.mp4") as file:
        with pytest.raises(errors.LinkInterrupted, match="it did not answer in time"):
            assert [len(part) async for part in file.parts] == []


async def test_name_server_that_never_answers_is_not_waited_for() -> None:
    answers = threading.Event()

    def wait(_host: str, _port: int) -> list[str]:
        answers.wait(60)
        return []

    fetcher = LinkFetcher(resolve=wait, connect_s=0.1)
    with pytest.raises(errors.LinkNotPublic):
        async with asyncio.timeout(20), fetcher.open("ann", "http://a.example/"):
            pass
    answers.set()


async def test_only_the_usual_ports_are_connected_to() -> None:
    with pytest.raises(errors.LinkFailed, match="uses port 8080; only 80 and 443 are allowed"):
        async with LinkFetcher(resolve=resolve).open("ann", "http://videos.example:8080/"):
            pass


async def test_error_of_the_reader_is_not_blamed_on_the_server(elsewhere: str, parts: Parts) -> None:
    assert parts.link_fetcher is not None
    with pytest.raises(OSError, match="ours"):
        async with parts.link_fetcher.open("ann", f"{elsewhere}/clip.mp4"):
            raise OSError("ours")


async def test_leaving_cancels_the_download(ada: Person, elsewhere: str, parts: Parts) -> None:
    leaving = httpx.AsyncClient(base_url=ada.http.base_url, headers=ada.http.headers, timeout=30)
    link = {"url": f"{elsewhere}/slow.mp4"}
    async with leaving, leaving.stream("POST", "/api/v1/links", json=link) as answer:
        assert json.loads(await anext(answer.aiter_lines()))["received_bytes"] == 1000
        assert parts.link_fetcher is not None
        assert parts.link_fetcher.running.count(ada.id) == 1
    await asyncio.wait_for(Elsewhere.closed.wait(), 20)
    incoming, running = parts.services.blobs.workspace.root / "incoming", parts.link_fetcher.running
    assert await asyncio.to_thread(
        wait_until, lambda: not [*incoming.iterdir()] and not running.count(ada.id), timeout_s=20
    )


async def test_slow_name_servers_of_one_user_do_not_delay_others(
    ada: Person, sign_up: SignUp, elsewhere: str, parts: Parts
) -> None:
    assert parts.link_fetcher is not None
    answers, asked = threading.Event(), []

    def wait(host: str, port: int) -> list[str]:
        if host != "slow.example":
            return resolve(host, port)
        asked.append(host)
        answers.wait(60)
        return []

    object.__setattr__(parts.link_fetcher, "resolve", wait)
    default_threads = asyncio.get_running_loop().run_in_executor
    try:
        for _ in range(10):  # each leaves at once, but its thread waits for the name server
            with suppress(httpx.ReadTimeout):
                await ada.http.post("/api/v1/links", json={"url": "http://slow.example/a"}, timeout=0.2)
        assert len(asked) == AT_ONCE
        assert lines(await fetch(sign_up("eve"), f"{elsewhere}/clip.mp4"))[-1]["source"]
        assert await default_threads(None, str) == ""  # which the server needs for its pages
    finally:
        answers.set()


async def test_concurrent_fetches_per_user_are_limited(ada: Person, parts: Parts) -> None:
    assert parts.link_fetcher is not None
    running = parts.link_fetcher.running
    with running.turn(ada.id), running.turn(ada.id):
        is_problem(await fetch(ada, "http://videos.example/a"), 429, "too-many-at-once")
    assert parts.link_fetcher.running.count(ada.id) == 0


class TestWithoutPermission:
    @pytest.fixture
    def parts(self, parts: Parts) -> Parts:
        return dataclasses.replace(parts, link_fetcher=None)

    async def test_no_link_is_fetched(self, ada: Person) -> None:
        is_problem(await fetch(ada, "http://videos.example/a"), 403, "links-not-allowed")
        assert (await ada.http.get("/api/v1/limits")).json()["fetches_links"] is False


def test_which_addresses_are_public() -> None:
    assert [address for address in PUBLIC.split() if not is_public(address)] == []
    assert [address for address in PRIVATE.split() if is_public(address)] == []


def test_own_addresses_are_recognised() -> None:
    assert is_own("127.0.0.1")
    assert not is_own("93.184.216.34")


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_own_ipv6_addresses_are_recognised() -> None:
    assert is_own("::1")
    assert not is_own("2606:2800:220:1::1")


def test_links_reach_public_addresses_of_other_machines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gifapp.web.http.fetching.is_own", lambda text: text == "93.184.216.34")
    addresses = ("93.184.216.34", "93.184.216.35", "10.0.0.7")
    assert [address for address in addresses if may_reach(address)] == ["93.184.216.35"]
    assert LinkFetcher().may_reach is may_reach
