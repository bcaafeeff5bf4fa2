import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import imageio_ffmpeg
import psutil
import pytest

from gifapp import processes
from gifapp.domain.job import JobState
from gifapp.domain.limits import Allowance, Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.cleanup.purge import Purge
from gifapp.jobs.db import leases
from gifapp.jobs.db.documents import GifPart, JobDocument
from gifapp.jobs.parts import JobParts
from gifapp.jobs.timings import Timings
from gifapp.storage.blob import Blob
from tests.support.known_videos import KnownVideo, add_source, look_into
from tests.support.storages import blob_path, storage_at

ROOT = Path(__file__).parents[2]
Process = subprocess.Popen[bytes]
SECRET = b"0123456789abcdef0123456789abcdef"
QUICK = Timings(
    lease_s=3,
    heartbeat_s=0.2,
    sweep_s=0.3,
    renotify_s=0.5,
    drain_s=1,
    overtime_s=0.2,
    compare_look_s=0.3,
    max_attempts=2,
)


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of moving colours, 96x64."""
    return made_video(tmp_path_factory.mktemp("video"), "testsrc2=size=96x64:rate=10:duration=2")


@pytest.fixture(scope="session")
def long_video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A video that takes seconds to convert."""
    return made_video(tmp_path_factory.mktemp("video"), "testsrc2=size=640x360:rate=25:duration=40")


def made_video(directory: Path, picture: str) -> bytes:
    path = directory / "clip.mp4"
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", picture]
    subprocess.run([*argv, "-preset", "ultrafast", str(path)], check=True, stdin=subprocess.DEVNULL)
    return path.read_bytes()


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    return tmp_path / "storage"


@pytest.fixture
def build_parts(redis_url: str, mongodb_url: str, storage: Path) -> Callable[..., JobParts]:
    def build_with(
        limits: Limits = Limits(),  # noqa: B008
        timings: Timings = QUICK,
        allowance: Allowance = Allowance(),  # noqa: B008
    ) -> JobParts:
        return JobParts(
            mongodb_url=mongodb_url,
            redis_url=redis_url,
            blobs=storage_at(storage.as_uri()),
            secret=SECRET,
            limits=limits,
            allowance=allowance,
            timings=timings,
        )

    return build_with


@pytest.fixture
def allowance() -> Allowance:
    """The limits of each user."""
    return Allowance()


@pytest.fixture
def parts(build_parts: Callable[..., JobParts], allowance: Allowance) -> Iterator[JobParts]:
    with build_parts(allowance=allowance) as built:
        yield built


@pytest.fixture(scope="session")
def known_video(video: bytes, tmp_path_factory: pytest.TempPathFactory) -> KnownVideo:
    return look_into(video, tmp_path_factory.mktemp("known"))


@pytest.fixture
def upload(parts: JobParts, known_video: KnownVideo) -> Callable[..., SourceView]:
    """Adds a source; videos other than the usual one are probed, as in the service."""

    def upload(owner: str = "ann", data: bytes = known_video.data, name: str = "clip.mp4") -> SourceView:
        if data == known_video.data:
            return add_source(parts, owner, known_video, name)
        return upload_as_people_do(parts, owner, data, name)

    return upload


def upload_as_people_do(parts: JobParts, owner: str, data: bytes, name: str) -> SourceView:
    with parts.sources.incoming(owner) as incoming:
        incoming.write(data)
        return parts.sources.add(owner, incoming, name)


@pytest.fixture
def worker_argv(redis_url: str, mongodb_url: str, storage: Path) -> Callable[..., list[str]]:
    """The command line of a worker with a converter of `tests.jobs.converters`, or the real one."""

    def argv(*words: str) -> list[str]:
        servers = [mongodb_url, redis_url, storage.as_uri()]
        return [sys.executable, "-m", "tests.jobs.worker_process", *servers, *words]

    return argv


@pytest.fixture
def start_worker(worker_argv: Callable[..., list[str]]) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(*words: str) -> Process:
        started.append(processes.spawn(worker_argv(*words), cwd=ROOT))
        return started[-1]

    yield start
    for process in started:
        processes.stop(process, grace_s=0)


@pytest.fixture
def job(parts: JobParts, upload: Callable[..., SourceView]) -> JobView:
    return parts.submission.submit("ann", upload().id, Recipe())


GIF = b"GIF89a"
STILL = b"RIFF"


def finish(parts: JobParts, owner: str = "ann") -> str:
    """Settle the next job without a conversion; returns its id."""
    job = leases.claim(owner, worker="here", lease_s=30)
    assert job is not None
    attempt = leases.attempt_of(job)
    with parts.blobs.workspace.scratch(attempt.key) as directory:
        (directory / "gif").write_bytes(GIF)
        parts.blobs.keep_gif(directory / "gif", attempt.key)
        (directory / "still").write_bytes(STILL)
        parts.blobs.keep_still(directory / "still", attempt.key)
    facts = {"bytes": len(GIF), "width_px": 1, "height_px": 1, "frames": 1, "duration_s": 0.1}
    leases.succeed(attempt, GifPart(key=attempt.key, has_still=True, **facts))
    return str(job.id)


def purge(parts: JobParts) -> None:
    """Purge deleted items, as if the time for undo had passed."""
    Purge(parts.blobs, undo_s=-1)()


def stored_video(parts: JobParts, owner: str, source_id: str) -> Path:
    """The stored file of a video."""
    return blob_path(parts.blobs, Blob("source", parts.sources.find(owner, source_id).sha256))


def is_running(job: JobView) -> bool:
    """Whether the job's conversion has reported progress."""
    document = JobDocument.objects.get(id=job.id)
    return bool(document.state == JobState.RUNNING and document.progress.fraction > 0)


def skip_the_wait(job: JobView) -> None:
    """Pretend that the delay before the next attempt has passed."""
    JobDocument.objects(id=job.id).update(set__run_at=job.created_at)


def tree_of(pid: int) -> list[psutil.Process]:
    """A process and all its descendants."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def living(tree: list[psutil.Process]) -> list[psutil.Process]:
    """The processes of `tree` that have not ended, with their name and arguments in `info`."""
    # unlike querying each process, this tolerates processes that end meanwhile
    everybody = psutil.process_iter(["status", "name", "cmdline"])
    return [
        process for process in everybody if process in tree and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def files_below(root: Path) -> set[str]:
    """Every stored file."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.name != "lock"}
