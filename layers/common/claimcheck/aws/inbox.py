"""SQS, read by a function itself; else its event source does so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from claimcheck.aws import clients
from claimcheck.aws.faults import translated
from claimcheck.telemetry import traces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True, slots=True)
class Received:
    """A message; `receipt` deletes it, `traceparent` is what sent it."""

    message_id: str
    body: str
    receipt: str
    traceparent: str | None = None


class SqsInbox:
    """Takes messages from one standard queue."""

    def __init__(self, url: str, *, connect: Callable[[clients.Budget], SQSClient] = clients.sqs) -> None:
        self._url = url
        self._client = clients.Lazily(partial(connect, clients.POLL))

    def receive(self, most: int, *, wait_s: int) -> Sequence[Received]:
        """Up to ten messages; waits for the first one so long. Raises UnavailableError.

        They are others' again after the queue's visibility timeout, unless they are deleted.
        """
        with translated("SQS"):
            answer = self._client().receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(most, 10),
                WaitTimeSeconds=wait_s,
                MessageAttributeNames=["traceparent"],
            )
        return [
            Received(
                each["MessageId"],
                each["Body"],
                each["ReceiptHandle"],
                traces.carried_by(each.get("MessageAttributes", {})),
            )
            for each in answer.get("Messages", [])
        ]

    def delete(self, receipt: str) -> None:
        """Delete what was worked on. Raises UnavailableError."""
        with translated("SQS"):
            self._client().delete_message(QueueUrl=self._url, ReceiptHandle=receipt)
