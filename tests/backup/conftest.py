from tests.jobs.conftest import (  # noqa: F401  fixtures
    allowance,
    build_parts,
    parts,
    start_worker,
    storage,
    upload,
    video,
    worker_argv,
)
