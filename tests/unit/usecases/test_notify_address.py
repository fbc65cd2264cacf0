"""A webhook goes to the address that was checked, and says the name that the customer gave."""

from __future__ import annotations

import pytest

from tests.unit.usecases.posting import NAMES, PUBLIC, Receiver, message
from tests.unit.webhooks.name_table import NameTable


def test_the_checked_address_is_called() -> None:
    """The request goes to the address itself; Host, SNI and certificate check keep the name."""
    receiver = Receiver()
    receiver.post(message("https://example.com/hook?a=1"))
    [request] = receiver.asked
    assert str(request.url) == f"https://{PUBLIC}/hook?a=1"
    assert request.headers["host"] == "example.com"
    assert request.extensions["sni_hostname"] == "example.com"


def test_another_port_stands_in_the_host_header() -> None:
    """A port that is not https's own is called and said."""
    receiver = Receiver()
    receiver.post(message("https://example.com:8443/hook"))
    [request] = receiver.asked
    assert (request.url.port, request.headers["host"]) == (8443, "example.com:8443")


def test_an_ipv6_address_is_called() -> None:
    """A name with an IPv6 address only is called there."""
    receiver = Receiver()
    receiver.post(message("https://six.example.com/"))
    assert receiver.asked[0].url.host == NAMES["six.example.com"][0]


@pytest.mark.parametrize(
    ("host", "name"),
    [("bücher.example", "xn--bcher-kva.example"), ("straße.example", "xn--strae-oqa.example")],
)
def test_an_international_name_is_one_name(host: str, name: str) -> None:
    """The name that is looked up, the name in TLS and the name in Host are the same one (IDNA 2008)."""
    receiver, names = Receiver(), NameTable({name: [PUBLIC]})
    receiver.post(message(f"https://{host}/"), resolver=names)
    [request] = receiver.asked
    assert names.asked == [(name, 443)]
    assert (request.extensions["sni_hostname"], request.headers["host"]) == (name, name)


def test_the_bytes_that_were_signed_are_posted() -> None:
    """Body and signed headers arrive as they were planned, by POST."""
    receiver = Receiver()
    planned = message()
    receiver.post(planned)
    [request] = receiver.asked
    assert request.method == "POST"
    assert request.content == planned["body"].encode()
    assert planned["headers"].items() <= dict(request.headers).items()
    assert request.headers["user-agent"].startswith("Claimcheck")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://inner.example.com/", "public addresses only"),
        ("https://both.example.com/", "public addresses only"),
        ("https://localhost/", "public addresses only"),
        ("https://unknown.example.com/", "a name that resolves"),
        ("http://example.com/", "https URL"),
        ("https://example.com:22/", "ports"),
        ("https://example.com:99999/", "ports"),
        ("https://[::1/", "https URL"),
        ("https://exa mple.com/", "spaces"),
    ],
)
def test_a_refused_address_is_not_called(url: str, reason: str) -> None:
    """What the guard refuses is recorded with its reason, and no request is sent."""
    receiver = Receiver()
    outcome = receiver.post(message(url))
    assert outcome["error"].startswith("refused: ")
    assert reason in outcome["error"]
    assert (outcome["status_code"], outcome["stale"], receiver.asked) == (None, False, [])


def test_loopback_is_called_by_setting() -> None:
    """With the setting, a webhook may go to this machine over http, at any port."""
    receiver = Receiver()
    outcome = receiver.post(message("http://localhost:8080/hook"), allow_loopback=True)
    assert outcome["status_code"] == 204
    assert str(receiver.asked[0].url) == "http://127.0.0.1:8080/hook"


def test_the_setting_opens_nothing_else() -> None:
    """With the setting, an inner address that is not loopback stays closed."""
    receiver = Receiver()
    outcome = receiver.post(message("https://inner.example.com/"), allow_loopback=True)
    assert "public addresses only" in outcome["error"]
    assert receiver.asked == []
