"""An API server on a free port that gives scripted responses and records the requests."""

import json
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from gifapp.domain.limits import Limits


class ScriptedService:
    """Runs in the test's own event loop; call blocking clients from a thread."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {
            "limits": (200, vars(Limits())),
            "jobs": (200, {"jobs": [], "next_cursor": None, "total": 0}),
            "sources": (200, {"sources": [], "next_cursor": None}),
        }
        self.events: list[list[dict[str, Any]]] = []
        """What each websocket sends before it closes; one that finds no script stays open."""
        self.refuse_events = False
        self.asked: list[str] = []
        self.cursors: list[str | None] = []
        self.tokens: list[str | None] = []
        listening, port = bind_unused_port()
        self.url = f"http://127.0.0.1:{port}"
        self._server = HTTPServer(
            Application(
                [
                    (r"/api/v1/events", _Events, {"service": self}),
                    (r"/api/v1/(.*)", _Answer, {"service": self}),
                ],
                log_function=lambda _: None,
            )
        )
        self._server.add_socket(listening)

    async def stop(self) -> None:
        self._server.stop()
        await self._server.close_all_connections()


class _Answer(RequestHandler):
    def initialize(self, service: ScriptedService) -> None:
        self.service = service

    def get(self, path: str) -> None:
        self.service.asked.append(path)
        status, body = self.service.answers[path]
        self.set_status(status)
        self.write(json.dumps(body))
        self.set_header("Content-Type", "application/json" if status < 400 else "application/problem+json")

    post = get


class _Events(WebSocketHandler):
    def initialize(self, service: ScriptedService) -> None:
        self.service = service

    async def prepare(self) -> None:
        self.service.cursors.append(self.get_query_argument("cursor", None))
        self.service.tokens.append(self.request.headers.get("Authorization"))
        if self.service.refuse_events:
            self.send_error(401)

    async def open(self, *_: str) -> None:
        if self.service.events:
            for event in self.service.events.pop(0):
                await self.write_message(json.dumps(event))
            self.close()
