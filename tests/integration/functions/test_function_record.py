"""record: each attempt into the log, and what follows from it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import batch, failed_ids, get_part, ids, recorded

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage


@pytest.fixture
def job_id(stage: Stage) -> str:
    """A finished job whose webhook is on its way for the first time."""
    accepted = stage.accept(**EXTRACT, webhook_url="https://example.com/hook")
    stage.work(accepted)
    return accepted


def outcome(rows: Rows, job_id: str, **members: Any) -> dict[str, Any]:
    """A recorded outcome of the job's delivery."""
    pattern: dict[str, Any] = json.loads(recorded("sqs-outcomes")["Records"][0]["body"])
    delivery = rows.delivery(job_id)
    return {**pattern, "delivery_id": str(delivery["id"]), "attempt": delivery["attempt"], **members}


def tell(stage: Stage, *outcomes: dict[str, Any] | str) -> list[str]:
    """Hand outcomes to record in one batch; the ids of the messages that failed."""
    return failed_ids(stage.call("record", batch("sqs-outcomes", outcomes)))


def attempts(stage: Stage, job_id: str) -> list[dict[str, Any]]:
    """The log as the tenant reads it."""
    (delivery,) = json.loads(stage.call("webhooks", get_part(job_id, "deliveries"))["body"])["deliveries"]
    found: list[dict[str, Any]] = delivery["attempts"]
    return found


@pytest.mark.parametrize("status_code", [200, 204, 299])
def test_a_good_answer_is_the_end(stage: Stage, rows: Rows, job_id: str, status_code: int) -> None:
    """Delivered, with no failure charged."""
    assert tell(stage, outcome(rows, job_id, status_code=status_code)) == []
    delivery = rows.delivery(job_id)
    assert (delivery["status"], delivery["failures"]) == ("delivered", 0)
    assert delivery["completed_at"] is not None


@pytest.mark.parametrize(
    "failure",
    [{"status_code": 500}, {"status_code": 302}, {"status_code": None, "error": "timeout"}],
    ids=["500", "redirect", "timeout"],
)
def test_a_failure_is_planned_again(stage: Stage, rows: Rows, job_id: str, failure: dict[str, Any]) -> None:
    """The first one is charged and tried again in about five seconds."""
    before = rows.one("SELECT now() AS now")["now"]
    assert tell(stage, outcome(rows, job_id, **failure)) == []
    delivery = rows.delivery(job_id)
    assert (delivery["status"], delivery["failures"], delivery["completed_at"]) == ("pending", 1, None)
    assert delivery["next_attempt_at"] - before >= timedelta(seconds=4.5)
    assert delivery["wait_s"] <= 5.5


def test_an_attempt_that_may_have_been_made_is_not_called_unsent(
    stage: Stage, rows: Rows, job_id: str
) -> None:
    """A message that comes back after its time was perhaps sent by whoever had it: so the log says."""
    told = outcome(rows, job_id, status_code=None, stale=True)
    rows.make_due()
    tell(stage, told)
    assert "may have arrived" in attempts(stage, job_id)[0]["error"]


def test_a_retry_that_is_due_soon_has_a_bell(stage: Stage, rows: Rows, job_id: str) -> None:
    """A delayed message rings for it, in its tenant's group; when it rings, the delivery is sent."""
    tell(stage, outcome(rows, job_id, status_code=500))
    assert stage.delayed("OutcomesQueue") == 1
    assert stage.bodies("DeliveriesQueue")[0]["attempt"] == 1
    rows.run("UPDATE deliveries SET next_attempt_at = now()")
    tell(stage, json.dumps({"delivery_id": str(rows.delivery(job_id)["id"]), "due": True}))
    (message,) = stage.bodies("DeliveriesQueue")
    assert message["attempt"] == 2


def test_a_retry_that_is_due_later_is_left_to_sweep(stage: Stage, rows: Rows, job_id: str) -> None:
    """SQS keeps nothing back for longer than fifteen minutes."""
    rows.run("UPDATE deliveries SET failures = 2")
    tell(stage, outcome(rows, job_id, status_code=500))
    assert stage.delayed("OutcomesQueue") == 0
    assert rows.delivery(job_id)["wait_s"] > 900


def test_a_receivers_wish_is_followed(stage: Stage, rows: Rows, job_id: str) -> None:
    """With Retry-After nothing goes to the address before, this delivery and others alike."""
    tell(stage, outcome(rows, job_id, status_code=429, retry_after_s=3600.0))
    assert rows.delivery(job_id)["wait_s"] > 3590
    stage.bodies("DeliveriesQueue")
    stage.work(stage.accept(**EXTRACT, webhook_url="https://example.com/hook"))
    assert stage.bodies("DeliveriesQueue") == []


@pytest.mark.parametrize(
    ("duration_ms", "queue"), [(2_999, "DeliveriesQueue"), (15_000, "SlowDeliveriesQueue")]
)
def test_who_held_a_sender_up_gets_another_lane(
    stage: Stage, rows: Rows, job_id: str, duration_ms: int, queue: str
) -> None:
    """After a call of three seconds and more an address's webhooks go through the slow queue."""
    stage.bodies("DeliveriesQueue")
    tell(stage, outcome(rows, job_id, status_code=200, duration_ms=duration_ms))
    stage.work(stage.accept(**EXTRACT, webhook_url="https://example.com/hook"))
    queues = {name: len(stage.bodies(name)) for name in ("DeliveriesQueue", "SlowDeliveriesQueue")}
    assert {name for name, count in queues.items() if count} == {queue}


