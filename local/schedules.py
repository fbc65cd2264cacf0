"""Schedules: rates that call a function, with the event that EventBridge sends."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.lambdas.invocation import Invocation, PoolClosed

if TYPE_CHECKING:
    from local.lambdas.pool import FunctionPool
    from local.system import Physical, Schedule

_LOG = logging.getLogger(__name__)


def schedule_event(schedule: Schedule, physical: Physical) -> Any:
    """The event of one firing: the schedule's Input where it has one, else the service's own."""
    if schedule.input is not None:
        return json.loads(schedule.input)
    name = physical.name(schedule.name.replace(".", ""))
    scheduler = schedule.kind == "ScheduleV2"
    owner = ("scheduler", f"schedule/default/{name}") if scheduler else ("events", f"rule/{name}")
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler" if scheduler else "aws.events",
        "account": physical.account,
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": physical.region,
        "resources": [physical.arn(*owner)],
        "detail": "{}" if scheduler else {},
    }


class Ticker:
    """Fires one schedule: soon after the start, so that a sweep repairs what a kill left, then at its rate.

    A firing that fails is not repeated, the next one is its retry; one that outlasts the interval does
    not hold back the next, as in AWS.
    """

    def __init__(
        self, schedule: Schedule, pool: FunctionPool, physical: Physical, first_after_s: float
    ) -> None:
        self.schedule = schedule
        self._pool = pool
        self._physical = physical
        self._first_after_s = first_after_s
        self._firing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Fire until cancelled."""
        await asyncio.sleep(self._first_after_s)
        while True:
            task = asyncio.create_task(self._fire_and_log())
            self._firing.add(task)
            task.add_done_callback(self._firing.discard)
            await asyncio.sleep(self.schedule.interval_s)

    async def fire(self) -> Invocation:
        """Call the function once, now."""
        payload = json.dumps(schedule_event(self.schedule, self._physical)).encode()
        return await self._pool.invoke(payload)

    async def _fire_and_log(self) -> None:
        try:
            invocation = await self.fire()
        except PoolClosed:
            return
        if not invocation.ok:
            _LOG.warning(
                "%s failed: %s", self.schedule.name, invocation.payload.decode(errors="replace")[:500]
            )
