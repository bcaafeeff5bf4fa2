"""The client's methods for videos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gifapp import errors
from gifapp.client.connection import Connection
from gifapp.client.responses import described_error
from gifapp.client.retrying import with_retries
from gifapp.client.uploading import OnBytes, open_video, send_file, video_name
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.frames import FrameStripView
from gifapp.domain.views.jobs import EstimateView, SourcePage, SourceView

_PAGE = 200


class VideoRequests(Connection):
    """Uploads, lists, renames, previews and deletes videos."""

    def sources(self) -> list[SourceView]:
        """The uploaded videos, newest first."""
        sources: list[SourceView] = []
        params: dict[str, Any] = {"limit": _PAGE}
        while True:
            page = SourcePage.model_validate(self._call("GET", "/sources", params=params))
            sources += page.sources
            if page.next_cursor is None:
                return sources
            params["cursor"] = page.next_cursor

    def source(self, source_id: str) -> SourceView:
        return SourceView.model_validate(self._call("GET", f"/sources/{source_id}"))

    def rename_source(self, source_id: str, name: str) -> SourceView:
        """Rename a video; its GIFs that have no name of their own follow."""
        return SourceView.model_validate(self._call("PATCH", f"/sources/{source_id}", json={"name": name}))

    def delete_source(self, source_id: str) -> None:
        """Delete a video; its GIFs are kept."""
        self._call("DELETE", f"/sources/{source_id}")

    def restore_source(self, source_id: str) -> SourceView:
        """Undo the deletion of a video, within 30 seconds.

        Raises:
            errors.NotFound: it is too late.
        """
        return SourceView.model_validate(self._call("POST", f"/sources/{source_id}/restore"))

    def upload(
        self, path: Path | str | bytes, on_progress: OnBytes | None = None, *, name: str | None = None
    ) -> SourceView:
        """Upload a video in chunks; after a lost connection or a restart of the service, the upload resumes.

        An upload that fails or is interrupted is deleted.

        Args:
            path: the file, or its bytes.
            on_progress: called with the number of bytes sent so far, and the total.
            name: the video's name in the service; default: the file's name.

        Raises:
            errors.SourceNotFound, errors.SourceNotReadable: the local file.
            errors.SourceTooLarge, errors.QuotaExceeded, errors.DiskFull: before the first byte is sent.
            errors.SourceRefused: the file is not a video that the service can use.
            errors.TooManyRequests: the service asks for a wait of more than two minutes.
            errors.ServiceUnavailable: no request has succeeded for about a minute.
            errors.AccessDenied: the token has expired, was revoked, or may not upload.
        """
        with open_video(path) as file:
            source_id = send_file(self._send, file, name or video_name(path), on_progress or _ignore)
        return with_retries(lambda: self.source(source_id))

    def fetch(self, link: str) -> SourceView:
        """Let the service fetch a video from a link to a file, if an administrator allows that.

        Args:
            link: begins with http:// or https://; its server must be on the public internet.

        Raises:
            errors.LinksNotAllowed, errors.LinkInvalid, errors.LinkNotPublic, errors.LinkFailed
            errors.LinkInterrupted, errors.ServiceUnavailable: it may work later.
            errors.SourceTooLarge, errors.SourceRefused, errors.QuotaExceeded, errors.DiskFull
        """
        lines = self._send("POST", "/links", json={"url": link}).text.splitlines()
        try:
            last: dict[str, Any] = json.loads(lines[-1])
        except (IndexError, ValueError):  # the connection was cut
            last = {}
        if "source" in last:
            return SourceView.model_validate(last["source"])
        if "problem" in last:
            raise described_error(last["problem"])
        raise errors.ServiceUnavailable(service="gifapp")

    def estimate(self, source_id: str, recipe: Recipe | None = None) -> EstimateView:
        """Estimate the GIF's size, usually within 15 %; takes about a second."""
        body = {"source_id": source_id, "recipe": (recipe or Recipe()).model_dump(mode="json")}
        return EstimateView.model_validate(self._call("POST", "/estimates", json=body))

    def preview(self, source_id: str, recipe: Recipe | None = None, *, at_s: float | None = None) -> bytes:
        """Make a loop of up to 1.5 s, as the GIF will look; takes about a second.

        Args:
            source_id: the video.
            recipe: all settings of the GIF.
            at_s: the time in the video; by default the middle of the first range.

        Returns:
            The file, in the recipe's format.
        """
        body = {"recipe": (recipe or Recipe()).model_dump(mode="json"), "at_s": at_s}
        return self._send("POST", f"/sources/{source_id}/preview", json=body).content

    def frame_strip(self, source_id: str, recipe: Recipe | None = None) -> FrameStripView:
        """All frames that the recipe shows, small, to choose from for its list `frames`; up to 300."""
        body = {"recipe": (recipe or Recipe()).model_dump(mode="json")}
        response = self._call("POST", f"/sources/{source_id}/strip", json=body)
        return FrameStripView.model_validate(response)


def _ignore(*_: Any) -> None:
    """The default callback."""
