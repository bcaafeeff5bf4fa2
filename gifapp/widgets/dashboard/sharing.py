"""Handles the gallery's share box: creates, lists and revokes links."""

from __future__ import annotations

from typing import Any

from gifapp.client import Client

REQUESTS = ("shares", "share", "revoke")
_DAY_S = 24 * 3600


class Sharing:
    """Responds to the share box with all valid links of its job."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def respond(self, message: dict[str, Any]) -> dict[str, Any]:
        """Carry out the request; returns all valid links, and the id of the new one, if any."""
        job_id, created_id = message["id"], None
        if message["type"] == "share":
            created_id = self._client.share(job_id, expires_in_s=int(message["days"]) * _DAY_S).id
        elif message["type"] == "revoke":
            self._client.revoke_share(message["share"])
        valid = [share for share in self._client.shares(job_id) if share.revoked_at is None]
        shares = [share.model_dump(mode="json") for share in valid]
        return {"type": "shares", "id": job_id, "made": created_id, "shares": shares}
