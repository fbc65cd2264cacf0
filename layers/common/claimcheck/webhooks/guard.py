"""Which address a webhook may go to: a customer chose it, so it is hostile until proved otherwise."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

ALLOWED_PORTS = frozenset({443, 8443})


class RefusedAddressError(Exception):
    """The address may not be called; the message says why in words that its owner may read."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: connect to `ip` and `port`, speak to `host`."""

    scheme: str
    host: str
    ip: str
    port: int


async def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, by the system's resolver. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def check(url: str, *, allow_loopback: bool, resolver: Resolver = resolve) -> Target:
    """Resolve a webhook's address once and check every address it has. Raises RefusedAddressError."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"http", "https"} or not host:
        raise RefusedAddressError("the address is no https URL")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = list(await resolver(host, port))
    except (OSError, UnicodeError):
        raise RefusedAddressError("the name does not resolve") from None
    if not addresses:
        raise RefusedAddressError("the name does not resolve")
    if allow_loopback and all(ipaddress.ip_address(each).is_loopback for each in addresses):
        return Target(parts.scheme, host, addresses[0], port)
    if parts.scheme != "https":
        raise RefusedAddressError("the address is no https URL")
    if port not in ALLOWED_PORTS:
        raise RefusedAddressError("only the ports 443 and 8443 may be called")
    if not all(is_public(each) for each in addresses):
        raise RefusedAddressError("the name leads to an address that is not public")
    return Target(parts.scheme, host, addresses[0], port)


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet (IANA's special-purpose registries).

    Addresses that carry another inside (IPv4-mapped, 6to4, Teredo, NAT64) are refused outright: what
    they lead to is decided by somebody else's router.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and (
        ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip in ipaddress.ip_network("64:ff9b::/96")
    ):
        return False
    return ip.is_global and not ip.is_multicast
