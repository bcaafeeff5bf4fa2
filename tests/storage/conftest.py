from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from s3fs import S3FileSystem

from gifapp.domain.limits import Allowance, Limits
from gifapp.jobs.parts import JobParts
from gifapp.jobs.timings import Timings
from tests.jobs.conftest import QUICK, SECRET, made_video
from tests.support.moto import KEYS, make_bucket, running_moto
from tests.support.storages import storage_at


@pytest.fixture(scope="session")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real S3 server for the whole run."""
    with running_moto(tmp_path_factory.mktemp("moto") / "log") as url:
        yield url


@pytest.fixture
def bucket(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an empty bucket; this process has its keys."""
    for name, value in (KEYS | {"AWS_ENDPOINT_URL": s3_url}).items():
        monkeypatch.setenv(name, value)
    return f"bucket-{uuid4().hex[:8]}"


@pytest.fixture
def outside(s3_url: str, bucket: str) -> S3FileSystem:
    return make_bucket(s3_url, bucket)


@pytest.fixture
def on_machine(
    redis_url: str, mongodb_url: str, bucket: str, outside: S3FileSystem, tmp_path: Path
) -> Callable[..., JobParts]:
    """Builds the parts of a process on one of the machines that share the bucket, one at a time."""

    def build_on(machine: str, timings: Timings = QUICK, **allowance: int) -> JobParts:
        return JobParts(
            mongodb_url=mongodb_url,
            redis_url=redis_url,
            blobs=storage_at(f"s3://{bucket}/gifapp/media", tmp_path / machine),
            secret=SECRET,
            limits=Limits(),
            allowance=Allowance(**allowance),
            timings=timings,
        )

    return build_on


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return made_video(tmp_path_factory.mktemp("clips"), "testsrc2=size=96x64:rate=10:duration=1")
