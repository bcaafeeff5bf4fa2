import gc
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import mongoengine
import pymongo
import pytest
import redis
import structlog
from pymongo import WriteConcern

from gifapp.garbage import collect_rarely
from gifapp.logs import Repeats
from gifapp.mongodb import bind
from gifapp.up.servers import running_mongod, running_redis

# a run starts thousands of Python processes: each would compile our modules again
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# as the command line does
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# no test speaks TLS, and the certificates of the world take each of a thousand clients 15 ms to read
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)

# httpx looks for it before each request; where it is not installed, that takes a millisecond
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

# the tests bring their own settings and must never reach somebody's real service
for name in [name for name in os.environ if name.startswith("GIFAPP_")]:
    del os.environ[name]


def pytest_collection() -> None:
    gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The shortest files come last, so that no worker is left alone with a long one."""
    items.sort(key=lambda item: item.nodeid.startswith("tests/domain/"))


def pytest_collection_finish() -> None:
    """What was collected stays to the end: to look through it for garbage takes a tenth of the run."""
    gc.freeze()
    gc.enable()
    collect_rarely()


@pytest.fixture(autouse=True)
def process_as_it_was() -> Iterator[None]:
    """A command that ran in this process has told it how to log, and who may read its files."""
    umask = os.umask(0o022)
    os.umask(umask)
    yield
    os.umask(umask)
    structlog.reset_defaults()
    for handler in [*logging.root.handlers]:
        if any(isinstance(each, Repeats) for each in handler.filters):
            logging.root.removeHandler(handler)


@pytest.fixture(scope="session")
def redis_server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real redis-server for the whole run."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def mongodb_server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real mongod for the whole run."""
    with running_mongod(tmp_path_factory.mktemp("mongodb")) as url:
        yield url


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """An empty Redis."""
    with redis.Redis.from_url(redis_server_url) as client:
        client.flushall()
    return redis_server_url


@pytest.fixture(scope="session")
def mongodb_client(mongodb_server_url: str) -> Iterator[pymongo.MongoClient[Any]]:
    """MongoEngine uses it for the documents, too: they need not connect again for each test."""
    bind("tests", mongodb_server_url)
    yield mongoengine.get_connection("tests")
    mongoengine.disconnect("tests")


@pytest.fixture
def mongodb_url(mongodb_server_url: str, mongodb_client: pymongo.MongoClient[Any]) -> str:
    """An empty MongoDB database. The indexes stay: making them takes longer than a test."""
    database = mongodb_client.get_default_database(write_concern=WriteConcern(w=1))
    for name in database.list_collection_names():
        database[name].delete_many({})
    return mongodb_server_url


@pytest.fixture
def new_mongodb_url(mongodb_server_url: str, mongodb_client: pymongo.MongoClient[Any]) -> Iterator[str]:
    """A MongoDB database that no test has used."""
    name = f"test_{uuid4().hex[:12]}"
    yield mongodb_server_url.replace("/gifapp?", f"/{name}?")
    mongodb_client.drop_database(name)
