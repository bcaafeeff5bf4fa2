"""Metrics of one web process: requests, kernels, websockets, CPU and memory."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Any

import tornado.web
from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector
from tornado.routing import URLSpec

from gifapp.web.http.access_log import log_completed, shown_method

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Instruments:
    """The metrics of one web process.

    Attributes:
        registry: the Prometheus registry that contains them all.
    """

    def __init__(self, *, scrape_token: bytes | None = None) -> None:
        self.registry = CollectorRegistry()
        self._scrape_token = scrape_token
        ProcessCollector(registry=self.registry)
        self._requests = Histogram(
            "gifapp_http_request_seconds",
            "Duration of requests to this web server, by route, method and status class (2xx, …).",
            ("route", "method", "status"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._watched = {
            name: Gauge(f"gifapp_{name}", help_, registry=self.registry)
            for name, help_ in (
                ("kernels", "Open dashboards (kernels) on this web server."),
                ("kernels_limit", "The maximum number of open dashboards on this web server."),
                ("websockets", "Open event streams (websockets) on this web server."),
            )
        }

    def watch(self, **readers: Callable[[], float]) -> None:
        """Set the functions that these gauges read their values from."""
        for name, read in readers.items():
            self._watched[name].set_function(read)

    def note_completed(self, route: str, request: Any, status: int) -> None:
        labels = (route, shown_method(request.method), f"{status // 100}xx")
        self._requests.labels(*labels).observe(request.request_time())

    def is_scrape_token(self, token: str) -> bool:
        """Whether this is the scrape token, which only allows reading metrics."""
        return self._scrape_token is not None and hmac.compare_digest(self._scrape_token, token.encode())


class MeasuredApplication(tornado.web.Application):
    """Measures API requests by route, not by path, so that there are few label values."""

    def __init__(self, api: Sequence[URLSpec], *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._templates = [(spec.regex, template_of(spec)) for spec in api]

    def log_request(self, handler: tornado.web.RequestHandler) -> None:
        path = handler.request.path
        route = next((template for regex, template in self._templates if regex.match(path)), "other")
        handler.settings["gifapp"].instruments.note_completed(route, handler.request, handler.get_status())
        log_completed(handler)


def template_of(spec: URLSpec) -> str:
    """The route as a label, for example `/api/v1/jobs/{}`."""
    pattern: str = spec.regex.pattern.removesuffix("$")
    return pattern.replace("([^/]+)", "{}").replace("[^/]+", "{}").replace("\\", "").partition("(?:")[0]
