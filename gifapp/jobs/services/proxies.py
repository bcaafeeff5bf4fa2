"""Proxies of videos that browsers cannot play, stored beside the video. It blocks; run it in a thread."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from gifapp import errors
from gifapp.conversion.playable import has_proxy
from gifapp.jobs.attempts.quick import ProxyConversions
from gifapp.jobs.cleanup.removal import remove_unreferenced_source
from gifapp.jobs.db import sources
from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs


class Proxies:
    def __init__(self, *, blobs: Blobs, conversions: ProxyConversions, reserve_bytes: int) -> None:
        self._blobs = blobs
        self._conversions = conversions
        self._reserve_bytes = reserve_bytes
        self._turn = Lock()

    def find(self, owner_id: str, source_id: str) -> Blob | None:
        """The source's proxy; None: it was not made yet.

        Raises:
            errors.NotFound: there is no such source, or it is a still picture or too long.
        """
        source = sources.find_source(owner_id, source_id)
        if not has_proxy(sources.video_of(source)):
            raise errors.NotFound(kind="proxy")
        proxy = Blob("proxy", source.sha256)
        return proxy if self._blobs.store.holds(proxy) else None

    def make(self, owner_id: str, source_id: str) -> Blob:
        """The source's proxy, which may take a minute the first time; the others wait.

        Raises:
            errors.NotFound: see `find`; or the source was deleted meanwhile.
            errors.DiskFull: only the reserve is left on the disk.
            errors.GifappError: see `conversion.proxy.make_proxy`.
        """
        with self._turn:
            proxy = self.find(owner_id, source_id)
            if proxy is None:
                proxy = self._make(owner_id, source_id)
        return proxy

    def _make(self, owner_id: str, source_id: str) -> Blob:
        source = sources.find_source(owner_id, source_id)
        proxy = Blob("proxy", source.sha256)
        self._blobs.workspace.check_disk(0, reserve_bytes=self._reserve_bytes)

        def keep(aside: Path) -> None:
            self._blobs.store.prestage(aside, proxy)
            with self._blobs.store.exclusive():
                self._blobs.store.keep(aside, proxy)
                remove_unreferenced_source(self._blobs, source.sha256)  # deleted meanwhile

        with self._blobs.video(source.sha256) as path:
            self._conversions.proxy(path, sources.video_of(source), keep)
        return proxy
