"""A TCP proxy between browsers and the service: slow if asked, breakable, and able to balance web servers."""

import contextlib
import itertools
import math
import socket
import struct
import threading
import time
from collections import Counter

CHUNK_BYTES = 64 * 1024
_RESET = struct.pack("ii", 1, 0)  # discard unsent data on close


class Line:
    """Forwards connections to its port; towards the service at `bytes_per_s` at most.

    With several target ports, connections take turns; a port that refuses a connection is skipped.
    """

    def __init__(self, *to_ports: int, bytes_per_s: float = math.inf) -> None:
        self._to_ports = to_ports
        self._turns = itertools.cycle(range(len(to_ports)))
        self._pause_s = CHUNK_BYTES / bytes_per_s
        self._open: set[socket.socket] = set()
        self._sent: Counter[socket.socket] = Counter()  # bytes from each browser socket
        self._dead: set[socket.socket] = set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._spawn(self._accept)

    def cut(self) -> None:
        """Reset every open connection, which both ends notice at once; new connections are accepted."""
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)

    def go_dead(self) -> None:
        """Stop forwarding on the connection that sends most, without closing it at either end."""
        before = self._sent.copy()
        time.sleep(0.3)
        [(busiest, _)] = (self._sent - before).most_common(1)
        self._dead.add(busiest)

    def close(self) -> None:
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the server was closed
            while True:
                browser, _ = self._server.accept()
                service = self._connected()
                if service is None:
                    browser.close()
                    continue
                self._open |= {browser, service}
                self._sent[browser] = 0
                self._spawn(self._pump, browser, service, self._pause_s)
                self._spawn(self._pump, service, browser, 0.0)

    def _connected(self) -> socket.socket | None:
        first = next(self._turns)
        for port in (*self._to_ports[first:], *self._to_ports[:first]):
            with contextlib.suppress(ConnectionRefusedError):
                return socket.create_connection(("127.0.0.1", port))
        return None

    def _pump(self, sender: socket.socket, receiver: socket.socket, pause_s: float) -> None:
        with contextlib.suppress(OSError):
            while data := sender.recv(CHUNK_BYTES):
                if sender in self._sent:
                    self._sent[sender] += len(data)
                while sender in self._dead:
                    time.sleep(self._pause_s)
                receiver.sendall(data)
                time.sleep(pause_s * len(data) / CHUNK_BYTES)
        for end in (sender, receiver):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.discard(sender)
        sender.close()

    def _spawn(self, run: object, *arguments: object) -> None:
        threading.Thread(target=run, args=arguments, daemon=True).start()  # type: ignore[arg-type]
