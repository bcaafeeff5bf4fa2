"""The API on real servers: a Tornado application on a free port, called over real HTTP."""

import asyncio
import dataclasses
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg
import pytest
import redis
from PIL import Image
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from gifapp import errors
from gifapp.domain.limits import Allowance, Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.identity.service import Identity, Rates, Session, build_identity
from gifapp.jobs.db import leases
from gifapp.jobs.db.documents import GifPart, JobDocument
from gifapp.jobs.parts import JobParts
from gifapp.processes import wait_until
from gifapp.web.api import api_routes
from gifapp.web.http.base import NotFoundHandler
from gifapp.web.http.context import Parts, build_parts
from gifapp.web.http.instruments import MeasuredApplication
from tests.support.known_videos import KnownVideo, add_source, look_into
from tests.support.storages import storage_at
from tests.web.api.documented import check

SECRET = b"a secret of thirty-two bytes, no less"
PASSWORD = "correct horse"
SUBTITLES = "WEBVTT\n\n00:00.000 --> 00:01.000\nHello"
FRIEND = "https://friend.example"
MAX_UPLOAD_BYTES = 300_000


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
def limits() -> Limits:
    return Limits(max_upload_bytes=MAX_UPLOAD_BYTES)


@pytest.fixture
def allowance() -> Allowance:
    """The limits of each user."""
    return Allowance()


@pytest.fixture
def jobs(
    redis_url: str, mongodb_url: str, storage: Path, limits: Limits, allowance: Allowance
) -> Iterator[JobParts]:
    servers: dict[str, Any] = {
        "redis_url": redis_url,
        "mongodb_url": mongodb_url,
        "blobs": storage_at(storage.as_uri()),
    }
    with JobParts(**servers, secret=SECRET, limits=limits, allowance=allowance) as built:
        yield built


@pytest.fixture
def rates() -> Rates:
    """The rate limits."""
    return Rates(login_by_address="100/minute", register_by_address="100/hour")


@pytest.fixture
def now() -> Callable[[], datetime]:
    """The clock by which sessions and tokens end."""
    return lambda: datetime.now(UTC)


@pytest.fixture
def identity(
    redis_url: str, mongodb_url: str, rates: Rates, now: Callable[[], datetime]
) -> Iterator[Identity]:
    built = build_identity(
        mongodb_url=mongodb_url,
        redis_url=redis_url,
        secret=SECRET,
        registration="invite",
        rates=rates,
        password_rounds=4,
        now=now,
    )
    yield built
    built.close()


@pytest.fixture
def session_check_s() -> float:
    return 0.3


@pytest.fixture
def parts(jobs: JobParts, identity: Identity, redis_url: str, rates: Rates, session_check_s: float) -> Parts:
    standard = build_parts(
        jobs, identity, secret=SECRET, redis_url=redis_url, cors_origins=[FRIEND], rates=rates
    )
    return dataclasses.replace(standard, session_check_s=session_check_s)


class Broken(NotFoundHandler):
    async def prepare(self) -> None:
        """A handler whose method fails."""

    async def get(self) -> None:
        raise ZeroDivisionError("secret of ours")


def followers(redis_url: str) -> int:
    with redis.Redis.from_url(redis_url) as client:
        return int(client.pubsub_numsub("gifapp:events")[0][1])


@pytest.fixture
async def url(parts: Parts, redis_url: str) -> AsyncIterator[str]:
    """The URL of the API; its hub is already following events."""
    routes: list[Any] = [*api_routes(), (r"/api/broken", Broken), (r"/api/.*", NotFoundHandler)]
    server = HTTPServer(MeasuredApplication(api_routes(), routes, gifapp=parts), chunk_size=16384)
    listening, port = bind_unused_port()
    server.add_socket(listening)
    parts.hub.start()
    await asyncio.to_thread(wait_until, lambda: followers(redis_url) > 0, timeout_s=5)
    yield f"http://127.0.0.1:{port}"
    server.stop()
    await server.close_all_connections()
    await asyncio.gather(*parts.cleanup_tasks)
    await parts.hub.stop()


@dataclass(frozen=True)
class Person:
    """A signed-in user."""

    id: str
    session: Session
    http: httpx.AsyncClient


