"""What a webhook says: the body's exact bytes, and the message that carries it to `notify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimcheck.store.deliveries import PlannedDelivery

MAX_RESULT_BYTES = 256_000  # beyond it the body links to the job instead
STALE_AFTER_S = 120  # a message that waited longer is not sent but planned again


def body_of(delivery: PlannedDelivery) -> bytes:
    """The body (Standard Webhooks' `type`, `timestamp`, `data`), the same bytes at every attempt.

    The result stands in it as the database wrote it; a larger one is replaced by the job's link.
    """
    whole = len(delivery.data.encode()) <= MAX_RESULT_BYTES
    data = delivery.data if whole else delivery.thin_data
    return f'{{"type":"{delivery.event_type}","timestamp":"{delivery.completed_at}","data":{data}}}'.encode()


def message_id(delivery_id: str) -> str:
    """The event's id, constant over retries."""
    return f"msg_{delivery_id}"
