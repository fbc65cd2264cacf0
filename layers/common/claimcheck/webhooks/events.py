"""What identifies a webhook, and how long it may wait. Its body is written by the database (`event_body`)."""

from __future__ import annotations

STALE_AFTER_S = 120  # a message that waited longer is not sent but planned again


def message_id(delivery_id: str) -> str:
    """The event's id, constant over retries."""
    return f"msg_{delivery_id}"
