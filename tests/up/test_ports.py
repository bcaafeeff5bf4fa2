import errno
import secrets
import socket

import pytest

from gifapp.up.ports import free_port


def test_port_is_free_and_given_to_no_outgoing_connection() -> None:
    port = free_port()
    assert 10_000 <= port < 32_768
    with socket.create_server(("127.0.0.1", port)) as server:
        assert server.getsockname()[1] == port


def test_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    free = free_port()
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        offsets = iter([taken.getsockname()[1] - 10_000, free - 10_000])
        monkeypatch.setattr(secrets, "randbelow", lambda _: next(offsets))
        assert free_port() == free


def test_lack_of_free_ports_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        monkeypatch.setattr(secrets, "randbelow", lambda _: taken.getsockname()[1] - 10_000)
        with pytest.raises(OSError, match="no port is free") as refused:
            free_port()
    assert refused.value.errno == errno.EADDRINUSE
