"""Which addresses are of the public internet: a table over IANA's special-purpose registries."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.webhooks.addresses import is_loopback, is_public, special_purpose
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

PUBLIC = [
    "1.0.0.0",
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.114.0",
    "8.8.8.8",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "2a00:1450:4001:800::200e",
    "2001:200::1",
    "2001:db7:ffff::1",
    "2001:db9::1",
    "2003::1",
    "2620:4f:8001::1",
    "3ffe:ffff::1",
    "3fff:1000::1",
]

# By what `special_purpose` says; the first and the last address of a block where it matters.
REFUSED: dict[str, list[str]] = {
    "private use": ["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    "loopback": ["127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"],
    "link-local use": [
        "169.254.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "fe80::1",
        "fe80::1%eth0",
        "febf::1",
    ],
    "carrier-grade NAT": ["100.64.0.0", "100.127.255.255"],
    "multicast": ["224.0.0.1", "232.1.1.1", "239.255.255.255", "ff02::1", "ff05::2", "ff0e::1"],
    "reserve": [
        "240.0.0.1",
        "255.255.255.254",
        "255.255.255.255",
        "4000::1",
        "8000::1",
        "e000::1",
        "64:ff9b:2::1",
        "::ffff:1:0:0:1",
        "0:1::",
    ],
    "protocols of the IETF": [
        "192.0.0.1",
        "192.0.0.9",
        "192.0.0.10",
        "192.0.0.170",
        "2001:1::1",
        "2001:10::1",
    ],
    "benchmarking": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "documentation": [
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "2001:db8::1",
        "3fff::1",
        "3fff:fff:ffff::1",
    ],
    "this network": ["0.0.0.0", "0.1.2.3", "::"],  # noqa: S104 -- addresses to refuse, not to bind
    "unique-local use": ["fc00::1", "fd00::1", "fd00:ec2::254", "fdff:ffff::1"],
    "discarding": ["100::1"],
    "a dummy prefix": ["100:0:0:1::1"],
    "AS112": ["192.31.196.1", "192.175.48.6", "2620:4f:8000::6"],
    "AMT": ["192.52.193.1"],
    "6to4": ["192.88.99.1", "2002::1", "2002:7f00:1::", "2002:a00:1::1", "2002:5db8:d70e::1"],
    "NAT64": ["64:ff9b::a00:1", "64:ff9b::5db8:d70e", "64:ff9b:1::1", "64:ff9b:1:ffff::a00:1"],
    "Teredo": ["2001::1", "2001:0:5ef5:79fb:0:0:f5ff:fffe"],
    "IPv4-mapped addresses": [
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:93.184.215.14",
        "::ffff:169.254.169.254",
    ],
    "IPv4-compatible addresses": ["::127.0.0.1", "::10.0.0.1", "::a00:1", "::2", "::93.184.215.14"],
    "IPv4-translated addresses": ["::ffff:0:10.0.0.1", "::ffff:0:127.0.0.1"],
    "ISATAP": ["2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:127.0.0.1", "2a00:1450::5efe:93.184.215.14"],
    "site-local use": ["fec0::1", "feff::1"],
    "segment routing": ["5f00::1"],
}


def rows(table: dict[str, list[str]]) -> Iterator[Any]:
    """Each address of a table as a parameter, named with its kind."""
    for kind, addresses in table.items():
        for address in addresses:
            yield pytest.param(address, kind, id=f"{kind} {address}")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    """An ordinary address of the internet is public."""
    assert is_public(address)


@pytest.mark.parametrize(("address", "purpose"), [*rows(REFUSED)])
def test_special_addresses_are_refused(address: str, purpose: str) -> None:
    """An address with a special purpose, or one that carries another inside, is not public; it says which."""
    assert not is_public(address)
    assert special_purpose(address) == purpose


def test_loopback_is_loopback_in_its_plain_forms_only() -> None:
    """Of all special addresses only 127.0.0.0/8 and ::1 are this machine; none that carries one inside."""
    special = [address for addresses in REFUSED.values() for address in addresses]
    assert [address for address in special if is_loopback(address)] == REFUSED["loopback"]


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "0177.0.0.1", "1.2.3.4.5", "::1::", "1.2.3.4/8"])
def test_what_is_no_address_is_an_error(text: str) -> None:
    """Nothing is taken for an address that is not written as one."""
    with pytest.raises(ValueError, match="does not appear to be"):
        special_purpose(text)


@given(st.ip_addresses(v=4))
def test_no_mapped_address_passes(address: ipaddress.IPv4Address) -> None:
    """No IPv4 address, public or not, passes in the dress of IPv6."""
    number = int(address)
    dressed = {
        "compatible": number,
        "mapped": (0xFFFF << 32) + number,
        "translated": (0xFFFF0000 << 32) + number,
        "6to4": (0x2002 << 112) + (number << 80),
        "Teredo": (0x2001_0000 << 96) + (number ^ 0xFFFFFFFF),
        "NAT64": (0x64FF9B << 96) + number,
        "NAT64, local use": (0x64FF9B_0001 << 80) + number,
        "ISATAP": (0x2606_4700 << 96) + (0x5EFE << 32) + number,
        "ISATAP, global": (0x2606_4700 << 96) + (0x0200_5EFE << 32) + number,
    }
    passed = [dress for dress, each in dressed.items() if is_public(str(ipaddress.IPv6Address(each)))]
    assert passed == []


@given(st.ip_addresses())
def test_nothing_passes_that_python_calls_special(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """The guard passes at most what Python calls global, and nothing multicast, reserved or site-local."""
    special = address.is_multicast or address.is_reserved or getattr(address, "is_site_local", False)
    assert not is_public(str(address)) or (address.is_global and not special)


@given(st.ip_addresses(v=6))
def test_only_what_was_given_out_passes(address: ipaddress.IPv6Address) -> None:
    """Of IPv6 nothing passes but what IANA gives out to the internet, 2000::/3."""
    assert not is_public(str(address)) or int(address) >> 125 == 1
