"""Posts signed webhooks. Stands outside the VPC and holds neither database access nor secrets."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

from claimcheck import bootstrap
from claimcheck.batches import all_at_once
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from collections.abc import Mapping

_BATCH_SIZE = 10  # of template.yaml


@cache
def _senders() -> ThreadPoolExecutor:
    """Threads that do nothing else, one for each message of a batch: an outcome waits for nobody."""
    return ThreadPoolExecutor(_BATCH_SIZE, thread_name_prefix="outcomes")


def _notify(event: dict[str, Any], context: Any) -> Any:
    service = bootstrap.notify()

    async def post(message: Mapping[str, Any]) -> None:
        tenant_id = message["tenant_id"]  # what lacks it must not be posted first
        outcome = await service.notify(message)
        await asyncio.get_running_loop().run_in_executor(
            _senders(), lambda: service.outcomes.send(outcome, group=tenant_id)
        )

    return all_at_once(event, context, post)


handler = observed(_notify)
