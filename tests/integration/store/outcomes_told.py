"""What came of webhook attempts, as `record` tells the store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from claimcheck.store.deliveries import Attempt, Consequence, record_attempt
from claimcheck.webhooks.schedule import DISABLE_AFTER_S, SILENCE_S
from claimcheck.webhooks.standing import Standing

if TYPE_CHECKING:
    from claimcheck.store.connection import Database
    from claimcheck.store.deliveries import PlannedDelivery


def attempt_of(delivery: PlannedDelivery, **changes: Any) -> Attempt:
    """An attempt that was answered 500."""
    outcome = {"status_code": 500, "duration_ms": 12, "error": None, "response_head": "no\n\U0001f9fe"}
    return Attempt(
        **{
            "delivery_id": delivery.delivery_id,
            "attempt": delivery.attempt,
            "at": datetime.now(UTC),
            **outcome,
            **changes,
        }
    )


def told(database: Database, attempt: Attempt, **changes: Any) -> str | None:
    """Record an attempt with this consequence; the delivery's status then."""
    plain = {"status": "pending", "stale": False, "charged": False, "gone": False}
    plain |= {"delay_s": 0.0, "pause_s": None}
    consequence = Consequence(**{**plain, "standing": Standing.PROMPT, **changes})
    return record_attempt(
        database, attempt, consequence, disable_after_s=DISABLE_AFTER_S, silence_s=SILENCE_S
    )


def failed(database: Database, attempt: Attempt, *, delay_s: float = 600) -> bool:
    """A failure that is tried again."""
    return told(database, attempt, charged=True, delay_s=delay_s) is not None


def delivered(database: Database, attempt: Attempt) -> bool:
    """A success."""
    return told(database, attempt, status="delivered") is not None


def exhausted(database: Database, attempt: Attempt) -> bool:
    """A last failure."""
    return told(database, attempt, status="exhausted", charged=True) is not None
