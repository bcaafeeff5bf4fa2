"""Archives that are damaged, foreign, older or newer, and data deleted while an archive is being written."""

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bson
import pymongo
import pytest
from pymongo.database import Database

from gifapp import errors
from gifapp.backup.restoring import restore
from gifapp.backup.saving import Saved, save
from gifapp.domain.job import JobState
from gifapp.domain.job_query import JobQuery
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db import leases
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.db.migrations import SCHEMA_VERSION
from gifapp.jobs.parts import JobParts
from gifapp.processes import wait_until
from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs
from tests.jobs.conftest import SECRET, files_below, finish, purge
from tests.support.storages import blob_path, storage_at

FIRST_VERSION = Path(__file__).with_name("first_version.tar")
Contents = dict[str, bytes]


@pytest.fixture
def database(mongodb_url: str) -> Iterator[Database[Any]]:
    with pymongo.MongoClient[dict[str, Any]](mongodb_url, tz_aware=True) as client:
        yield client.get_default_database()


@pytest.fixture
def elsewhere(mongodb_url: str, tmp_path: Path) -> Iterator[tuple[Database[Any], Blobs]]:
    """Another MongoDB database and another storage, both empty."""
    with pymongo.MongoClient[dict[str, Any]](mongodb_url, tz_aware=True) as client:
        database = client[client.get_default_database().name + "_elsewhere"]
        yield database, storage_at((tmp_path / "elsewhere").as_uri())
        client.drop_database(database)


def test_restore_migrates_documents_of_the_first_version(
    database: Database[Any],
    build_parts: Callable[..., JobParts],
    start_worker: Callable[..., Any],
    storage: Path,
) -> None:
    restore(database, storage_at(storage.as_uri()), FIRST_VERSION, secret_path=storage.parent / "secret.key")
    owners = [str(user["_id"]) for user in database["users"].find().sort("email")]
    with build_parts() as parts:
        galleries = [parts.jobs.page(owner).jobs for owner in owners]
        assert [[job.state for job in jobs] for jobs in galleries] == [
            [JobState.SUCCEEDED] * 2,
            [JobState.QUEUED] + [JobState.SUCCEEDED] * 2,
        ]
        by_format = [[parts.jobs.page(o, JobQuery(format=f)).total for f in ("gif", "webp")] for o in owners]
        assert by_format == [
            [sum(j.recipe.format == f for j in jobs) for f in ("gif", "webp")] for jobs in galleries
        ]
        assert parts.jobs.page(owners[0], JobQuery(search=".MP4")).total == 2
        made = read(FIRST_VERSION)
        for owner, jobs in zip(owners, galleries, strict=True):
            for job in jobs[-2:]:
                assert (
                    blob_path(parts.blobs, parts.jobs.gif(owner, job.id).blob).read_bytes()
                    == made[f"files/gif/{job.id}-1"]
                )
        waiting = galleries[1][0]
        start_worker("real")
        done = lambda: parts.jobs.find(owners[1], waiting.id).state == JobState.SUCCEEDED  # noqa: E731
        assert wait_until(done, timeout_s=60)
    assert database["schema"].find_one() == {"_id": "gifapp", "version": SCHEMA_VERSION}


