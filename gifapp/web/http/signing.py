"""Signed media URLs, which work for some hours without an Authorization header."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import urlencode

from gifapp import errors
from gifapp.domain.views.jobs import Event, GifView, JobPage, JobView, SourcePage, SourceView
from gifapp.identity.tokens import derived_key

WINDOW_S = 6 * 3600

MediaKind = Literal[
    "archives",
    "exports",
    "filmstrips",
    "frames",
    "gifs",
    "layers",
    "posters",
    "previews",
    "proxies",
    "stills",
    "strips",
    "videos",
]

_SOURCE_URLS: dict[str, MediaKind] = {
    "poster_url": "posters",
    "frame_url": "frames",
    "filmstrip_url": "filmstrips",
    "video_url": "videos",
    "preview_url": "previews",
    "proxy_url": "proxies",
    "layers_url": "layers",
    "strip_url": "strips",
}


class MediaSigner:
    """Signs and verifies `/media/...` URLs for an owner.

    A URL is valid for one to two windows. Within a window it stays the same, so that a gallery does not
    reload its images on every change.
    """

    def __init__(
        self, secret: bytes, *, window_s: int = WINDOW_S, now: Callable[[], float] = time.time
    ) -> None:
        self._key = derived_key(secret, "media")
        self._window_s = window_s
        self._now = now

    def address(self, kind: MediaKind, item_id: str, owner_id: str) -> str:
        """The signed path of an item's image or video, or of what is made for a page."""
        expires = (int(self._now()) // self._window_s + 2) * self._window_s
        signature = self._signature(kind, item_id, owner_id, str(expires))
        query = urlencode({"owner": owner_id, "expires": expires, "signature": signature})
        return f"/media/{kind}/{item_id}?{query}"

    def owner(self, kind: MediaKind, item_id: str, query: Mapping[str, str]) -> str:
        """Verify a signed URL, and return the id of the owner.

        Raises:
            errors.MediaLinkInvalid: forged or expired.
        """
        owner_id, expires = query.get("owner", ""), query.get("expires", "")
        expected = self._signature(kind, item_id, owner_id, expires)
        if not hmac.compare_digest(expected.encode(), query.get("signature", "").encode()):
            raise errors.MediaLinkInvalid
        if int(expires) < self._now():
            raise errors.MediaLinkInvalid
        return owner_id

    def job(self, job: JobView, owner_id: str) -> JobView:
        """The job with URLs that its owner's browser can open."""
        gif = job.gif and self._gif(job.gif, job.id, owner_id)
        source = job.source and self.source(job.source, owner_id)
        return job.model_copy(update={"gif": gif, "source": source})

    def _gif(self, gif: GifView, job_id: str, owner_id: str) -> GifView:
        url = self.address("gifs", job_id, owner_id)
        still_url = gif.still_url and self.address("stills", job_id, owner_id)
        frames_url = self.address("exports", job_id, owner_id)
        return gif.model_copy(update={"url": url, "still_url": still_url, "frames_url": frames_url})

    def source(self, source: SourceView, owner_id: str) -> SourceView:
        """The source with URLs that its owner's browser can open."""
        urls = {
            field: getattr(source, field) and self.address(kind, source.id, owner_id)
            for field, kind in _SOURCE_URLS.items()
        }
        return source.model_copy(update=urls)

    def jobs(self, page: JobPage, owner_id: str) -> JobPage:
        return page.model_copy(update={"jobs": [self.job(job, owner_id) for job in page.jobs]})

    def sources(self, page: SourcePage, owner_id: str) -> SourcePage:
        return page.model_copy(update={"sources": [self.source(source, owner_id) for source in page.sources]})

    def event(self, event: Event, owner_id: str) -> Event:
        """The event, with such URLs in its job or source."""
        job = event.job and self.job(event.job, owner_id)
        source = event.source and self.source(event.source, owner_id)
        return event.model_copy(update={"job": job, "source": source})

    def _signature(self, *parts: str) -> str:
        message = "\n".join(parts).encode()
        return urlsafe_b64encode(hmac.digest(self._key, message, hashlib.sha256)).decode().rstrip("=")
