"""What came of a webhook attempt: into the log, and what follows from it."""

from __future__ import annotations

import random
from datetime import datetime
from typing import TYPE_CHECKING, Any

from claimcheck.store.deliveries import Attempt, delivery_failures, record_attempt
from claimcheck.telemetry import count
from claimcheck.webhooks import schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.connection import Database


class Record:
    """One outcome from `notify`; a second copy of it changes nothing, nor does an old attempt's failure."""

    def __init__(self, database: Database, *, chance: random.Random | None = None) -> None:
        self._database = database
        self._chance = chance or random.SystemRandom()

    def __call__(self, outcome: Mapping[str, Any]) -> None:
        """Log an outcome (docs/architecture.md, "Messages"). Raises StoreError, KeyError if malformed."""
        failures = delivery_failures(self._database, outcome["delivery_id"])
        if failures is None:
            return
        following = schedule.after(
            status_code=outcome["status_code"],
            stale=outcome["stale"],
            failures=failures,
            chance=self._chance,
        )
        attempt = Attempt(
            delivery_id=outcome["delivery_id"],
            attempt=outcome["attempt"],
            at=datetime.fromisoformat(outcome["at"]),
            status_code=outcome["status_code"],
            duration_ms=outcome["duration_ms"],
            error="waited too long in the queue; not sent" if outcome["stale"] else outcome["error"],
            response_head=outcome["response_head"].replace("\x00", "\ufffd"),
        )
        if record_attempt(
            self._database,
            attempt,
            status=following.status,
            charged=following.charged,
            delay_s=following.delay_s,
        ):
            count(f"Deliveries{following.status.capitalize()}")
