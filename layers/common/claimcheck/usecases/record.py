"""What came of a webhook attempt: into the log, and what follows from it."""

from __future__ import annotations

import random
from datetime import datetime
from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError
from claimcheck.store.deliveries import Attempt, Consequence, delivery_state, record_attempt
from claimcheck.telemetry import count, logger, metrics, span
from claimcheck.usecases.deliver import left_to_sweep
from claimcheck.webhooks import schedule
from claimcheck.webhooks.standing import standing_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.settings import RecordSettings
    from claimcheck.store.connection import Database
    from claimcheck.store.deliveries import DeliveryState
    from claimcheck.usecases.deliver import Deliver
    from claimcheck.usecases.ports import Queue

_LONGEST_BELL_S = 900.0  # SQS's; what is due later is found by sweep


class Record:
    """One outcome from `notify`; a second copy of it changes nothing, nor does an old attempt's failure.

    An outcome makes room at its address: what else is due there is sent. What is tried again soon gets a
    bell that rings then.
    """

    def __init__(
        self,
        database: Database,
        *,
        deliver: Deliver,
        bells: Queue,
        settings: RecordSettings,
        chance: random.Random | None = None,
    ) -> None:
        self._database = database
        self._deliver = deliver
        self._bells = bells
        self._settings = settings
        self._chance = chance or random.SystemRandom()

    def __call__(self, message: Mapping[str, Any]) -> None:
        """Log an outcome, or send what a bell rings for (docs/architecture.md, "Messages").

        Raises StoreError; KeyError if malformed.
        """
        delivery_id = message["delivery_id"]
        if not message.get("due"):
            state = delivery_state(self._database, delivery_id)
            if state is None:
                return
            with span("record outcome", belongs_to=message.get("traceparent")):
                self._record(message, state)
        self._deliver.now(self._database, [delivery_id])

    def _record(self, outcome: Mapping[str, Any], state: DeliveryState) -> None:
        delivery_id, stale = outcome["delivery_id"], outcome["stale"]
        following = schedule.after(
            schedule.Answer(outcome["status_code"], stale, outcome.get("retry_after_s")),
            failures=state.failures,
            replay=state.replay,
            chance=self._chance,
            scale=self._settings.webhook_schedule_scale,
        )
        attempt = Attempt(
            delivery_id=delivery_id,
            attempt=outcome["attempt"],
            at=datetime.fromisoformat(outcome["at"]),
            status_code=outcome["status_code"],
            duration_ms=outcome["duration_ms"],
            error="waited too long in the queue; not sent" if stale else outcome["error"],
            response_head=outcome["response_head"].replace("\x00", "\ufffd"),
        )
        consequence = Consequence(
            status=following.status,
            stale=stale,
            charged=following.charged,
            delay_s=following.delay_s,
            pause_s=following.pause_s,
            gone=following.gone,
            standing=None if stale else standing_after(outcome["duration_ms"] / 1000),
        )
        scale = self._settings.webhook_schedule_scale
        status = record_attempt(
            self._database,
            attempt,
            consequence,
            disable_after_s=schedule.DISABLE_AFTER_S * scale,
            silence_s=schedule.SILENCE_S * scale,
        )
        if status is None:
            return
        logger().info("webhook recorded", extra={"attempt": attempt.attempt, "status": status})
        if not stale:
            count(metrics.DELIVERY_SECONDS, attempt.duration_ms / 1000)
        if following.status == "returned":
            count(metrics.REPLAYS_FAILED)
        else:
            count(metrics.RECORDED[status])
        if status == "pending" and 0 < following.delay_s <= _LONGEST_BELL_S:
            self._ring(delivery_id, state.tenant_id, following.delay_s)

    def _ring(self, delivery_id: str, group: str, delay_s: float) -> None:
        try:
            self._bells.send({"delivery_id": delivery_id, "due": True}, group=group, delay_s=delay_s)
        except UnavailableError as error:
            left_to_sweep(error)
