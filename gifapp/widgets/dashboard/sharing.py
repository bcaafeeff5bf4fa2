"""Handles the gallery's share box: creates, lists and revokes links."""

from __future__ import annotations

from typing import Any

from gifapp.client import Client

ASKED = ("shares", "share", "revoke")
_DAY_S = 24 * 3600


class Sharing:
    """Answers the share box with all valid links of its job."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Carry out the request; the answer contains all valid links, and the id of the new one, if any."""
        job_id, made = message["id"], None
        if message["type"] == "share":
            made = self._client.share(job_id, expires_in_s=int(message["days"]) * _DAY_S).id
        elif message["type"] == "revoke":
            self._client.revoke_share(message["share"])
        living = [share for share in self._client.shares(job_id) if share.revoked_at is None]
        shares = [share.model_dump(mode="json") for share in living]
        return {"type": "shares", "id": job_id, "made": made, "shares": shares}
