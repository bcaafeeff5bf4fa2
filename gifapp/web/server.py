"""The HTTP server and what it does before any handler: learn whose request it is."""

from __future__ import annotations

from typing import Any

from tornado.httputil import HTTPServerRequest

from gifapp.web.instruments import MeasuredApplication
from gifapp.web.proxies import TrustedProxies


class WebApplication(MeasuredApplication):
    """Every route, behind the proxies it trusts."""

    def __init__(self, *given: Any, proxies: TrustedProxies, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self._proxies = proxies

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        self._proxies.identify(request)
        return super().find_handler(request, **kwargs)
