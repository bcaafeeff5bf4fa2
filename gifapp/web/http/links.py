"""Fetches files from links that users paste: from public servers only, within limits.

The address that was checked is the one that is connected to: the backend resolves the name itself, for every
connection, so neither a redirect nor a second answer of the name server leads elsewhere.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpcore
import httpx

from gifapp import errors
from gifapp.domain.networks import parse_address, parse_networks

AT_ONCE = 2  # per user
MAX_LINK_CHARACTERS = 2000
_RETRY_AFTER_S = 10
_MAX_NAME_CHARACTERS = 200
_MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_HEADERS = [("Accept", "video/*, image/*;q=0.9, */*;q=0.1"), ("User-Agent", "gifapp")]

# IPv6 addresses that stand for IPv4 ones: NAT64, 6to4, Teredo
_TRANSLATED = parse_networks(["64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"])

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Returns the addresses of a host name; raises OSError."""


@dataclass(frozen=True)
class LinkedFile:
    """A file behind a link; `length_bytes` is None if its server does not say."""

    name: str
    length_bytes: int | None
    parts: AsyncIterator[bytes]


def is_public(text: str) -> bool:
    """Whether anyone on the internet can reach the address."""
    address = parse_address(text.partition("%")[0])
    if address is None or not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _TRANSLATED if network.version == address.version)


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host name, from the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True)
class LinkFetcher:
    """Opens links.

    Attributes:
        resolve: finds the addresses of a host name.
        may_reach: whether an address may be connected to.
        connect_s: how long connecting may take, per address.
        silence_s: how long a server may send nothing.
        running: how many links are being fetched, by user.
    """

    resolve: Resolve = resolve
    may_reach: Callable[[str], bool] = is_public
    connect_s: float = 10.0
    silence_s: float = 30.0
    running: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def turn(self, user_id: str) -> Iterator[None]:
        """Raises errors.TooManyAtOnce if enough links of this user are being fetched."""
        if self.running[user_id] >= AT_ONCE:
            raise errors.TooManyAtOnce(limit=AT_ONCE, retry_after_s=_RETRY_AFTER_S)
        self.running[user_id] += 1
        try:
            yield
        finally:
            self.running[user_id] -= 1
            if not self.running[user_id]:
                del self.running[user_id]

    @asynccontextmanager
    async def open(self, link: str) -> AsyncIterator[LinkedFile]:
        """Open the file behind a link, and follow redirects.

        Raises:
            errors.LinkInvalid, errors.LinkNotPublic, errors.LinkFailed: also while its parts are read.
        """
        url = parse_link(link)
        backend = _CheckedBackend(self.resolve, self.may_reach)
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
        with _translating(url.host):
            async with pool.stream(
                "GET", address, headers=_HEADERS, extensions={"timeout": timeouts}
            ) as response:
                yield response


def parse_link(link: str) -> httpx.URL:
    """Parse a link.

    Raises:
        errors.LinkInvalid: it is not one, or contains a user name or password.
    """
    try:
        url = httpx.URL(link.strip())
    except (httpx.InvalidURL, ValueError):
        raise errors.LinkInvalid from None
    is_complete = url.scheme in ("http", "https") and url.host and 0 < (url.port or 80) < 65_536
    if not is_complete or url.userinfo or len(link) > MAX_LINK_CHARACTERS:
        raise errors.LinkInvalid
    return url


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that it has checked itself."""

    def __init__(self, resolve: Resolve, may_reach: Callable[[str], bool]) -> None:
        self._resolve, self._may_reach = resolve, may_reach
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
        try:
            async with asyncio.timeout(within_s):
                addresses = await self._resolve(host, port)
        except (OSError, UnicodeError):  # a timeout is an OSError
            raise errors.LinkFailed(host=host, problem="was not found") from None
        allowed = [address for address in dict.fromkeys(addresses) if self._may_reach(address)]
        if not allowed:
            raise errors.LinkNotPublic(host=host)
        return allowed


@contextmanager
def _translating(host: str) -> Any:
    try:
        yield
    except (httpcore.TimeoutException, TimeoutError):
        raise errors.LinkFailed(host=host, problem="did not answer in time") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError):
        raise errors.LinkFailed(host=host, problem="broke off the connection, or refused it") from None


def _file_in(response: httpcore.Response, url: httpx.URL) -> LinkedFile:
    headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
    if response.status != httpx.codes.OK:
        raise errors.LinkFailed(host=url.host, problem=f"answered with the status {response.status}")
    if headers.get(b"content-type", "").startswith("text/html"):
        problem = "sent a web page. Use the address of the video file itself"
        raise errors.LinkFailed(host=url.host, problem=problem)
    length = headers.get(b"content-length", "")
    return LinkedFile(_name_of(url), int(length) if length.isdecimal() else None, response.aiter_stream())


def _name_of(url: httpx.URL) -> str:
    name = "".join(letter for letter in url.path.rpartition("/")[2] if letter.isprintable())
    return name.strip()[-_MAX_NAME_CHARACTERS:] or "video"


def _target(response: httpcore.Response, url: httpx.URL) -> httpx.URL:
    location = next((value for name, value in response.headers if name.lower() == b"location"), b"")
    try:
        return parse_link(str(url.join(location.decode("latin-1"))))
    except (httpx.InvalidURL, ValueError, errors.LinkInvalid):
        raise errors.LinkFailed(host=url.host, problem="redirects to something that is not a link") from None


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
