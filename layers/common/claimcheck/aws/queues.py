"""SQS, as little of it as a doorbell needs."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, Self

from claimcheck.aws import clients
from claimcheck.aws.faults import translated
from claimcheck.aws.sqs_sender import SqsSender
from claimcheck.failures import UnavailableError
from claimcheck.telemetry import logger, traces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

MAX_DELAY_S = 900  # SQS's own limit; a later ring is the sweep's
MAX_MESSAGE_BYTES = 1_048_576  # SQS's own limit
_TRACE_BYTES = 128  # of the attribute that carries the trace; a message that has no room goes without
_BATCH_MESSAGES = 10
_BATCH_BYTES = 1_000_000  # SQS takes 1 MiB; a message larger than this goes alone
# So many batches in a row that failed: SQS is away, and the caller's time is for other things as well.
_GIVE_UP_AFTER = 3


@dataclass(frozen=True, slots=True)
class _Letter:
    """A message as it is sent. `body` is ASCII: as long as it is large, and nothing that SQS refuses."""

    body: str
    group: str
    delay_s: int
    ids: dict[str, Any]

    @classmethod
    def of(cls, message: Mapping[str, Any], group: str, delay_s: float) -> Self:
        ids = {name: value for name, value in message.items() if name.endswith("_id")}
        # Rounded up: a bell that rings before its job is due rings for nothing.
        whole_s = max(0, min(MAX_DELAY_S, math.ceil(delay_s)))
        return cls(json.dumps(message), group, whole_s, ids)

    def fields(self) -> dict[str, Any]:
        """As SQS's calls name them. The trace goes along as W3C's header, in an attribute of the message."""
        fields = {"MessageBody": self.body, "MessageGroupId": self.group, "DelaySeconds": self.delay_s}
        trace = traces.as_attributes() if len(self.body) <= MAX_MESSAGE_BYTES - _TRACE_BYTES else {}
        return {**fields, "MessageAttributes": trace} if trace else fields


class Sender(Protocol):
    """What sends to SQS: `SqsSender`, and boto3's client as well."""

    def send_message(self, *, QueueUrl: str, **fields: Any) -> Any:  # noqa: N803 (SQS's name)
        """SendMessage. Raises botocore's errors."""
        ...

    def send_message_batch(self, *, QueueUrl: str, **fields: Any) -> Any:  # noqa: N803 (SQS's name)
        """SendMessageBatch. Raises botocore's errors."""
        ...


class SqsQueue:
    """Sends to one standard queue. `group` (the tenant) makes the queue fair between tenants."""

    def __init__(self, url: str, *, connect: Callable[[clients.Budget], Sender] = SqsSender) -> None:
        self._url = url
        self._single = clients.Lazily(partial(connect, clients.DOORBELL))
        self._batched = clients.Lazily(partial(connect, clients.BATCH))

    def send(self, message: Mapping[str, Any], *, group: str, delay_s: float = 0) -> None:
        """Send one message, to be seen `delay_s` seconds later and not before. Raises UnavailableError."""
        with self._sending(1), translated("SQS"):
            letter = _Letter.of(message, group, delay_s)
            self._single().send_message(QueueUrl=self._url, **letter.fields())

    def send_all(
        self, messages: Sequence[tuple[Mapping[str, Any], str]], *, delays_s: Sequence[float] | None = None
    ) -> int:
        """Send (message, group) pairs, each after its delay; returns how many were not taken.

        That raises nothing. A batch that fails keeps no other back, until three in a row have failed.
        """
        delays = [0.0] * len(messages) if delays_s is None else delays_s
        letters = (
            _Letter.of(message, group, delay)
            for (message, group), delay in zip(messages, delays, strict=True)
        )
        refused = failed_in_a_row = 0
        for batch in _batches(letters):
            if len(batch[0].body) > MAX_MESSAGE_BYTES:
                refused += _not_taken(batch, "larger than SQS takes")
            elif failed_in_a_row == _GIVE_UP_AFTER:
                refused += _not_taken(batch, "not tried: the batches before it failed")
            else:
                try:
                    refused += self._send_batch(batch)
                    failed_in_a_row = 0
                except UnavailableError as error:
                    refused += _not_taken(batch, str(error))
                    failed_in_a_row += 1
        return refused

    def _send_batch(self, batch: Sequence[_Letter]) -> int:
        """How many of a batch SQS took out of it. Raises UnavailableError."""
        with self._sending(len(batch)), translated("SQS"):
            entries: list[Any] = [{"Id": str(place), **each.fields()} for place, each in enumerate(batch)]
            answer = self._batched().send_message_batch(QueueUrl=self._url, Entries=entries)
        return sum(
            _not_taken([batch[int(each["Id"])]], f"SQS answered {each['Code']}")
            for each in answer.get("Failed", [])
        )

    def _sending(self, messages: int) -> AbstractContextManager[object]:
        name = self._url.rpartition("/")[2]
        attributes: dict[str, traces.Value | None] = {
            "messaging.system": "aws_sqs",
            "messaging.operation.type": "send",
            "messaging.destination.name": name,
            "messaging.batch.message_count": messages,
        }
        return traces.span(f"send {name}", "producer", attributes=attributes)


def _batches(letters: Iterable[_Letter]) -> Iterator[list[_Letter]]:
    """By ten, and by bytes. What is too large for a batch is one by itself."""
    batch: list[_Letter] = []
    size = 0
    for letter in letters:
        if batch and (len(batch) == _BATCH_MESSAGES or size + len(letter.body) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(letter)
        size += len(letter.body)
    if batch:
        yield batch


def _not_taken(letters: Sequence[_Letter], reason: str) -> int:
    """Logged by id, and counted."""
    logger().warning("not taken by the queue", extra={"reason": reason, "messages": [x.ids for x in letters]})
    return len(letters)
