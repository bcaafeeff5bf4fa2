"""A stand-in for Sentry's ingest endpoint: accepts envelopes, with gzip, and keeps their events."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gifapp.processes import wait_until


@dataclass
class Sentry:
    dsn: str = ""
    raw: list[bytes] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for envelope in self.raw for event in _events_in(envelope)]

    def wait_for(self, number: int, *, timeout_s: float = 20) -> list[dict[str, Any]]:
        assert wait_until(lambda: len(self.events) >= number, timeout_s=timeout_s), self.events
        return self.events


@contextmanager
def sentry() -> Iterator[Sentry]:
    sentry = Sentry()

    class Ingest(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sentry.raw.append(
                gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            )
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ingest)
    sentry.dsn = f"http://public@127.0.0.1:{server.server_port}/1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield sentry
    server.shutdown()
    server.server_close()


def _events_in(envelope: bytes) -> Iterator[dict[str, Any]]:
    """Parse an envelope: a header, and for each item a header with its length and the item."""
    _, rest = envelope.split(b"\n", 1)
    while rest.strip():
        header, rest = rest.split(b"\n", 1)
        document = json.loads(header)
        item, rest = rest[: document["length"]], rest[document["length"] + 1 :]
        if document["type"] == "event":
            yield json.loads(item)
