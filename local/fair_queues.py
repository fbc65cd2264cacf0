"""ministack's application with SQS's fair queues: a burst of one tenant does not keep the others waiting.

By SQS's documentation ("How Amazon SQS fair queues work", read in November 2026): a tenant (MessageGroupId;
a message without one is its own) is noisy with more than a tenth of the messages in flight and thirty at
least, or with more than a tenth of the recent processing time, until nothing of it waits. Messages of quiet
tenants are handed out first, then those of the noisy one that has fewest in flight.

ministack hands out in the order of arrival. `app` is what uvicorn serves, in a process of its own: `install`
changes the module that it imports.
"""

from __future__ import annotations

import importlib
import math
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Message = Mapping[str, Any]

_SHARE = 0.1
_LEAST_IN_FLIGHT = 30
_RECENT_S = 60.0  # SQS does not say what recent is


class Fairness:
    """What a queue knows of its tenants."""

    def __init__(self) -> None:
        self._noisy: set[str] = set()
        self._spent_s: dict[str, float] = {}
        self._in_flight: Counter[str] = Counter()
        self._at: float | None = None

    def ordered(self, messages: Sequence[Message], now: float) -> list[Message]:
        """Those of a queue's messages that wait at `now` (seconds), in the order of being handed out."""
        waiting = [message for message in messages if message["visible_at"] <= now]
        taken = (each for each in messages if each["visible_at"] > now and each["receive_count"])
        self._spend(now)
        self._in_flight = Counter(tenant_of(message) for message in taken)
        self._noisy = (self._noisy | self._new_noise()) & {tenant_of(message) for message in waiting}
        if self._noisy:
            waiting.sort(key=self._rank)  # a stable sort: of one tenant the oldest first
        return waiting

    def handed_out(self, messages: Sequence[Message]) -> None:
        """These are in flight from now on."""
        self._in_flight.update(tenant_of(message) for message in messages)

    def _spend(self, now: float) -> None:
        """Processing time is what has been in flight since the last look, and fades."""
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        faded = math.exp(-passed / _RECENT_S)
        self._spent_s = {tenant: spent * faded for tenant, spent in self._spent_s.items() if spent > 0.001}
        for tenant, count in self._in_flight.items():
            self._spent_s[tenant] = self._spent_s.get(tenant, 0.0) + count * passed

    def _new_noise(self) -> set[str]:
        many = max(_LEAST_IN_FLIGHT, _SHARE * self._in_flight.total())
        long_s = _SHARE * math.fsum(self._spent_s.values())
        return {tenant for tenant, count in self._in_flight.items() if count >= many} | {
            tenant for tenant, spent in self._spent_s.items() if spent > long_s
        }

    def _rank(self, message: Message) -> tuple[bool, int]:
        tenant = tenant_of(message)
        return (True, self._in_flight[tenant]) if tenant in self._noisy else (False, 0)


def tenant_of(message: Message) -> str:
    """By whom queues are fair."""
    return str(message.get("group_id") or message["id"])


def install() -> Any:
    """ministack's application, its standard queues fair from now on. Raises ImportError, AttributeError."""
    sqs: Any = importlib.import_module("ministack.services.sqs")
    in_order, prepared = sqs._collect_msgs, sqs._ensure_msg_fields  # noqa: SLF001 (it has no other place)
    known: defaultdict[str, Fairness] = defaultdict(Fairness)

    def collect(queue: dict[str, Any], most: int, visibility_s: int) -> list[dict[str, Any]]:
        if queue["is_fifo"]:
            fifo: list[dict[str, Any]] = in_order(queue, most, visibility_s)
            return fifo
        for message in queue["messages"]:
            prepared(message)
        fairness = known[queue["attributes"]["QueueArn"]]
        ordered = fairness.ordered(queue["messages"], time.time())
        first: list[dict[str, Any]] = in_order({**queue, "messages": ordered}, most, visibility_s)
        fairness.handed_out(first)
        return first

    sqs._collect_msgs = collect  # noqa: SLF001
    return importlib.import_module("ministack.app").app


def __getattr__(name: str) -> Any:
    """`app`, made when uvicorn asks for it: an import alone changes nothing."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = install()
    return globals()["app"]
