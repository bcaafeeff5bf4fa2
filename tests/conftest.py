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

# a run starts thousands of Python processes, which would each compile our modules again
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# as the command line does
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# no test uses TLS, and loading the CA certificates takes each of a thousand clients 15 ms
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)

# httpx imports it before each request; where it is not installed, that takes a millisecond
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

# tests bring their own settings and must never reach a real service
for name in [name for name in os.environ if name.startswith("GIFAPP_")]:
    del os.environ[name]

MOST_WORKERS = 12  # each has a MongoDB and a Redis of its own
LONGEST = (
    "tests/browser/test_first_gif.py",
    "tests/project/test_examples.py",
    "tests/browser/test_resuming.py",
    "tests/conversion/sizing/test_estimate.py",
    "tests/browser/test_accessibility.py",
    "tests/hostile/test_files.py",
    "tests/browser/stage/test_live_look.py",
    "tests/up/test_up.py",
    "tests/browser/test_playing.py",
    "tests/web/api/guards/test_fuzz.py",
    "tests/browser/test_account.py",
    "tests/browser/test_operations.py",
    "tests/hosts/test_several_hosts.py",
    "tests/jobs/test_worker.py",
    "tests/conversion/test_memory.py",
    "tests/browser/test_tiny_parts.py",
    "tests/conversion/sizing/test_fit.py",
    "tests/backup/test_backup.py",
)
"""The files that take the most CPU time, in this order."""


def pytest_collection() -> None:
    gc.disable()


def pytest_xdist_auto_num_workers() -> int:
    """Three a core: most tests wait for a process, a server or a page longer than they compute."""
    return min(MOST_WORKERS, 3 * (os.cpu_count() or 1))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first and the shortest last, so that no worker is left alone with a long one."""
    items.sort(key=lambda item: _turn(item.nodeid.partition("::")[0]))


def _turn(file: str) -> int:
    if file in LONGEST:
        return LONGEST.index(file)
    return len(LONGEST) + file.startswith("tests/domain/")


def pytest_collection_finish() -> None:
    """Exempt collected items from garbage collection, which would take a tenth of the run."""
    gc.freeze()
    gc.enable()
    collect_rarely()


@pytest.fixture(autouse=True)
def process_as_it_was() -> Iterator[None]:
    """Restore the umask and logging that commands running in this process change."""
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
    """A client for the whole run; MongoEngine's documents use it too, so that no test has to reconnect."""
    bind("tests", mongodb_server_url)
    yield mongoengine.get_connection("tests")
    mongoengine.disconnect("tests")


@pytest.fixture
def mongodb_url(mongodb_server_url: str, mongodb_client: pymongo.MongoClient[Any]) -> str:
    """An empty MongoDB database. Indexes stay, because creating them takes longer than a test."""
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
