"""Malformed requests as raw bytes: each is refused with a problem, or the connection is closed."""

import asyncio
import json
import logging
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from gifapp.domain.views.jobs import JobView, SourceView
from tests.web.api.conftest import Person
from tests.web.api.guards.raw import END, Answer, ask

LIMITS, LOGIN, JOBS = "/api/v1/limits", "/api/v1/auth/login", "/api/v1/jobs"
JSON = "Content-Type: application/json"
BODY = b'{"email": "ada@example.org", "password": "wrong horse"}'
DEEP = b"[" * 40_000 + b"]" * 40_000

# the head of a request except Host, its body, and the possible statuses; None: the connection is closed
# without a response
Case = tuple[list[str], bytes, set[int | None]]

LINES: dict[str, Case] = {
    "no line at all": ([""], b"", {None, 400}),
    "one word": (["GET"], b"", {None, 400}),
    "two words": ([f"GET {LIMITS}"], b"", {None, 400}),
    "four words": ([f"GET {LIMITS} x HTTP/1.1"], b"", {None, 400, 404}),
    "another protocol": ([f"GET {LIMITS} FTP/1.1"], b"", {None, 400}),
    "HTTP/2": ([f"GET {LIMITS} HTTP/2.0"], b"", {None, 400}),
    "HTTP/1.10": ([f"GET {LIMITS} HTTP/1.10"], b"", {None, 400}),
    "a tab": ([f"GET\t{LIMITS}\tHTTP/1.1"], b"", {None, 400}),
    "a method in lower case": ([f"get {LIMITS} HTTP/1.1"], b"", {None, 400, 405}),
    "a method that is none": ([f"FETCH {LIMITS} HTTP/1.1"], b"", {405}),
    "a method of 10,000 letters": ([f"{'A' * 10_000} {LIMITS} HTTP/1.1"], b"", {405}),
    "a method of markup": ([f"<b> {LIMITS} HTTP/1.1"], b"", {None, 400, 405}),
    "TRACE": ([f"TRACE {LIMITS} HTTP/1.1"], b"", {405}),
    "CONNECT": (["CONNECT elsewhere:443 HTTP/1.1"], b"", {None, 400, 404, 405}),
    "an asterisk": (["GET * HTTP/1.1"], b"", {None, 400, 404}),
    "an address of 60,000 letters": ([f"GET /{'a' * 60_000} HTTP/1.1"], b"", {404}),
    "an address of 100,000 letters": ([f"GET /{'a' * 100_000} HTTP/1.1"], b"", {None, 400, 414, 431}),
    "a path without a slash": (["GET api/v1/limits HTTP/1.1"], b"", {None, 400, 404}),
    "half an escape": (["GET /api/v1/jobs/% HTTP/1.1"], b"", {401, 404}),
    "an escape that is none": (["GET /api/v1/jobs/%zz HTTP/1.1"], b"", {401, 404}),
    "bytes that are no text": (["GET /s/%ff%fe%00 HTTP/1.1"], b"", {400, 404}),
    "a null byte": (["GET /s/\0 HTTP/1.1"], b"", {None, 400, 404}),
    "raw bytes": (["GET /s/\xff\xfe HTTP/1.1"], b"", {None, 400, 404}),
    "a path that climbs": (["GET /s/../../etc/passwd HTTP/1.1"], b"", {404}),
    "an argument twice": (["GET /api/v1/jobs?limit=1&limit=x HTTP/1.1"], b"", {401, 422}),
    "10,000 arguments": ([f"GET {LIMITS}?{'a&' * 10_000} HTTP/1.1"], b"", {200, 400, 422}),
    "arguments that are no text": (["GET /media/gifs/x?expires=%ff&owner=%ff HTTP/1.1"], b"", {400, 403}),
    "a signature of no number": (["GET /media/gifs/x?expires=1e9&owner=a&signature=b HTTP/1.1"], b"", {403}),
}
HEADERS: dict[str, Case] = {
    "a length twice": (
        [f"POST {LOGIN} HTTP/1.1", JSON, "Content-Length: 2", "Content-Length: 3"],
        b"{}",
        {None, 400},
    ),
    "two lengths in one": ([f"POST {LOGIN} HTTP/1.1", JSON, "Content-Length: 2, 3"], b"{}", {None, 400}),
    "a length below zero": ([f"POST {LOGIN} HTTP/1.1", JSON, "Content-Length: -1"], b"", {None, 400}),
    "a length of words": ([f"POST {LOGIN} HTTP/1.1", JSON, "Content-Length: ten"], b"", {None, 400}),
    "a length with a sign": ([f"POST {LOGIN} HTTP/1.1", JSON, "Content-Length: +2"], b"{}", {None, 400}),
    "a length in hexadecimal": ([f"POST {LOGIN} HTTP/1.1", JSON, "Content-Length: 0x2"], b"{}", {None, 400}),
    "a length of 5,000 digits": (
        [f"POST {LOGIN} HTTP/1.1", JSON, f"Content-Length: {'9' * 5000}"],
        b"",
        {None, 400, 413},
    ),
    "a length of 20 digits": (
        [f"POST {LOGIN} HTTP/1.1", JSON, f"Content-Length: {10**19}"],
        b"",
        {None, 400, 413},
    ),
    "an empty length": ([f"POST {LOGIN} HTTP/1.1", JSON, "Content-Length:"], b"", {None, 400}),
    "digits of another script": ([f"POST {LOGIN} HTTP/1.1", JSON, "Content-Length: \xb2"], b"", {None, 400}),
    "a coding that is none": (
        [f"POST {LOGIN} HTTP/1.1", JSON, "Transfer-Encoding: rubbish"],
        b"{}",
        {None, 400},
    ),
    "chunked twice": (
        [f"POST {LOGIN} HTTP/1.1", JSON, "Transfer-Encoding: chunked, chunked"],
        b"0\r\n\r\n",
        {None, 400},
    ),
    "chunked but not last": (
        [f"POST {LOGIN} HTTP/1.1", JSON, "Transfer-Encoding: chunked, x"],
        b"0\r\n\r\n",
        {None, 400},
    ),
    "chunked with a length": (
        [f"POST {LOGIN} HTTP/1.1", JSON, "Transfer-Encoding: chunked", "Content-Length: 2"],
        b"2\r\n{}\r\n0\r\n\r\n",
        {None, 400},
    ),
    "a chunk of no size": (
        [f"POST {LOGIN} HTTP/1.1", JSON, "Transfer-Encoding: chunked"],
        b"zz\r\n{}\r\n",
        {None, 400},
    ),
    "a chunk below zero": (
        [f"POST {LOGIN} HTTP/1.1", JSON, "Transfer-Encoding: chunked"],
        b"-2\r\n{}\r\n",
        {None, 400},
    ),
    "a chunk of 2^70 bytes": (
        [f"POST {LOGIN} HTTP/1.1", JSON, "Transfer-Encoding: chunked"],
        b"400000000000000000\r\n{}\r\n",
        {None, 400, 413},
    ),
    "a coding of spaces": (
        [f"POST {LOGIN} HTTP/1.1", JSON, "Transfer-Encoding : chunked"],
        b"0\r\n\r\n",
        {None, 400, 415},
    ),
    "no host": ([f"GET {LIMITS} HTTP/1.1", "-Host"], b"", {None, 400}),
    "two hosts": ([f"GET {LIMITS} HTTP/1.1", "Host: there"], b"", {None, 400}),
    "a host of spaces": ([f"GET {LIMITS} HTTP/1.1", "-Host", "Host: a b"], b"", {None, 400}),
    "a host of markup": ([f"GET {LIMITS} HTTP/1.1", "-Host", "Host: <script>"], b"", {None, 400}),
    "a host with a path": ([f"GET {LIMITS} HTTP/1.1", "-Host", "Host: a/b"], b"", {None, 400}),
    "a header without a colon": ([f"GET {LIMITS} HTTP/1.1", "rubbish"], b"", {None, 400}),
    "a header without a name": ([f"GET {LIMITS} HTTP/1.1", ": rubbish"], b"", {None, 400}),
    "a name of spaces": ([f"GET {LIMITS} HTTP/1.1", "a b: c"], b"", {None, 400}),
    "a folded first header": ([f"GET {LIMITS} HTTP/1.1", " folded"], b"", {None, 200, 400}),
    "a null in a header": ([f"GET {LIMITS} HTTP/1.1", "X-Y: a\0b"], b"", {None, 400}),
    "a bare carriage return": ([f"GET {LIMITS} HTTP/1.1", "X-Y: a\rb"], b"", {None, 400}),
    "headers of 70,000 bytes": ([f"GET {LIMITS} HTTP/1.1", f"X-Y: {'a' * 70_000}"], b"", {None, 400, 431}),
    "2,000 headers": (
        [f"GET {LIMITS} HTTP/1.1", *(f"X-{n}: a" for n in range(2000))],
        b"",
        {None, 200, 400, 431},
    ),
    "rubbish for a token": ([f"GET {JOBS} HTTP/1.1", "Authorization: Bearer \xff\xfe"], b"", {401}),
    "a token of 50,000 letters": (
        [f"GET {JOBS} HTTP/1.1", f"Authorization: Bearer {'a.' * 25_000}"],
        b"",
        {401},
    ),
    "a token of three nothings": ([f"GET {JOBS} HTTP/1.1", "Authorization: Bearer .."], b"", {401}),
    "two tokens": (
        [f"GET {JOBS} HTTP/1.1", "Authorization: Bearer a", "Authorization: Bearer b"],
        b"",
        {401},
    ),
    "another scheme": ([f"GET {JOBS} HTTP/1.1", "Authorization: Negotiate YII="], b"", {401}),
    "a cookie of rubbish": (
        ["POST /api/v1/auth/refresh HTTP/1.1", "Cookie: \xff=;;=;gifapp_session=\xff"],
        b"",
        {401, 403},
    ),
    "a cookie of 50,000 letters": (
        ["POST /api/v1/auth/refresh HTTP/1.1", f"Cookie: gifapp_session={'a.' * 25_000}; _xsrf=2|a|b|c"],
        b"",
        {401, 403},
    ),
    "a forged XSRF token": (
        [
            "POST /api/v1/auth/logout HTTP/1.1",
            "Cookie: gifapp_session=a.b; _xsrf=2|zz|zz|zz",
            "X-XSRFToken: 2|x",
        ],
        b"",
        {403},
    ),
    "a language of rubbish": ([f"GET {LIMITS} HTTP/1.1", f"Accept-Language: {'en;q=x,' * 5000}"], b"", {200}),
    "a kind of rubbish": ([f"GET {LIMITS} HTTP/1.1", "Accept: \xff/\xff;q=NaN"], b"", {200}),
    "a tag of 50,000 letters": ([f"GET {LIMITS} HTTP/1.1", f"If-None-Match: {'W/' * 25_000}"], b"", {200}),
    "a tag of quotes": ([f"GET {LIMITS} HTTP/1.1", f"If-None-Match: {chr(34) * 20_001}"], b"", {200}),
    "an upgrade to nothing": (
        [f"GET {LIMITS} HTTP/1.1", "Connection: Upgrade", "Upgrade: rubbish"],
        b"",
        {200, 400},
    ),
    "an expectation": (
        [f"POST {LOGIN} HTTP/1.1", JSON, "Expect: the-impossible", "Content-Length: 0"],
        b"",
        {400, 417},
    ),
    "another method on top": (
        ["POST /api/v1/uploads/x HTTP/1.1", "X-HTTP-Method-Override: rubbish"],
        b"",
        {401, 405},
    ),
    "a half socket": (
        ["GET /api/v1/events HTTP/1.1", "Upgrade: websocket", "Sec-WebSocket-Version: x"],
        b"",
        {400, 401, 426},
    ),
}
KINDS = [
    "",
    "/",
    "json",
    "application/json/json",
    "application/json charset",
    "text/html",
    "multipart/form-data",
]
KINDS += ["multipart/form-data; boundary=", f"multipart/form-data; boundary={'x' * 5000}", "application/\xff"]
KINDS += ["application/x-www-form-urlencoded", "application/octet-stream; a=b; a=c"]
BODIES: dict[str, tuple[bytes, set[int | None]]] = {
    "nothing": (b"", {400}),
    "nulls": (b"\0" * 100, {400}),
    "bytes that are no text": (b"\xff\xfe\x00", {400}),
    "a mark of the byte order": (b"\xef\xbb\xbf{}", {400}),
    "half": (BODY[:-1], {400}),
    "two": (BODY + BODY, {400}),
    "40,000 levels": (DEEP, {400, 413}),
    "20,000 levels of objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, {400}),
    "a key twice": (b'{"email": "a@b", "email": "c@d", "password": "wrong horse"}', {400}),
    "a key twice, once escaped": (
        b'{"email": "a@b", "\\u0065mail": "c@d", "password": "wrong horse"}',
        {400},
    ),
    "10,000 keys": (json.dumps({f"k{n}": n for n in range(5000)}).encode(), {413, 422}),
    "a number of 5,000 digits": (b'{"email": ' + b"9" * 5000 + b"}", {400}),
    "half a letter": (b'{"email": "\\ud800", "password": "wrong horse"}', {400}),
    "a null byte": (b'{"email": "a\\u0000@b.example", "password": "wrong horse"}', {422}),
    "operators": (b'{"email": {"$ne": null}, "password": {"$gt": ""}}', {422}),
    "lists": (b'{"email": ["a@b"], "password": []}', {422}),
    "an object's prototype": (
        b'{"__proto__": {"role": "administrator"}, "email": "a@b", "password": "x"}',
        {422},
    ),
    "an address of 60,000 letters": (b'{"email": "' + b"a" * 60_000 + b'@b", "password": "x"}', {422}),
    "a password of 60,000 letters": (
        b'{"email": "ada@example.org", "password": "' + b"a" * 60_000 + b'"}',
        {401},
    ),
}
RANGES = [
    "bytes=",
    "bytes=-",
    "bytes=5-2",
    "bytes=a-b",
    f"bytes={'9' * 5000}-",
    "bytes=-0",
    "rubbish",
    "bytes=0-1,3-4",
]
RANGES += ["bytes=\xff", "bytes=1e3-", "seconds=0-1", f"bytes={'0-1,' * 5000}", "bytes=--1", "bytes= 0-0"]


