from collections.abc import Callable
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.domain.limits import Limits
from gifapp.jobs.parts import JobParts
from tests.jobs.conftest import SECRET
from tests.support.storages import storage_at


def test_everything_is_ready_with_real_servers(parts: JobParts) -> None:
    assert set(parts.checks) == {"mongodb", "redis", "storage"}
    for check in parts.checks.values():
        check()


def test_unwritable_storage_is_not_ready(parts: JobParts) -> None:
    (parts.blobs.workspace.root / "incoming").rmdir()
    with pytest.raises(errors.ServiceUnavailable, match="storage"):
        parts.checks["storage"]()


def test_unreachable_mongodb_is_reported(redis_url: str, tmp_path: Path) -> None:
    with pytest.raises(errors.ServiceUnavailable, match="MongoDB"):
        JobParts(
            mongodb_url="mongodb://127.0.0.1:9/gifapp?serverSelectionTimeoutMS=200",
            redis_url=redis_url,
            blobs=storage_at(tmp_path.as_uri()),
            secret=SECRET,
            limits=Limits(),
        )


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3://key:secret@bucket",
        "s3://bucket?key=1",
        "gs://bucket",
        "/a/path",
        "file://host/path",
        "",
    ],
)
def test_unknown_storage_url_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(errors.SettingInvalid, match="GIFAPP_STORAGE_URL"):
        storage_at(url)


def test_storage_that_cannot_be_created_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.DirectoryNotWritable):
        storage_at((tmp_path / "file" / "storage").as_uri())


def test_storage_path_may_contain_any_character(tmp_path: Path) -> None:
    assert storage_at((tmp_path / "a %20b ü").as_uri()).workspace.root == tmp_path / "a %20b ü"


def test_parts_can_be_rebuilt_after_closing(build_parts: Callable[[], JobParts]) -> None:
    for _ in range(2):
        with build_parts() as parts:
            assert parts.jobs.page("ann").jobs == []
