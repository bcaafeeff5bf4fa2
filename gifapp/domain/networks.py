"""Parses IP addresses and ranges such as 10.0.0.0/8 or fd00::/8. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Parse the ranges; a single address is a range of one.

    Raises:
        ValueError: a text is not a range, or covers every address; the message names it.
    """
    return tuple(_parse_network(text.strip()) for text in texts if text.strip())


def parse_address(text: str) -> Address | None:
    """Parse an address; IPv4-mapped IPv6 becomes IPv4. None if it is not an address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _parse_network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(
            f"must be addresses or ranges such as 10.0.0.7 or 10.0.0.0/24, but {error}"
        ) from None
    if network.prefixlen == 0:
        raise ValueError(f"must not cover every address (got {text}); list only your proxies")
    return network