def request(lines: list[str], body: bytes = b"") -> bytes:
    """The request with a Host header, unless the lines contain one."""
    first, *headers = lines
    host = [] if "-Host" in headers else ["Host: here"]
    head = [first, *host, *(line for line in headers if line != "-Host")]
    return "\r\n".join(head).encode("latin-1") + END + body


def posted(path: str, body: bytes, *headers: str) -> bytes:
    return request([f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}", *headers], body)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log, which must contain no error or traceback at the end."""
    caplog.set_level(logging.INFO)
    with capture_logs() as ours:
        yield caplog
    assert [log for log in ours if log["log_level"] == "error" or "exc_info" in log] == []
    records = caplog.get_records("call")
    assert [
        record.getMessage() for record in records if record.levelno >= logging.ERROR or record.exc_info
    ] == []


def check(answer: Answer, allowed: set[int | None]) -> None:
    """Fail unless the status is one of these and a refusal is readable by programs."""
    assert answer.status in allowed, answer
    if answer.status in (None, 200):
        return
    kind = answer.headers.get("content-type", "")
    if kind == "application/problem+json":
        document = json.loads(answer.body)
        assert (document["status"], bool(document["detail"])) == (answer.status, True)
    else:  # Tornado's own, before any handler; or the page of an unknown link
        assert answer.body == b"" or (answer.status in (404, 405) and kind.startswith("text/html")), answer


async def still_answers(url: str) -> bool:
    return (await ask(url, request([f"GET {LIMITS} HTTP/1.1"]))).status == 200


@pytest.mark.parametrize("case", [*LINES, *HEADERS])
async def test_malformed_request_is_refused(url: str, logged: pytest.LogCaptureFixture, case: str) -> None:
    lines, body, allowed = (LINES | HEADERS)[case]
    check(await ask(url, request(lines, body)), allowed)
    assert await still_answers(url)


@pytest.mark.parametrize("case", BODIES)
async def test_malformed_body_is_refused(
    url: str, ada: Person, logged: pytest.LogCaptureFixture, case: str
) -> None:
    body, allowed = BODIES[case]
    check(await ask(url, posted(LOGIN, body, JSON)), allowed)
    bearer = f"Authorization: {ada.http.headers['Authorization']}"
    check(await ask(url, posted(JOBS, body, JSON, bearer)), {400, 413, 422})


async def test_invalid_content_type_is_refused(url: str, logged: pytest.LogCaptureFixture) -> None:
    for kind in KINDS:
        check(await ask(url, posted(LOGIN, BODY, f"Content-Type: {kind}")), {None, 400, 415})
    check(await ask(url, posted(LOGIN, BODY, JSON, "Content-Type: text/plain")), {None, 400, 401, 415})
    check(await ask(url, posted(LOGIN, BODY, JSON, "Content-Encoding: gzip")), {400, 401, 415})


async def test_invalid_range_is_ignored_or_refused(
    url: str, ada: Person, job: JobView, gif: bytes, logged: pytest.LogCaptureFixture
) -> None:
    bearer = f"Authorization: {ada.http.headers['Authorization']}"
    for byte_range in RANGES:
        answer = await ask(
            url, request([f"GET /api/v1/jobs/{job.id}/gif HTTP/1.1", bearer, f"Range: {byte_range}"])
        )
        assert answer.status in (200, 206, 416, 400), byte_range
        assert answer.status != 416 or json.loads(answer.body)["detail"], byte_range
    for tag in ("\xff", '"' * 5001, "*," * 5000, "W/", '"unfinished'):
        lines = [
            f"GET /api/v1/jobs/{job.id}/gif HTTP/1.1",
            bearer,
            f"If-None-Match: {tag}",
            "If-Modified-Since: never",
        ]
        assert (await ask(url, request(lines))).status in (200, 304), tag


async def test_invalid_upload_headers_are_refused(
    url: str, ada: Person, source: SourceView, logged: pytest.LogCaptureFixture
) -> None:
    bearer = f"Authorization: {ada.http.headers['Authorization']}"
    tus = [bearer, "Tus-Resumable: 1.0.0"]
    for length in ("-1", "1e3", "9" * 5000, "", "\xb2", "0x1", "1.0", "1, 2"):
        check(
            await ask(url, posted("/api/v1/uploads", b"", *tus, f"Upload-Length: {length}")),
            {None, 400, 413, 422},
        )
    for values in (
        "filename",
        "filename \xff",
        "filename ====",
        "a b, a b",
        " ,,",
        "filename " + "QQ" * 20_000,
    ):
        lines = [*tus, "Upload-Length: 5", f"Upload-Metadata: {values}"]
        answer = await ask(url, posted("/api/v1/uploads", b"", *lines))
        assert answer.status in (None, 201, 400, 422), values
    for key in ("", "\xff", "x" * 5000, "a\tb"):
        body = json.dumps({"source_id": source.id}).encode()
        answer = await ask(url, posted(JOBS, body, JSON, bearer, f"Idempotency-Key: {key}"))
        assert answer.status in (None, 200, 201, 400, 422), key


async def test_data_that_is_not_http_gets_no_http_response(
    url: str, logged: pytest.LogCaptureFixture
) -> None:
    for rubbish in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0" * 1000 + END,
        b"\r\n" * 1000 + END,
        b"*1\r\n$4\r\nPING\r\n" + END,
        b"GET / HTTP/1.1\nHost: here\n\n" + END,
        b"GET " + b"\xff" * 5000 + b" HTTP/1.1\r\nHost: here" + END,
    ):
        to = urlsplit(url)
        reader, writer = await asyncio.open_connection(to.hostname, to.port)
        writer.write(rubbish)
        writer.write_eof()
        raw = await asyncio.wait_for(reader.read(), 20)
        assert raw == b"" or raw.startswith((b"HTTP/1.1 4", b"HTTP/1.1 200")), rubbish[:20]
        writer.close()
    assert await still_answers(url)
