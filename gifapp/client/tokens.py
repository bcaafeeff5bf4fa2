"""Access tokens, renewed before they expire."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import httpx

from gifapp.client.responses import checked_response, connect

_RENEW_AHEAD_S = 60.0


class Token(Protocol):
    """A function that returns a valid access token."""

    def __call__(self) -> str: ...


class FixedToken:
    """A fixed token, which is never renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self) -> str:
        return self._token


class KernelToken:
    """Exchanges a dashboard kernel's token for access tokens of the user who opened the page."""

    def __init__(self, url: str, kernel_token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {kernel_token}"}
        self._fresh = _Fresh(self._exchange)

    def __call__(self) -> str:
        return self._fresh()

    def _exchange(self) -> dict[str, Any]:
        with connect(self._url) as http:
            response: dict[str, Any] = checked_response(
                http, "POST", "/kernel/token", headers=self._headers
            ).json()
            return response


class SessionToken:
    """Signs in, and renews the session by its cookie, as a browser does."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self._url = url.rstrip("/")
        self._cookies = httpx.Cookies()
        self._fresh = _Fresh(self._refresh)
        self._fresh.keep(self._ask("/auth/login", json={"email": email, "password": password}))

    def __call__(self) -> str:
        return self._fresh()

    def _refresh(self) -> dict[str, Any]:
        return self._ask("/auth/refresh", headers={"X-XSRFToken": self._cookies.get("_xsrf", "")})

    def _ask(self, path: str, **request: Any) -> dict[str, Any]:
        with connect(self._url, self._cookies) as http:
            response: dict[str, Any] = checked_response(http, "POST", path, **request).json()
            self._cookies = http.cookies
            return response


class _Fresh:
    """Caches an access token, and renews it before it expires; thread-safe."""

    def __init__(self, get: Callable[[], dict[str, Any]]) -> None:
        self._get = get
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0

    def __call__(self) -> str:
        with self._lock:
            if time.monotonic() >= self._renew_at:
                self.keep(self._get())
            return self._token

    def keep(self, response: dict[str, Any]) -> None:
        lasts_s = response["expires_in"]
        self._token = response["access_token"]
        self._renew_at = time.monotonic() + max(lasts_s / 2, lasts_s - _RENEW_AHEAD_S)
