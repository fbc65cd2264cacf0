"""How things stand, for alarms: one statement, whatever there is to count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Gauges:
    """Seconds, US dollars, and counts that end at `MOST`."""

    oldest_due_job_s: float
    jobs_due: int
    jobs_running: int
    oldest_due_delivery_s: float
    deliveries_due: int
    circuits_open: int
    rate_line_s: float
    spend_last_hour_usd: float
    overdue_content_s: float


def read_gauges(database: Database, *, days: int, most: int = MOST) -> Gauges:
    """Content is overdue after `days`, where its tenant says nothing. Raises StoreError."""
    row = database.one(queries("gauges")["gauges"], {"most": most, "days": days})
    if row is None:
        raise RuntimeError("gauges gave no row")
    return Gauges(**row)
