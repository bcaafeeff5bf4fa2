import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gifapp.jobs.db import connection
from tests.hosts.cluster import Cluster
from tests.hosts.network import network, why_impossible


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """One data host with its servers, two hosts for web servers, two for workers."""
    impossible = why_impossible()
    if impossible and "CI" not in os.environ:
        pytest.skip(impossible)
    assert impossible is None, impossible
    with (
        tempfile.TemporaryDirectory(prefix="gifapp-hosts-") as folder,  # a short path: Unix sockets are in it
        network("data", "web-1", "web-2", "worker-a", "worker-b") as hosts,
    ):
        cluster = Cluster(hosts, Path(folder))
        try:
            cluster.start_data()
            connection.connect(cluster.mongodb_url)
            yield cluster
        finally:
            connection.disconnect()
            cluster.stop()
