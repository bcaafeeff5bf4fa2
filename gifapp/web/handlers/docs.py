"""The API document, and Swagger UI to read it, served from our own files."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path

import tornado.web
from tornado.routing import URLSpec

from gifapp.web.http.answering import AnsweringHandler
from gifapp.web.http.base import BaseHandler
from gifapp.web.http.compressed_files import CompressedFiles
from gifapp.web.http.openapi import document
from gifapp.web.http.operations import operation

Routes = Callable[[], list[URLSpec]]

_FILES = Path(__file__).parents[1] / "swagger_ui"
_SERVED = ("swagger-ui.css", "swagger-ui-bundle.js", "page.css", "page.js")
_PAGE = (_FILES / "page.html").read_text()
# Swagger UI sets inline styles, and its icons are data: URLs
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@functools.cache
def document_json(routes: Routes) -> str:
    return json.dumps(document(routes()))


class DocumentHandler(BaseHandler):
    def initialize(self, *, routes: Routes) -> None:
        self._routes = routes

    @operation("The OpenAPI document", produces=["application/json"], has_etag=True)
    async def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.write(await self.run_blocking(document_json, self._routes))


class PageHandler(BaseHandler):
    @operation("The API documentation page", produces=["text/html"], has_etag=True)
    async def get(self) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", _POLICY)
        self.write(_PAGE)


class PageFileHandler(AnsweringHandler, CompressedFiles):
    def initialize(self) -> None:  # type: ignore[override]
        super().initialize(str(_FILES))

    @operation("A file of the page", produces=["text/css", "text/javascript"], is_file=True)
    async def get(self, name: str, include_body: bool = True) -> None:
        if name not in _SERVED:
            raise tornado.web.HTTPError(404)
        await super().get(name, include_body)
        if self.get_status() == 416:
            self.write_error(416)

    def compute_etag(self) -> str | None:
        return tornado.web.StaticFileHandler.compute_etag(self)

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002
        self.set_header("Cache-Control", "public, max-age=3600")