@pytest.mark.parametrize("attempt", [-7, 0, 2])
def test_an_attempt_that_was_not_made_has_no_outcome(
    stage: Stage, rows: Rows, job_id: str, attempt: int
) -> None:
    """An outcome of another number than those that were taken changes nothing, not even a success."""
    assert tell(stage, outcome(rows, job_id, attempt=attempt, status_code=200)) == []
    assert rows.delivery(job_id)["status"] == "pending"


def test_gone_is_the_end(stage: Stage, rows: Rows, job_id: str) -> None:
    """410 says that nobody will ever want it."""
    tell(stage, outcome(rows, job_id, status_code=410))
    assert rows.delivery(job_id)["status"] == "disabled"


def test_the_last_failure_is_the_end(stage: Stage, rows: Rows, job_id: str) -> None:
    """After the last delay of the schedule there is no further attempt."""
    rows.run("UPDATE deliveries SET failures = 9")
    tell(stage, outcome(rows, job_id, status_code=503))
    assert (rows.delivery(job_id)["status"], rows.delivery(job_id)["failures"]) == ("exhausted", 10)


def test_a_stale_message_costs_nothing(stage: Stage, rows: Rows, job_id: str) -> None:
    """What was never sent is due again soon, uncharged, and stands in the log as not sent."""
    tell(stage, outcome(rows, job_id, status_code=None, stale=True))
    delivery = rows.delivery(job_id)
    assert (delivery["status"], delivery["failures"]) == ("pending", 0)
    assert delivery["wait_s"] <= 45
    assert "not sent" in attempts(stage, job_id)[0]["error"]


def test_the_attempt_is_in_the_log(stage: Stage, rows: Rows, job_id: str) -> None:
    """Number, time, address, status, duration, error and the beginning of the answer."""
    told = outcome(rows, job_id, status_code=500, duration_ms=87, response_head="no\x00pe")
    tell(stage, told)
    (attempt,) = attempts(stage, job_id)
    assert (attempt["attempt"], attempt["status_code"], attempt["duration_ms"]) == (1, 500, 87)
    assert (attempt["url"], attempt["error"]) == ("https://example.com/hook", None)
    assert attempt["response_head"] == "no\ufffdpe"
    assert attempt["at"] == "2025-11-24T05:12:19.310221Z"


def test_an_outcome_twice_is_one_attempt(stage: Stage, rows: Rows, job_id: str) -> None:
    """A second copy, even in the same batch, is acknowledged and changes nothing."""
    told = outcome(rows, job_id, status_code=500)
    assert tell(stage, told, told) == []
    before = rows.delivery(job_id)["next_attempt_at"]
    assert tell(stage, told) == []
    after = rows.delivery(job_id)
    assert (after["failures"], after["next_attempt_at"]) == (1, before)
    assert len(attempts(stage, job_id)) == 1


def test_an_outcome_that_comes_late_is_only_logged(stage: Stage, rows: Rows, job_id: str) -> None:
    """The outcome of an attempt that was given up decides nothing about the one on its way."""
    told = outcome(rows, job_id, status_code=500)
    rows.run("UPDATE deliveries SET attempt = 2")
    assert tell(stage, told) == []
    delivery = rows.delivery(job_id)
    assert (delivery["status"], delivery["failures"], delivery["attempt"]) == ("pending", 0, 2)
    assert len(attempts(stage, job_id)) == 1


def test_a_delivered_webhook_stays_delivered(stage: Stage, rows: Rows, job_id: str) -> None:
    """A failure told after a success of the same attempt is not believed."""
    told = outcome(rows, job_id, status_code=204)
    tell(stage, told, {**told, "status_code": 500})
    assert rows.delivery(job_id)["status"] == "delivered"


def test_an_unknown_delivery_is_acknowledged(stage: Stage) -> None:
    """An outcome of nothing is done with."""
    assert stage.call("record", recorded("sqs-outcomes")) == {"batchItemFailures": []}


@pytest.mark.parametrize("bad", ["", "{", "[]", "{}", '{"delivery_id": "no-uuid"}'])
def test_only_a_malformed_message_is_reported_as_failed(
    stage: Stage, rows: Rows, job_id: str, bad: str
) -> None:
    """It comes back by its id alone; the one beside it is recorded."""
    event = batch("sqs-outcomes", [bad, outcome(rows, job_id)])
    assert failed_ids(stage.call("record", event)) == [ids(event)[0]]
    assert rows.delivery(job_id)["status"] == "delivered"


def test_an_unreachable_database_fails_every_message(stage: Stage, closed_port: int) -> None:
    """The outcomes stay in the queue."""
    stage.override(DATABASE_URL=f"postgresql://claimcheck@127.0.0.1:{closed_port}/claimcheck")
    event = recorded("sqs-outcomes")
    assert failed_ids(stage.call("record", event)) == ids(event)
