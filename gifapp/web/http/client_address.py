"""Determines a request's client address: the connection's, or the one a trusted proxy reports."""

from __future__ import annotations

import re
from collections.abc import Collection

import structlog
from tornado.httputil import HTTPHeaders, HTTPServerRequest

from gifapp.domain.networks import Address, Network, parse_address

# proxies write 203.0.113.7, 203.0.113.7:4711, 2001:db8::7 or [2001:db8::7]:4711
_HOP = re.compile(r"\[([\da-fA-F:.]+)\](?::\d+)?|([\d.]+)(?::\d+)?|([\da-fA-F:.]+)")

_HINT = "if the peer is your proxy, add it to GIFAPP_TRUSTED_PROXIES"

_log = structlog.get_logger()


class TrustedProxies:
    """Trusts `X-Forwarded-For` and `X-Forwarded-Proto` from known proxies, and no other header."""

    def __init__(self, networks: Collection[Network] = (), *, expects_proxy: bool = False) -> None:
        """`expects_proxy`: whether to warn about a header that is not trusted."""
        self._networks = networks
        self._warns = expects_proxy

    def trusts(self, address: str | None) -> bool:
        """Whether this is the address of a proxy."""
        parsed = _peer(address)
        return parsed is not None and self._is_proxy(parsed)

    def identify(self, request: HTTPServerRequest) -> None:
        """Set the request's address and protocol to those of its client."""
        peer = _peer(request.remote_ip)
        if peer is None:  # not an internet socket
            return
        if self._is_proxy(peer):
            request.remote_ip = str(self._client(peer, request.headers))
            request.protocol = _protocol(request.headers) or request.protocol
            return
        request.remote_ip = str(peer)
        if "X-Forwarded-For" in request.headers:
            self._warn(peer)

    def _is_proxy(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def _client(self, peer: Address, headers: HTTPHeaders) -> Address:
        """The right-most address that is not a proxy's; the client can forge everything to the left of it."""
        client = peer
        for hop in reversed(headers.get("X-Forwarded-For", "").split(",")):
            address = _hop(hop)
            if address is None:
                break
            client = address
            if not self._is_proxy(address):
                break
        return client

    def _warn(self, peer: Address) -> None:
        if self._warns:
            self._warns = False  # only once, because anyone can send this header
            _log.warning("untrusted X-Forwarded-For ignored", peer=str(peer), hint=_HINT)


def _protocol(headers: HTTPHeaders) -> str | None:
    nearest = headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower()
    return nearest if nearest in ("http", "https") else None


def _hop(text: str) -> Address | None:
    match = _HOP.fullmatch(text.strip())
    return parse_address(next(filter(None, match.groups()))) if match else None


def _peer(address: str | None) -> Address | None:
    # strip the zone ID of a link-local address (fe80::1%eth0)
    return parse_address((address or "").partition("%")[0])
