"""A webhook's URL is taken apart once, and what comes out is what every other parser would connect to."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest
from claimcheck.webhooks.addresses import is_public
from claimcheck.webhooks.endpoint import (
    PUBLIC_HTTPS,
    Endpoint,
    RefusedAddressError,
    Rules,
    parse,
    runtime_ports,
)
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.webhooks.guard_table import ALLOWED, LITERAL, SYNTAX, Row

LOCAL = Rules(allow_loopback=True)

HOSTS = st.text(alphabet="aA0.1x-_:@[]%\\/?#é。１ \t\u00ad℀", max_size=14) | st.sampled_from(
    ["hooks.example.com", "127.0.0.1", "[::1]", "bücher.example", "93.184.215.14", "2130706433"]
)
URLS = st.one_of(
    st.text(max_size=60),
    st.text(max_size=40).map("https://".__add__),
    st.builds("{}://{}{}{}".format, st.sampled_from(["https", "HTTPS", "http"]), HOSTS, HOSTS, HOSTS),
    st.builds("https://{}@{}:{}/{}".format, HOSTS, HOSTS, st.integers(-1, 70_000), HOSTS),
)


def refusal(url: str, rules: Rules = PUBLIC_HTTPS) -> str:
    with pytest.raises(RefusedAddressError) as caught:
        parse(url, rules)
    return str(caught.value)


def test_a_url_in_parts() -> None:
    """Scheme, host, port, and path with query; the fragment is for nobody."""
    assert parse("HTTPS://Hooks.Example.com.:8443/in/x?a=1&b#top") == Endpoint(
        "https", "hooks.example.com", 8443, "/in/x?a=1&b", on_this_machine=False
    )


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", "/"),
        ("https://example.com?a", "/?a"),
        ("https://example.com/?", "/?"),
        ("https://example.com//x", "//x"),
        ("https://example.com/a?b#c", "/a?b"),
        ("https://example.com/é?ü", "/é?ü"),
    ],
)
def test_what_is_asked_of_the_host(url: str, target: str) -> None:
    """Path and query stay as they are; an empty path is the root."""
    assert parse(url).target == target


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("https://example.com/", "example.com"),
        ("https://example.com:443/", "example.com"),
        ("https://example.com:8443/", "example.com:8443"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]"),
        ("https://[2606:4700::1111]:8443/", "[2606:4700::1111]:8443"),
    ],
)
def test_the_host_header(url: str, header: str) -> None:
    """`Host` has brackets for IPv6, and a port that is not https's own."""
    assert parse(url).host_header == header


@given(URLS)
@example("https://good.example@evil.example/")
@example("https://evil.example\\@good.example/")
@example("https://good.example:443@evil.example/")
@example("https://evil.example#@good.example/")
@example("https://evil.example／@good.example/")
def test_whatever_is_taken_is_read_the_same_by_others(url: str) -> None:
    """Any text is refused or taken, and what is taken leads httpx and urllib to the same host and port."""
    try:
        endpoint = parse(url)
    except RefusedAddressError:
        return
    theirs, standard = httpx.URL(url), urlsplit(url)
    assert endpoint.scheme == theirs.scheme == standard.scheme == "https"
    assert (theirs.port or 443) == (standard.port or 443) == endpoint.port
    assert theirs.userinfo == b""
    if "xn--" not in endpoint.host and theirs.raw_host.isascii() and url.isascii():
        assert theirs.host.removesuffix(".") == endpoint.host
        assert (standard.hostname or "").removesuffix(".") == endpoint.host


@given(URLS)
def test_whatever_is_taken_is_plain(url: str) -> None:
    """A host that is taken is ASCII, without anything that a resolver or a certificate reads otherwise."""
    try:
        endpoint = parse(url)
    except RefusedAddressError:
        return
    assert endpoint.host
    assert endpoint.host.isascii()
    assert set(endpoint.host) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.:")
    assert endpoint.port in PUBLIC_HTTPS.ports
    assert endpoint.target.startswith("/")
    if not endpoint.host.rpartition(".")[2].isalnum() or ":" in endpoint.host:
        return
    if endpoint.host.replace(".", "").isdigit():
        assert is_public(endpoint.host)


