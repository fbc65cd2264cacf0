"""Every row of the guard's table, by notify as it is, with a resolver and a TLS server of the test's own."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from claimcheck.usecases.notify import Notify

from tests.integration.webhooks.tls import Authority, Internet, TlsReceiver
from tests.unit.usecases.posting import EPOCH, message
from tests.unit.webhooks.guard_table import LITERAL, PUBLIC, PUBLIC_6, SYNTAX, TABLE, URL, Row

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence


@dataclass
class Resolver:
    """Gives its answers in turn, the last one for ever; without any, there is no such name."""

    answers: Sequence[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        if not self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def test_the_table_is_long_and_every_row_has_a_name() -> None:
    """Sixty rows at least, as was asked for, each with a name of its own."""
    assert len({row.name for row in TABLE}) == len(TABLE) >= 60


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_an_address_is_called_or_refused(row: Row, authority: Authority) -> None:
    """An allowed row is one look-up, one connection to the checked address, one request under the right name.

    A refused one has its reason, and nobody is connected to.
    """
    resolver = Resolver(row.answers)

    def certificate(name: str | None) -> ssl.SSLContext:
        if name is None:  # an address is not named
            return authority.certificate(PUBLIC, PUBLIC_6)
        return authority.certificate(name)

    async def main() -> None:
        async with TlsReceiver(certificate) as receiver:
            internet = Internet(receiver.port)
            notify = Notify(
                clock=EPOCH.timestamp,
                new_transport=lambda: internet.transport(authority.trusted),
                resolver=resolver,
            )
            outcome = await notify(message(row.url))
            if row.called is None:
                assert outcome["error"].startswith(f"refused: the address {row.refused}")
                assert (outcome["status_code"], internet.connected, receiver.requests) == (None, [], [])
                assert len(resolver.asked) <= 1
                return
            assert (outcome["status_code"], outcome["error"]) == (204, None)
            assert internet.connected == [row.called]
            assert resolver.asked == [row.host]
            (request,) = receiver.requests
            host = f"[{row.host}]" if ":" in row.host else row.host
            host += "" if row.called[1] == 443 else f":{row.called[1]}"
            assert f"\r\nhost: {host}\r\n" in request.lower()
            if row.host not in {PUBLIC, PUBLIC_6}:
                assert receiver.names == [row.host]

    asyncio.run(main())


@pytest.mark.parametrize("row", [*LITERAL, *SYNTAX], ids=lambda row: row.name)
def test_what_is_refused_by_its_form_is_not_looked_up(row: Row) -> None:
    """The resolver never sees what the URL alone condemns."""
    resolver = Resolver([[PUBLIC]])
    outcome = asyncio.run(Notify(clock=EPOCH.timestamp, resolver=resolver)(message(row.url)))
    assert outcome["error"].startswith("refused: ")
    assert resolver.asked == []


def test_an_address_is_checked_again_at_each_attempt(authority: Authority) -> None:
    """A name that was private once and is public now is called, and refused when it is private again."""
    resolver = Resolver([["10.0.0.1"], [PUBLIC], ["10.0.0.1"]])

    async def main() -> list[int | None]:
        async with TlsReceiver(lambda name: authority.certificate(str(name))) as receiver:
            internet = Internet(receiver.port)
            notify = Notify(
                clock=EPOCH.timestamp,
                new_transport=lambda: internet.transport(authority.trusted),
                resolver=resolver,
            )
            statuses = [(await notify(message(URL)))["status_code"] for _ in range(3)]
            assert internet.connected == [(PUBLIC, 443)]
            return statuses

    assert asyncio.run(main()) == [None, 204, None]
    assert len(resolver.asked) == 3
