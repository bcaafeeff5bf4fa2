"""Serves static files, each compressed only once."""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from tornado import web


class CompressedFiles(web.StaticFileHandler):
    """Static files; Tornado would compress each again for every request."""

    async def get(self, path: str, include_body: bool = True) -> None:
        """Send the file; compressed, if the client takes that and asks for the whole file."""
        if not include_body or not self._may_compress(path):
            await super().get(path, include_body)
            return
        self.path = self.parse_url_path(path)
        absolute_path = self.get_absolute_path(self.root, self.path)
        self.absolute_path = self.validate_absolute_path(self.root, absolute_path)
        self.modified = self.get_modified_time()
        self.set_headers()
        if self.should_return_304():
            self.set_status(304)
            return
        self.set_header("Content-Encoding", "gzip")
        self.write(await asyncio.to_thread(_compressed, self.absolute_path, self.modified))

    def _may_compress(self, path: str) -> bool:
        kind = mimetypes.guess_type(path)[0] or ""
        is_text = kind.startswith("text/") or kind in web.GZipContentEncoding.CONTENT_TYPES
        headers = self.request.headers
        return is_text and "gzip" in headers.get("Accept-Encoding", "") and "Range" not in headers


@lru_cache(maxsize=512)  # a script of the frontend takes a tenth of a second
def _compressed(path: str, modified: datetime) -> bytes:  # noqa: ARG001
    return gzip.compress(Path(path).read_bytes(), mtime=0)
