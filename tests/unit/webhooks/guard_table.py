"""Which webhooks are posted and which are refused: one table.

Each row is an attempt: a URL, what its name resolves to (at the first call, at the second …), and what must
come of it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PUBLIC, OTHER, PUBLIC_6 = "93.184.215.14", "151.101.1.69", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"

NOT_PUBLIC = "must lead to public addresses only"
NO_NAME = "must have a name that resolves"
NOT_HTTPS = "must be an https URL"
NO_HOST = "must be a valid https URL with a host"
USER = "must not hold a user name or password"
BAD_CHARACTER = "must not hold spaces, backslashes or control characters"
BAD_NAME = "must name a host by letters, digits, hyphens and single dots"
BAD_IDN = "must name a host that is a valid international name"
BAD_4 = "must write an IPv4 address as four decimal numbers without leading zeros"
BAD_6 = "must hold a valid IPv6 address between its brackets"
ZONE = "must not hold a zone in its IPv6 address"
PORT = "must use one of the ports 443, 8443"
TOO_LONG = "must have at most 2048 characters"
RUNTIME = "must not use port"


def kept_for(purpose: str) -> str:
    return f"must be public; this IP address is kept for {purpose}"


@dataclass(frozen=True)
class Row:
    """`answers`: what the resolver says, call by call; `called`: the address and port, where allowed."""

    name: str
    url: str
    answers: Sequence[Sequence[str]] = ()
    called: tuple[str, int] | None = None
    host: str = "hooks.example.com"
    refused: str = ""


def allowed(name: str, url: str, *answer: str, to: str = PUBLIC, port: int = 443, host: str = "") -> Row:
    return Row(name, url, [answer or (PUBLIC,)], (to, port), host or "hooks.example.com")


def refused(name: str, url: str, reason: str) -> Row:
    """By the URL alone: nobody asks the resolver."""
    return Row(name, url, [[PUBLIC]], refused=reason)


def leads_to(name: str, *answer: str, reason: str = NOT_PUBLIC) -> Row:
    """A name like any other, refused by what it resolves to."""
    return Row(name, "https://hooks.example.com/in", [answer], refused=reason)


URL = "https://hooks.example.com/in"
ALLOWED = [
    allowed("a name", URL),
    allowed("a name with two public addresses", URL, PUBLIC, OTHER),
    allowed("a name with IPv6", URL, PUBLIC_6, to=PUBLIC_6),
    allowed("a name with IPv4 and IPv6", URL, PUBLIC, PUBLIC_6),
    allowed("port 443, written", "https://hooks.example.com:443/in"),
    allowed("port 443 with a zero", "https://hooks.example.com:0443/in"),
    allowed("port 8443", "https://hooks.example.com:8443/in", port=8443),
    allowed("a colon without a port", "https://hooks.example.com:/in"),
    allowed("capitals", "HTTPS://Hooks.EXAMPLE.com/in"),
    allowed("a last dot", "https://hooks.example.com./in"),
    allowed("no path", "https://hooks.example.com"),
    allowed("a query without a path", "https://hooks.example.com?key=1"),
    allowed("an at sign in the path", "https://hooks.example.com/@10.0.0.1/"),
    allowed("an at sign in the query", "https://hooks.example.com?@10.0.0.1/"),
    allowed("a fragment that looks like a host", "https://hooks.example.com#@10.0.0.1/"),
    allowed("a path that begins with two slashes", "https://hooks.example.com//10.0.0.1/"),
    allowed("a number that is not last", "https://127.0.0.1.example.com/", host="127.0.0.1.example.com"),
    allowed("an international name", "https://bücher.example/", host="xn--bcher-kva.example"),
    allowed("a name in punycode", "https://xn--bcher-kva.example/", host="xn--bcher-kva.example"),
    allowed(
        "an international name, decomposed", "https://bu\u0308cher.example/", host="xn--bcher-kva.example"
    ),
    allowed("an international name in capitals", "https://BÜCHER.example/", host="xn--bcher-kva.example"),
    allowed("ideographic full stops", "https://hooks。example。com/in"),
    allowed("a public address", f"https://{PUBLIC}/in", host=PUBLIC),
    allowed("a public address with a last dot", f"https://{PUBLIC}./in", host=PUBLIC),
    allowed("a public IPv6 address", f"https://[{PUBLIC_6}]/in", PUBLIC_6, to=PUBLIC_6, host=PUBLIC_6),
    allowed("public, just before private use", URL, "9.255.255.255", to="9.255.255.255"),
    allowed("public, just behind CGNAT", URL, "100.128.0.0", to="100.128.0.0"),
    allowed("public, just behind private use", URL, "172.32.0.0", to="172.32.0.0"),
]

RESOLVED = [
    leads_to("to private use 10/8", "10.0.0.1"),
    leads_to("to private use 172.16/12", "172.31.255.255"),
    leads_to("to private use 192.168/16", "192.168.1.1"),
    leads_to("to loopback", "127.0.0.1"),
    leads_to("to loopback, another", "127.255.255.254"),
    leads_to("to loopback, IPv6", "::1"),
    leads_to("to link-local", "169.254.0.1"),
    leads_to("to the metadata service", "169.254.169.254"),
    leads_to("to the credentials of containers", "169.254.170.2"),
    leads_to("to the metadata service, IPv6", "fd00:ec2::254"),
    leads_to("to link-local, IPv6", "fe80::1"),
    leads_to("to link-local, IPv6, with a zone", "fe80::1%eth0"),
    leads_to("to CGNAT", "100.64.0.1"),
    leads_to("to this network", "0.0.0.0"),  # noqa: S104 -- to refuse, not to bind
    leads_to("to nowhere, IPv6", "::"),
    leads_to("to multicast", "224.0.0.251"),
    leads_to("to multicast, IPv6", "ff02::fb"),
    leads_to("to reserve", "240.0.0.1"),
    leads_to("to broadcast", "255.255.255.255"),
    leads_to("to the IETF's protocols", "192.0.0.170"),
    leads_to("to anycast of port control", "192.0.0.9"),
    leads_to("to benchmarking", "198.18.0.1"),
    leads_to("to documentation 192.0.2/24", "192.0.2.1"),
    leads_to("to documentation 198.51.100/24", "198.51.100.7"),
    leads_to("to documentation 203.0.113/24", "203.0.113.7"),
    leads_to("to documentation, IPv6", "2001:db8::1"),
    leads_to("to documentation, IPv6, 3fff", "3fff::1"),
    leads_to("to 6to4's relays", "192.88.99.1"),
    leads_to("to 6to4 of a private address", "2002:a00:1::1"),
    leads_to("to 6to4 of a public address", "2002:5db8:d70e::1"),
    leads_to("to NAT64 of a private address", "64:ff9b::a00:1"),
    leads_to("to NAT64 of a public address", "64:ff9b::5db8:d70e"),
    leads_to("to NAT64 for local use", "64:ff9b:1::a00:1"),
    leads_to("to Teredo", "2001:0:5ef5:79fb::1"),
    leads_to("to ISATAP", "2606:4700::5efe:a00:1"),
    leads_to("to a mapped private address", "::ffff:10.0.0.1"),
    leads_to("to a mapped public address", f"::ffff:{PUBLIC}"),
    leads_to("to a compatible address", "::a00:1"),
    leads_to("to unique-local", "fc00::1"),
    leads_to("to site-local", "fec0::1"),
    leads_to("to AS112", "192.175.48.6"),
    leads_to("to AS112, IPv6", "2620:4f:8000::6"),
    leads_to("to discarding", "100::1"),
    leads_to("to segment routing", "5f00::1"),
    leads_to("to what nobody was given", "4000::1"),
    leads_to("to public, then private", PUBLIC, "10.0.0.1"),
    leads_to("to private, then public", "10.0.0.1", PUBLIC),
    leads_to("to public IPv4 and private IPv6", PUBLIC, "fd00::1"),
    leads_to("to sixty-four public and one private", *(f"93.184.215.{n}" for n in range(63)), "10.0.0.1"),
    leads_to(
        "to more than sixty-four",
        *(f"93.184.215.{n}" for n in range(65)),
        reason="must have a name with at most 64 addresses",
    ),
    leads_to("to what is no address", "nonsense", reason=NO_NAME),
    leads_to("to nothing", reason=NO_NAME),
    Row("a name that does not exist", "https://gone.example.com/", [], refused=NO_NAME),
    Row("localhost", "https://localhost/", [["127.0.0.1", "::1"]], refused=NOT_PUBLIC),
    Row("a name below localhost", "https://a.localhost/", [["127.0.0.1"]], refused=NOT_PUBLIC),
    Row("a name of a VPC", "https://ip-10-0-0-1.ec2.internal/", [["10.0.0.1"]], refused=NOT_PUBLIC),
    Row("a VPC endpoint", "https://vpce-1.sqs.eu-west-1.vpce.example/", [["10.0.3.7"]], refused=NOT_PUBLIC),
    Row("a name of a local network", "https://printer.local/", [["192.168.1.9"]], refused=NOT_PUBLIC),
    Row("a name without dots", "https://metadata/", [["169.254.169.254"]], refused=NOT_PUBLIC),
    Row("an international name, private", "https://bücher.example/", [["10.0.0.1"]], refused=NOT_PUBLIC),
    Row("a last dot, private", "https://hooks.example.com./", [["10.0.0.1"]], refused=NOT_PUBLIC),
]

CHANGING = [
    Row(
        "a name that turns private between check and connection",
        URL,
        [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]],
        called=(PUBLIC, 443),
    ),
    Row(
        "a name that turns to the metadata service",
        URL,
        [[PUBLIC, OTHER], ["169.254.169.254"]],
        called=(PUBLIC, 443),
    ),
    Row("a name that turns public too late", URL, [["10.0.0.1"], [PUBLIC]], refused=NOT_PUBLIC),
]

LITERAL = [
    refused("loopback, written", "https://127.0.0.1/", kept_for("loopback")),
    refused("loopback with a last dot", "https://127.0.0.1./", kept_for("loopback")),
    refused("private use, written", "https://10.0.0.1/", kept_for("private use")),
    refused("CGNAT, written", "https://100.64.0.1/", kept_for("carrier-grade NAT")),
    refused("metadata service, written", "https://169.254.169.254/latest/", kept_for("link-local use")),
    refused("this network, written", "https://0.0.0.0/", kept_for("this network")),
    refused("broadcast, written", "https://255.255.255.255/", kept_for("reserve")),
    refused("multicast, written", "https://224.0.0.1/", kept_for("multicast")),
    refused("documentation, written", "https://192.0.2.1/", kept_for("documentation")),
    refused("loopback with ideographic stops", "https://127。0。0。1/", kept_for("loopback")),
    refused("IPv6 loopback, written", "https://[::1]/", kept_for("loopback")),
    refused("IPv6 loopback in full", "https://[0:0:0:0:0:0:0:1]/", kept_for("loopback")),
    refused("IPv6 nowhere, written", "https://[::]/", kept_for("this network")),
    refused("IPv6 metadata service, written", "https://[fd00:ec2::254]/", kept_for("unique-local use")),
    refused("IPv6 link-local, written", "https://[fe80::1]/", kept_for("link-local use")),
    refused("mapped, written", "https://[::ffff:127.0.0.1]/", kept_for("IPv4-mapped addresses")),
    refused("mapped in hexadecimal", "https://[::ffff:7f00:1]/", kept_for("IPv4-mapped addresses")),
    refused("mapped public, written", f"https://[::ffff:{PUBLIC}]/", kept_for("IPv4-mapped addresses")),
    refused("6to4, written", "https://[2002:7f00:1::]/", kept_for("6to4")),
    refused("NAT64, written", "https://[64:ff9b::10.0.0.1]/", kept_for("NAT64")),
    refused("decimal loopback", "https://2130706433/", BAD_4),
    refused("decimal metadata service", "https://2852039166/", BAD_4),
    refused("hexadecimal", "https://0x7f000001/", BAD_4),
    refused("hexadecimal, capital", "https://0X7F000001/", BAD_4),
    refused("hexadecimal parts", "https://0x7f.0x0.0x0.0x1/", BAD_4),
    refused("hexadecimal and short", "https://0x7f.1/", BAD_4),
    refused("octal", "https://017700000001/", BAD_4),
    refused("octal parts", "https://0177.0.0.1/", BAD_4),
    refused("octal last part", "https://127.0.0.01/", BAD_4),
    refused("short", "https://127.1/", BAD_4),
    refused("three parts", "https://127.0.1/", BAD_4),
    refused("five parts", "https://127.0.0.1.1/", BAD_4),
    refused("zero", "https://0/", BAD_4),
    refused("a part over 255", "https://256.1.1.1/", BAD_4),
    refused("a public address in decimal", f"https://{int(ipaddress.IPv4Address(PUBLIC))}/", BAD_4),
    refused("a name that ends in a number", "https://hooks.example.1/", BAD_4),
    refused("fullwidth digits", "https://１２７.0.0.1/", BAD_IDN),
    refused("circled digits", "https://①②⑦.0.0.1/", BAD_IDN),
    refused("Arabic digits", "https://١٢٧.0.0.1/", BAD_IDN),
]

SYNTAX = [
    refused("http", "http://hooks.example.com/", NOT_HTTPS),
    refused("http to loopback", "http://127.0.0.1/", NOT_HTTPS),
    refused("http at port 443", "http://hooks.example.com:443/", NOT_HTTPS),
    refused("ftp", "ftp://hooks.example.com/", NOT_HTTPS),
    refused("file", "file://hooks.example.com/etc/passwd", NOT_HTTPS),
    refused("file without a host", "file:///etc/passwd", NO_HOST),
    refused("gopher", "gopher://hooks.example.com:6379/_FLUSHALL", NOT_HTTPS),
    refused("javascript", "javascript:alert(1)", NO_HOST),
    refused("no scheme", "hooks.example.com/in", NO_HOST),
    refused("no scheme but slashes", "//hooks.example.com/in", NO_HOST),
    refused("nothing", "", NO_HOST),
    refused("no host", "https:///in", NO_HOST),
    refused("no host but a port", "https://:443/in", NO_HOST),
    refused("one slash", "https:/hooks.example.com/in", NO_HOST),
    refused("no slash", "https:hooks.example.com/in", NO_HOST),
    refused("a dot alone", "https://./", NO_HOST),
    refused("two last dots", "https://hooks.example.com../", BAD_NAME),
    refused("a dot first", "https://.example.com/", BAD_NAME),
    refused("two dots", "https://hooks..example.com/", BAD_NAME),
    refused("a user", "https://hooks.example.com@10.0.0.1/", USER),
    refused("a user and a password", "https://user:pw@hooks.example.com/", USER),
    refused("an empty user", "https://@hooks.example.com/", USER),
    refused("a host and port for a user", "https://hooks.example.com:443@10.0.0.1/", USER),
    refused("two at signs", "https://a@b@hooks.example.com/", USER),
    refused("a backslash before an at sign", "https://10.0.0.1\\@hooks.example.com/", BAD_CHARACTER),
    refused("backslashes for slashes", "https:\\\\hooks.example.com/", BAD_CHARACTER),
    refused("a backslash in the path", "https://hooks.example.com/\\in", BAD_CHARACTER),
    refused("a space in the host", "https://hooks example.com/", BAD_CHARACTER),
    refused("a space first", " https://hooks.example.com/", BAD_CHARACTER),
    refused("a tab in the host", "https://hooks\t.example.com/", BAD_CHARACTER),
    refused("a new line", "https://hooks.example.com/\r\nX-Evil: 1", BAD_CHARACTER),
    refused("a NUL", "https://hooks.example.com\x00.evil.example/", BAD_CHARACTER),
    refused("a non-breaking space", "https://hooks.example.com\u00a0/", BAD_CHARACTER),
    refused("a zero-width space", "https://hooks.exam\u200bple.com/", BAD_CHARACTER),
    refused("a soft hyphen", "https://hooks.exam\u00adple.com/", BAD_CHARACTER),
    refused("%00 in the host", "https://hooks.example.com%00.evil.example/", BAD_NAME),
    refused("percent signs in the host", "https://%31%30.0.0.1/", BAD_NAME),
    refused("an underscore", "https://web_hooks.example.com/", BAD_NAME),
    refused("a hyphen first", "https://-hooks.example.com/", BAD_NAME),
    refused("a semicolon", "https://hooks.example.com;10.0.0.1/", BAD_NAME),
    refused("a label of 64", f"https://{'x' * 64}.example.com/", BAD_NAME),
    refused("a name of 254", f"https://{'x.' * 126}xx/", BAD_NAME),
    refused("a slash that is none", "https://hooks.example.com／@10.0.0.1/", USER),
    refused("an account sign that is none", "https://hooks.example.com℀.evil.example/", BAD_IDN),
    refused("a heart", "https://♥.example/", BAD_IDN),
    refused("a zone", "https://[fe80::1%25eth0]/", ZONE),
    refused("a zone, bare", "https://[fe80::1%eth0]/", ZONE),
    refused("an address of the future", "https://[v1.fe80::a]/", BAD_6),
    refused("a name in brackets", "https://[hooks.example.com]/", BAD_6),
    refused("an open bracket", "https://[::1/", NO_HOST),
    refused("IPv6 without brackets", "https://2606:4700::1111/", NO_HOST),
    refused("more than 2048 characters", f"https://hooks.example.com/{'x' * 2048}", TOO_LONG),
    refused("port 80", "https://hooks.example.com:80/", PORT),
    refused("port 22", "https://hooks.example.com:22/", PORT),
    refused("port 0", "https://hooks.example.com:0/", PORT),
    refused("port 65979, which is 443 more than there are", "https://hooks.example.com:65979/", PORT),
    refused("a port of six digits", "https://hooks.example.com:000443/", NO_HOST),
    refused("a port below zero", "https://hooks.example.com:-443/", NO_HOST),
    refused("a port in words", "https://hooks.example.com:https/", NO_HOST),
    refused("a port in Arabic digits", "https://hooks.example.com:٤٤٣/", NO_HOST),
    refused("two ports", "https://hooks.example.com:443:22/", NO_HOST),
    refused("the runtime's port", "https://hooks.example.com:9001/", RUNTIME),
    refused("the tracing daemon's port", "https://hooks.example.com:2000/", RUNTIME),
]  # fmt: skip

TABLE = [*ALLOWED, *RESOLVED, *CHANGING, *LITERAL, *SYNTAX]
