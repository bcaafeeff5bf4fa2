"""Public links to finished GIFs: created, listed, revoked and counted. A share stores no secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gifapp import errors
from gifapp.domain.views.jobs import ShareView
from gifapp.jobs.db.documents import ShareDocument, utc_now
from gifapp.mongodb import reaching_mongodb

MAX_PER_JOB = 20  # valid links; as many revoked ones are remembered


@reaching_mongodb()
def add_share(owner_id: str, job_id: str, *, lasts_s: int) -> ShareDocument:
    """Add a link to one of the owner's jobs.

    Raises:
        errors.TooManyShares: the job has the maximum number of links.
    """
    now = utc_now()
    share = ShareDocument(
        owner=owner_id, job=job_id, created_at=now, expires_at=now + timedelta(seconds=lasts_s)
    )
    share.save(force_insert=True)
    if _valid(job=job_id).count() > MAX_PER_JOB:  # after saving, so concurrent calls cannot exceed it
        share.delete()
        raise errors.TooManyShares(limit=MAX_PER_JOB)
    return share


@reaching_mongodb()
def shares_of(owner_id: str, job_id: str) -> list[ShareDocument]:
    """The job's unexpired links, newest first."""
    unexpired = ShareDocument.objects(owner=owner_id, job=job_id, expires_at__gt=utc_now())
    return list(unexpired.order_by("-created_at", "-id"))


@reaching_mongodb()
def revoke_share(owner_id: str, share_id: str) -> None:
    """Revoke a share link; revoking it again changes nothing.

    Raises:
        errors.NotFound
    """
    share = ShareDocument.objects(id=share_id, owner=owner_id).first()
    if share is None:
        raise errors.NotFound(kind="share")
    ShareDocument.objects(id=share_id, revoked_at=None).update_one(set__revoked_at=utc_now())
    revoked = ShareDocument.objects(job=share.job, revoked_at__exists=True).order_by("-revoked_at")
    remove_shares = [older.id for older in revoked.only("id").skip(MAX_PER_JOB)]
    ShareDocument.objects(id__in=remove_shares).delete()


@reaching_mongodb()
def valid_share(share_id: str) -> ShareDocument:
    """A share that is neither revoked nor expired.

    Raises:
        errors.NotFound
    """
    share: ShareDocument | None = _valid(id=share_id).first()
    if share is None:
        raise errors.NotFound(kind="share")
    return share


@reaching_mongodb()
def count_view(share_id: str) -> None:
    ShareDocument.objects(id=share_id).update_one(inc__views=1)


@reaching_mongodb()
def remove_shares_of(job_id: str) -> None:
    ShareDocument.objects(job=job_id).delete()


def share_view(share: ShareDocument) -> ShareView:
    """The share as its owner sees it; the web server adds its URL."""
    return ShareView(
        id=share.id,
        created_at=share.created_at,
        expires_at=share.expires_at,
        views=share.views,
        revoked_at=share.revoked_at,
    )


def _valid(**filters: str) -> Any:
    # MongoDB removes expired ones within about a minute, not at once
    return ShareDocument.objects(**filters, revoked_at=None, expires_at__gt=utc_now())
