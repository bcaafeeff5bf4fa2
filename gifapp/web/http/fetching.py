"""Fetches files from links that users paste: from public servers only, within limits.

The address that was checked is the one that is connected to: the backend resolves the name itself, for every
connection, so neither a redirect nor a second answer of the name server leads elsewhere.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import httpcore
import httpx

from gifapp import errors
from gifapp.domain.networks import parse_address, parse_networks
from gifapp.web.traffic.at_once import AtOnce
from gifapp.web.traffic.fair_pool import FairPool

AT_ONCE = 2  # per user
MAX_LINK_CHARACTERS = 2000
_MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_HEADERS = [("Accept", "video/*, image/*;q=0.9, */*;q=0.1"), ("User-Agent", "gifapp")]

_NOT_PUBLIC = parse_networks(
    [
        # IPv6 addresses that stand for IPv4 ones: NAT64, 6to4, Teredo; and 6to4's relays
        *("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "192.88.99.0/24"),
        # what some versions of Python call global: site-local, documentation, segment routing
        *("fec0::/10", "3fff::/20", "5f00::/16"),
    ]
)
_PORTS = (80, 443)

Resolve = Callable[[str, int], list[str]]
"""Returns the addresses of a host name; it blocks, and raises OSError."""

# a name server may take half a minute, and nothing can interrupt a thread that waits for it
_NAMES = partial(FairPool, "name", slots=16, per_owner=AT_ONCE, max_waiting=8)


@dataclass(frozen=True)
class LinkedFile:
    """A file behind a link, with the path of its URL; `length_bytes` is None if its server does not say."""

    path: str
    length_bytes: int | None
    parts: AsyncIterator[bytes]


def is_public(text: str) -> bool:
    """Whether anyone on the internet can reach the address."""
    address = parse_address(text.partition("%")[0])
    if address is None or not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)


def is_own(text: str) -> bool:
    """Whether this machine has the address: only then can a socket be bound to it."""
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((text, 0))
        except OSError:
            return False
    return True


def may_reach(text: str) -> bool:
    """Whether links may lead to the address: it is public, and not this machine's."""
    return is_public(text) and not is_own(text)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host name, from the system's resolver."""
    return [str(address[0]) for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True)
class LinkFetcher:
    """Opens links.

    Attributes:
        resolve: finds the addresses of a host name.
        may_reach: whether an address may be connected to.
        ports: those that may be connected to.
        connect_s: how long connecting may take, per address.
        silence_s: how long a server may send nothing.
        running: the links that are being fetched.
        names: the threads that find addresses.
    """

    resolve: Resolve = resolve
    may_reach: Callable[[str], bool] = may_reach
    ports: Collection[int] = _PORTS
    connect_s: float = 10.0
    silence_s: float = 30.0
    running: AtOnce = field(default_factory=partial(AtOnce, AT_ONCE))
    names: FairPool = field(default_factory=_NAMES)

    @asynccontextmanager
    async def open(self, user_id: str, link: str) -> AsyncIterator[LinkedFile]:
        """Open the file behind a user's link, and follow redirects.

        Raises:
            errors.LinkInvalid, errors.LinkNotPublic, errors.LinkFailed: the link cannot be used.
            errors.LinkInterrupted: the server does not answer; also while the parts are read.
            errors.TooManyAtOnce: enough names of this user's links are being looked up.
        """
        url = parse_link(link)
        backend = _CheckedBackend(self, user_id)
        pool = httpcore.AsyncConnectionPool(ssl_context=_certificates(), network_backend=backend)
        async with pool:
            for _ in range(_MAX_REDIRECTS + 1):
                async with self._response(pool, url) as response:
                    if response.status not in _REDIRECTS:
                        yield _file_in(response, url)
                        return
                    url = _target(response, url)
        raise errors.LinkFailed(host=url.host, problem="redirects too often")

    @asynccontextmanager
    async def _response(
        self, pool: httpcore.AsyncConnectionPool, url: httpx.URL
    ) -> AsyncIterator[httpcore.Response]:
        timeouts = {"connect": self.connect_s, "read": self.silence_s, "write": self.silence_s}
        address = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        stream = pool.stream("GET", address, headers=_HEADERS, extensions={"timeout": timeouts})
        async with AsyncExitStack() as opened:
            with _translating(url.host):
                response = await opened.enter_async_context(stream)
            yield response


def parse_link(link: str) -> httpx.URL:
    """Parse a link.

    Raises:
        errors.LinkInvalid: it is not one, or contains a user name or password.
    """
    try:
        url = httpx.URL(link.strip())
        host = url.host  # reading it decodes the name
    except (httpx.InvalidURL, ValueError):
        raise errors.LinkInvalid from None
    is_complete = url.scheme in ("http", "https") and host and 0 < (url.port or 80) < 65_536
    if not is_complete or url.userinfo or len(link) > MAX_LINK_CHARACTERS:
        raise errors.LinkInvalid
    return url


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that it has checked itself."""

    def __init__(self, fetcher: LinkFetcher, user_id: str) -> None:
        self._fetcher = fetcher
        self._user_id = user_id
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the base class's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        lost: Exception = httpcore.ConnectError()
        for address in await self._checked(host, port, timeout):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
                lost = failure
        raise lost

    async def _checked(self, host: str, port: int, within_s: float | None) -> Collection[str]:
        if port not in self._fetcher.ports:
            allowed = " and ".join(map(str, self._fetcher.ports))
            raise errors.LinkFailed(host=host, problem=f"uses port {port}; only {allowed} are allowed")
        try:
            async with asyncio.timeout(within_s):
                resolve = partial(self._fetcher.resolve, host, port)
                addresses = await self._fetcher.names.run(self._user_id, resolve)
        except (OSError, UnicodeError):  # a timeout is an OSError
            addresses = []
        # an unknown name gets the same answer as a private one, so that nobody finds out which there are
        reachable = [address for address in dict.fromkeys(addresses) if self._fetcher.may_reach(address)]
        if not reachable:
            raise errors.LinkNotPublic(host=host)
        return reachable


@contextmanager
def _translating(host: str) -> Any:
    try:
        yield
    except (httpcore.TimeoutException, TimeoutError):
        raise errors.LinkInterrupted(host=host, problem="it did not answer in time") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError):
        raise errors.LinkInterrupted(host=host, problem="the connection failed") from None


def _file_in(response: httpcore.Response, url: httpx.URL) -> LinkedFile:
    headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
    if response.status != httpx.codes.OK:
        raise errors.LinkFailed(host=url.host, problem=f"answered with the status {response.status}")
    if headers.get(b"content-type", "").startswith("text/html"):
        problem = "sent a web page. Use the address of the video file itself"
        raise errors.LinkFailed(host=url.host, problem=problem)
    length = headers.get(b"content-length", "")
    return LinkedFile(url.path, int(length) if length.isdecimal() else None, _parts_of(response, url.host))


async def _parts_of(response: httpcore.Response, host: str) -> AsyncIterator[bytes]:
    parts = aiter(response.aiter_stream())
    while True:
        with _translating(host):
            part = await anext(parts, None)
        if part is None:
            return
        yield part


def _target(response: httpcore.Response, url: httpx.URL) -> httpx.URL:
    location = next((value for name, value in response.headers if name.lower() == b"location"), b"")
    try:
        return parse_link(str(url.join(location.decode("latin-1"))))
    except (httpx.InvalidURL, ValueError, errors.LinkInvalid):
        raise errors.LinkFailed(host=url.host, problem="redirects to something that is not a link") from None


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
