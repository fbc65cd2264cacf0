"""Logs each webhook attempt and plans the next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from claimcheck import bootstrap
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


def _record(event: dict[str, Any], context: Any) -> Any:
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    record = bootstrap.record()

    def log(message: SQSRecord) -> None:
        record(json.loads(message.body))

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, record_handler=log, processor=processor, context=context)


handler = observed(_record)
