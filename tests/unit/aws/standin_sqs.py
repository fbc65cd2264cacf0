"""SQS's client, as far as sizes, characters and faults go; it keeps what it took."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectTimeoutError
from claimcheck.aws.queues import SqsQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.aws.clients import Budget

SQS_LIMIT = 1_048_576  # bytes, of a message and of a whole batch

# What SendMessage's reference allows in a body.
_ALLOWED = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


class StandinSqs:
    """Takes messages. `fault(n)` is what the call of number `n` (from 0) raises instead, if anything."""

    def __init__(
        self,
        *,
        fault: Callable[[int], Exception | None] = lambda _: None,
        refuses: frozenset[str] = frozenset(),
    ) -> None:
        self.bodies: list[str] = []
        self.groups: list[str] = []
        self.delays: list[int] = []
        self.batches: list[list[str]] = []
        self.budgets: list[Budget] = []
        self.calls = 0
        self._fault = fault
        self._refuses = refuses

    def queue(self) -> SqsQueue:
        """A queue that sends to it."""

        def connect(budget: Budget) -> Any:
            self.budgets.append(budget)
            return self

        return SqsQueue("https://sqs.invalid/queue", connect=connect)

    def send_message(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        MessageBody: str,  # noqa: N803
        MessageGroupId: str,  # noqa: N803
        DelaySeconds: int,  # noqa: N803
    ) -> dict[str, Any]:
        self._called([MessageBody], "SendMessage")
        self.bodies.append(MessageBody)
        self.groups.append(MessageGroupId)
        self.delays.append(DelaySeconds)
        return {}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        bodies = [entry["MessageBody"] for entry in Entries]
        self._called(bodies, "SendMessageBatch")
        self.batches.append(bodies)
        taken = [entry for entry in Entries if entry["MessageGroupId"] not in self._refuses]
        self.bodies += [entry["MessageBody"] for entry in taken]
        self.groups += [entry["MessageGroupId"] for entry in taken]
        self.delays += [entry["DelaySeconds"] for entry in taken]
        failed = [{"Id": entry["Id"], "Code": "InternalError"} for entry in Entries if entry not in taken]
        return {"Successful": [{"Id": entry["Id"]} for entry in taken], "Failed": failed}

    def _called(self, bodies: list[str], operation: str) -> None:
        fault = self._fault(self.calls)
        self.calls += 1
        if fault is not None:
            raise fault
        if len(bodies) > 10 or sum(len(body.encode()) for body in bodies) > SQS_LIMIT:
            raise refusal("BatchRequestTooLong", operation)
        if not all(_ALLOWED.fullmatch(body) for body in bodies):
            raise refusal("InvalidMessageContents", operation)


def refusal(code: str, operation: str = "SendMessageBatch") -> ClientError:
    """What botocore raises for an answer that is an error."""
    return ClientError({"Error": {"Code": code, "Message": "refused"}}, operation)


def silence() -> ConnectTimeoutError:
    """What botocore raises for no answer."""
    return ConnectTimeoutError(endpoint_url="https://sqs.invalid/queue")