@pytest.mark.parametrize("row", ALLOWED, ids=lambda row: row.name)
def test_a_url_made_of_the_parts_is_the_same(row: Row) -> None:
    """Taking apart what was put together again changes nothing: the form is canonical."""
    once = parse(row.url)
    assert parse(f"{once.scheme}://{once.host_header}{once.target}") == once


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3000/hook",
        "http://LOCALHOST./hook",
        "https://localhost/",
        "http://hooks.localhost:1/",
        "http://127.0.0.1:65535/",
        "http://127.9.9.9/",
        "http://[::1]:8080/",
    ],
)
def test_this_machine_by_its_names(url: str) -> None:
    """Where it is allowed, this machine may be called over http and at any port; elsewhere it is refused."""
    assert parse(url, LOCAL).on_this_machine
    if url.startswith("http:"):
        assert refusal(url) == "must be an https URL"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/", "must be an https URL"),
        ("http://notlocalhost:80/", "must be an https URL"),
        ("http://localhost.example.com/", "must be an https URL"),
        ("http://127.0.0.1.example.com/", "must be an https URL"),
        ("http://10.0.0.1/", "must be an https URL"),
        ("http://[::ffff:127.0.0.1]/", "must be an https URL"),
        ("ftp://localhost/", "must be an https URL"),
        ("https://example.com:8080/", "must use one of the ports 443, 8443"),
        ("https://10.0.0.1/", "must be public; this IP address is kept for private use"),
        ("https://[::ffff:127.0.0.1]/", "must be public; this IP address is kept for IPv4-mapped addresses"),
        ("http://2130706433/", "must write an IPv4 address"),
        ("http://localhost:0/", "must use one of the ports 1 to 65535"),
        ("http://localhost:65536/", "must use one of the ports 1 to 65535"),
        ("http://localhost:9001/", "must not use port 9001"),
        ("http://127.0.0.1:9001/2018-06-01/runtime/invocation/next", "must not use port 9001"),
        ("http://user@localhost/", "must not hold a user name"),
    ],
)
def test_leave_for_this_machine_is_leave_for_nothing_else(url: str, reason: str) -> None:
    """Every other rule stands as it did, that of the runtime's own ports first."""
    assert refusal(url, LOCAL).startswith(reason)


@pytest.mark.parametrize(
    "url", ["http://localhost:40123/", "https://localhost:40123/", "http://[::1]:40123/"]
)
def test_the_runtimes_own_port_is_closed(url: str) -> None:
    """The port at which this environment's runtime listens is refused, wherever it is."""
    rules = Rules(allow_loopback=True, closed_ports=runtime_ports("127.0.0.1:40123"))
    assert "40123, which is the runtime's own" in refusal(url, rules)
    assert parse(url.replace("40123", "40124"), rules).port == 40_124


@pytest.mark.parametrize(
    ("runtime_api", "further"),
    [
        ("", set()),
        ("127.0.0.1:9001", set()),
        ("127.0.0.1:5000", {5000}),
        ("[::1]:5000", {5000}),
        ("host", set()),
    ],
)
def test_where_the_runtime_listens(runtime_api: str, further: set[int]) -> None:
    """9001 and 2000 always, and the port of AWS_LAMBDA_RUNTIME_API."""
    assert runtime_ports(runtime_api) == {2000, 9001} | further


def test_ports_are_those_of_the_rules() -> None:
    """What a deployment allows may be called, and nothing else; a runtime's port not even then."""
    rules = Rules(ports=frozenset({444, 9001}))
    assert parse("https://example.com:444/", rules).port == 444
    assert refusal("https://example.com/", rules) == "must use one of the ports 444, 9001"
    assert refusal("https://example.com:9001/", rules).startswith("must not use port 9001")


@pytest.mark.parametrize("row", [*LITERAL, *SYNTAX], ids=lambda row: row.name)
def test_no_reason_repeats_what_was_sent(row: Row) -> None:
    """A reason names rules, not the URL: it may hold a secret."""
    reason = refusal(f"{row.url}?canary")
    assert "canary" not in reason
    assert "example" not in reason
