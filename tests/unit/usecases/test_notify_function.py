"""The function `notify`: each outcome goes to its tenant's group, by threads that do nothing else."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
from pathlib import Path
from threading import Barrier, Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from claimcheck.bootstrap import working

from tests.unit.usecases.posting import message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    import pytest

APP = Path(__file__).resolve().parents[3] / "functions" / "notify" / "app.py"
PATIENCE_S = 30  # of a test that has failed
MANY = min(32, (os.cpu_count() or 1) + 4) + 1  # more than asyncio's own threads


class Outcomes:
    """The queue of outcomes. `on_send` is done first, in the thread that sends."""

    def __init__(self, on_send: Callable[[], object] = lambda: None) -> None:
        self.sent: list[tuple[str, str]] = []
        self._on_send = on_send

    def send(self, outcome: Mapping[str, Any], *, group: str, delay_s: float = 0) -> None:
        self._on_send()
        self.sent.append((outcome["delivery_id"], group))

    def send_all(self, messages: object) -> int:
        raise NotImplementedError


class NeverAsked:
    """The queue of a batch that has no time to take more from it."""

    def receive(self, most: int, *, wait_s: int) -> list[Any]:
        raise NotImplementedError

    def delete(self, receipt: str) -> None:
        raise NotImplementedError


async def delivered(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"delivery_id": one["delivery_id"]}


def notified(
    monkeypatch: pytest.MonkeyPatch,
    outcomes: Outcomes,
    *messages: Mapping[str, Any],
    notify: Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]] = delivered,
) -> list[str]:
    """Hand messages to the function in one batch; the places of those that failed."""
    service = SimpleNamespace(notify=notify, outcomes=outcomes, inboxes={"deliveries": NeverAsked()})
    monkeypatch.setattr(working, "notify", lambda: service)
    spec = importlib.util.spec_from_file_location("notify_app", APP)
    assert spec is not None
    assert spec.loader is not None
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    records = [
        {
            "messageId": str(place),
            "body": json.dumps(each),
            "attributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:deliveries",
        }
        for place, each in enumerate(messages)
    ]
    context = SimpleNamespace(
        function_name="notify",
        memory_limit_in_mb=256,
        invoked_function_arn="arn",
        aws_request_id="r",
        get_remaining_time_in_millis=lambda: 0,  # nothing is taken besides
    )
    answer = app.handler({"Records": records}, context)
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_an_outcome_goes_to_its_tenants_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue of outcomes is fair between tenants: each outcome's group is its delivery's tenant."""
    outcomes = Outcomes()
    sent = [message(delivery_id=f"d{number}", tenant_id=f"t{number % 2}") for number in range(4)]
    assert notified(monkeypatch, outcomes, *sent) == []
    assert sorted(outcomes.sent) == [("d0", "t0"), ("d1", "t1"), ("d2", "t0"), ("d3", "t1")]


def test_a_message_without_a_tenant_is_not_posted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be reported is not posted either: it fails before the receiver hears of it."""
    posted: list[str] = []

    async def post(one: Mapping[str, Any]) -> dict[str, Any]:
        posted.append(one["delivery_id"])
        return {"delivery_id": one["delivery_id"]}

    broken = message(delivery_id="broken")
    del broken["tenant_id"]
    assert notified(monkeypatch, Outcomes(), broken, message(), notify=post) == ["0"]
    assert posted == ["d1"]


def test_outcomes_are_sent_while_all_other_threads_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """More work than asyncio has threads for waits for the outcome, which is sent nevertheless."""
    is_sent = Event()
    waited: list[bool] = []

    async def post(one: Mapping[str, Any]) -> dict[str, Any]:
        for _ in range(MANY):
            asyncio.get_running_loop().run_in_executor(None, lambda: waited.append(is_sent.wait(PATIENCE_S)))
        return {"delivery_id": one["delivery_id"]}

    outcomes = Outcomes(is_sent.set)
    assert notified(monkeypatch, outcomes, message(), notify=post) == []
    assert is_sent.is_set()
    assert all(waited)


def test_a_whole_batchs_outcomes_are_sent_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten outcomes that wait for each other are all sent: none waits for another's thread."""
    outcomes = Outcomes(Barrier(10, timeout=PATIENCE_S).wait)
    sent = [message(delivery_id=f"d{number}") for number in range(10)]
    assert notified(monkeypatch, outcomes, *sent) == []
    assert len(outcomes.sent) == 10
