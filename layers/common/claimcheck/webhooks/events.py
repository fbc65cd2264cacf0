"""What a webhook says: the body's exact bytes, and the message that carries it to `notify`."""

from __future__ import annotations

MAX_RESULT_BYTES = 256_000  # beyond it the body links to the job instead
STALE_AFTER_S = 120  # a message that waited longer is not sent but planned again


def body_of(event_type: str, completed_at: str, data: str, thin_data: str) -> bytes:
    """The body (Standard Webhooks' `type`, `timestamp`, `data`), the same bytes at every attempt.

    `data` is JSON with the result as the database wrote it; where it is longer than MAX_RESULT_BYTES,
    `thin_data` with the job's link stands in its place.
    """
    chosen = data if len(data.encode()) <= MAX_RESULT_BYTES else thin_data
    return f'{{"type":"{event_type}","timestamp":"{completed_at}","data":{chosen}}}'.encode()


def message_id(delivery_id: str) -> str:
    """The event's id, constant over retries."""
    return f"msg_{delivery_id}"
