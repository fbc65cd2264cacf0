"""Posts signed webhooks. Stands outside the VPC and holds neither database access nor secrets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from claimcheck import bootstrap
from claimcheck.batches import all_at_once
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from collections.abc import Mapping


def _notify(event: dict[str, Any], context: Any) -> Any:
    service = bootstrap.notify()

    async def post(message: Mapping[str, Any]) -> None:
        outcome = await service.notify(message)
        await asyncio.to_thread(lambda: service.outcomes.send(outcome, group=message["delivery_id"]))

    return all_at_once(event, context, post)


handler = observed(_notify)