def test_backup_replaces_only_files(database: Database[Any], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # or a device, such as /dev/null
    with pytest.raises(FileExistsError, match="it is not a file"):
        save(database, storage_at((tmp_path / "storage").as_uri()), pipe, secret=None)
    assert pipe.is_fifo()


@pytest.mark.parametrize("prepared", ["gifapp.tar", ".gifapp.tar.part"])
def test_backup_does_not_write_through_planted_symlinks(
    database: Database[Any], tmp_path: Path, prepared: str
) -> None:
    theirs, archive = tmp_path / "theirs", tmp_path / "gifapp.tar"
    theirs.write_bytes(b"")
    (tmp_path / prepared).symlink_to(theirs)
    save(database, storage_at((tmp_path / "storage").as_uri()), archive, secret=SECRET)
    assert theirs.read_bytes() == b""
    assert (archive.is_symlink(), archive.stat().st_mode & 0o777) == (False, 0o600)


def test_startup_rejects_documents_of_a_newer_version(
    database: Database[Any], build_parts: Callable[..., JobParts]
) -> None:
    database["schema"].insert_one({"_id": "gifapp", "version": 1000})
    with pytest.raises(errors.DataTooNew, match="Upgrade gifapp"):
        build_parts()


def test_backup_omits_data_deleted_meanwhile_and_reports_missing_files(
    parts: JobParts,
    upload: Callable[..., SourceView],
    database: Database[Any],
    elsewhere: tuple[Database[Any], Blobs],
    tmp_path: Path,
) -> None:
    lost, kept, deleted = sorted(made_job(parts, upload, number) for number in range(3))
    blob_path(parts.blobs, Blob("gif", f"{lost}-1")).unlink()

    def delete_the_last(done: int, _: int) -> None:
        if done == 2:  # files are saved in the order of their names
            parts.jobs.delete("ann", deleted)
            purge(parts)

    out = tmp_path / "backup.tar"
    saved = save(database, parts.blobs, out, secret=b"", on_file=delete_the_last)
    assert saved.missing == [f"gif/{lost}-1"]
    restore(*elsewhere, out, secret_path=None)
    back = {job["_id"] for job in elsewhere[0]["jobs"].find()}
    assert back == {kept, lost}


def test_restored_running_job_is_queued_and_keeps_its_attempts(
    parts: JobParts, upload: Callable[..., SourceView], database: Database[Any], tmp_path: Path
) -> None:
    parts.submission.submit("ann", upload().id, Recipe())
    claimed = leases.claim("ann", worker="here", lease_s=30)
    assert claimed
    saved_by(database, parts, tmp_path)
    for name in ("users", "sources", "jobs"):
        database.drop_collection(name)
    restore(database, parts.blobs, tmp_path / "backup.tar", secret_path=None)
    assert JobDocument.objects.get(id=claimed.id).state == JobState.RUNNING
    leases.release_all()
    back = JobDocument.objects.get(id=claimed.id)
    assert (back.state, back.attempts, back.token) == (JobState.QUEUED, 0, 1)


def drop_the_end(contents: Contents) -> None:
    del contents["complete.json"]


def drop_a_file(contents: Contents) -> None:
    del contents[next(name for name in contents if name.startswith("files/gif"))]


def change_a_gif(contents: Contents) -> None:
    contents[next(name for name in contents if name.startswith("files/gif"))] = b"GIF89a"


def change_a_video(contents: Contents) -> None:
    contents[next(name for name in contents if name.startswith("files/source"))] = b"no video"


def drop_a_document(contents: Contents) -> None:
    first, *_ = bson.decode_all(contents["documents/jobs.bson"])
    contents["documents/jobs.bson"] = bson.encode(first)


def damage_documents(contents: Contents) -> None:
    contents["documents/jobs.bson"] = bytes(100)


def repeat_a_document(contents: Contents) -> None:
    contents["documents/jobs.bson"] *= 2


def name_other_documents(contents: Contents) -> None:
    complete = json.loads(contents["complete.json"])
    complete["documents"]["../jobs"] = 1
    contents["complete.json"] = json.dumps(complete).encode()


def say_nothing(contents: Contents) -> None:
    contents["complete.json"] = b"[]"


def leave_the_directory(contents: Contents) -> None:
    end = contents.pop("complete.json")
    contents["files/gif/../../../stray"] = b"x"
    contents["complete.json"] = end


def be_of_the_future(contents: Contents) -> None:
    contents["gifapp.json"] = json.dumps(json.loads(contents["gifapp.json"]) | {"format": 9}).encode()


def be_somebody_elses(contents: Contents) -> None:
    head = contents.pop("gifapp.json")
    contents["gifapp.json"] = head


@pytest.mark.parametrize(
    ("harm", "refusal"),
    [
        (drop_the_end, "it is truncated"),
        (drop_a_file, "differ from the saved ones"),
        (change_a_gif, "differ from the saved ones"),
        (change_a_video, "is damaged"),
        (drop_a_document, "documents of 'jobs' are missing"),
        (damage_documents, r"its documents are damaged\.$"),
        (repeat_a_document, r"its documents are damaged\.$"),
        (name_other_documents, r"documents of '\.\./jobs' are missing"),
        (say_nothing, r"it is damaged\.$"),
        (leave_the_directory, "is not part of a gifapp backup"),
        (be_of_the_future, "Upgrade gifapp"),
        (be_somebody_elses, "it is not a gifapp backup"),
    ],
    ids=lambda harm: getattr(harm, "__name__", ""),
)
def test_damaged_archive_is_rejected_and_leaves_nothing(
    harm: Callable[[Contents], None], refusal: str, elsewhere: tuple[Database[Any], Blobs], tmp_path: Path
) -> None:
    contents = read(FIRST_VERSION)
    harm(contents)
    write(tmp_path / "harmed.tar", contents)
    is_left_empty(elsewhere, tmp_path / "harmed.tar", refusal)


@pytest.fixture
def saved(
    database: Database[Any], parts: JobParts, upload: Callable[..., SourceView], tmp_path: Path
) -> Contents:
    """What an archive with a job contains."""
    made_job(parts, upload, 1)
    saved_by(database, parts, tmp_path)
    return read(tmp_path / "backup.tar")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("gifapp.json", (b'"made_at":"2', b'"made_at":"3')),
        ("secret.key", (SECRET[:1], b"?")),
        ("documents/jobs.bson", (b"clip.mp4", b"clip.mp5")),
    ],
)
def test_changed_byte_is_noticed_in_every_entry(
    name: str,
    change: tuple[bytes, bytes],
    saved: Contents,
    elsewhere: tuple[Database[Any], Blobs],
    tmp_path: Path,
) -> None:
    changed = saved[name].replace(*change)
    assert changed != saved[name]
    write(tmp_path / "changed.tar", saved | {name: changed})
    is_left_empty(elsewhere, tmp_path / "changed.tar", "documents differ from the saved ones")


