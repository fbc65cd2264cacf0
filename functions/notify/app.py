"""Posts signed webhooks. Stands outside the VPC and holds neither database access nor secrets."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from claimcheck.batches import all_at_once
from claimcheck.bootstrap import working
from claimcheck.telemetry import observed
from claimcheck.usecases.overtime import AT_ONCE, Overtime

if TYPE_CHECKING:
    from collections.abc import Mapping

_LAST_CALL_S = 20.0  # kept back from the function's timeout: the longest call has 15 s, and then its outcome


@cache
def _senders() -> ThreadPoolExecutor:
    """Threads that do nothing else: one for each message, so that no outcome waits, and one to take more."""
    return ThreadPoolExecutor(AT_ONCE + 1, thread_name_prefix="outcomes")


def _notify(event: dict[str, Any], context: Any) -> Any:
    service = working.notify()

    async def post(message: Mapping[str, Any]) -> None:
        tenant_id = message["tenant_id"]  # what lacks it must not be posted first
        outcome = await service.notify(message)
        send = partial(copy_context().run, partial(service.outcomes.send, outcome, group=tenant_id))
        await asyncio.get_running_loop().run_in_executor(_senders(), send)

    inbox = service.inboxes.get(event["Records"][0]["eventSourceARN"].rpartition(":")[2])
    if inbox is None:  # somebody's own call
        return all_at_once(event, context, post)
    take_for_s = context.get_remaining_time_in_millis() / 1000 - _LAST_CALL_S
    overtime = Overtime(post, inbox, threads=_senders(), take_for_s=take_for_s)
    return all_at_once(event, context, overtime)


handler = observed(_notify)
