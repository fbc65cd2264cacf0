"""New queues, and what comes out of them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

LONG_POLL_S = 10


def new_queue(sqs: SQSClient, **attributes: str) -> str:
    wanted: dict[Any, str] = attributes
    return sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex}", Attributes=wanted)["QueueUrl"]


def receive(sqs: SQSClient, url: str, *, wait_s: int = 0, most: int = 10) -> list[MessageTypeDef]:
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=most,
        WaitTimeSeconds=wait_s,
        MessageSystemAttributeNames=["All"],
    )
    return answer.get("Messages", [])


def receive_all(sqs: SQSClient, url: str, count: int) -> list[MessageTypeDef]:
    """Receive until `count` messages came: one receive may give fewer than there are."""
    found: list[MessageTypeDef] = []
    while len(found) < count:
        batch = receive(sqs, url, wait_s=LONG_POLL_S)
        assert batch, f"only {len(found)} of {count} messages came"
        found += batch
    return found
