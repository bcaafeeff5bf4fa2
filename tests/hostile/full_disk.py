"""Writes to a full disk of 100 kB and prints how each attempt ends, as JSON."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import gifapp
from gifapp import errors
from gifapp.conversion.probing.probe import probe
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits, QuotaUsage
from gifapp.domain.recipes.recipe import Recipe
from gifapp.jobs.attempts.conversion_process import ConversionRequest, Failed, Message, ProgressMessage
from gifapp.jobs.attempts.forkserver import ForkServer
from gifapp.storage.partial_uploads import PartialUploads, UploadMetadata, Writer
from tests.support.storages import storage_at

CHUNK = b"x" * 30_000
MUCH = 10**6


def upload(disk: Path) -> None:
    with storage_at((disk / "storage").as_uri()).workspace.incoming(
        limit_bytes=MUCH, quota=QuotaUsage(0, None)
    ) as incoming:
        for _ in range(MUCH // len(CHUNK)):
            incoming.write(CHUNK)
        incoming.finish()


def upload_in_parts(disk: Path) -> None:
    uploads = PartialUploads(storage_at((disk / "storage").as_uri()))
    facts = UploadMetadata(
        owner_id="ada", length_bytes=MUCH, name="a.mp4", metadata="", created_at=datetime.now(UTC)
    )
    with uploads.exclusive("ada"):
        begun = uploads.create(facts)
    with Writer(begun.directory, begun.facts) as writer:
        writer.append(0)
        try:
            for _ in range(MUCH // len(CHUNK)):
                writer.write(CHUNK)
        finally:
            assert 0 < uploads.find("ada", begun.id).offset < MUCH  # an upload to continue
            writer.remove()


def gif(disk: Path, clip: Path) -> None:
    gifapp.convert(clip, Recipe(), disk / "out.gif")


def conversion(disk: Path, clip: Path) -> None:
    limits, scratch = Limits(), disk / "scratch"
    scratch.mkdir()
    server = ForkServer("tests.jobs.converters:writes_much")
    server.ensure_running()
    with server.convert(
        ConversionRequest(clip, probe(clip, limits=limits), Recipe(), scratch, limits)
    ) as running:
        message: Message | None = ProgressMessage(Progress(phase="reading", fraction=0))
        while isinstance(message, ProgressMessage) or message is None:
            message = running.receive(10)
    server.stop()
    (scratch / "out").unlink()
    if isinstance(message, Failed):
        raise message.error


def ending(attempt: Callable[..., None], disk: Path, *more: Path) -> list[str | int]:
    """The error, and the number of files left behind."""
    code = "none"
    try:
        attempt(disk, *more)
    except errors.GifappError as error:
        code = error.code
    left = [path for path in disk.rglob("*") if path.is_file() and path.name != "lock"]
    return [code, len(left)]


if __name__ == "__main__":
    disk, clip = map(Path, sys.argv[1:])
    endings = {"upload": ending(upload, disk), "upload in parts": ending(upload_in_parts, disk)}
    endings |= {"gif": ending(gif, disk, clip), "conversion": ending(conversion, disk, clip)}
    json.dump(endings, sys.stdout)
