"""Scenarios in which the queues misbehave as SQS may: twice, late, in another order, for nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from tests.faults.invariants import settle
from tests.faults.waiting import wait_for

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from mypy_boto3_sqs import SQSClient

    from tests.faults.trial import Trial

_QUEUES = ("JobsQueue", "DeliveriesQueue", "OutcomesQueue")
_AGAIN: dict[str, Any] = {"again": {"DataType": "String", "StringValue": "1"}}
_ROUNDS = 3
_ANYWHERE = ("", "NotVisible", "Delayed")


def duplicates(trial: Trial) -> None:
    """Doorbells of every job again and again, shuffled and delayed, for pending, running and final ones."""
    sqs, url = trial.system.sqs(), trial.system.queue("JobsQueue")
    hidden = _waiting(sqs, url, "NotVisible")  # of workers that were killed before; they stay so for an hour
    rung = 0
    for _ in trial.moments(_ROUNDS):
        rung += _ring(sqs, url, trial.burst.accepted(), trial.chance)
    trial.burst.join()
    settle(trial)
    rung += _ring(sqs, url, trial.burst.accepted(), trial.chance)  # all of them final
    wait_for("all doorbells to be answered", lambda: _waiting(sqs, url, *_ANYWHERE) <= hidden)
    trial.notes.append(f"{rung} doorbells too many")


def _ring(sqs: SQSClient, url: str, job_ids: Sequence[str], chance: random.Random) -> int:
    bells = list(job_ids)
    chance.shuffle(bells)
    bodies = [f'{{"job_id": "{job_id}"}}' for job_id in bells]
    _send(sqs, url, bodies, lambda: chance.randint(0, 3))
    return len(bodies)


def _send(sqs: SQSClient, url: str, bodies: Sequence[str], delay_s: Callable[[], int]) -> None:
    for start in range(0, len(bodies), 10):
        entries: list[Any] = [
            {
                "Id": str(at),
                "MessageBody": body,
                "MessageGroupId": "local",
                "DelaySeconds": delay_s(),
                "MessageAttributes": _AGAIN,
            }
            for at, body in enumerate(bodies[start : start + 10])
        ]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)


def _waiting(sqs: SQSClient, url: str, *where: str) -> int:
    names: Any = [f"ApproximateNumberOfMessages{which}" for which in where]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in told.values())


def postman(trial: Trial) -> None:
    """Messages of all queues are taken away and come back twice, late and in reverse order."""
    postmen = [_Postman(trial.system.sqs(), trial.system.queue(name), trial.chance) for name in _QUEUES]
    for each in postmen:
        each.start()
    try:
        for _ in trial.moments(1):
            trial.burst.join()
        wait_for("half of the burst to be done", lambda: trial.done() >= 0.5)
    finally:
        for each in postmen:
            each.stop()
    trial.over()
    trial.notes += [f"{name}: {each.taken} messages" for name, each in zip(_QUEUES, postmen, strict=True)]


class _Postman(threading.Thread):
    """Races with the event source for a queue's messages; those that it gets come back as they should not."""

    def __init__(self, sqs: SQSClient, url: str, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.taken = 0
        self._sqs, self._url, self._chance = sqs, url, chance
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let the rest through."""
        self._stopping.set()
        self.join()

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopping.is_set():
            kept = self._collect()
            if kept:
                self._send_back(kept)

    def _collect(self) -> list[tuple[str, bool]]:
        """Up to twenty messages, and whether each has been here before."""
        kept: list[tuple[str, bool]] = []
        for _ in range(2):
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
                WaitTimeSeconds=1 if not kept else 0,
            )
            for message in answer.get("Messages", []):
                kept.append((message["Body"], "again" in message.get("MessageAttributes", {})))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        self.taken += len(kept)
        return kept

    def _send_back(self, kept: list[tuple[str, bool]]) -> None:
        """Newest first; what is here for the first time comes back twice, else once: it has to end."""
        kept.reverse()
        again = [body for body, before in kept for _ in range(1 if before else 2)]
        _send(self._sqs, self._url, again, lambda: self._chance.randint(0, 3))
