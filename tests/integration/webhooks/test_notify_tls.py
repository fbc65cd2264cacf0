"""Whom a webhook is handed to: the checked address, if it proves by its certificate to be the named host."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpcore
import pytest
from claimcheck.usecases.notify import Notify
from claimcheck.webhooks.endpoint import PUBLIC_HTTPS, Rules

from tests.integration.webhooks.raw import receiving, saying
from tests.integration.webhooks.tls import Authority, Internet, TlsReceiver, called
from tests.unit.usecases.posting import EPOCH, message
from tests.unit.webhooks.guard_table import URL
from tests.unit.webhooks.name_table import NameTable, always

if TYPE_CHECKING:
    from pathlib import Path


ONE, THREE = "93.184.215.14", "2606:2800:21f:cb07::14"
LOCAL = Rules(allow_loopback=True)
HERE = NameTable({"hooks.localhost": ["127.0.0.1"], "127.0.0.1": ["127.0.0.1"], "[::1]": ["::1"]})


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.mark.parametrize(
    "names", [("hooks.example.com",), ("*.example.com",), ("other.example.com", "hooks.example.com")]
)
def test_the_right_name_is_accepted(authority: Authority, names: tuple[str, ...]) -> None:
    """A certificate for the name lets the message through, whatever the address is."""
    outcome, receiver, net = called(authority, authority.certificate(*names))
    assert (outcome["status_code"], len(receiver.requests), net.connected) == (204, 1, [(ONE, 443)])


@pytest.mark.parametrize(
    "names",
    [
        ("example.com",),
        ("hooks.example.com.evil.example",),
        ("evil-hooks.example.com",),
        ("*.hooks.example.com",),
        ("*.com",),
        (ONE,),
    ],
)
def test_a_wrong_name_is_refused(authority: Authority, names: tuple[str, ...]) -> None:
    """A trusted certificate for anything else is refused, also one for the very address; nothing is sent."""
    outcome, receiver, _ = called(authority, authority.certificate(*names))
    assert "certificate refused: Hostname mismatch" in outcome["error"]
    assert (outcome["status_code"], receiver.requests) == (None, [])


def test_a_self_signed_certificate_is_refused(authority: Authority) -> None:
    """Nobody vouches for it; nothing is sent."""
    outcome, receiver, _ = called(authority, authority.self_signed())
    assert outcome["error"] == "certificate refused: self-signed certificate"
    assert receiver.requests == []


def test_another_authority_is_refused(authority: Authority) -> None:
    """The right name from an authority that is not trusted is refused; nothing is sent."""
    outcome, receiver, _ = called(authority, Authority().certificate("hooks.example.com"))
    assert outcome["error"].startswith("certificate refused: ")
    assert receiver.requests == []


def test_an_expired_certificate_is_refused(authority: Authority) -> None:
    """The right name, the right authority, and too late; nothing is sent."""
    over = datetime.now(UTC) - timedelta(days=1)
    certificate = authority.certificate("hooks.example.com", not_after=over)
    outcome, receiver, _ = called(authority, certificate)
    assert outcome["error"] == "certificate refused: certificate has expired"
    assert receiver.requests == []


@pytest.mark.parametrize("host", [ONE, f"[{THREE}]"])
def test_an_address_is_certified_as_an_address(authority: Authority, host: str) -> None:
    """Where the URL has an address, the certificate must be for it; one for any name is refused."""
    ip = host.strip("[]")
    url, names = f"https://{host}/", always(ip)
    outcome, _, _ = called(authority, authority.certificate(ip), url=url, resolver=names)
    assert outcome["status_code"] == 204
    outcome, receiver, _ = called(authority, authority.certificate("a.example"), url=url, resolver=names)
    assert "IP address mismatch" in outcome["error"]
    assert receiver.requests == []


def test_plain_http_behind_https_is_refused(authority: Authority) -> None:
    """Whoever does not speak TLS at an https address gets nothing."""

    async def main() -> None:
        async with receiving(saying(b"HTTP/1.1 200 OK\r\n\r\n")) as seen:
            net = Internet(int(seen.url.split(":")[2].split("/")[0]))
            notify = Notify(
                clock=EPOCH.timestamp,
                timeout_s=0.5,
                new_transport=lambda: net.transport(authority.trusted),
                resolver=always(ONE),
            )
            outcome = await notify(message(URL))
            assert (outcome["status_code"], seen.heads) == (None, [])
            assert outcome["error"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("https://hooks.localhost:{}/in", ("hooks.localhost",)),
        ("https://127.0.0.1:{}/in", ("127.0.0.1",)),
    ],
)
def test_the_products_own_transport_checks_the_name(
    authority: Authority, url: str, names: tuple[str, ...]
) -> None:
    """Without anything of the test's between: a certificate for the name passes, one for another does not."""

    async def main(*certified: str) -> tuple[dict[str, Any], TlsReceiver]:
        async with TlsReceiver(lambda _name: authority.certificate(*certified)) as receiver:
            notify = Notify(LOCAL, clock=EPOCH.timestamp, tls=authority.trusted, resolver=HERE)
            return await notify(message(url.format(receiver.port))), receiver

    outcome, receiver = asyncio.run(main(*names))
    assert (outcome["status_code"], len(receiver.requests)) == (204, 1)
    outcome, receiver = asyncio.run(main("other.localhost"))
    assert "mismatch" in outcome["error"]
    assert receiver.requests == []


