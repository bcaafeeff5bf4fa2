"""The client's connection to a service: its URLs, its token, and its requests."""

from __future__ import annotations

import os
from typing import Any, Self

import httpx

from gifapp import errors
from gifapp.client.responses import checked_response, connect
from gifapp.client.tokens import FixedToken, KernelToken, SessionToken, Token


class Connection:
    """Sends requests to one service, for one account."""

    def __init__(self, url: str, token: str | Token, *, page_url: str | None = None) -> None:
        """Create a client for the service at `url`, such as `http://127.0.0.1:8866`.

        Args:
            url: the service's URL, without a path.
            token: an API token, an access token, or a function that returns a valid token.
            page_url: the URL that browsers use, if different; empty if the service itself serves the page.
        """
        self.url = url.rstrip("/")
        self.page_url = self.url if page_url is None else page_url
        self._token = FixedToken(token) if isinstance(token, str) else token
        self._http = connect(self.url)

    @classmethod
    def from_environment(cls) -> Self:
        """The client of the user who opened this kernel's dashboard."""
        missing = [name for name in ("GIFAPP_URL", "GIFAPP_KERNEL_TOKEN") if name not in os.environ]
        if missing:
            raise errors.SettingInvalid(name=missing[0], problem="it is set only in a dashboard's kernel")
        url = os.environ["GIFAPP_URL"]
        if dsn := os.environ.get("GIFAPP_SENTRY_DSN"):
            from gifapp import sentry  # noqa: PLC0415  for the service's kernels alone

            sentry.configure(dsn, part="kernel")
        return cls(url, KernelToken(url, os.environ["GIFAPP_KERNEL_TOKEN"]), page_url="")

    @classmethod
    def sign_in(cls, url: str, email: str, password: str) -> Self:
        """The client of an account; the password is used once and not stored."""
        return cls(url, SessionToken(url, email, password))

    def access_token(self) -> str:
        """A valid access token, renewed when it is about to expire."""
        return self._token()

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, method: str, path: str, **request: Any) -> Any:
        response = self._send(method, path, **request)
        return response.json() if response.content else None

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.access_token()}", **request.pop("headers", {})}
        return checked_response(self._http, method, path, headers=headers, **request)
