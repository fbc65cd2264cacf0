"""Deliveries of a test: owed by a job that ended, and planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.jobs.states import Status
from claimcheck.store.deliveries import PlannedDelivery, plan_deliveries

from tests.integration.store.jobs_in_states import WEBHOOK, in_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database

DUE_AGAIN = "UPDATE deliveries SET next_attempt_at = now() - interval '1 second'"
WAITS_MINUTES = "SELECT round(extract(epoch FROM next_attempt_at - now()) / 60)::int FROM deliveries"


def owed(database: Database, status: Status = Status.COMPLETED, **changes: Any) -> str:
    """A job that ended and has a delivery; its id."""
    return in_state(database, status, webhook_url=WEBHOOK, **changes)


def planned(
    database: Database, ids: Sequence[str] | None = None, *, limit: int = 10
) -> list[PlannedDelivery]:
    """What is due now, taken for one attempt each."""
    return list(plan_deliveries(database, delivery_ids=ids, limit=limit))
