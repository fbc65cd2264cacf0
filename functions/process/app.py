"""Works on the jobs of an SQS batch, all at once. A message only says: look at this job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from claimcheck import bootstrap
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

# Kept back from the function's timeout to write what became of each job.
_MARGIN_S = 10.0


def _process(event: dict[str, Any], context: Any) -> Any:
    from aws_lambda_powertools.utilities.batch import (
        AsyncBatchProcessor,
        EventType,
        async_process_partial_response,
    )

    process = bootstrap.process()

    async def work(record: SQSRecord) -> None:
        remaining_s = context.get_remaining_time_in_millis() / 1000 - _MARGIN_S
        await process(str(json.loads(record.body)["job_id"]), remaining_s=max(1.0, remaining_s))

    processor = AsyncBatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return async_process_partial_response(event, record_handler=work, processor=processor, context=context)


handler = observed(_process)
