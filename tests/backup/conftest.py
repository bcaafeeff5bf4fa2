import pytest

from tests.jobs.conftest import (  # noqa: F401  fixtures
    allowance,
    build_parts,
    known_video,
    parts,
    start_worker,
    storage,
    upload,
    video,
    worker_argv,
)


@pytest.fixture
def mongodb_url(new_mongodb_url: str) -> str:
    """A database without collections: restore accepts no other."""
    return new_mongodb_url
