"""SQS batches: each message by itself, the failed ones named, and no failure without a log line."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from claimcheck.telemetry import about, ids_in, logger, places_of, traces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractContextManager

    from aws_lambda_powertools.utilities.batch import AsyncBatchProcessor, BatchProcessor
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

    Message = Mapping[str, Any]


def one_by_one(event: dict[str, Any], context: Any, work: Callable[[Message], object]) -> Any:
    """Give each message's JSON body to `work`, in turn; the answer names the messages that failed."""
    from aws_lambda_powertools.utilities.batch import process_partial_response

    def handle(record: SQSRecord) -> None:  # Powertools passes it by this name
        message = json.loads(record.body)
        with about(**{**_ids(record), **ids_in(message)}), _spanned(record):
            work(message)

    processor, _ = _processors()
    return process_partial_response(event, record_handler=handle, processor=processor(), context=context)


def all_at_once(event: dict[str, Any], context: Any, work: Callable[[Message], Awaitable[object]]) -> Any:
    """As `one_by_one`, all messages of the batch concurrently."""
    from aws_lambda_powertools.utilities.batch import async_process_partial_response

    async def handle(record: SQSRecord) -> None:
        message = json.loads(record.body)
        with about(**{**_ids(record), **ids_in(message)}), _spanned(record):
            await work(message)

    _, processor = _processors()
    return async_process_partial_response(
        event, record_handler=handle, processor=processor(), context=context
    )


@cache
def _processors() -> tuple[Callable[[], BatchProcessor], Callable[[], AsyncBatchProcessor]]:
    """Powertools' two, made to log. Built on first use: their import is no part of a cold start elsewhere."""
    from aws_lambda_powertools.utilities.batch import AsyncBatchProcessor, BatchProcessor, EventType

    class Logged(BatchProcessor):
        def failure_handler(self, record: Any, exception: Any) -> Any:
            _log(record, exception)
            return super().failure_handler(record, exception)

    class LoggedAsync(AsyncBatchProcessor):
        def failure_handler(self, record: Any, exception: Any) -> Any:
            _log(record, exception)
            return super().failure_handler(record, exception)

    def sync() -> BatchProcessor:
        return Logged(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def asynchronous() -> AsyncBatchProcessor:
        return LoggedAsync(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    return sync, asynchronous


def _ids(record: SQSRecord) -> dict[str, str | None]:
    """The queue's own name of the message, and the tenant, by whom the queues are fair."""
    return {"message_id": record.message_id, "tenant_id": record.attributes.get("MessageGroupId")}


def _spanned(record: SQSRecord) -> AbstractContextManager[object]:
    """Caused by what sent the message: its trace goes on, and the batch's invocation is linked to."""
    queue = str(record.event_source_arn).rpartition(":")[2]
    sent_by = traces.carried_by(record.raw_event.get("messageAttributes") or {})
    return traces.received(queue, sent_by)


def _log(record: SQSRecord, exception: Any) -> None:
    """Ids, types and places; a message's body and an exception's words may hold what was sent."""
    try:
        named = ids_in(json.loads(record.body))
    except ValueError:
        named = {}
    with about(**{**_ids(record), **named}):
        fields = {"error": places_of(exception[1])}
        logger().error("message failed and goes back to its queue", extra=fields)
