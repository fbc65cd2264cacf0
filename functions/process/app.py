"""Works on the jobs of an SQS batch, all at once. A message only says: look at this job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.batches import all_at_once
from claimcheck.bootstrap import working
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from collections.abc import Mapping

# Kept back from the function's timeout to write what became of each job.
_MARGIN_S = 10.0


def _process(event: dict[str, Any], context: Any) -> Any:
    process = working.process()

    async def work(message: Mapping[str, Any]) -> None:
        remaining_s = context.get_remaining_time_in_millis() / 1000 - _MARGIN_S
        await process(str(message["job_id"]), remaining_s=max(1.0, remaining_s))

    return all_at_once(event, context, work)


handler = observed(_process)
