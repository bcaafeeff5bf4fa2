import signal
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
import pymongo
import pytest
import redis
from structlog.testing import capture_logs

from gifapp import errors
from gifapp.processes import wait_until
from gifapp.up.programs import MONGOD, REDIS_SERVER, Program
from gifapp.up.servers import Server, mongod_server, redis_server, running, running_mongod, running_redis


def test_redis_keeps_its_data_over_a_restart(tmp_path: Path) -> None:
    with running_redis(tmp_path) as url, redis.Redis.from_url(url) as client:
        client.set("kept", "yes")
    with running_redis(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"


@pytest.mark.parametrize("file", ["*.incr.aof", "*.base.rdb", "*.manifest"])
def test_redis_starts_without_damaged_data_and_keeps_a_copy(file: str, tmp_path: Path) -> None:
    with running_redis(tmp_path) as url, redis.Redis.from_url(url) as client:
        client.set("lost", "yes")
    [damaged] = (tmp_path / "appendonlydir").glob(file)
    damaged.write_bytes(b"damaged")
    with capture_logs() as logs, running_redis(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.get("lost") is None
        client.set("kept", "yes")
    [aside] = tmp_path.glob("appendonlydir.damaged-*")
    assert (aside / damaged.name).read_bytes() == b"damaged"
    assert [log["kept_at"] for log in logs] == [str(aside)]
    with running_redis(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"


def test_redis_keeps_its_data_when_it_fails_for_another_reason(tmp_path: Path) -> None:
    with running_redis(tmp_path) as url, redis.Redis.from_url(url) as client:
        client.set("kept", "yes")
    broken = redis_server(tmp_path, program=fake_program(tmp_path / "redis", "echo no luck; exit 1"))
    with pytest.raises(errors.ServerFailed, match="no luck"), running(broken):
        pass
    with running_redis(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"


@pytest.mark.parametrize(
    ("make", "name"),
    [(redis_server, ""), (redis_server, "redis.conf"), (mongod_server, ""), (mongod_server, "mongod.sock")],
)
def test_directory_that_cannot_be_used_is_refused_in_a_sentence(
    make: Callable[[Path], Server], name: str, tmp_path: Path
) -> None:
    directory = tmp_path / "server"
    if name:
        (directory / name).mkdir(parents=True)
    else:
        directory.touch()
    with pytest.raises(errors.DirectoryNotWritable, match=r"server is not writable\."):
        make(directory)


def test_redis_evicts_nothing_and_requires_a_password(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
    without_password = f"redis://{redis_url.partition('@')[2]}"
    with redis.Redis.from_url(without_password) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_mongodb_keeps_its_data_over_a_restart(tmp_path: Path) -> None:
    with running_mongod(tmp_path) as url, pymongo.MongoClient[dict[str, Any]](url) as client:
        client.get_default_database().things.insert_one({"kept": True})
    with running_mongod(tmp_path) as url, pymongo.MongoClient[dict[str, Any]](url) as client:
        assert client.get_default_database().things.count_documents({"kept": True}) == 1


def test_mongodb_requires_a_password(mongodb_url: str) -> None:
    without_password = "mongodb://" + mongodb_url.partition("@")[2].partition("/")[0]
    with (
        pymongo.MongoClient[dict[str, Any]](without_password) as stranger,
        pytest.raises(pymongo.errors.OperationFailure, match="requires authentication"),
    ):
        stranger.list_database_names()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, 127.0.0.2 is nobody's")
def test_servers_listen_on_one_local_address(redis_url: str, tmp_path: Path) -> None:
    far = tmp_path / ("too long for a socket" * 5)
    with running_mongod(far) as mongodb_url:
        for url in (redis_url, mongodb_url):
            port = urlsplit(url).port
            assert port
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", port), timeout=5)


def test_mongodb_socket_is_private(tmp_path: Path) -> None:
    with running_mongod(tmp_path / "a b") as url:
        [process] = [child for child in psutil.Process().children() if child.cwd() == str(tmp_path / "a b")]
        assert process.net_connections("inet") == []
        path = tmp_path / "a b" / "mongod.sock"
        assert url.endswith(f"@{quote(str(path), safe='')}/gifapp?authSource=admin")
        assert [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)] == [0o600, 0o700]


def test_mongodb_does_not_accept_compressed_messages(tmp_path: Path) -> None:
    with running_mongod(tmp_path) as url, pymongo.MongoClient[dict[str, Any]](url) as client:
        hello = client.admin.command("hello", compression=["zlib", "zstd", "snappy"])
        assert "compression" not in hello


def test_passwords_are_in_private_files_and_in_no_argument_list(tmp_path: Path) -> None:
    servers = [redis_server(tmp_path / "redis"), mongod_server(tmp_path / "mongodb")]
    for server, file in zip(servers, ("redis/redis.conf", "mongodb/password"), strict=True):
        password = server.url.partition("@")[0].rpartition(":")[2]
        assert len(password) == 48
        assert password in (tmp_path / file).read_text()
        assert stat.S_IMODE((tmp_path / file).stat().st_mode) == 0o600
        assert password not in " ".join(server.part.argv)


def test_server_ends_with_its_block(tmp_path: Path) -> None:
    with running_redis(tmp_path):
        [process] = [child for child in psutil.Process().children() if child.cwd() == str(tmp_path)]
    assert wait_until(lambda: not process.is_running(), timeout_s=5)


@pytest.mark.parametrize("program", [REDIS_SERVER, MONGOD])
def test_missing_program_says_what_to_install(program: Program, tmp_path: Path) -> None:
    with pytest.raises(errors.ServerMissing, match=f"{program.name} is not available .* install it"):
        program.find(search_path=str(tmp_path), find_package=lambda _: None)


@pytest.mark.parametrize("program", [REDIS_SERVER, MONGOD])
def test_program_on_path_is_used_without_a_wheel(program: Program, tmp_path: Path) -> None:
    script = fake_program(tmp_path / program.names_on_path[-1], "exit 0")
    assert program.find(search_path=str(tmp_path), find_package=lambda _: None) == script


def test_processor_without_avx_is_named_as_the_reason(tmp_path: Path) -> None:
    no_avx = fake_program(tmp_path / "mongod", f"kill -{signal.SIGILL.value} $$")
    server = mongod_server(tmp_path / "data", program=no_avx)
    with pytest.raises(errors.ServerFailed, match=r"mongod failed to start: .* AVX"), running(server):
        pass


def test_server_that_exits_at_once_is_quoted(tmp_path: Path) -> None:
    broken = fake_program(tmp_path / "mongod", "echo libcrypto.so.3: cannot open >&2; exit 127")
    server = mongod_server(tmp_path / "data", program=broken)
    with pytest.raises(errors.ServerFailed, match=r"status 127; .*libcrypto.so.3"), running(server):
        pass


def test_quote_is_the_cause_and_not_mongodbs_last_line(tmp_path: Path) -> None:
    with running_mongod(tmp_path), pytest.raises(errors.ServerFailed, match="Another mongod instance"):  # noqa: SIM117
        with running_mongod(tmp_path):
            pass


def test_taken_port_is_quoted_as_the_reason(tmp_path: Path) -> None:
    server = redis_server(tmp_path)
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)), pytest.raises(errors.ServerFailed), running(server):
        pass


def fake_program(path: Path, line: str) -> Path:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path
