"""Of a name's checked addresses one gets the message, and no other does."""

from __future__ import annotations

import asyncio
import ssl

import pytest
from claimcheck.usecases.notify import TIMEOUT_S, Notify
from claimcheck.webhooks.endpoint import Rules

from tests.integration.webhooks.raw import receiving, saying
from tests.integration.webhooks.tls import Authority, Internet, called
from tests.unit.usecases.posting import EPOCH, message
from tests.unit.webhooks.name_table import always

ONE, TWO, THREE, FOUR = "93.184.215.14", "151.101.1.69", "2606:2800:21f:cb07::14", "8.8.8.8"
LOCAL = Rules(allow_loopback=True)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.mark.parametrize("trouble", ["refusing", "silent"])
def test_the_next_address_is_tried_where_one_cannot_be_connected_to(
    authority: Authority, trouble: str
) -> None:
    """Of several checked addresses the first that can be connected to gets the message, in their order."""
    resolver = always(ONE, THREE, TWO)
    certificate = authority.certificate("hooks.example.com")
    silent, refusing = ((ONE, THREE), ()) if trouble == "silent" else ((), (ONE, THREE))
    outcome, receiver, net = called(
        authority, certificate, resolver=resolver, silent=silent, refusing=refusing
    )
    assert (outcome["status_code"], len(receiver.requests)) == (204, 1)
    assert net.connected == [(ONE, 443), (THREE, 443), (TWO, 443)]
    assert len(resolver.asked) == 1


def test_three_addresses_are_tried_and_each_has_its_part_of_the_time(authority: Authority) -> None:
    """An attempt does not go through a whole list, and one that swallows packets leaves time for the next."""
    everything = [ONE, TWO, THREE, FOUR]
    outcome, receiver, net = called(
        authority, authority.certificate("x.example"), resolver=always(*everything), silent=everything
    )
    assert outcome["error"] == "timeout"
    assert [ip for ip, _ in net.connected] == everything[:3]
    assert net.patience == [pytest.approx(TIMEOUT_S / 3)] * 3
    assert receiver.requests == []


def test_a_message_that_was_sent_is_not_sent_elsewhere() -> None:
    """Once connected, a failure is the outcome: the next address does not get the message as well."""

    async def main() -> None:
        async with receiving(saying(reset=True)) as seen:
            port = int(seen.url.split(":")[2].split("/")[0])
            tls = ssl.create_default_context()
            resolver = always("127.0.0.1", "127.0.0.2")
            net = Internet(port)
            notify = Notify(
                LOCAL, clock=EPOCH.timestamp, new_transport=lambda: net.transport(tls), resolver=resolver
            )
            outcome = await notify(message("http://localhost:8080/"))
            assert outcome["error"].startswith("connection failed (")
            assert (seen.connections, net.connected) == (1, [("127.0.0.1", 8080)])

    asyncio.run(main())
