"""What identifies a webhook."""

from __future__ import annotations

from claimcheck.webhooks.events import message_id


def test_an_event_keeps_its_id() -> None:
    """The id of a delivery's event is the same at every attempt."""
    assert message_id("0193") == message_id("0193") == "msg_0193"
