"""All connections to Redis are made in one module with the same timeouts."""

import socket
from pathlib import Path

import pytest
import redis

import gifapp
from gifapp import errors
from gifapp.redis_client import make_client, make_pool, reaching_redis

PACKAGE = Path(gifapp.__file__).parent


def test_dropped_connections_are_reopened(redis_url: str) -> None:
    client = redis.Redis(connection_pool=make_pool(redis_url, timeout_s=5))
    text = make_client(redis_url, timeout_s=5)
    for ours in (client, text):
        ours.ping()
        with redis.Redis.from_url(redis_url) as administrator:
            administrator.client_kill_filter(_type="normal", skipme=True)
        assert ours.ping()
    client.connection_pool.disconnect()
    text.close()


def test_client_returns_text_and_pool_returns_bytes(redis_url: str) -> None:
    with make_client(redis_url, timeout_s=5) as client:
        client.set("key", "ä")
        assert client.get("key") == "ä"
    pool = make_pool(redis_url, timeout_s=5)
    assert redis.Redis(connection_pool=pool).get("key") == "ä".encode()
    pool.disconnect()


def test_unresponsive_redis_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        with (
            make_client(url, timeout_s=0.1) as client,
            pytest.raises(errors.ServiceUnavailable, match="Redis"),
            reaching_redis(),
        ):
            client.ping()


def test_no_other_module_sets_connection_options() -> None:
    makers = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if any(call in path.read_text() for call in ("redis.Redis.from_url", "ConnectionPool.from_url"))
    }
    assert makers == {"redis_client.py"}