def test_entry_that_unpacks_to_more_than_it_holds_is_rejected(
    elsewhere: tuple[Database[Any], Blobs], tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / "sparse.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("gifapp.json")
        member.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(10**12)}
        tar.addfile(member)
    is_left_empty(elsewhere, tmp_path / "sparse.tar", "is not part of a gifapp backup")


@pytest.mark.parametrize("size", [0, 100, 7000, 20_000])
def test_truncated_archive_is_rejected(
    size: int, elsewhere: tuple[Database[Any], Blobs], tmp_path: Path
) -> None:
    (tmp_path / "cut.tar").write_bytes(FIRST_VERSION.read_bytes()[:size])
    is_left_empty(elsewhere, tmp_path / "cut.tar", "The backup cannot be used")


def test_restore_does_not_replace_an_existing_secret(
    elsewhere: tuple[Database[Any], Blobs], tmp_path: Path
) -> None:
    (tmp_path / "secret.key").write_text("another one, which signs what people have now")
    is_left_empty(elsewhere, FIRST_VERSION, "contains another secret")


def is_left_empty(elsewhere: tuple[Database[Any], Blobs], archive: Path, refusal: str) -> None:
    database, blobs = elsewhere
    before = set(blobs.workspace.root.parent.iterdir())
    with pytest.raises(errors.SetupError, match=refusal):
        restore(database, blobs, archive, secret_path=blobs.workspace.root.parent / "secret.key")
    assert not files_below(blobs.workspace.root)
    assert not database.list_collection_names()
    assert set(blobs.workspace.root.parent.iterdir()) == before


def made_job(parts: JobParts, upload: Callable[..., SourceView], number: int) -> str:
    parts.submission.submit("ann", upload().id, Recipe(loop=number))
    return finish(parts)


def saved_by(database: Database[Any], parts: JobParts, directory: Path) -> Saved:
    return save(database, parts.blobs, directory / "backup.tar", secret=SECRET)


def read(archive: Path) -> Contents:
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def write(archive: Path, contents: Contents) -> None:
    with tarfile.open(archive, "w") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
