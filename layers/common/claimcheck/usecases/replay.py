"""Sending a webhook once more, and a sample of one: single attempts outside of the schedule."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from claimcheck.refusals import DeliveryNotFoundError, PurgedError, TooManySamplesError
from claimcheck.store.deliveries import get_delivery, insert_sample, replay_delivery
from claimcheck.store.reading import purged_at
from claimcheck.tasks.address import parse_address
from claimcheck.telemetry import count, metrics
from claimcheck.usecases.ids import is_uuid

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database
    from claimcheck.store.deliveries import DeliveryView
    from claimcheck.usecases.deliver import Deliver
    from claimcheck.webhooks.endpoint import Rules

MOST_SAMPLES = 10
"""In a minute, of one tenant: a sample is a call to an address of the caller's choice."""
LONGEST_WAIT_S = 20.0  # an attempt takes 15 s at most; API Gateway waits 29 s
_FIRST_LOOK_S = 0.05
_SLOWEST_LOOK_S = 0.5

_SAMPLE = {"message": "This is a test of your webhook address. No job belongs to it."}


class Replay:
    """`POST /jobs/{job_id}/deliveries/{delivery_id}/replay`: the same event, signed with today's secrets."""

    def __init__(self, database: Database, deliver: Deliver) -> None:
        self._database = database
        self._deliver = deliver

    def __call__(self, tenant_id: str, job_id: str, delivery_id: str) -> DeliveryView:
        """Send again, and give the delivery as it is now. Raises DeliveryNotFoundError, PurgedError
        and StoreError.

        Where an attempt is on its way, that is the one.
        """
        known = is_uuid(job_id) and is_uuid(delivery_id)
        replayed = replay_delivery(self._database, tenant_id, job_id, delivery_id) if known else None
        if replayed is None:
            gone_at = purged_at(self._database, tenant_id, job_id) if known else None
            raise DeliveryNotFoundError if gone_at is None else PurgedError("job", job_id, gone_at)
        if replayed:
            count(metrics.DELIVERIES_REPLAYED)
            self._deliver.now(self._database, [delivery_id], tenant_id=tenant_id)
        return shown(self._database, tenant_id, delivery_id)


class Sample:
    """`POST /webhook-test`: a signed sample to an address, by the way that all webhooks go."""

    def __init__(
        self,
        database: Database,
        deliver: Deliver,
        *,
        rules: Rules,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._deliver = deliver
        self._rules = rules
        self._sleep = sleep
        self._clock = clock

    def __call__(self, tenant_id: str, body: bytes) -> DeliveryView:
        """Send one and wait for what comes of it, 20 s at most; then it is still `pending`.

        Raises InvalidRequest, TooManySamplesError, StoreError.
        """
        url = parse_address(body, self._rules)
        head = json.dumps({"type": "webhook.test", "data": _SAMPLE}, separators=(",", ":"))
        until = self._clock() + LONGEST_WAIT_S
        delivery_id = insert_sample(
            self._database, tenant_id, url, head.removesuffix("}") + ",", most=MOST_SAMPLES
        )
        if delivery_id is None:
            raise TooManySamplesError(MOST_SAMPLES)
        self._deliver.now(self._database, [delivery_id], tenant_id=tenant_id)
        pause_s = _FIRST_LOOK_S
        while True:
            view = shown(self._database, tenant_id, delivery_id)
            left_s = until - self._clock()
            if view.status != "pending" or left_s <= 0:
                return view
            self._sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 1.5, _SLOWEST_LOOK_S)


def shown(database: Database, tenant_id: str, delivery_id: str) -> DeliveryView:
    """A delivery with its attempts. Raises DeliveryNotFoundError."""
    view = get_delivery(database, tenant_id, delivery_id) if is_uuid(delivery_id) else None
    if view is None:
        raise DeliveryNotFoundError
    return view
