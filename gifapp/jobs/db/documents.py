"""MongoEngine documents for sources, jobs and the queue, with their indexes; no behaviour.

All times are aware UTC. Ids are random hexadecimal strings, so a guessed id matches nothing. Documents
are not strict, so that during an upgrade the old version can read those with new fields.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

from mongoengine import Document, EmbeddedDocument, queryset_manager
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
from mongoengine.queryset import QuerySetManager

from gifapp.domain.job import JobState
from gifapp.mongodb import in_milliseconds

ALIAS = "jobs"
_DELETED = {"fields": ["deleted_at"], "sparse": True}
_META = {"db_alias": ALIAS, "strict": False, "auto_create_index": False}  # `connection` creates them
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> str:
    return uuid4().hex


def utc_now() -> datetime:
    return in_milliseconds(datetime.now(UTC))


class PlainDictField(DictField):  # type: ignore[misc]
    """A dictionary of plain values, which MongoEngine neither converts nor searches for references.

    Either would take as long as everything else that is done with a recipe.
    """

    _auto_dereference = False

    def to_python(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


class DeletableDocument(Document):  # type: ignore[misc]
    """A document that its owner may delete and, until it is purged, restore.

    `objects` leaves out deleted documents, so no query can forget to; `with_deleted` includes them.
    """

    deleted_at = DateTimeField()

    meta: ClassVar[dict[str, Any]] = {"abstract": True}

    with_deleted = QuerySetManager()

    @queryset_manager  # type: ignore[untyped-decorator]
    def objects(cls, queryset: Any) -> Any:  # noqa: N805
        return queryset.filter(deleted_at=None)


class SourceDocument(DeletableDocument):
    """An uploaded video; several sources may refer to the same file."""

    id = StringField(primary_key=True, default=new_id)
    owner = StringField(required=True)
    name = StringField(required=True)
    bytes = LongField(required=True)
    sha256 = StringField(required=True)
    video = PlainDictField(required=True)  # conversion.video.Video as JSON
    created_at = DateTimeField(required=True)
    used_at = DateTimeField(required=True)  # when a job for it was last submitted or retried

    meta: ClassVar[dict[str, Any]] = {
        **_META,
        "collection": "sources",
        "indexes": [("owner", "-created_at"), "sha256", "used_at", _DELETED],
    }


class ErrorPart(EmbeddedDocument):  # type: ignore[misc]
    """The error of one attempt."""

    code = StringField(required=True)
    detail = StringField(required=True)
    attempt = IntField()
    at = DateTimeField()


class ProgressPart(EmbeddedDocument):  # type: ignore[misc]
    phase = StringField(default="preparing")
    fraction = FloatField(default=0.0)
    eta_s = FloatField()


class GifPart(EmbeddedDocument):  # type: ignore[misc]
    """The finished GIF; `key` is the key of the attempt that made it and of its file."""

    key = StringField(required=True)
    bytes = LongField(required=True)
    width_px = IntField(required=True)
    height_px = IntField(required=True)
    frames = IntField(required=True)
    duration_s = FloatField(required=True)
    notes = ListField(StringField())
    has_still = BooleanField(default=False)  # earlier versions kept none


class JobDocument(DeletableDocument):
    """A submitted conversion.

    `token` counts every claim (a fencing token): a write with an older one comes from an attempt that
    lost its lease. `attempts` counts the attempts used up; a released attempt does not count.
    `fingerprint` is a hash of video, recipe and engine; an owner may have only one active job with the
    same one. `rank_at` orders an owner's jobs: the time when the job became due, shifted by its priority.
    """

    id = StringField(primary_key=True, default=new_id)
    owner = StringField(required=True)
    source = StringField(required=True)  # its id
    source_name = StringField(required=True)
    name = StringField()  # if its owner chose one
    searched_text = StringField(required=True)  # of `domain.job_query`
    recipe = PlainDictField(required=True)
    fingerprint = StringField(required=True)
    is_active = BooleanField(required=True, default=True)  # queued or running
    idempotency_key = StringField()
    request_id = StringField()  # of the HTTP request that submitted it, as in the log

    state = StringField(required=True, choices=[state.value for state in JobState])
    priority = IntField(required=True)
    rank_at = DateTimeField(required=True)
    run_at = DateTimeField(required=True)
    attempts = IntField(required=True, default=0)
    max_attempts = IntField(required=True)

    token = IntField(required=True, default=0)
    lease_until = DateTimeField()
    worker = StringField()
    is_short = BooleanField(required=True, default=False)  # it takes seconds
    slot = IntField()  # while it runs: which of its owner's concurrency slots it occupies
    lane = IntField()  # while it runs: which of everybody's slots for long jobs it occupies, if it is one
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
        **_META,
        "collection": "jobs",
        "indexes": [
            ("owner", "-created_at", "-id"),
            ("owner", "-gif.bytes", "-id"),
            ("owner", "-gif.duration_s", "-id"),
            ("owner", "searched_text"),
            ("-created_at", "-id"),
            ("state", "owner", "rank_at"),
            ("state", "lease_until"),
            ("state", "-finished_at"),
            "source",
            {"fields": ["gif.key"], "sparse": True},
            _DELETED,
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
            {
                "fields": ["lane"],
                "unique": True,
                "partialFilterExpression": {"lane": {"$exists": True}},
            },
        ],
    }


END_OF_LEASE: dict[str, Any] = {
    f"unset__{field}": True for field in ("lease_until", "worker", "slot", "lane")
}
"""The part of an update that ends a job's lease."""


