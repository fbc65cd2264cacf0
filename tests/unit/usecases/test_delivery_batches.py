"""Large webhooks go through SQS: no request is larger than SQS takes."""

from __future__ import annotations

import json

import pytest

from tests.unit.aws.standin_sqs import StandinSqs
from tests.unit.usecases.counted import counted
from tests.unit.usecases.recording_queue import RecordingQueue
from tests.unit.usecases.webhook_rows import WebhookRows, deliver_by, due

LARGEST_BYTES = 256_000  # of what event_body puts into a body


def sent(count: int, result_bytes: int, character: str = "x") -> list[str]:
    """Which of so many deliveries of that size reach the queue."""
    text = character * ((result_bytes - 20) // (len(json.dumps(character, ensure_ascii=False).encode()) - 2))
    body = json.dumps({"result": text}, ensure_ascii=False)
    rows = WebhookRows(*(due(f"d{number}", body=body) for number in range(count)), secrets={"acme": 1})
    messages = deliver_by(RecordingQueue()).plan(rows.database)
    assert messages[0][0]["body"] == body
    sqs = StandinSqs()
    deliver_by(sqs.queue()).send(messages)
    return [json.loads(body)["delivery_id"] for body in sqs.bodies]


def test_small_deliveries_go_by_tens() -> None:
    """Twenty-five small webhooks all reach the queue."""
    assert len(sent(25, 1_000)) == 25


@pytest.mark.parametrize("character", ["x", '"', "\\", "\x01", "é", "€", "\U0001f9fe", "\ufffe"])
def test_large_deliveries_all_go(character: str) -> None:
    """Ten webhooks of the largest size all reach the queue, whatever their characters become as ASCII."""
    assert len(sent(10, LARGEST_BYTES, character)) == 10
    assert counted("DeliveriesNotSent") == 0
