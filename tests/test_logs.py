import io
import json
import logging
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog

from gifapp import logs
from gifapp.redaction import redact


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    logs.configure(log_format="json", stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def test_line_contains_bound_values(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(job_id="j1"):
        structlog.get_logger("gifapp.jobs").info("attempt settled", state="succeeded")
        logging.getLogger("tornado.access").warning("404 GET %s", "/nothing")
    ours, library = map(json.loads, written.getvalue().splitlines())
    assert (ours["event"], ours["job_id"], ours["state"]) == ("attempt settled", "j1", "succeeded")
    assert (ours["logger"], ours["level"]) == ("gifapp.jobs", "info")
    assert library.items() >= {"event": "404 GET /nothing", "job_id": "j1", "level": "warning"}.items()


def test_secrets_are_redacted(written: io.StringIO) -> None:
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


TOKEN = "".join(f"{letter}{number}Zq_x-" for number, letter in enumerate("aBcDeF")) + "0"  # 43 characters
SPELLED = "".join(f"%{ord(letter):02x}" for letter in TOKEN)


@pytest.mark.parametrize(
    "text",
    [
        f"GET /s/{TOKEN} /S/{TOKEN} //s/{TOKEN}. /s/{SPELLED}",
        f"/?access_token={TOKEN[:12]}&%74oken={TOKEN[:12]}&Invite={TOKEN[:12]};key={TOKEN[:12]}",
        f"Cookie: gifapp_session=0123.{TOKEN[:12]}; _xsrf={TOKEN[:12]}",
        f"{{'Cookie': 'gifapp_session={TOKEN[:12]}', 'Referer': 'http://here/{TOKEN[:12]}'}}",
        f"[(b'authorization', b'bearer {TOKEN[:12]}')] Authorization=Basic {TOKEN[:12]}",
        f"bearer%20{TOKEN[:12]} bearer  {TOKEN[:12]}",
        f"no such thing: {TOKEN}, {SPELLED}, {TOKEN[:5]}%2D{TOKEN[5:]}",
    ],
)
def test_secrets_are_redacted_however_they_are_spelled(written: io.StringIO, text: str) -> None:
    logging.getLogger("tornado.general").warning("%s", text)
    structlog.get_logger().warning("a request", headers={"x": [text], "cookie": TOKEN}, raw=text.encode())
    for part in (TOKEN[:12], TOKEN[-12:], SPELLED[:36]):
        assert part not in written.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"gifapp_{TOKEN}", "gifapp_…"),
        (f"http://here/s/{TOKEN[:22]}?download=1", "http://here/s/…?download=1"),
        (f"_xsrf=2|7586|{TOKEN[:12]} in a cookie", "_xsrf=… in a cookie"),
    ],
)
def test_redacted_text_says_what_it_was(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize("word", ["token", "key.", "%74", "&key", "://a:", "Bearer ", "/s/", "aB-"])
def test_redaction_takes_linear_time(word: str) -> None:
    assert len(redact(f"GET /?{word * 200_000}")) < 1_200_000  # quadratic time would take an hour


def test_harmless_text_is_kept(written: io.StringIO) -> None:
    words = (
        f"kernel 0d9f6a6e-5c0e-4a3f-9f5f-0c1d2e3f4a5b, job 4f3c5a6b7c8d9e0f4f3c5a6b7c8d9e0f, "
        f"sha256 {'0af1' * 16}, the cookie is gone, "
        "/opt/gifapp/lib/python3.11/site-packages/jupyter_server/services/kernels/kernelmanager.py"
    )
    logging.getLogger("tornado.general").warning(words)
    structlog.get_logger().info("counted", sizes=[1, 2], share=0.5)
    first, second = map(json.loads, written.getvalue().splitlines())
    assert first["event"] == words
    assert (second["sizes"], second["share"]) == ([1, 2], 0.5)


def test_console_format_is_plain_lines(written: io.StringIO) -> None:
    logs.configure(log_format="console", stream=written)
    structlog.get_logger("gifapp").warning("part died", part="web")
    assert "part died" in written.getvalue()
    assert "part=web" in written.getvalue()


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the time that this test's log filter sees."""
    clock = Clock()
    [handler] = logging.getLogger().handlers
    [repeats] = [log_filter for log_filter in handler.filters if isinstance(log_filter, logs.Repeats)]
    monkeypatch.setattr(repeats, "_clock", clock)
    monkeypatch.setattr(repeats, "_minute_ends", logs._MINUTE_S)
    return clock


def test_repeated_event_does_not_fill_the_log(written: io.StringIO, clock: Clock) -> None:
    asyncio_log, ours = logging.getLogger("asyncio"), structlog.get_logger("gifapp.web")
    for number in range(1000):
        asyncio_log.error("Task exception was never retrieved\nfuture: <Task-%s>" % number)  # noqa: UP031
        ours.warning("page disconnected", kernel_id=number)
        logging.getLogger("tornado.general").info("Malformed HTTP message from %s: %s", "x", number)
    asyncio_log.error("another fault")
    assert len(written.getvalue().splitlines()) == 3 * logs._MAX_REPEATS + 1
    assert "another fault" in written.getvalue()


def test_suppressed_lines_are_counted(written: io.StringIO, clock: Clock) -> None:
    for _ in range(100):
        logging.getLogger("asyncio").error("Task exception was never retrieved")
    clock.now_s = logs._MINUTE_S
    logging.getLogger("asyncio").error("Task exception was never retrieved")
    summary, again = map(json.loads, written.getvalue().splitlines()[-2:])
    assert (summary["event"], summary["count"]) == ("repeated lines omitted", 80)
    assert (summary["of_logger"], summary["of_event"]) == ("asyncio", "Task exception was never retrieved")
    assert again["event"] == "Task exception was never retrieved"


def test_errors_of_one_event_are_counted_by_type(written: io.StringIO, clock: Clock) -> None:
    ours, library = structlog.get_logger("gifapp.web"), logging.getLogger("asyncio")
    for error in (ValueError("x"), KeyError("y")):
        for _ in range(100):
            ours.error("request failed", request="GET /", exc_info=error)
            library.error("Task failed", exc_info=error)
    events = [json.loads(line)["event"] for line in written.getvalue().splitlines()]
    assert Counter(events) == dict.fromkeys(("request failed", "Task failed"), 2 * logs._MAX_REPEATS)


def test_distinct_events_do_not_fill_the_log(written: io.StringIO, clock: Clock) -> None:
    for number in range(1000):
        logging.getLogger("x").error(f"fault {number}")
    assert len(written.getvalue().splitlines()) == logs._MAX_KINDS


def test_requests_and_jobs_are_never_suppressed(written: io.StringIO, clock: Clock) -> None:
    for _ in range(1000):
        structlog.get_logger().info("request completed", status=200, request="GET /")
    assert len(written.getvalue().splitlines()) == 1000
