"""Interrupted work: each function leaves what a process leaves when it is killed there."""

import os
import signal
import sys

from gifapp.domain.limits import Limits
from gifapp.jobs.db import leases
from gifapp.jobs.db.documents import GifPart
from gifapp.jobs.parts import JobParts
from tests.jobs.conftest import SECRET, made_video
from tests.support.storages import storage_at


def half_an_upload(parts: JobParts) -> None:
    with parts.sources.incoming("ann") as incoming:
        incoming.write(b"half")
        incoming.finish()
        die()


def a_kept_video(parts: JobParts) -> None:
    with parts.sources.incoming("ann") as incoming:
        incoming.write(made_video(incoming.path.parent, "testsrc2=size=96x64:rate=10:duration=2"))
        incoming.finish()
        incoming.poster_path.write_bytes(b"a poster")
        parts.blobs.keep_source(incoming)
        die()


def an_estimate(parts: JobParts) -> None:
    with parts.blobs.workspace.scratch("estimate-0123456789abcdef") as scratch:
        (scratch / "video.json").write_bytes(b"{}")
        die()


def an_attempt_before_its_settle(parts: JobParts) -> None:
    attempt_with_its_gif(parts)


def an_attempt_after_its_settle(parts: JobParts) -> None:
    attempt_with_its_gif(parts, settles=True)


def attempt_with_its_gif(parts: JobParts, *, settles: bool = False) -> None:
    job = leases.claim("ann", worker="here:1", lease_s=60)
    assert job is not None
    attempt = leases.attempt_of(job)
    with parts.blobs.workspace.scratch(attempt.key) as scratch:
        (scratch / "out").write_bytes(b"GIF89a")
        parts.blobs.keep_gif(scratch / "out", attempt.key)
        if settles:
            facts = {"bytes": 6, "width_px": 2, "height_px": 1, "frames": 3, "duration_s": 0.5}
            leases.succeed(attempt, GifPart(key=attempt.key, **facts))
        die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    mongodb_url, redis_url, storage_url, step = sys.argv[1:]
    with JobParts(
        mongodb_url=mongodb_url,
        redis_url=redis_url,
        blobs=storage_at(storage_url),
        secret=SECRET,
        limits=Limits(),
    ) as parts:
        globals()[step](parts)
