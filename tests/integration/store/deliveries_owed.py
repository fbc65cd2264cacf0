"""Deliveries of a test: owed by a job that ended, and planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.jobs.states import Status
from claimcheck.store.deliveries import PlannedDelivery, take_deliveries
from claimcheck.webhooks.standing import Widths

from tests.integration.store.jobs_in_states import WEBHOOK, in_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database

DUE_AGAIN = """UPDATE deliveries SET next_attempt_at = now() - interval '1 second',
  in_flight_until = CASE WHEN in_flight_until IS NOT NULL THEN now() - interval '1 second' END"""
WIDE = Widths(prompt=1000, new=1000, slow=1000)
WAITS_MINUTES = "SELECT round(extract(epoch FROM next_attempt_at - now()) / 60)::int FROM deliveries"


def owed(
    database: Database, status: Status = Status.COMPLETED, *, webhook_url: str = WEBHOOK, **changes: Any
) -> str:
    """A job that ended and has a delivery; its id."""
    return in_state(database, status, webhook_url=webhook_url, **changes)


def planned(
    database: Database, ids: Sequence[str] | None = None, *, limit: int = 10, widths: Widths = WIDE
) -> list[PlannedDelivery]:
    """What is due now, taken for one attempt each."""
    return list(take_deliveries(database, delivery_ids=ids, widths=widths, limit=limit))
