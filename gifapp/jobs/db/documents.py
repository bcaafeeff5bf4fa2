"""MongoEngine documents of sources, jobs and the queue, with their indexes; no behaviour.

All times are aware UTC. Ids are random hexadecimal strings, so that an id from outside is never
more than a string that names nothing. Documents are not strict: while a new version replaces an old one,
the old one meets fields that it does not know.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

from mongoengine import Document, EmbeddedDocument
from mongoengine.fields import (
    BooleanField,
    DateTimeField,
    DictField,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    FloatField,
    IntField,
    ListField,
    LongField,
    StringField,
)

from gifapp.domain.job import JobState

ALIAS = "jobs"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> str:
    return uuid4().hex


def utc_now() -> datetime:
    return in_milliseconds(datetime.now(UTC))


def in_milliseconds(time: datetime) -> datetime:
    """The time in whole milliseconds: what MongoDB gives back equals what was written."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


class SourceDocument(Document):  # type: ignore[misc]
    """An uploaded video; several may name the same bytes."""

    id = StringField(primary_key=True, default=new_id)
    owner = StringField(required=True)
    name = StringField(required=True)
    bytes = LongField(required=True)
    sha256 = StringField(required=True)
    video = DictField(required=True)  # conversion.video.Video as JSON
    created_at = DateTimeField(required=True)
    used_at = DateTimeField(required=True)  # when a job was last asked of it

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": ALIAS,
        "strict": False,
        "collection": "sources",
        "indexes": [("owner", "-created_at"), "sha256", "used_at"],
    }


class ErrorPart(EmbeddedDocument):  # type: ignore[misc]
    """What went wrong in one attempt."""

    code = StringField(required=True)
    detail = StringField(required=True)
    attempt = IntField()
    at = DateTimeField()


class ProgressPart(EmbeddedDocument):  # type: ignore[misc]
    phase = StringField(default="preparing")
    fraction = FloatField(default=0.0)
    eta_s = FloatField()


class GifPart(EmbeddedDocument):  # type: ignore[misc]
    """The finished GIF; `key` names the attempt that made it, and its file."""

    key = StringField(required=True)
    bytes = LongField(required=True)
    width_px = IntField(required=True)
    height_px = IntField(required=True)
    frames = IntField(required=True)
    duration_s = FloatField(required=True)
    notes = ListField(StringField())


class JobDocument(Document):  # type: ignore[misc]
    """One asked-for conversion.

    `token` counts every claim: a write that carries an older one comes from an attempt that lost
    its lease. `attempts` counts those that used up a try: a clean release takes its own back.
    `fingerprint` is what the GIF follows from: video, recipe and engine; one job at a time may be
    making it. `rank_at` orders an owner's jobs: when it was due, earlier or later by its priority.
    """

    id = StringField(primary_key=True, default=new_id)
    owner = StringField(required=True)
    source = StringField(required=True)  # its id
    source_name = StringField(required=True)
    recipe = DictField(required=True)
    fingerprint = StringField(required=True)
    is_active = BooleanField(required=True, default=True)  # queued or running
    idempotency_key = StringField()
    request_id = StringField()  # of the request that asked for it, as the log has it

    state = StringField(required=True, choices=[state.value for state in JobState])
    priority = IntField(required=True)
    rank_at = DateTimeField(required=True)
    run_at = DateTimeField(required=True)
    attempts = IntField(required=True, default=0)
    max_attempts = IntField(required=True)

    token = IntField(required=True, default=0)
    lease_until = DateTimeField()
    worker = StringField()
    slot = IntField()  # of those of its owner that may run at a time, while it runs
    notified_at = DateTimeField(db_field="hint_at", required=True, default=LONG_AGO)
    cancel_requested = BooleanField(required=True, default=False)

    progress = EmbeddedDocumentField(ProgressPart, required=True, default=ProgressPart)
    error = EmbeddedDocumentField(ErrorPart)
    errors = EmbeddedDocumentListField(ErrorPart)
    gif = EmbeddedDocumentField(GifPart)

    created_at = DateTimeField(required=True)
    started_at = DateTimeField()
    finished_at = DateTimeField()

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": ALIAS,
        "strict": False,
        "collection": "jobs",
        "indexes": [
            ("owner", "-created_at", "-id"),
            ("-created_at", "-id"),
            ("state", "owner", "rank_at"),
            ("state", "lease_until"),
            ("state", "-finished_at"),
            "source",
            {"fields": ["gif.key"], "sparse": True},
            {
                "fields": ["owner", "idempotency_key"],
                "unique": True,
                "partialFilterExpression": {"idempotency_key": {"$exists": True}},
            },
            ("owner", "fingerprint"),
            {
                "name": "one_active_twin",
                "fields": ["owner", "fingerprint", "is_active"],
                "unique": True,
                "partialFilterExpression": {"is_active": True},
            },
            {
                "fields": ["owner", "slot"],
                "unique": True,
                "partialFilterExpression": {"slot": {"$exists": True}},
            },
        ],
    }


