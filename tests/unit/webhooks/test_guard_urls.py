"""A webhook's URL is taken apart, its name resolved once, and every address of it judged."""

from __future__ import annotations

import asyncio

import pytest
from claimcheck.webhooks.guard import RefusedAddressError, Target, check
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.webhooks.name_table import PUBLIC, PUBLIC_6, NameTable, always


def checked(url: str, names: NameTable | None = None, *, allow_loopback: bool = False) -> Target:
    """What the guard lets through; with the system's resolver where no names are given."""
    if names is None:
        return asyncio.run(check(url, allow_loopback=allow_loopback))
    return asyncio.run(check(url, allow_loopback=allow_loopback, resolver=names))


def refusal(url: str, names: NameTable | None = None, *, allow_loopback: bool = False) -> str:
    """Why the guard refuses."""
    with pytest.raises(RefusedAddressError) as caught:
        checked(url, names, allow_loopback=allow_loopback)
    return str(caught.value)


def test_a_public_name_is_called_at_its_address() -> None:
    """The target is the address that was judged, beside the name to speak to."""
    names = NameTable({"example.com": [PUBLIC, PUBLIC_6]})
    assert checked("https://example.com/hook?a=1", names) == Target("https", "example.com", PUBLIC, 443)


def test_a_name_is_resolved_once() -> None:
    """One look-up, so that the address judged is the address called (no rebinding)."""
    names = NameTable({"example.com": [PUBLIC]})
    checked("https://example.com:8443/hook", names)
    assert names.asked == [("example.com", 8443)]


@pytest.mark.parametrize(
    "inner", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "100.64.0.1"]
)
@pytest.mark.parametrize("place", [0, 1])
def test_one_private_address_is_enough(inner: str, place: int) -> None:
    """A name with a public and a private address is refused, whichever comes first."""
    addresses = [PUBLIC]
    addresses.insert(place, inner)
    assert "not public" in refusal("https://example.com/", NameTable({"example.com": addresses}))


@pytest.mark.parametrize("answer", [NameTable({}), always()])
def test_a_name_without_an_address_is_refused(answer: NameTable) -> None:
    """A name that does not resolve, or resolves to nothing, is refused and not an error."""
    assert refusal("https://example.com/", answer) == "the name does not resolve"


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("127.0.0.1", id="dotted"),
        pytest.param("2130706433", id="decimal"),
        pytest.param("0x7f000001", id="hexadecimal"),
        pytest.param("0x7f.0x0.0x0.0x1", id="hexadecimal parts"),
        pytest.param("017700000001", id="octal"),
        pytest.param("0177.0.0.01", id="octal parts"),
        pytest.param("127.1", id="short"),
        pytest.param("127.0.1", id="three parts"),
        pytest.param("127.0.0.1.", id="trailing dot"),
        pytest.param("１２７.0.0.1", id="fullwidth digits"),
        pytest.param("127。0。0。1", id="ideographic full stops"),
        pytest.param("0", id="zero"),
        pytest.param("0.0.0.0", id="unspecified"),  # noqa: S104 -- to refuse, not to bind
        pytest.param("167772161", id="decimal 10.0.0.1"),
        pytest.param("0xa9fea9fe", id="hexadecimal metadata service"),
        pytest.param("[::1]", id="IPv6 loopback"),
        pytest.param("[::]", id="IPv6 unspecified"),
        pytest.param("[0:0:0:0:0:0:0:1]", id="IPv6 loopback in full"),
        pytest.param("[::ffff:127.0.0.1]", id="IPv4-mapped"),
        pytest.param("[::ffff:7f00:1]", id="IPv4-mapped in hexadecimal"),
        pytest.param("[64:ff9b::10.0.0.1]", id="NAT64"),
        pytest.param("[fd00:ec2::254]", id="unique-local metadata service"),
    ],
)
def test_no_spelling_of_an_inner_address_passes(host: str) -> None:
    """However an inner address is written, the system's resolver reads it and the guard refuses it."""
    assert refusal(f"https://{host}/") in {
        "the name leads to an address that is not public",
        "the name does not resolve",
    }


@pytest.mark.parametrize("host", ["example.com.", "EXAMPLE.com", "user:pw@example.com", "example.com.:443"])
def test_a_name_is_judged_in_its_plain_form(host: str) -> None:
    """Case, a trailing dot and a user name do not change which name is asked for."""
    names = NameTable({"example.com": [PUBLIC]})
    assert checked(f"https://{host}/", names).host == "example.com"


