"""Which IP addresses are of the public internet, and what the others are kept for."""

from __future__ import annotations

import ipaddress

# Every block of IANA's registries of special-purpose addresses (RFC 6890, as of October 2025), with
# multicast, which has registries of its own. Also those that are "globally reachable": they lead to
# whoever is nearest (a NAT's control port, a sink for stray DNS), and no receiver has an address there.
# All stand here, as what Python's `is_global` knows depends on its version.
_SPECIAL_4 = (
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private use"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local use"),
    ("172.16.0.0/12", "private use"),
    ("192.0.0.0/24", "protocols of the IETF"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "AS112"),
    ("192.52.193.0/24", "AMT"),
    ("192.88.99.0/24", "6to4"),
    ("192.168.0.0/16", "private use"),
    ("192.175.48.0/24", "AS112"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserve"),
)
# The first that fits says what it is. What carries an IPv4 address inside is refused whatever that address
# is: where it leads is decided by somebody else's router.
_SPECIAL_6 = (
    ("::/128", "this network"),
    ("::1/128", "loopback"),
    ("::ffff:0:0/96", "IPv4-mapped addresses"),
    ("::ffff:0:0:0/96", "IPv4-translated addresses"),
    ("::/96", "IPv4-compatible addresses"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "NAT64"),
    ("100::/64", "discarding"),
    ("100:0:0:1::/64", "a dummy prefix"),
    ("2001::/32", "Teredo"),
    ("2001:2::/48", "benchmarking"),
    ("2001::/23", "protocols of the IETF"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "AS112"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "unique-local use"),
    ("fe80::/10", "link-local use"),
    ("fec0::/10", "site-local use"),
    ("ff00::/8", "multicast"),
)
_BLOCKS_4 = tuple((ipaddress.IPv4Network(block), purpose) for block, purpose in _SPECIAL_4)
_BLOCKS_6 = tuple((ipaddress.IPv6Network(block), purpose) for block, purpose in _SPECIAL_6)

# Of IPv6 nothing else is given out to the internet (RFC 4291, section 2.4).
_INTERNET_6 = ipaddress.IPv6Network("2000::/3")
# What stands before the last 32 bits, which are an IPv4 address (RFC 5214, section 6.1).
_ISATAP = {0x00005EFE, 0x02005EFE}


def special_purpose(address: str) -> str | None:
    """What an IP address is kept for, in words, or None where it is one of the public internet.

    Raises ValueError for what is no IP address. A zone (`%eth0`) changes nothing.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        found = next((purpose for block, purpose in _BLOCKS_4 if ip in block), None)
    else:
        found = next((purpose for block, purpose in _BLOCKS_6 if ip in block), None)
        if found is None and ip not in _INTERNET_6:
            found = "reserve"
        if found is None and (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP:
            found = "ISATAP"
    if found is None and (not ip.is_global or ip.is_multicast or ip.is_reserved):
        found = "a special purpose"  # a newer Python's table may know more than ours
    return found


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet. Raises ValueError for what is no IP address."""
    return special_purpose(address) is None


def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine's own, plainly written: 127.0.0.0/8 or ::1, and no mapped one.

    Raises ValueError for what is no IP address.
    """
    return special_purpose(address) == "loopback"