SignUp = Callable[..., Person]


@pytest.fixture
async def sign_up(url: str, identity: Identity) -> AsyncIterator[SignUp]:
    opened: list[httpx.AsyncClient] = []

    def sign_up_person(name: str, role: Any = "user") -> Person:
        email = f"{name}@example.org"
        user = identity.create_user(email, PASSWORD, role)
        session = identity.login(email, PASSWORD, "127.0.0.1")
        headers = {"Authorization": f"Bearer {session.access_token}"}
        opened.append(
            httpx.AsyncClient(base_url=url, headers=headers, timeout=30, event_hooks={"response": [check]})
        )
        return Person(user.id, session, opened[-1])

    yield sign_up_person
    for http in opened:
        await http.aclose()


@pytest.fixture
def ada(sign_up: SignUp) -> Person:
    return sign_up("ada")


@pytest.fixture
async def stranger(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client without credentials."""
    async with httpx.AsyncClient(base_url=url, timeout=30, event_hooks={"response": [check]}) as http:
        yield http


@pytest.fixture(scope="session")
def known_video(video: bytes, tmp_path_factory: pytest.TempPathFactory) -> KnownVideo:
    return look_into(video, tmp_path_factory.mktemp("known"))


@pytest.fixture
def source_name() -> str:
    return "clip.mp4"


@pytest.fixture
def source(ada: Person, jobs: JobParts, known_video: KnownVideo, source_name: str) -> SourceView:
    """A video of Ada's."""
    return add_source(jobs, ada.id, known_video, source_name)


@pytest.fixture
def job_recipe() -> Recipe:
    """The recipe of Ada's job."""
    return Recipe()


@pytest.fixture
def job(ada: Person, jobs: JobParts, source: SourceView, job_recipe: Recipe) -> JobView:
    """A queued job of Ada's."""
    return jobs.submission.submit(ada.id, source.id, job_recipe)


def _noise(sigma: float) -> Image.Image:
    """In colour: of GIFs in shades of grey, Pillow reads some frames wrongly."""
    return Image.merge("RGB", [Image.effect_noise((64, 48), sigma) for _ in "RGB"])


@pytest.fixture
def gif(ada: Person, jobs: JobParts, job: JobView) -> bytes:
    """The GIF of Ada's job, settled as a worker would."""
    claimed = leases.claim(ada.id, worker="test", lease_s=30)
    assert claimed is not None
    attempt = leases.attempt_of(claimed)
    with jobs.blobs.workspace.scratch(attempt.key) as directory:
        pictures = [_noise(80 + number) for number in range(4)]
        made = directory / "made.gif"
        pictures[0].save(made, save_all=True, append_images=pictures[1:], duration=100)
        data = made.read_bytes()
        jobs.blobs.keep_gif(made, attempt.key)
    facts = {"width_px": 64, "height_px": 48, "frames": 4, "duration_s": 0.4}
    settled = leases.succeed(attempt, GifPart(key=attempt.key, bytes=len(data), **facts))
    assert settled is not None
    jobs.events.job_changed(settled)
    return data


@pytest.fixture
def root(sign_up: SignUp) -> Person:
    return sign_up("root", "administrator")


@pytest.fixture
def bury(ada: Person, jobs: JobParts, source: SourceView) -> Callable[[int], JobView]:
    """A job of Ada's without attempts left; each has its own frame rate."""

    def bury(fps: int) -> JobView:
        job = jobs.submission.submit(ada.id, source.id, Recipe(fps=float(fps), subtitles=SUBTITLES))
        for _ in range(jobs.timings.max_attempts):
            JobDocument.objects(id=job.id).update(set__run_at=job.created_at)
            claimed = leases.claim(ada.id, worker="w", lease_s=30)
            assert claimed is not None
            leases.fail(leases.attempt_of(claimed), errors.WorkerLost())
        return job

    return bury


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that a response is this problem; returns the problem details."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    details: dict[str, Any] = answer.json()
    assert (details["status"], details["code"]) == (status, code)
    assert details["title"]
    assert details["type"].endswith(code)
    assert details["detail"].endswith((".", "?"))
    assert details["request_id"] == answer.headers["X-Request-Id"]
    return details
