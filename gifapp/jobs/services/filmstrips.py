"""Filmstrips of videos, kept in memory for a while. It blocks; run it in a thread."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from gifapp.domain.limits import Limits
from gifapp.jobs.db import sources
from gifapp.storage.blobs import Blobs

_MAX_KEPT = 100  # of at most 100 kB each


class Filmstrips:
    def __init__(self, *, blobs: Blobs, limits: Limits) -> None:
        self._blobs = blobs
        self._limits = limits
        self._kept: OrderedDict[str, bytes] = OrderedDict()  # by the video's digest; the last used is last
        self._lock = Lock()

    def filmstrip(self, owner_id: str, source_id: str) -> bytes:
        """The source's filmstrip, a JPEG; takes a second or two the first time.

        Raises:
            errors.NotFound
            errors.SourceDamaged, errors.ConversionTooSlow: the video could not be decoded.
        """
        from gifapp.conversion.decode.filmstrip import filmstrip  # noqa: PLC0415  workers need no NumPy

        source = sources.find_source(owner_id, source_id)
        strip = self._kept.get(source.sha256)
        if strip is None:
            with self._blobs.video(source.sha256) as path:
                strip = filmstrip(path, sources.video_of(source), limits=self._limits)
        self._keep(source.sha256, strip)
        return strip

    def _keep(self, sha256: str, strip: bytes) -> None:
        with self._lock:
            self._kept[sha256] = strip
            self._kept.move_to_end(sha256)
            if len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
