"""Storage in a bucket, shared by machines that have only the servers in common."""

import errno
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from s3fs import S3FileSystem

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.attempts.forkserver import ForkServer
from gifapp.jobs.attempts.runner import Runner
from gifapp.jobs.db import usage
from gifapp.jobs.parts import JobParts
from gifapp.storage.blob import Blob
from gifapp.storage.bucket import Bucket
from gifapp.storage.incoming import Incoming
from tests.jobs.conftest import QUICK, files_below, purge
from tests.support.moto import objects
from tests.support.storages import storage_at

OnMachine = Callable[..., JobParts]
ROOT = "gifapp/media"


def upload(parts: JobParts, video: bytes, owner: str = "ann") -> SourceView:
    with parts.sources.incoming(owner) as incoming:
        incoming.write(video)
        return parts.sources.add(owner, incoming, "clip.mp4")


def work(parts: JobParts) -> None:
    """Do the next job as a worker of this machine would."""
    forks = ForkServer("tests.jobs.converters:quick")
    try:
        runner = Runner(
            blobs=parts.blobs,
            wakeups=parts.wakeups,
            events=parts.events,
            counters=parts.counters,
            forks=forks,
            limits=parts.limits,
            timings=parts.timings,
            worker="here",
            give_up=threading.Event(),
        )
        assert runner.run_next()
    finally:
        forks.stop()


def test_three_machines_upload_convert_and_serve(
    on_machine: OnMachine, outside: S3FileSystem, bucket: str, video: bytes, tmp_path: Path
) -> None:
    with on_machine("web") as parts:
        source = upload(parts, video)
        job = parts.submission.submit("ann", source.id, Recipe())
    digest = source.sha256
    assert objects(outside, f"{bucket}/{ROOT}") == {
        f"sources/{digest[:2]}/{digest}",
        f"posters/{digest[:2]}/{digest}.jpg",
    }
    assert outside.cat_file(f"{bucket}/{ROOT}/sources/{digest[:2]}/{digest}") == video
    with on_machine("worker") as parts:
        work(parts)
    with on_machine("other") as parts:
        gif = parts.jobs.gif("ann", job.id)
        with parts.blobs.store.local(gif.blob) as path:
            assert path.read_bytes() == b"GIF89a"
        with parts.blobs.store.local(parts.sources.poster("ann", source.id)) as path:
            assert path.read_bytes().startswith(b"\xff\xd8")
        assert parts.sources.frame("ann", source.id, 0.5).startswith(b"\xff\xd8")
        parts.jobs.delete("ann", job.id)
        parts.sources.delete("ann", source.id)
        purge(parts)
    assert objects(outside, f"{bucket}/{ROOT}") == set()
    for machine in ("web", "worker", "other"):
        assert not [*(tmp_path / machine / "scratch").iterdir(), *(tmp_path / machine / "incoming").iterdir()]


def test_local_copy_is_reused_without_a_request(
    on_machine: OnMachine, outside: S3FileSystem, bucket: str, video: bytes
) -> None:
    with on_machine("web") as parts:
        source = upload(parts, video)
    with on_machine("other") as parts:
        blob = Blob("source", source.sha256)
        with parts.blobs.store.local(blob) as path:
            assert path.read_bytes() == video
        outside.rm_file(f"{bucket}/{ROOT}/{blob.place}")
        with parts.blobs.store.local(blob) as path:
            assert path.read_bytes() == video


def test_missing_object_is_reported(on_machine: OnMachine, video: bytes) -> None:
    with on_machine("web") as parts:
        source = upload(parts, video)
    with on_machine("other") as parts:
        parts.blobs.store.remove(Blob("source", source.sha256))
        with pytest.raises(errors.SourceGone):
            parts.sources.frame("ann", source.id, 0)
        with pytest.raises(FileNotFoundError), parts.blobs.store.local(Blob("gif", f"{'0' * 32}-1")):
            pass
        parts.blobs.store.remove(Blob("source", source.sha256))


def test_equal_files_are_stored_once_until_the_last_owner_deletes_them(
    on_machine: OnMachine, outside: S3FileSystem, bucket: str, video: bytes
) -> None:
    with on_machine("web") as parts:
        first, second = upload(parts, video), upload(parts, video, "bob")
        assert len(objects(outside, f"{bucket}/{ROOT}")) == 2
        parts.sources.delete("ann", first.id)
        purge(parts)
        assert len(objects(outside, f"{bucket}/{ROOT}")) == 2
        parts.sources.delete("bob", second.id)
        purge(parts)
    assert objects(outside, f"{bucket}/{ROOT}") == set()