class ShareDocument(Document):  # type: ignore[misc]
    """A public link to a job's GIF; its URL is derived from the id and the server's secret."""

    id = StringField(primary_key=True, default=new_id)
    owner = StringField(required=True)
    job = StringField(required=True)  # its id
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)
    revoked_at = DateTimeField()
    views = LongField(required=True, default=0)

    meta: ClassVar[dict[str, Any]] = {
        **_META,
        "collection": "shares",
        "indexes": [
            ("job", "-created_at", "-id"),
            "owner",
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }


class SavedRecipeDocument(Document):  # type: ignore[misc]
    """A recipe that its owner saved under a name, which `key` holds without differences of case."""

    id = StringField(primary_key=True, default=new_id)
    owner = StringField(required=True)
    name = StringField(required=True)
    key = StringField(required=True)
    recipe = PlainDictField(required=True)
    is_shared = BooleanField(required=True, default=False)
    saved_at = DateTimeField(required=True)

    meta: ClassVar[dict[str, Any]] = {
        **_META,
        "collection": "saved_recipes",
        "indexes": [
            {"fields": ["owner", "key"], "unique": True},
            {"fields": ["is_shared"], "partialFilterExpression": {"is_shared": True}},
        ],
    }


class OwnerDocument(Document):  # type: ignore[misc]
    """An owner in the queue: when one of their jobs was last claimed, and their submissions in this hour.

    `gone_at` marks a deleted account; a week later MongoDB removes the document.
    """

    id = StringField(primary_key=True)
    served_at = DateTimeField(required=True, default=LONG_AGO)
    hour = DateTimeField(required=True, default=LONG_AGO)  # the start of the hour that `submitted` counts
    submitted = IntField(required=True, default=0)
    gone_at = DateTimeField()
    quota_bytes = LongField()  # if an administrator set one for this owner

    meta: ClassVar[dict[str, Any]] = {
        **_META,
        "collection": "owners",
        "indexes": [{"fields": ["gone_at"], "expireAfterSeconds": 7 * 86_400}],
    }


class QueueDocument(Document):  # type: ignore[misc]
    """The single document with the state of the whole queue."""

    id = StringField(primary_key=True)
    paused_at = DateTimeField()

    meta: ClassVar[dict[str, Any]] = {**_META, "collection": "queue"}


class MissingPart(EmbeddedDocument):  # type: ignore[misc]
    kind = StringField(required=True)
    id = StringField(required=True)  # of the source or job that refers to the file
    owner = StringField(required=True)


class HousekeepingDocument(Document):  # type: ignore[misc]
    """The single document of the storage check: when it is next due, and its last result."""

    id = StringField(primary_key=True)
    next_at = DateTimeField(required=True)
    finished_at = DateTimeField()
    removed_files = IntField()
    removed_bytes = LongField()
    missing_count = IntField()
    missing = EmbeddedDocumentListField(MissingPart)

    meta: ClassVar[dict[str, Any]] = {**_META, "collection": "housekeeping"}


class LockDocument(Document):  # type: ignore[misc]
    """A lock that `holder` holds until `until`, by MongoDB's clock."""

    id = StringField(primary_key=True)
    until = DateTimeField(required=True)
    holder = StringField()

    meta: ClassVar[dict[str, Any]] = {**_META, "collection": "locks"}


class WorkerDocument(Document):  # type: ignore[misc]
    """A worker that was alive at `seen_at`."""

    id = StringField(primary_key=True)  # the name under which it holds leases
    started_at = DateTimeField(required=True)
    seen_at = DateTimeField(required=True)
    jobs = IntField(required=True, default=0)  # run since it started
    memory_bytes = LongField(required=True, default=0)

    meta: ClassVar[dict[str, Any]] = {**_META, "collection": "workers"}
