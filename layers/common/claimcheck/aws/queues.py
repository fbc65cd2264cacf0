"""SQS, as little of it as a doorbell needs."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from claimcheck.aws.faults import translated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_sqs.client import SQSClient

MAX_DELAY_S = 900  # SQS's own limit; a later ring is the sweep's
_BATCH = 10


class SqsQueue:
    """Sends to one standard queue. `group` (the tenant) makes the queue fair between tenants."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _client(self) -> SQSClient:
        import boto3
        from botocore.config import Config

        config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
        client: SQSClient = boto3.client("sqs", config=config)
        return client

    def send(self, message: Mapping[str, Any], *, group: str, delay_s: float = 0) -> None:
        """Send one message, to be seen after `delay_s` seconds. Raises UnavailableError."""
        with translated("SQS"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=json.dumps(message, ensure_ascii=False),
                MessageGroupId=group,
                DelaySeconds=_whole(delay_s),
            )

    def send_all(self, messages: Sequence[tuple[Mapping[str, Any], str]]) -> int:
        """Send (message, group) pairs by tens; returns how many the queue did not take.

        Raises UnavailableError.
        """
        refused = 0
        for start in range(0, len(messages), _BATCH):
            entries: list[Any] = [
                {
                    "Id": str(position),
                    "MessageBody": json.dumps(message, ensure_ascii=False),
                    "MessageGroupId": group,
                }
                for position, (message, group) in enumerate(messages[start : start + _BATCH])
            ]
            with translated("SQS"):
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            refused += len(answer.get("Failed", []))
        return refused


def _whole(delay_s: float) -> int:
    return max(0, min(MAX_DELAY_S, round(delay_s)))
