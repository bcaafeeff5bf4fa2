"""Public links to finished GIFs: owners create, list and revoke them; anyone with the link opens them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gifapp import errors
from gifapp.domain.views.jobs import ShareView
from gifapp.jobs.db import job_store, shares
from gifapp.jobs.services.jobs import GifFile, Jobs


@dataclass(frozen=True)
class SharedGif:
    """The GIF behind a public link, and when the link expires."""

    share_id: str
    owner_id: str
    file: GifFile
    width_px: int
    height_px: int
    expires_at: datetime


class Sharing:
    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def add(self, owner_id: str, job_id: str, *, lasts_s: int) -> ShareView:
        """Create a public link to a finished GIF.

        Raises:
            errors.NotFound, errors.JobNotFinished, errors.TooManyShares
        """
        self._jobs.gif(owner_id, job_id)
        return shares.share_view(shares.add_share(owner_id, job_id, lasts_s=lasts_s))

    def of_job(self, owner_id: str, job_id: str) -> list[ShareView]:
        """The unexpired links to a job, newest first.

        Raises:
            errors.NotFound
        """
        job_store.find_job(owner_id, job_id)
        return [shares.share_view(share) for share in shares.shares_of(owner_id, job_id)]

    def revoke(self, owner_id: str, share_id: str) -> None:
        """Revoke a share link.

        Raises:
            errors.NotFound
        """
        shares.revoke_share(owner_id, share_id)

    def shown(self, share_id: str) -> SharedGif:
        """The GIF of a public link, for anyone who has the link.

        Raises:
            errors.NotFound: the link is unknown, revoked or expired, or its job is gone.
        """
        share = shares.valid_share(share_id)
        file = self._jobs.gif(share.owner, share.job)
        gif = job_store.find_job(share.owner, share.job).gif
        if gif is None:
            raise errors.NotFound(kind="share")
        return SharedGif(share.id, share.owner, file, gif.width_px, gif.height_px, share.expires_at)