class ShareDocument(Document):  # type: ignore[misc]
    """A public link to a job's GIF; its address follows from the id and the server's secret."""

    id = StringField(primary_key=True, default=new_id)
    owner = StringField(required=True)
    job = StringField(required=True)  # its id
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)
    revoked_at = DateTimeField()
    views = LongField(required=True, default=0)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": ALIAS,
        "strict": False,
        "collection": "shares",
        "indexes": [
            ("job", "-created_at", "-id"),
            "owner",
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }


class OwnerDocument(Document):  # type: ignore[misc]
    """What the queue remembers of one person: when a worker last turned to them, how much they submit.

    `gone_at` marks an account that was deleted; a week later MongoDB removes the document.
    """

    id = StringField(primary_key=True)
    served_at = DateTimeField(required=True, default=LONG_AGO)
    hour = DateTimeField(required=True, default=LONG_AGO)  # when the hour began that `submitted` counts
    submitted = IntField(required=True, default=0)
    gone_at = DateTimeField()

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": ALIAS,
        "strict": False,
        "collection": "owners",
        "indexes": [{"fields": ["gone_at"], "expireAfterSeconds": 7 * 86_400}],
    }


class QueueDocument(Document):  # type: ignore[misc]
    """The one document of the queue as a whole."""

    id = StringField(primary_key=True)
    paused_at = DateTimeField()

    meta: ClassVar[dict[str, Any]] = {"db_alias": ALIAS, "strict": False, "collection": "queue"}


class MissingPart(EmbeddedDocument):  # type: ignore[misc]
    kind = StringField(required=True)
    id = StringField(required=True)  # of the source or the job that names the file
    owner = StringField(required=True)


class HousekeepingDocument(Document):  # type: ignore[misc]
    """The one document of the comparing sweep: when it is due, and what it found the last time."""

    id = StringField(primary_key=True)
    next_at = DateTimeField(required=True)
    finished_at = DateTimeField()
    removed_files = IntField()
    removed_bytes = LongField()
    missing_count = IntField()
    missing = EmbeddedDocumentListField(MissingPart)

    meta: ClassVar[dict[str, Any]] = {"db_alias": ALIAS, "strict": False, "collection": "housekeeping"}


class LockDocument(Document):  # type: ignore[misc]
    """A lock that somebody holds until then, by MongoDB's clock."""

    id = StringField(primary_key=True)
    until = DateTimeField(required=True)
    holder = StringField()

    meta: ClassVar[dict[str, Any]] = {"db_alias": ALIAS, "strict": False, "collection": "locks"}


class WorkerDocument(Document):  # type: ignore[misc]
    """A worker that was alive at `seen_at`."""

    id = StringField(primary_key=True)  # the name under which it holds leases
    started_at = DateTimeField(required=True)
    seen_at = DateTimeField(required=True)
    jobs = IntField(required=True, default=0)  # run since it started
    memory_bytes = LongField(required=True, default=0)

    meta: ClassVar[dict[str, Any]] = {"db_alias": ALIAS, "strict": False, "collection": "workers"}
