"""Which address a webhook may go to: a customer chose it, so it is hostile until proved otherwise."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from claimcheck.webhooks.lookup import resolve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

ALLOWED_PORTS = frozenset({443, 8443})

# Of IPv6 only this is given out to the internet. Outside of it lie, among others, loopback, link-local,
# site-local, unique-local, multicast, IPv4-mapped, -compatible and -translated addresses, NAT64 (well-known
# and local use), discard, segment routing, and all that IETF keeps in reserve.
_INTERNET_6 = ipaddress.ip_network("2000::/3")

# Parts of the internet's space that are not of it. Named here as well where Python's table may be too old.
_SPECIAL = tuple(
    ipaddress.ip_network(each)
    for each in (
        "192.88.99.0/24",  # relays of 6to4, deprecated
        "2001::/23",  # IETF protocols: Teredo, benchmarking, ORCHID, relays
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_ISATAP = {0x00005EFE, 0x02005EFE}  # before the last 32 bits, which are an IPv4 address


class RefusedAddressError(Exception):
    """The address may not be called; the message says why in words that its owner may read."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: connect to `ip` and `port`, speak to `host`."""

    scheme: str
    host: str
    ip: str
    port: int


async def check(url: str, *, allow_loopback: bool, resolver: Resolver = resolve) -> Target:
    """Resolve a webhook's address once and check every address it has.

    Raises RefusedAddressError, and TimeoutError where the resolver does not answer.
    """
    scheme, host, port = _parts(url)
    try:
        addresses = list(await resolver(host, port))
    except TimeoutError:  # an OSError too
        raise
    except (OSError, UnicodeError):
        raise RefusedAddressError("the name does not resolve") from None
    if not addresses:
        raise RefusedAddressError("the name does not resolve")
    if allow_loopback and all(ipaddress.ip_address(each).is_loopback for each in addresses):
        return Target(scheme, host, addresses[0], port)
    if scheme != "https":
        raise RefusedAddressError("the address is no https URL")
    if port not in ALLOWED_PORTS:
        raise RefusedAddressError("only the ports 443 and 8443 may be called")
    if not all(is_public(each) for each in addresses):
        raise RefusedAddressError("the name leads to an address that is not public")
    return Target(scheme, host, addresses[0], port)


def _parts(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:  # a bracket without its other, a port that is no number
        raise RefusedAddressError("the address is no https URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise RefusedAddressError("the address is no https URL")
    default = 443 if parts.scheme == "https" else 80
    return parts.scheme, host, default if port is None else port


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet (IANA's special-purpose registries).

    Addresses that carry another inside are refused: what they lead to is decided by somebody else's router.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if not ip.is_global or ip.is_multicast or ip.is_reserved or any(ip in each for each in _SPECIAL):
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return True
    return ip in _INTERNET_6 and (int(ip) >> 32) & 0xFFFFFFFF not in _ISATAP