def test_nothing_is_looked_up_but_by_the_guard(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look-up an attempt: behind it nothing asks the system's resolver, so nothing can rebind."""
    asked: list[Any] = []
    real = socket.getaddrinfo

    def listening(*arguments: Any, **options: Any) -> Any:
        asked.append(arguments)
        return real(*arguments, **options)

    async def main() -> None:
        async with TlsReceiver(lambda name: authority.certificate(str(name))) as receiver:
            resolver = NameTable({"hooks.localhost": ["127.0.0.1"]})
            notify = Notify(LOCAL, clock=EPOCH.timestamp, tls=authority.trusted, resolver=resolver)
            monkeypatch.setattr(socket, "getaddrinfo", listening)
            for attempt in (1, 2):
                url = f"https://hooks.localhost:{receiver.port}/"
                assert (await notify(message(url)))["status_code"] == 204
                assert len(resolver.asked) == attempt
            assert receiver.names == ["hooks.localhost"] * 2

    asyncio.run(main())
    assert asked == []


def test_the_environment_leads_nobody_astray(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Proxies, a .netrc and an authority named by the environment change nothing."""
    bundle, netrc = tmp_path / "ca.pem", tmp_path / "netrc"
    bundle.write_bytes(authority.pem())
    netrc.write_text("machine hooks.localhost login user password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(bundle))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    async def main() -> None:
        async with (
            receiving(saying(b"HTTP/1.1 200 OK\r\n\r\n")) as proxy,
            TlsReceiver(lambda name: authority.certificate(str(name))) as receiver,
        ):
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
                monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv("NO_PROXY", "")
            url = f"https://hooks.localhost:{receiver.port}/"
            trusting = Notify(LOCAL, clock=EPOCH.timestamp, tls=authority.trusted, resolver=HERE)
            assert (await trusting(message(url)))["status_code"] == 204
            assert "authorization" not in receiver.requests[0].lower()
            outcome = await Notify(LOCAL, clock=EPOCH.timestamp, resolver=HERE)(message(url))
            assert outcome["error"].startswith("certificate refused: ")
            assert (proxy.connections, len(receiver.requests)) == (0, 1)

    asyncio.run(main())


@pytest.mark.parametrize("rules", [PUBLIC_HTTPS, LOCAL])
def test_a_connection_is_not_used_for_another_name(authority: Authority, rules: Rules) -> None:
    """Two names at one address are two connections, each with a certificate of its own."""

    async def main() -> None:
        async with TlsReceiver(lambda name: authority.certificate(str(name))) as receiver:
            net = Internet(receiver.port)
            notify = Notify(
                rules,
                clock=EPOCH.timestamp,
                new_transport=lambda: net.transport(authority.trusted),
                resolver=always(ONE),
            )
            for name in ("a.example", "b.example", "a.example"):
                assert (await notify(message(f"https://{name}/")))["status_code"] == 204
            assert receiver.names == ["a.example", "b.example", "a.example"]
            assert len(net.connected) == 3

    asyncio.run(main())


def test_authorities_are_read_once() -> None:
    """Ten messages of a batch share the trusted authorities (TLS 1.2 at least), and no connection."""
    notify = Notify()
    assert notify._tls is notify._tls
    assert notify._tls.verify_mode == ssl.CERT_REQUIRED
    assert notify._tls.check_hostname
    assert notify._tls.minimum_version >= ssl.TLSVersion.TLSv1_2
    pools = [notify._transport(), notify._transport()]
    assert pools[0]._pool is not pools[1]._pool  # type: ignore[attr-defined]
    assert isinstance(pools[0]._pool, httpcore.AsyncConnectionPool)  # type: ignore[attr-defined]


def test_an_outcome_holds_nothing_of_the_secret_parts(authority: Authority) -> None:
    """What is said of a refused certificate or connection does not repeat path, query or body."""
    for certificate in (authority.certificate("x.example"), authority.self_signed()):
        outcome, _, _ = called(authority, certificate, url=f"{URL}?token=canary")
        assert "canary" not in json.dumps(outcome)
        assert ONE not in json.dumps(outcome)
