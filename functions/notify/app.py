"""Posts signed webhooks. Stands outside the VPC and holds neither database access nor secrets."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from claimcheck import bootstrap
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


def _notify(event: dict[str, Any], context: Any) -> Any:
    from aws_lambda_powertools.utilities.batch import (
        AsyncBatchProcessor,
        EventType,
        async_process_partial_response,
    )

    service = bootstrap.notify()

    async def post(record: SQSRecord) -> None:
        message = json.loads(record.body)
        outcome = await service.notify(message)
        await asyncio.to_thread(lambda: service.outcomes.send(outcome, group=message["delivery_id"]))

    processor = AsyncBatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return async_process_partial_response(event, record_handler=post, processor=processor, context=context)


handler = observed(_notify)
