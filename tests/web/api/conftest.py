"""The API on real servers: a Tornado application on a free port, asked over real HTTP."""

import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg
import mongoengine
import pytest
import tornado.web
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from gifapp.domain.limits import Limits
from gifapp.domain.recipe import Recipe
from gifapp.domain.views import JobView, SourceView
from gifapp.identity.documents import ALIAS
from gifapp.identity.service import Identity, Rates, Session, build_identity
from gifapp.jobs.parts import JobParts, build
from gifapp.web.api import api_routes
from gifapp.web.base import NotFoundHandler
from gifapp.web.parts import Parts, build_parts

SECRET = b"a secret of thirty-two bytes, no less"
PASSWORD = "correct horse"
FRIEND = "https://friend.example"
MAX_UPLOAD_BYTES = 300_000
RATES = Rates(login_by_address="100/minute", register_by_address="100/hour")


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second of moving colours, 64x48."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    argv += ["-i", "testsrc2=size=64x48:rate=10:duration=1", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path.read_bytes()


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    return tmp_path / "storage"


@pytest.fixture
def jobs(redis_url: str, mongodb_url: str, storage: Path) -> Iterator[JobParts]:
    limits = Limits(max_upload_bytes=MAX_UPLOAD_BYTES)
    servers = {"redis_url": redis_url, "mongodb_url": mongodb_url}
    with build(**servers, storage_url=storage.as_uri(), secret=SECRET, limits=limits) as built:
        yield built


@pytest.fixture
def identity(redis_url: str, mongodb_url: str) -> Iterator[Identity]:
    built = build_identity(
        mongodb_url=mongodb_url,
        redis_url=redis_url,
        secret=SECRET,
        registration="invite",
        rates=RATES,
        password_rounds=4,
    )
    yield built
    built.throttle.close()
    mongoengine.disconnect(ALIAS)


@pytest.fixture
def parts(jobs: JobParts, identity: Identity, redis_url: str) -> Parts:
    return build_parts(jobs, identity, secret=SECRET, redis_url=redis_url, cors_origins=[FRIEND])


class Broken(NotFoundHandler):
    async def prepare(self) -> None:
        """Fails in its method only."""

    async def get(self) -> None:
        raise ZeroDivisionError("secret of ours")


@pytest.fixture
async def url(parts: Parts) -> AsyncIterator[str]:
    """Where the API listens."""
    routes: list[Any] = [*api_routes(), (r"/api/broken", Broken), (r"/api/.*", NotFoundHandler)]
    server = HTTPServer(tornado.web.Application(routes, gifapp=parts), chunk_size=16384)
    listening, port = bind_unused_port()
    server.add_socket(listening)
    parts.hub.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()
    await server.close_all_connections()
    await parts.hub.stop()


@dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in."""

    id: str
    session: Session
    http: httpx.AsyncClient


SignUp = Callable[..., Person]


@pytest.fixture
async def sign_up(url: str, identity: Identity) -> AsyncIterator[SignUp]:
    opened: list[httpx.AsyncClient] = []

    def one(name: str, role: Any = "user") -> Person:
        email = f"{name}@example.org"
        user = identity.create_user(email, PASSWORD, role)
        session = identity.login(email, PASSWORD, "127.0.0.1")
        headers = {"Authorization": f"Bearer {session.access_token}"}
        opened.append(httpx.AsyncClient(base_url=url, headers=headers, timeout=30))
        return Person(user.id, session, opened[-1])

    yield one
    for http in opened:
        await http.aclose()


@pytest.fixture
def ada(sign_up: SignUp) -> Person:
    return sign_up("ada")


@pytest.fixture
async def stranger(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that nobody signed in."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        yield http


@pytest.fixture
def source(ada: Person, jobs: JobParts, video: bytes) -> SourceView:
    """A video of Ada's."""
    with jobs.service.incoming() as incoming:
        incoming.write(video)
        return jobs.service.add_source(ada.id, incoming, "clip.mp4")


@pytest.fixture
def job(ada: Person, jobs: JobParts, source: SourceView) -> JobView:
    """A queued job of Ada's."""
    return jobs.service.submit(ada.id, source.id, Recipe())


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem details of an answer that must be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert (told["status"], told["code"]) == (status, code)
    assert told["title"]
    assert told["type"].endswith(code)
    assert told["detail"].endswith((".", "?"))
    assert told["request_id"] == answer.headers["X-Request-Id"]
    return told
