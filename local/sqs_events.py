"""SQS messages as a function sees them, and what its answer says about them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from local.system import Queue


def sqs_event(messages: Sequence[MessageTypeDef], queue: Queue, region: str) -> dict[str, Any]:
    """The event of a batch."""
    return {"Records": [_record(message, queue, region) for message in messages]}


def _record(message: MessageTypeDef, queue: Queue, region: str) -> dict[str, Any]:
    record: dict[str, Any] = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message.get("Body", ""),
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {
            name: {
                **({"stringValue": value["StringValue"]} if "StringValue" in value else {}),
                **(
                    {"binaryValue": base64.b64encode(value["BinaryValue"]).decode()}
                    if "BinaryValue" in value
                    else {}
                ),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value["DataType"],
            }
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": region,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def failed_items(payload: bytes, message_ids: frozenset[str]) -> frozenset[str]:
    """The messages that a function with ReportBatchItemFailures did not manage.

    As in Lambda, no answer and an empty list are a success of the whole batch; an answer that is not
    understood, or that names a message which was not in the batch, is a failure of the whole batch.
    """
    try:
        answer: Any = json.loads(payload)
    except ValueError:
        return message_ids
    if answer is None:
        return frozenset()
    if not isinstance(answer, dict):
        return message_ids
    failures = answer.get("batchItemFailures")
    if failures is None:
        return frozenset()
    if not isinstance(failures, list):
        return message_ids
    named = {_identifier(failure) for failure in failures}
    return frozenset(named) if named <= message_ids else message_ids


def _identifier(failure: Any) -> str:
    """The message that an entry names; "" where it names none, which no message is called."""
    identifier: Any = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    return identifier if isinstance(identifier, str) else ""


def receipts_to_delete(messages: Sequence[MessageTypeDef], failed: frozenset[str]) -> list[Mapping[str, str]]:
    """The entries of DeleteMessageBatch for what did not fail."""
    return [
        {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
        for index, message in enumerate(messages)
        if message["MessageId"] not in failed
    ]
