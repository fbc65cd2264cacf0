"""A webhook's URL taken apart, once: what is checked here is what is looked up, connected to and spoken to.

Pure. Submit and notify use this one function, so that they agree on what a URL says and on what is refused.
It does not guess: what two parsers might read in two ways (user names, backslashes, spaces, zones, numbers
for an address) is refused.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass

from claimcheck.webhooks.addresses import is_loopback, special_purpose

MAX_URL_CHARS = 2048
DEFAULT_PORTS = frozenset({443, 8443})
# Lambda keeps 9001 for its runtime, extensions and telemetry; X-Ray's daemon listens at 2000.
RUNTIME_PORTS = frozenset({2000, 9001})

# RFC 3986, appendix B, with a scheme and an authority. A fragment is not sent to anybody.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^#]*)(?:#.*)?")
_AUTHORITY = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]{0,5}))?")
# RFC 1123, section 2.1. No underscore: no public authority certifies a name with one.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MAX_NAME_CHARS = 253
# A host whose last part is one of these is an address or nothing (WHATWG URL, "ends in a number"). Resolvers
# read 2130706433, 0x7f.1, 0177.0.0.1 and 127.1 as addresses; no top-level domain is a number.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class RefusedAddressError(Exception):
    """The address may not be called; the message says why in words that its owner may read.

    The words go on from "the address": "must be an https URL".
    """


@dataclass(frozen=True, slots=True)
class Rules:
    """What a deployment allows. `closed_ports` are refused in any case; loopback is for one machine."""

    ports: frozenset[int] = DEFAULT_PORTS
    allow_loopback: bool = False
    closed_ports: frozenset[int] = RUNTIME_PORTS


PUBLIC_HTTPS = Rules()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL's parts. `host` is a name in ASCII without a last dot, or an address without brackets."""

    scheme: str
    host: str
    port: int
    target: str  # path and query, as they were written
    on_this_machine: bool

    @property
    def host_header(self) -> str:
        """The value of `Host`: the port stands in it where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _own_port(self.scheme) else f"{host}:{self.port}"


def parse(url: str, rules: Rules = PUBLIC_HTTPS) -> Endpoint:
    """Take a webhook's URL apart and check all of it that needs no resolver. Raises RefusedAddressError."""
    if len(url) > MAX_URL_CHARS:
        raise RefusedAddressError(f"must have at most {MAX_URL_CHARS} characters")
    if not url.isprintable() or " " in url or "\\" in url:
        raise RefusedAddressError("must not hold spaces, backslashes or control characters")
    parts = _URL.fullmatch(url)
    if parts is None:
        raise RefusedAddressError("must be a valid https URL with a host")
    scheme, authority, target = parts[1].lower(), parts[2], parts[3]
    if "@" in authority:
        raise RefusedAddressError("must not hold a user name or password")
    host, port = _host_and_port(authority, _own_port(scheme))
    on_this_machine = rules.allow_loopback and _is_this_machine(host)
    if scheme != "https" and not (scheme == "http" and on_this_machine):
        raise RefusedAddressError("must be an https URL")
    _check_port(port, rules, any_port=on_this_machine)
    if not on_this_machine:
        _check_literal(host)
    return Endpoint(scheme, host, port, target if target.startswith("/") else f"/{target}", on_this_machine)


def runtime_ports(runtime_api: str) -> frozenset[int]:
    """The ports that are never called, with that of AWS_LAMBDA_RUNTIME_API (`HOST:PORT`, may be empty)."""
    port = runtime_api.rpartition(":")[2]
    return RUNTIME_PORTS | ({int(port)} if port.isascii() and port.isdigit() else set())


def _own_port(scheme: str) -> int:
    return 80 if scheme == "http" else 443


def _host_and_port(authority: str, own_port: int) -> tuple[str, int]:
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise RefusedAddressError("must be a valid https URL with a host")
    port = int(parts["port"]) if parts["port"] else own_port
    if parts["six"] is not None:
        return _address_6(parts["six"]), port
    return _name(parts["name"]), port


def _address_6(text: str) -> str:
    if "%" in text:
        raise RefusedAddressError("must not hold a zone in its IPv6 address")
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise RefusedAddressError("must hold a valid IPv6 address between its brackets") from None


def _name(text: str) -> str:
    """A host's name in lower case and ASCII (IDNA 2008), without the dot that may end it."""
    name = text.lower()
    if not name.isascii():
        import idna

        try:
            name = idna.encode(unicodedata.normalize("NFC", name)).decode()
        except UnicodeError:  # IDNAError is one
            raise RefusedAddressError("must name a host that is a valid international name") from None
    name = name.removesuffix(".")
    if not name:
        raise RefusedAddressError("must be a valid https URL with a host")
    if len(name) > _MAX_NAME_CHARS or not _NAME.fullmatch(name):
        raise RefusedAddressError("must name a host by letters, digits, hyphens and single dots")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise RefusedAddressError(
                "must write an IPv4 address as four decimal numbers without leading zeros"
            ) from None
    return name


def _is_this_machine(host: str) -> bool:
    """`localhost`, a name below it (RFC 6761, section 6.3), or a loopback address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return is_loopback(host)
    except ValueError:
        return False


def _check_port(port: int, rules: Rules, *, any_port: bool) -> None:
    if port in rules.closed_ports:
        raise RefusedAddressError(f"must not use port {port}, which is the runtime's own")
    if not (0 < port < 65_536 if any_port else port in rules.ports):
        allowed = "1 to 65535" if any_port else ", ".join(map(str, sorted(rules.ports)))
        raise RefusedAddressError(f"must use one of the ports {allowed}")


def _check_literal(host: str) -> None:
    try:
        purpose = special_purpose(host)
    except ValueError:
        return  # a name: what it resolves to is checked at each attempt
    if purpose is not None:
        raise RefusedAddressError(f"must be public; this IP address is kept for {purpose}")
