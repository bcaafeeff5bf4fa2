"""The drop zone: files are uploaded from the browser directly to the service, not through the kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import anywidget
import traitlets
from pydantic import Field

from gifapp import errors
from gifapp.client import Client
from gifapp.domain.limits import Limits
from gifapp.domain.views.jobs import SourceView
from gifapp.domain.wording import size
from gifapp.widgets.assets import script, style
from gifapp.widgets.messages import Message, receives
from gifapp.widgets.reporting import Reporter


class UploadMessage(Message):
    upload: int = Field(0, ge=0, le=2**53)
    source_id: str = Field("", max_length=100)


class Upload(anywidget.AnyWidget):
    """Accepts videos by drag and drop, file picker or paste, several at once.

    The access token is sent by a message when an upload begins; a trait would store it in the page.
    """

    _esm: ClassVar = script("dashboard/upload")
    _css: ClassVar = style("common", "dashboard/upload")

    page_url = traitlets.Unicode().tag(sync=True)
    limit_bytes = traitlets.Int().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    fetches_links = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether the service fetches videos from links."""
    compact = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(
        self, client: Client, limits: Limits, *, on_uploaded: Callable[[SourceView], None], reporter: Reporter
    ) -> None:
        """`on_uploaded` is called with each uploaded video."""
        super().__init__(
            page_url=client.page_url,
            limit_bytes=limits.max_upload_bytes,
            fetches_links=_fetches_links(client),
            hint=f"{errors.SOURCE_FORMATS}, up to {size(limits.max_upload_bytes)}",
        )
        self._client = client
        self._on_uploaded = on_uploaded
        self._reporter = reporter
        self.on_msg(self._receive)

    @receives(UploadMessage)
    def _receive(self, message: UploadMessage) -> None:
        with self._reporter.reporting():
            if message.type == "token":
                self._give_token(message.upload)
            elif message.type == "uploaded":
                self._on_uploaded(self._client.source(message.source_id))

    def _give_token(self, upload: int) -> None:
        try:
            reply = {"token": self._client.access_token()}
        except errors.GifappError as error:
            reply = {"refused": str(error)}
        self.send({"type": "token", "upload": upload, **reply})


def _fetches_links(client: Client) -> bool:
    try:
        return client.fetches_links
    except errors.Transient:
        return False
