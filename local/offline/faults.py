"""Faults that a test asks for, and the record of all calls."""

from __future__ import annotations

import datetime
import json
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

KINDS = (
    "status", "delay", "truncate", "malformed", "schema", "refusal", "empty", "thinking", "reset", "cut",
    "stream_error", "hang", "expire", "cancel", "answer",
)  # fmt: skip
BATCHED_ENDS = {"expire": "expired", "cancel": "canceled"}
"""Faults of a request in a batch, which end it without an answer. A call for itself knows neither."""
REMEMBERED = 10_000  # calls; the counts go on


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call.

    `status`: an error answer with `status`, `type`, `message`, `retry_after`.
    `delay`: a right answer after `seconds` (which any fault may have).
    `truncate`: stop_reason max_tokens, the text cut. `malformed`: no JSON.
    `schema`: JSON that violates the schema. `refusal`, `empty`: no content.
    `thinking`: a thinking block first. `reset`: the connection breaks in the body.
    `cut`: the stream ends too early; an answer that is not streamed is cut short.
    `stream_error`: an `error` event in the stream; an error answer where there is none.
    `hang`: never an answer. `expire`, `cancel`: so ends a request of a batch.
    `answer`: no fault at all, but `message`, JSON in the task's shape, in place of the stand-in's answer.
    """

    kind: str
    status: int = 500
    type: str | None = None
    message: str = "A fault that was asked for."
    retry_after: float | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class Rule:
    """A fault for the next `times` calls (None: for all) whose document or instruction holds `match`."""

    fault: Fault
    match: str | None = None
    times: int | None = 1


class FaultQueue:
    """Rules in the order they were asked for; each call takes the first that fits it."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> int:
        """Queue a rule; says how many there are."""
        self._rules.append(rule)
        return len(self._rules)

    def clear(self) -> None:
        """Forget all rules."""
        self._rules.clear()

    def take(self, *texts: str) -> Fault | None:
        """The fault of a call with these texts, used up by it."""
        for rule in self._rules:
            if rule.match is not None and not any(rule.match in text for text in texts):
                continue
            if rule.times is not None:
                rule.times -= 1
                if rule.times <= 0:
                    self._rules.remove(rule)
            return rule.fault
        return None


def rule_from(body: object) -> Rule:
    """A rule from the body of `POST /faults`; ValueError says what is wrong."""
    if not isinstance(body, dict) or not isinstance(body.get("fault"), dict):
        raise ValueError(  # noqa: TRY004 -- the caller's input, not ours
            'send {"match": text or null, "times": n or null, "fault": {"kind": …}}'
        )
    fault = dict(body["fault"])
    unknown = sorted(set(fault) - set(Fault.__slots__)) or sorted(set(body) - {"fault", "match", "times"})
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}")
    if fault.get("kind") not in KINDS:
        raise ValueError(f"fault.kind is one of {', '.join(KINDS)}")
    if fault["kind"] == "answer":
        json.loads(str(fault.get("message")))
    for key, types in (("status", int), ("seconds", (int, float)), ("retry_after", (int, float, type(None)))):
        if key in fault and not isinstance(fault[key], types):
            raise ValueError(f"fault.{key} is a number")
    if not 400 <= fault.get("status", 500) <= 599:
        raise ValueError("fault.status is 400 to 599")
    match, times = body.get("match"), body.get("times", 1)
    if (
        not isinstance(match, str | None)
        or not isinstance(times, int | None)
        or (times is not None and times < 1)
    ):
        raise ValueError("match is a text or null, times a positive number or null")
    return Rule(Fault(**fault), match, times)


@dataclass(slots=True)
class Call:
    """One request to `/v1/messages`, or of a batch. `status` is null until it is answered."""

    id: str
    at: str
    key: str
    model: str | None = None
    stream: bool = False
    fault: str | None = None
    status: int | None = None
    batch: str | None = None

    def body(self) -> dict[str, Any]:
        """As `GET /calls` shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class CallLog:
    """Every call by the hash of its document: tests count with it who asked how often."""

    count: int = 0
    keys: Counter[str] = field(default_factory=Counter)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def open(self, request_id: str, key: str) -> Call:
        """Record a call at its arrival."""
        call = Call(request_id, datetime.datetime.now(datetime.UTC).isoformat(), key)
        self.count += 1
        self.keys[key] += 1
        self.calls.append(call)
        return call

    def about(self, call: Call, key: str) -> None:
        """Of which document a call is, where that was known only later."""
        self.keys[call.key] -= 1
        self.keys[key] += 1
        call.key = key

    def clear(self) -> None:
        """Start counting anew."""
        self.count = 0
        self.keys.clear()
        self.calls.clear()

    def body(self) -> dict[str, Any]:
        """As `GET /calls` shows it."""
        return {"count": self.count, "keys": dict(self.keys), "calls": [call.body() for call in self.calls]}
