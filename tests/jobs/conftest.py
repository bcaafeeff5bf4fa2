import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest

from gifapp.domain.limits import Limits
from gifapp.domain.views import SourceView
from gifapp.jobs.parts import JobParts, build
from gifapp.jobs.timings import Timings

SECRET = b"0123456789abcdef0123456789abcdef"
QUICK = Timings(
    lease_s=3, heartbeat_s=0.2, sweep_s=0.3, ring_again_s=0.5, drain_s=1, overtime_s=0.2, max_attempts=2
)


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of moving colours, 96x64."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    picture = "testsrc2=size=96x64:rate=10:duration=2"
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", picture, str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path.read_bytes()


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    return tmp_path / "storage"


@pytest.fixture
def build_parts(redis_url: str, mongodb_url: str, storage: Path) -> Callable[..., JobParts]:
    def build_with(limits: Limits = Limits(), timings: Timings = QUICK) -> JobParts:  # noqa: B008
        return build(
            mongodb_url=mongodb_url,
            redis_url=redis_url,
            storage_url=storage.as_uri(),
            secret=SECRET,
            limits=limits,
            timings=timings,
        )

    return build_with


@pytest.fixture
def parts(build_parts: Callable[..., JobParts]) -> Iterator[JobParts]:
    with build_parts() as built:
        yield built


@pytest.fixture
def upload(parts: JobParts, video: bytes) -> Callable[..., SourceView]:
    def upload(owner: str = "ann", data: bytes = video, name: str = "clip.mp4") -> SourceView:
        with parts.service.incoming() as incoming:
            incoming.write(data)
            return parts.service.add_source(owner, incoming, name)

    return upload


def files_below(root: Path) -> set[str]:
    """Every file that is kept."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - {"lock"}