def test_object_uploaded_for_a_refused_source_is_removed(
    on_machine: OnMachine,
    outside: S3FileSystem,
    bucket: str,
    video: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with on_machine("web", stored_bytes=len(video) + 10) as parts:
        ahead = parts.blobs.prestage

        def others_come_first(incoming: Incoming) -> None:
            ahead(incoming)
            assert objects(outside, f"{bucket}/{ROOT}")
            monkeypatch.setattr(usage, "check_quota", too_much)

        def too_much(*_: object, **__: object) -> None:
            raise errors.QuotaExceeded(used_bytes=1, limit_bytes=1)

        monkeypatch.setattr(parts.blobs, "prestage", others_come_first)
        with pytest.raises(errors.QuotaExceeded):
            upload(parts, video)
    assert objects(outside, f"{bucket}/{ROOT}") == set()


def test_comparison_finds_orphans_and_missing_objects(
    on_machine: OnMachine, outside: S3FileSystem, bucket: str, video: bytes
) -> None:
    orphan = f"sources/00/{'0' * 64}"
    foreign = "sources/00/somebody-elses"
    with on_machine("web", replace(QUICK, orphan_s=-1)) as parts:
        source = upload(parts, video)
        for name in (orphan, foreign, f"gifs/{'a' * 32}-1.gif"):
            outside.pipe_file(f"{bucket}/{ROOT}/{name}", b"12345")
        outside.rm_file(f"{bucket}/{ROOT}/{Blob('poster', source.sha256).place}")
        report = parts.housekeeping.compare()
    assert (report.removed_files, report.removed_bytes) == (2, 10)
    assert [(file.kind, file.id) for file in report.missing] == [("poster", source.id)]
    assert objects(outside, f"{bucket}/{ROOT}") == {foreign, Blob("source", source.sha256).place}


def test_recent_objects_are_left_alone(on_machine: OnMachine, outside: S3FileSystem, bucket: str) -> None:
    outside.pipe_file(f"{bucket}/{ROOT}/gifs/{'a' * 32}-1.gif", b"12345")
    with on_machine("web") as parts:
        assert list(parts.blobs.store.files(older_than_s=3600)) == []
        assert [file.bytes for file in parts.blobs.store.files(older_than_s=-1)] == [5]


def test_large_video_is_uploaded_in_parts_and_read_back_whole(
    on_machine: OnMachine, outside: S3FileSystem, bucket: str, tmp_path: Path
) -> None:
    aside = tmp_path / "large"
    aside.write_bytes(bytes(range(256)) * 100_000)  # three parts and a bit
    blob = Blob("source", "c" * 64)
    with on_machine("web") as parts:
        parts.blobs.store.keep(aside, blob)
    assert outside.info(f"{bucket}/{ROOT}/{blob.place}")["ETag"].strip('"').endswith("-4")
    with on_machine("other") as parts, parts.blobs.store.local(blob) as path:
        assert path.read_bytes() == aside.read_bytes()


@pytest.mark.parametrize("url", ["s3://no-such-bucket", "s3://no-such-bucket/prefix"])
def test_missing_bucket_is_not_ready(bucket: str, tmp_path: Path, url: str) -> None:
    with pytest.raises(errors.ServiceUnavailable, match="storage"):
        storage_at(url, tmp_path).check_writable()


def test_unreachable_server_is_not_ready(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    blobs = storage_at(f"s3://{bucket}", tmp_path)
    for ask in (blobs.check_writable, lambda: blobs.store.holds(Blob("gif", f"{'0' * 32}-1"))):
        with pytest.raises(errors.ServiceUnavailable, match="storage"):
            ask()


def test_storage_without_keys_is_not_ready(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(errors.ServiceUnavailable, match="storage"):
        storage_at(f"s3://{bucket}", tmp_path).check_writable()


def test_missing_extra_is_reported_in_a_sentence(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(errors.SettingInvalid, match=r"pip install 'gifapp\[s3\]'"):
        storage_at(f"s3://{bucket}", tmp_path)


def test_full_disk_is_reported(on_machine: OnMachine, video: bytes, tmp_path: Path) -> None:
    with on_machine("web") as parts:
        source = upload(parts, video)
    with on_machine("other") as parts:

        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "full")

        cast(Bucket, parts.blobs.store)._s3.get_file = full
        with pytest.raises(errors.DiskFull), parts.blobs.store.local(Blob("source", source.sha256)):
            pass
    assert {name for name in files_below(tmp_path / "other") if "locks" not in name} == set()
