"""Runs Redis and MongoDB on this machine, from their wheels or from PATH.

MongoDB listens on a private socket file, or on the loopback interface if the path is too long for a
socket; Redis listens on the loopback interface. Both require a password and end with the process that
started them. Passwords are stored in files that only their owner can read, never in argument lists.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pymongo
import redis
from pymongo.errors import OperationFailure, PyMongoError

from gifapp import errors, private
from gifapp.redis_client import make_client
from gifapp.up.child import Child, Part
from gifapp.up.directory import explaining_failures
from gifapp.up.mongod import mongod_for, note_data_version
from gifapp.up.ports import LOOPBACK, free_port
from gifapp.up.programs import REDIS_SERVER

_REDIS_ANSWERS_S = 2.0
_MONGODB_USER = "gifapp"
_AUTHENTICATION_FAILED = 18  # MongoDB's code
_MAX_SOCKET_PATH_BYTES = 100  # bytes; Linux takes 107, macOS 103

_REDIS_CONF = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir ./
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class Server(NamedTuple):
    """A part with the URL at which others reach it."""

    part: Part
    url: str


@contextmanager
def running_redis(directory: Path) -> Iterator[str]:
    """Run a Redis with its data in `directory`; yields its URL.

    Raises:
        errors.ServerMissing: no redis-server is installed.
        errors.ServerFailed: it ended, or did not respond in time.
    """
    with running(redis_server(directory)) as url:
        yield url


@contextmanager
def running_mongod(directory: Path) -> Iterator[str]:
    """Run a MongoDB with its data in `directory`; yields its URL, including the database name gifapp.

    Raises:
        errors.ServerMissing: no mongod is installed.
        errors.ServerFailed: it ended, or did not respond in time.
    """
    with running(mongod_server(directory)) as url:
        yield url


@contextmanager
def running(server: Server) -> Iterator[str]:
    """Run `server` until the block ends; yields its URL once it responds."""
    child = Child(server.part, log=server.part.directory / "server.log")
    try:
        child.start()
        child.wait_until_ready()
        yield server.url
    finally:
        child.stop()


def redis_server(directory: Path, *, program: Path | None = None) -> Server:
    """A Redis with an append-only file, a new password and a free port.

    Raises:
        errors.ServerMissing, errors.DirectoryNotWritable, errors.NotPrivate, errors.DiskFull
    """
    port, password = free_port(), secrets.token_hex(24)
    with explaining_failures(directory):
        private.make_directory(directory)
        private.write(directory / "redis.conf", _REDIS_CONF.format(port=port, password=password))
    url = f"redis://:{password}@{LOOPBACK}:{port}/0"
    argv = (str(program or REDIS_SERVER.find()), "redis.conf")
    part = Part(
        name="redis-server",
        argv=argv,
        directory=directory,
        is_ready=lambda: redis_responds(url),
        stop_grace_s=2,
        expendable=directory / "appendonlydir",  # recreated from MongoDB (docs/queue.md)
    )
    return Server(part, url)


def mongod_server(directory: Path, *, program: Path | None = None) -> Server:
    """A journaled MongoDB with a small cache and a single user, closed to everyone else.

    Raises:
        errors.ServerMissing, errors.MongodbDataForeign
        errors.DirectoryNotWritable, errors.NotPrivate, errors.DiskFull
    """
    with explaining_failures(directory):
        private.make_directory(directory)
        password = _kept_password(directory / "password")
        at, listening = _mongodb_address(directory / "mongod.sock")
    url = f"mongodb://{_MONGODB_USER}:{password}@{at}/gifapp?authSource=admin"
    argv = (
        *(str(program or mongod_for(directory)), "--dbpath", str(directory), "--quiet", "--auth"),
        *(*listening, "--nounixsocket"),  # no default socket, only the one in --bind_ip, if any
        *("--networkMessageCompressors", "disabled"),  # they process data before authentication
        *("--wiredTigerCacheSizeGB", "0.25"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    )
    is_ready = partial(_own_mongod_responds, url, f"mongodb://{at}", password, directory)
    return Server(Part("mongod", argv, directory, is_ready, stop_grace_s=2), url)


def _mongodb_address(socket_path: Path) -> tuple[str, tuple[str, ...]]:
    """The address as part of a URL, and the corresponding arguments of mongod."""
    path = str(socket_path)
    if len(os.fsencode(path)) <= _MAX_SOCKET_PATH_BYTES and "," not in path:  # mongod splits at commas
        socket_path.unlink(missing_ok=True)  # no earlier process may respond there
        return quote(path, safe=""), ("--bind_ip", path, "--filePermissions", "0600")
    port = free_port()
    return f"{LOOPBACK}:{port}", ("--bind_ip", LOOPBACK, "--port", str(port))


def _kept_password(path: Path) -> str:
    # MongoDB stores its user, so the password must survive a restart
    if not path.exists():
        private.write(path, secrets.token_hex(24))
    return private.read(path).decode()


def redis_responds(url: str) -> bool:
    """Whether Redis responds at `url`.

    Raises:
        errors.ServiceRefused: it requires another user or password.
    """
    try:
        with make_client(url, timeout_s=_REDIS_ANSWERS_S) as client:
            return bool(client.ping())
    except redis.AuthenticationError:
        raise errors.ServiceRefused(service="Redis", setting="GIFAPP_REDIS_URL") from None
    except (redis.RedisError, ValueError):  # ValueError: invalid URL
        return False


def mongod_responds(url: str) -> bool:
    """Whether MongoDB responds at `url`.

    Raises:
        errors.ServiceRefused: it requires another user or password.
    """
    try:
        _ping_mongod(url)
    except OperationFailure as refused:
        if refused.code != _AUTHENTICATION_FAILED:
            return False
        raise errors.ServiceRefused(service="MongoDB", setting="GIFAPP_MONGODB_URL") from None
    except PyMongoError:
        return False
    return True


def _own_mongod_responds(url: str, url_without_user: str, password: str, directory: Path) -> bool:
    try:
        with _mongodb_client(url) as client:
            reply = client.admin.command("getParameter", featureCompatibilityVersion=1)
        note_data_version(directory, reply["featureCompatibilityVersion"]["version"])
    except OperationFailure as refused:
        if refused.code == _AUTHENTICATION_FAILED:
            _create_mongodb_user(url_without_user, password)
        return False
    except PyMongoError:
        return False
    return True


def _ping_mongod(url: str) -> None:
    with _mongodb_client(url) as client:
        client.admin.command("ping")


def _create_mongodb_user(url: str, password: str) -> None:
    # MongoDB allows a local connection to create the first user only
    with _mongodb_client(url) as client:
        client.admin.command("createUser", _MONGODB_USER, pwd=password, roles=["root"])


def _mongodb_client(url: str) -> pymongo.MongoClient[dict[str, Any]]:
    return pymongo.MongoClient(url, serverSelectionTimeoutMS=500)