def test_an_international_name_is_resolved() -> None:
    """A name outside of ASCII is asked for and judged like any other."""
    target = checked("https://bücher.example/", NameTable({"bücher.example": [PUBLIC]}))
    assert target.ip == PUBLIC
    assert "not public" in refusal("https://bücher.example/", NameTable({"bücher.example": ["10.0.0.1"]}))


@pytest.mark.parametrize("host", ["a..example", f"{'ü' * 70}.example", f"{'x' * 64}.example"])
def test_a_name_that_cannot_be_a_name_is_refused(host: str) -> None:
    """A name that no resolver can encode is refused and not an error."""
    assert refusal(f"https://{host}/") == "the name does not resolve"


@pytest.mark.parametrize(
    "url", ["https:///hook", "https://", "//example.com/", "example.com", "", "https://./"]
)
def test_a_url_without_scheme_or_host_is_refused(url: str) -> None:
    """What names no host over https is refused before any look-up."""
    names = always(PUBLIC)
    assert refusal(url, names) == "the address is no https URL"
    assert not names.asked


@pytest.mark.parametrize("scheme", ["http", "ftp", "file", "gopher", "ws", "javascript"])
def test_only_https_is_spoken(scheme: str) -> None:
    """A public name is refused over anything but https."""
    assert refusal(f"{scheme}://example.com/", always(PUBLIC)) == "the address is no https URL"


@pytest.mark.parametrize("port", [443, 8443])
def test_the_two_ports_of_https_are_called(port: int) -> None:
    """443 and 8443 may be called."""
    assert checked(f"https://example.com:{port}/", always(PUBLIC)).port == port


@given(st.integers(0, 65_535).filter(lambda port: port not in {443, 8443}))
def test_no_other_port_is_called(port: int) -> None:
    """Every other port is refused: a webhook is no way to reach a mail server or a database."""
    assert "443 and 8443" in refusal(f"https://example.com:{port}/", always(PUBLIC))


@pytest.mark.parametrize("url", ["https://example.com:99999/", "https://example.com:x/", "https://[::1/"])
def test_a_url_that_does_not_parse_is_refused(url: str) -> None:
    """A malformed port or bracket is refused like any other address, before any look-up."""
    names = always(PUBLIC)
    assert refusal(url, names) == "the address is no https URL"
    assert not names.asked


def test_a_resolver_that_does_not_answer_is_no_refusal() -> None:
    """A look-up that took too long says nothing of the address: it is a timeout, not a name without one."""

    async def silent(_host: str, _port: int) -> list[str]:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        asyncio.run(check("https://example.com/", allow_loopback=False, resolver=silent))


@pytest.mark.parametrize("url", ["http://localhost:9/", "https://localhost/", "http://localhost:65535/hook"])
def test_loopback_passes_where_the_setting_allows(url: str) -> None:
    """With the setting, this machine may be called over http and at any port."""
    assert checked(url, NameTable({"localhost": ["127.0.0.1"]}), allow_loopback=True).ip == "127.0.0.1"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_loopback_is_refused_without_the_setting(address: str) -> None:
    """Without the setting, this machine may not be called."""
    assert "not public" in refusal("https://localhost/", NameTable({"localhost": [address]}))


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("http://example.com/", [PUBLIC]),
        ("https://example.com:8080/", [PUBLIC]),
        ("https://example.com/", ["10.0.0.1"]),
        ("https://example.com/", ["169.254.169.254"]),
        ("https://example.com/", ["0.0.0.0"]),  # noqa: S104 -- an address to refuse, not to bind
        ("https://example.com/", ["127.0.0.1", "10.0.0.1"]),
        ("http://example.com/", ["127.0.0.1", PUBLIC]),
    ],
)
def test_the_setting_opens_loopback_only(url: str, addresses: list[str]) -> None:
    """With the setting, every other rule stands as it did."""
    assert refusal(url, NameTable({"example.com": addresses}), allow_loopback=True)


def test_the_reason_does_not_repeat_an_inner_address() -> None:
    """A refusal does not tell the customer which inner address their name led to."""
    assert "10.9.8.7" not in refusal("https://example.com/", NameTable({"example.com": ["10.9.8.7"]}))
