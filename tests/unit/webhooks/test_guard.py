"""A webhook's name is resolved once, and every address of it judged."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from claimcheck.webhooks.endpoint import PUBLIC_HTTPS, RefusedAddressError, Rules, parse
from claimcheck.webhooks.guard import MAX_ADDRESSES, Target, check
from claimcheck.webhooks.lookup import Lookup
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.webhooks.name_table import PUBLIC, PUBLIC_6, NameTable, always

LOCAL = Rules(allow_loopback=True)


def checked(url: str, names: NameTable, rules: Rules = PUBLIC_HTTPS) -> Target:
    """What the guard lets through."""
    return asyncio.run(check(url, rules, resolver=names))


def refusal(url: str, names: NameTable, rules: Rules = PUBLIC_HTTPS) -> str:
    """Why the guard refuses."""
    with pytest.raises(RefusedAddressError) as caught:
        checked(url, names, rules)
    return str(caught.value)


def test_a_public_name_is_called_at_its_addresses() -> None:
    """The target has the addresses that were judged, in the resolver's order, beside the name to speak to."""
    url = "https://example.com/hook?a=1"
    names = NameTable({"example.com": [PUBLIC, PUBLIC_6, PUBLIC]})
    assert checked(url, names) == Target(parse(url), (PUBLIC, PUBLIC_6))


@pytest.mark.parametrize(
    ("ip", "url"),
    [(PUBLIC, f"https://{PUBLIC}:8443/hook?a"), (PUBLIC_6, f"https://[{PUBLIC_6}]:8443/hook?a")],
)
def test_the_url_that_is_connected_to_holds_the_address(ip: str, url: str) -> None:
    """What the HTTP client gets has the address in the name's place: there is nothing left to look up."""
    assert checked("https://example.com:8443/hook?a#b", always(PUBLIC, PUBLIC_6)).url(ip) == url


@given(
    rest=st.text(max_size=60)
    | st.builds("{}{}".format, st.sampled_from(["/", "//", "?", "/..//", "/@", ":443/"]), st.text())
)
@example("/@10.0.0.1:22/")
@example("//10.0.0.1/../..//evil.example")
@example("/%zz?%")
@example("/:x")
def test_nothing_behind_the_host_leads_elsewhere(rest: str) -> None:
    """Whatever path and query are taken, httpx reads the checked address, its port and no user in the URL."""
    try:
        target = checked(f"https://hooks.example.com{rest}", always(PUBLIC_6))
    except RefusedAddressError:
        return
    for ip in (PUBLIC, PUBLIC_6):
        url = httpx.URL(target.url(ip))
        assert (url.scheme, url.host, url.port or 443, url.userinfo) == (
            "https",
            ip,
            target.endpoint.port,
            b"",
        )


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
    reason = refusal("https://example.com/", NameTable({"example.com": addresses}))
    assert reason == "must lead to public addresses only"


def test_a_name_has_so_many_addresses_at_most() -> None:
    """Sixty-four are judged; more than that are refused."""
    many = [f"93.184.{n}.1" for n in range(MAX_ADDRESSES)]
    assert len(checked("https://example.com/", always(*many)).ips) == MAX_ADDRESSES
    assert "64 addresses" in refusal("https://example.com/", always(*many, PUBLIC))


@pytest.mark.parametrize("answer", [NameTable({}), always(), always("nonsense"), always(PUBLIC, "")])
def test_a_name_without_an_address_is_refused(answer: NameTable) -> None:
    """A name that does not resolve, or to something that is no address, is refused and not an error."""
    assert refusal("https://example.com/", answer) == "must have a name that resolves"


def test_a_resolver_that_does_not_answer_is_no_refusal() -> None:
    """A look-up that took too long says nothing of the address: it is a timeout, not a name without one."""

    async def silent(_host: str, _port: int) -> list[str]:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        asyncio.run(check("https://example.com/", resolver=silent))


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "127.0.0.1"]
)
def test_the_systems_resolver_would_be_refused_as_well(host: str) -> None:
    """Each spelling of this machine that the URL's form condemns is one that the system resolves to it."""
    addresses = asyncio.run(Lookup()(host, 443))
    assert refusal("https://example.com/", always(*addresses)) == "must lead to public addresses only"
    assert refusal(f"https://{host}/", always(PUBLIC))


@pytest.mark.parametrize(
    "url", ["http://localhost:9/", "https://localhost/", "http://a.localhost:65535/hook"]
)
def test_loopback_passes_where_the_setting_allows(url: str) -> None:
    """With the setting, this machine may be called over http and at any port."""
    assert checked(url, always("127.0.0.1", "::1"), LOCAL).ips == ("127.0.0.1", "::1")


@pytest.mark.parametrize("answer", [["10.0.0.1"], [PUBLIC], ["127.0.0.1", PUBLIC], ["::ffff:127.0.0.1"]])
def test_localhost_leads_nowhere_else(answer: list[str]) -> None:
    """A resolver that says otherwise of this machine's names is not followed."""
    assert (
        refusal("http://localhost/", always(*answer), LOCAL) == "must lead to this machine, as its name says"
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("rules", [PUBLIC_HTTPS, LOCAL])
def test_another_name_does_not_lead_to_this_machine(address: str, rules: Rules) -> None:
    """With the setting or without, a name that is not this machine's own must be public."""
    assert refusal("https://example.com/", always(address), rules) == "must lead to public addresses only"


def test_the_reason_does_not_repeat_an_inner_address() -> None:
    """A refusal does not tell the customer which inner address their name led to, nor of which kind."""
    reasons = {
        refusal("https://example.com/", always(inner)) for inner in ("10.9.8.7", "127.0.0.1", "fd00::7")
    }
    assert reasons == {"must lead to public addresses only"}
