"""The client's address: alone, through the real server, and behind the real nginx and Caddy."""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from gifapp.domain.networks import parse_networks
from gifapp.processes import wait_until
from gifapp.up.ports import free_port
from gifapp.web.app import GifApp
from gifapp.web.http.client_address import TrustedProxies

DEPLOY = Path(__file__).parents[2] / "deploy"
OUTSIDE, INVENTED = "127.0.0.9", "203.0.113.7"
SPOOFED = {
    "X-Forwarded-For": INVENTED,
    "X-Real-IP": INVENTED,
    "Forwarded": f"for={INVENTED};proto=https",
    "X-Client-IP": INVENTED,
    "True-Client-IP": INVENTED,
    "X-Scheme": "https",
    "X-Forwarded-Proto": "https",
}


def request_from(address: str, headers: dict[str, str] | HTTPHeaders | None = None) -> HTTPServerRequest:
    start = RequestStartLine("GET", "/", "HTTP/1.1")
    request_headers = HTTPHeaders(headers or {})
    request_headers["Host"] = "gifs.example.org"
    request = HTTPServerRequest(start_line=start, headers=request_headers)
    request.remote_ip, request.protocol = address, "http"
    return request


def client_of(address: str, forwarded: str, trusted: str = "10.0.0.0/8,fd00::/8") -> str | None:
    request = request_from(address, {"X-Forwarded-For": forwarded})
    TrustedProxies(parse_networks(trusted.split(","))).identify(request)
    return request.remote_ip


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.1", "198.51.100.1", "203.0.113.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", "2001:DB8:0::7", "2001:db8::7"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("fe80::1%eth0", "2001:db8::7", "fe80::1"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("::ffff:203.0.113.1", "198.51.100.1", "203.0.113.1"),
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "_hidden", "10.0.0.1"),
        ("10.0.0.1", "999.0.0.1", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1 or 1=1", "10.0.0.1"),
        ("10.0.0.1", "fe80::1%eth0", "10.0.0.1"),
        ("10.0.0.1", "," * 10_000, "10.0.0.1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_client_is_the_rightmost_address_that_is_no_proxy(peer: str, forwarded: str, client: str) -> None:
    assert client_of(peer, forwarded) == client


def test_repeated_headers_are_joined() -> None:
    headers = HTTPHeaders()
    headers.add("X-Forwarded-For", "192.0.2.66")
    headers.add("X-Forwarded-For", "198.51.100.1")
    request = request_from("10.0.0.1", headers)
    TrustedProxies(parse_networks(["10.0.0.1"])).identify(request)
    assert request.remote_ip == "198.51.100.1"


@pytest.mark.parametrize(
    ("peer", "header", "protocol"),
    [
        ("10.0.0.1", {"X-Forwarded-Proto": "https"}, "https"),
        ("10.0.0.1", {"X-Forwarded-Proto": "http, https"}, "https"),
        ("10.0.0.1", {"X-Forwarded-Proto": "javascript"}, "http"),
        ("10.0.0.1", {"X-Scheme": "https"}, "http"),
        ("203.0.113.1", {"X-Forwarded-Proto": "https"}, "http"),
    ],
)
def test_protocol_is_taken_from_a_trusted_proxy(peer: str, header: dict[str, str], protocol: str) -> None:
    request = request_from(peer, header)
    TrustedProxies(parse_networks(["10.0.0.1"])).identify(request)
    assert request.protocol == protocol


def test_untrusted_proxy_is_logged_once() -> None:
    proxies = TrustedProxies(parse_networks(["127.0.0.1"]), expects_proxy=True)
    with capture_logs() as logs:
        for _ in range(3):
            proxies.identify(request_from("10.0.0.5", {"X-Forwarded-For": "198.51.100.1"}))
    assert [(log["event"], log["peer"]) for log in logs] == [
        ("untrusted X-Forwarded-For ignored", "10.0.0.5")
    ]


# --- through the real server ------------------------------------------------------------------


async def addresses_logged(app: GifApp) -> set[str | None]:
    """The addresses of all password attempts, from the audit log."""
    events = (await asyncio.to_thread(app.parts.identity.audit.page)).events
    return {event.address for event in events}


@asynccontextmanager
async def guesser(url: str, address: str = OUTSIDE) -> AsyncIterator[httpx.AsyncClient]:
    """A client that connects from `address`."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(base_url=url, transport=transport, timeout=20) as client:
        yield client


async def guess(client: httpx.AsyncClient, headers: dict[str, str]) -> int:
    account = {"email": "ada@example.org", "password": "wrong horse"}
    return (await client.post("/api/v1/auth/login", json=account, headers=headers)).status_code


async def test_headers_are_ignored_by_default(app: GifApp) -> None:
    async with guesser(app.local_url) as client:
        for name, value in SPOOFED.items():
            await guess(client, {name: value})
    assert await addresses_logged(app) == {OUTSIDE}


@pytest.mark.parametrize("trusted_proxies", [OUTSIDE])
async def test_only_one_header_of_a_trusted_proxy_counts(app: GifApp) -> None:
    async with guesser(app.local_url) as proxy:
        for name, value in SPOOFED.items():
            await guess(proxy, {name: value, "X-Forwarded-For": f"{INVENTED}, 198.51.100.1"})
    assert await addresses_logged(app) == {"198.51.100.1"}


@pytest.mark.parametrize("trusted_proxies", [OUTSIDE])
async def test_address_of_one_request_does_not_carry_over_to_the_next(app: GifApp) -> None:
    async with guesser(app.local_url) as proxy:
        await guess(proxy, {"X-Forwarded-For": "198.51.100.1"})
        await guess(proxy, {})
    assert await addresses_logged(app) == {"198.51.100.1", OUTSIDE}


# --- through real proxies, as deploy/ sets them up --------------------------------------------


def both_on(web_port: int, configuration: str) -> str:
    """The configuration with one web server in the places of both; a lone one is never given up."""
    for port in (8866, 8867):
        configuration = configuration.replace(f"127.0.0.1:{port}", f"127.0.0.1:{web_port}")
    return configuration


def nginx(directory: Path, port: int, web_port: int) -> list[str]:
    ours = (DEPLOY / "nginx" / "gifapp.conf").read_text()
    ours = "".join(line for line in ours.splitlines(True) if "ssl_" not in line)
    ours = both_on(web_port, ours).replace("443 ssl", f"127.0.0.1:{port}")
    temporary = "".join(
        f"{kind}_temp_path {directory};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"daemon off; pid {directory}/pid; error_log stderr; events {{}}\n"
    (directory / "nginx.conf").write_text(f"{main}http {{ access_log off; {temporary}\n{ours}}}\n")
    return ["nginx", "-p", str(directory), "-c", str(directory / "nginx.conf")]


def caddy(directory: Path, port: int, web_port: int) -> list[str]:
    ours = both_on(web_port, (DEPLOY / "caddy" / "Caddyfile").read_text())
    ours = ours.replace("gifs.example.org {", f"http://127.0.0.1:{port} {{", 1)
    (directory / "Caddyfile").write_text(f"{{\n\tadmin off\n}}\n{ours}")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(directory / "Caddyfile")]


PROXIES: dict[str, Callable[[Path, int, int], list[str]]] = {"nginx": nginx, "caddy": caddy}


@asynccontextmanager
async def in_front(name: str, directory: Path, app: GifApp) -> AsyncIterator[str]:
    """The proxy's address; without a proxy, the server's own."""
    if name not in PROXIES:
        yield app.local_url
        return
    port = free_port("0.0.0.0")  # noqa: S104  Caddy listens everywhere
    environment = os.environ | {"HOME": str(directory), "PATH": PATH}
    argv = PROXIES[name](directory, port, app.port)
    with subprocess.Popen(argv, env=environment) as proxy:  # noqa: ASYNC220
        try:
            assert await asyncio.to_thread(wait_until, lambda: listens(port), timeout_s=10)
            yield f"http://127.0.0.1:{port}"
        finally:
            proxy.terminate()
            await asyncio.to_thread(proxy.wait)  # it ends what it still forwards to us


def listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


PATH = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"  # Debian's path of nginx


def if_installed(name: str) -> Any:
    missing = shutil.which(name, path=PATH) is None
    return pytest.param(name, marks=pytest.mark.skipif(missing, reason=f"{name} is not installed"))


@pytest.mark.parametrize("trusted_proxies", ["127.0.0.1"])
@pytest.mark.parametrize("name", ["no proxy", *map(if_installed, PROXIES)])
async def test_address_cannot_be_forged_through_the_deployed_proxies(
    app: GifApp, tmp_path: Path, name: str
) -> None:
    async with in_front(name, tmp_path, app) as url, guesser(url) as client:
        statuses = [await guess(client, {header: value}) for header, value in SPOOFED.items()]
    assert statuses == [401] * 5 + [429] * 2  # five attempts of one client, not of seven
    assert await addresses_logged(app) == {OUTSIDE}


async def send_broken(url: httpx.URL) -> None:
    """Send headers larger than we accept, and a body with a malformed chunk."""
    host = b"Host: " + url.netloc + b"\r\n"
    for request, rest in (
        (b"GET /health/live HTTP/1.1\r\n", 7 * (b"X-Long: " + 3000 * b"x" + b"\r\n") + b"\r\n"),
        (b"POST /api/v1/auth/login HTTP/1.1\r\n", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}no\r\n"),
    ):
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(request + host + rest)
        with suppress(OSError):  # refused, or still being tried after a second (TimeoutError)
            await asyncio.wait_for(reader.read(1), 1)
        writer.close()


@pytest.mark.parametrize("trusted_proxies", ["127.0.0.1"])
@pytest.mark.parametrize("name", ["no proxy", *map(if_installed, PROXIES)])
async def test_broken_requests_of_one_client_do_not_shut_out_others(
    app: GifApp, tmp_path: Path, name: str
) -> None:
    async with in_front(name, tmp_path, app) as url, guesser(url) as other:
        for _ in range(3):
            await send_broken(httpx.URL(url))
        answer = await other.get("/health/live", timeout=2)
    assert answer.status_code == 200
