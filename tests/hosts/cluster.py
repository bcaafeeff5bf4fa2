"""gifapp on several hosts: one for the data, and separate hosts for web servers and workers."""

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import quote

import httpx

from gifapp.processes import stop, wait_until
from gifapp.up.programs import MONGOD, REDIS_SERVER
from gifapp.up.servers import mongod_responds
from tests.hosts.network import Host, Network
from tests.hosts.relay import LISTENING
from tests.jobs.conftest import ROOT, SECRET
from tests.support.moto import KEYS

_PORT = 8866
_S3_PORT = 9000
_STORAGE_URL = "s3://media"


@dataclass
class Cluster:
    """The processes on each host; hosts share only the network, and each has its own folder."""

    network: Network
    folder: Path
    running: dict[str, Popen[Any]] = field(default_factory=dict)

    def work(self, name: str) -> Path:
        """The local disk of a worker's host."""
        return self.folder / name

    def stored(self) -> list[str]:
        """The objects in the bucket, read over the test's own connection."""
        with self._bucket() as bucket:
            listed = bucket.get("/media?list-type=2").raise_for_status().text
        return sorted(re.findall("<Key>([^<]+)</Key>", listed))

    @property
    def mongodb_url(self) -> str:
        """The test's own connection, which stays up when a host is disconnected."""
        return f"mongodb://{quote(str(self.folder / 'mongodb-27017.sock'), safe='')}/gifapp"

    def start_data(self) -> None:
        data, path = self.network["data"], self.folder / "data"
        path.mkdir()
        redis = (str(REDIS_SERVER.find()), "--bind", data.address, "--protected-mode", "no", "--port", "6379")
        self._start(
            data, "redis", *redis, "--unixsocket", str(self.folder / "redis.sock"), "--dir", str(path)
        )
        mongod = (str(MONGOD.find()), "--bind_ip_all", "--port", "27017", "--dbpath", str(path), "--quiet")
        self._start(data, "mongod", *mongod, "--unixSocketPrefix", str(self.folder))
        # clients keep a Unix socket open after a refused connection: start only when the servers listen
        assert wait_until(lambda: "Ready to accept connections" in self.output_of("redis"), timeout_s=20)
        assert wait_until(lambda: "Waiting for connections" in self.output_of("mongod"), timeout_s=20)
        assert mongod_responds(self.mongodb_url)
        self._start(data, "s3", sys.executable, "-m", "moto.server", "-H", data.address, "-p", str(_S3_PORT))
        self._start_relay("data", _S3_PORT)
        assert wait_until(lambda: "Running on" in self.output_of("s3"), timeout_s=30)
        assert wait_until(lambda: LISTENING in self.output_of("relay to data"), timeout_s=20)
        with self._bucket() as bucket:
            bucket.put("/media").raise_for_status()

    def start_web(self, name: str) -> None:
        host = self.network[name]
        self._start(host, name, sys.executable, "-m", "gifapp", "web", "--host", host.address)
        self._start_relay(name, _PORT)

    def start_worker(self, name: str) -> None:
        servers = (self._mongodb_url, self._redis_url, _STORAGE_URL)
        self._start(
            self.network[name], name, sys.executable, "-m", "tests.jobs.worker_process", *servers, "real"
        )

    def visitor(self, web: str) -> httpx.Client:
        """A client of this web server."""
        way_in = httpx.HTTPTransport(uds=str(self._socket(web)))
        return httpx.Client(base_url=f"http://{web}:{_PORT}/api/v1", transport=way_in, timeout=30)

    def is_ready(self, web: str) -> bool:
        if LISTENING not in self.output_of(f"relay to {web}"):
            return False
        try:
            with self.visitor(web) as visitor:
                return visitor.get(f"http://{web}:{_PORT}/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def output_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def stop(self) -> None:
        for process in reversed(self.running.values()):
            stop(process, grace_s=5)

    def _start_relay(self, name: str, port: int) -> None:
        host = self.network[name]
        relay = (sys.executable, "-m", "tests.hosts.relay", str(self._socket(name)), host.address, str(port))
        self._start(host, f"relay to {name}", *relay)

    def _bucket(self) -> httpx.Client:
        way_in = httpx.HTTPTransport(uds=str(self._socket("data")))
        return httpx.Client(base_url=f"http://data:{_S3_PORT}", transport=way_in, timeout=30)

    def _socket(self, web: str) -> Path:
        return self.folder / f"{web}.sock"

    @property
    def _mongodb_url(self) -> str:
        return f"mongodb://{self.network['data'].address}/gifapp"

    @property
    def _redis_url(self) -> str:
        return f"redis://{self.network['data'].address}/0"

    def _start(self, host: Host, name: str, *argv: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = host.spawn(
                *argv, cwd=ROOT, env=self._environment(host), stdout=log, stderr=log
            )

    def _environment(self, host: Host) -> dict[str, str]:
        secret = self.folder / "secret"
        secret.write_bytes(SECRET)
        return (
            os.environ
            | KEYS
            | {
                "AWS_ENDPOINT_URL": f"http://{self.network['data'].address}:{_S3_PORT}",
                "GIFAPP_DATA_DIR": str(self.folder / host.name),
                "GIFAPP_MONGODB_URL": self._mongodb_url,
                "GIFAPP_REDIS_URL": self._redis_url,
                "GIFAPP_STORAGE_URL": _STORAGE_URL,
                "GIFAPP_SECRET_FILE": str(secret),
                "GIFAPP_REGISTRATION": "open",
                "GIFAPP_LOG_FORMAT": "json",
            }
        )
