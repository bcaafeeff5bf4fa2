import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gifapp import logs


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    logs.configure(log_format="json", stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def test_a_line_says_what_its_caller_bound(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(job_id="j1"):
        structlog.get_logger("gifapp.jobs").info("settled", state="succeeded")
        logging.getLogger("tornado.access").warning("404 GET %s", "/nothing")
    ours, library = map(json.loads, written.getvalue().splitlines())
    assert ours.items() >= {"event": "settled", "job_id": "j1", "state": "succeeded", "level": "info"}.items()
    assert library.items() >= {"event": "404 GET /nothing", "job_id": "j1", "level": "warning"}.items()


def test_no_secret_is_written(written: io.StringIO) -> None:
    secret = "hunter2"
    log = structlog.get_logger("gifapp")
    log.info("login", password=secret, access_token=secret)
    log.info("connecting", url=f"redis://:{secret}@127.0.0.1:6379/0", other=f"mongodb://me:{secret}@host/db")
    logging.getLogger("tornado.access").info("200 GET %s", f"/?setup={secret}&token={secret}&next=/")
    logging.getLogger("tornado.general").warning("header Authorization: Bearer %s", secret)
    try:
        raise ValueError(f"redis://:{secret}@host is away")
    except ValueError:
        log.exception("failed")
    assert len(written.getvalue().splitlines()) == 5
    assert secret not in written.getvalue()


def test_people_get_plain_lines(written: io.StringIO) -> None:
    logs.configure(log_format="console", stream=written)
    structlog.get_logger("gifapp").warning("a part died", part="web")
    assert "a part died" in written.getvalue()
    assert "part=web" in written.getvalue()
