"""A slow line between a browser and the service, which can be cut."""

import contextlib
import socket
import threading
import time

CHUNK_BYTES = 64 * 1024


class Line:
    """Passes on what comes to its port, towards the service no faster than `bytes_per_s`."""

    def __init__(self, to_port: int, *, bytes_per_s: float) -> None:
        self._to_port = to_port
        self._pause_s = CHUNK_BYTES / bytes_per_s
        self._open: set[socket.socket] = set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._spawn(self._accept)

    def cut(self) -> None:
        """Break every connection there is; new ones are taken."""
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it is closed
            while True:
                browser, _ = self._server.accept()
                service = socket.create_connection(("127.0.0.1", self._to_port))
                self._open |= {browser, service}
                self._spawn(self._pump, browser, service, self._pause_s)
                self._spawn(self._pump, service, browser, 0.0)

    def _pump(self, one: socket.socket, other: socket.socket, pause_s: float) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(CHUNK_BYTES):
                other.sendall(data)
                time.sleep(pause_s * len(data) / CHUNK_BYTES)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.discard(one)
        one.close()

    def _spawn(self, run: object, *given: object) -> None:
        threading.Thread(target=run, args=given, daemon=True).start()  # type: ignore[arg-type]
