"""Which address a webhook may go to: a customer chose it, so it is hostile until proved otherwise."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.webhooks.addresses import is_loopback, is_public
from claimcheck.webhooks.endpoint import PUBLIC_HTTPS, RefusedAddressError, parse
from claimcheck.webhooks.lookup import resolve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from claimcheck.webhooks.endpoint import Endpoint, Rules

    Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

MAX_ADDRESSES = 64  # of one name; whoever has more does not want to be called


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: connect to one of `ips`, speak to `endpoint.host`."""

    endpoint: Endpoint
    ips: tuple[str, ...]

    def url(self, ip: str) -> str:
        """The URL that leads to `ip` without any look-up; it holds nothing of the host's name."""
        host = f"[{ip}]" if ":" in ip else ip
        return f"{self.endpoint.scheme}://{host}:{self.endpoint.port}{self.endpoint.target}"


async def check(url: str, rules: Rules = PUBLIC_HTTPS, *, resolver: Resolver = resolve) -> Target:
    """Resolve a webhook's address once and check every address it has.

    Raises RefusedAddressError, and TimeoutError where the resolver does not answer.
    """
    endpoint = parse(url, rules)
    try:
        found = await resolver(endpoint.host, endpoint.port)
        addresses = tuple(dict.fromkeys(str(ipaddress.ip_address(each)) for each in found))
    except TimeoutError:  # an OSError too
        raise
    except (OSError, ValueError):  # UnicodeError is one
        raise RefusedAddressError("must have a name that resolves") from None
    if not addresses:
        raise RefusedAddressError("must have a name that resolves")
    if len(addresses) > MAX_ADDRESSES:
        raise RefusedAddressError(f"must have a name with at most {MAX_ADDRESSES} addresses")
    # Not which address, and not what it is kept for: that would tell of names that only we can resolve.
    if endpoint.on_this_machine:
        if not all(is_loopback(each) for each in addresses):
            raise RefusedAddressError("must lead to this machine, as its name says")
    elif not all(is_public(each) for each in addresses):
        raise RefusedAddressError("must lead to public addresses only")
    return Target(endpoint, addresses)
