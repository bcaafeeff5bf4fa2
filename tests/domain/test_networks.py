import ipaddress

import pytest

from gifapp.domain.networks import parse_address, parse_networks


def test_addresses_and_ranges_become_networks() -> None:
    texts = ["10.0.0.7", " 10.1.0.0/16", "fd00::/8", ""]
    assert [str(network) for network in parse_networks(texts)] == ["10.0.0.7/32", "10.1.0.0/16", "fd00::/8"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("proxy.example", "10.0.0.0/24"),
        ("10.0.0.1/24", "has host bits set"),
        ("10.0.0.0/33", "10.0.0.0/24"),
        ("0.0.0.0/0", "every address"),
        ("::/0", "every address"),
    ],
)
def test_invalid_proxy_range_is_named(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        parse_networks(["10.0.0.7", text])
    assert text in str(refused.value)


def test_ipv4_mapped_ipv6_is_ipv4() -> None:
    assert parse_address("::ffff:10.0.0.7") == ipaddress.ip_address("10.0.0.7")
    assert parse_address("2001:db8::7") == ipaddress.ip_address("2001:db8::7")
    assert parse_address("unknown") is None
