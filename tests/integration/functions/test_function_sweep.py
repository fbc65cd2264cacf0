"""sweep: what repairs the rest, every minute."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from tests.integration.functions.documents import EXTRACT, numbered
from tests.integration.functions.recorded import get_webhook_secret, recorded

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

HOOK = "https://example.com/hook"


def sweep(stage: Stage) -> dict[str, int]:
    """What one firing of the schedule did."""
    answer = stage.call("sweep", recorded("scheduler"))
    assert set(answer) >= {"leases_expired", "jobs_rung", "deliveries_sent"}
    return dict(answer)


def lose_doorbells(stage: Stage, rows: Rows) -> None:
    """The messages are gone, and a minute has passed since they were sent."""
    stage.received("JobsQueue")
    rows.run("UPDATE jobs SET rung_at = rung_at - interval '61 seconds'")


def die(rows: Rows, job_id: str) -> None:
    """A worker took the job, and stopped a while ago."""
    rows.run(
        "UPDATE jobs SET status = 'running', attempt = 1, started_at = now(),"
        " lease_expires_at = now() - interval '1 second' WHERE id = %s",
        [job_id],
    )


def test_a_job_whose_doorbell_was_lost_is_rung_for(stage: Stage, rows: Rows) -> None:
    """A due job gets a new message in its tenant's group, and is worked on."""
    job_id = stage.accept(**EXTRACT)
    lose_doorbells(stage, rows)
    assert sweep(stage)["jobs_rung"] == 1
    event = stage.received("JobsQueue")
    assert [json.loads(record["body"]) for record in event["Records"]] == [{"job_id": job_id}]
    assert event["Records"][0]["attributes"]["MessageGroupId"] == "acme"
    stage.call("process", event)
    assert stage.read(job_id)["status"] == "completed"


def test_a_job_is_not_rung_for_at_once(stage: Stage) -> None:
    """A doorbell on its way is left alone."""
    stage.accept(**EXTRACT)
    stage.received("JobsQueue")
    assert sweep(stage)["jobs_rung"] == 0
    assert stage.bodies("JobsQueue") == []


def test_a_job_is_rung_for_once_a_minute(stage: Stage, rows: Rows) -> None:
    """A sweep right after a sweep rings for nothing."""
    stage.accept(**EXTRACT)
    lose_doorbells(stage, rows)
    assert [sweep(stage)["jobs_rung"], sweep(stage)["jobs_rung"]] == [1, 0]


def test_more_jobs_than_a_message_batch_are_all_rung_for(stage: Stage, rows: Rows) -> None:
    """SQS takes ten entries at a time; 23 jobs get 23 messages."""
    jobs = [stage.accept(**EXTRACT) for _ in range(23)]
    for _ in range(3):
        stage.received("JobsQueue")
    lose_doorbells(stage, rows)
    assert sweep(stage)["jobs_rung"] == 23
    rung = [body["job_id"] for _ in range(3) for body in stage.bodies("JobsQueue")]
    assert sorted(rung) == jobs


@pytest.mark.parametrize("state", ["waits for its retry", "is running", "is final"])
def test_a_job_that_is_not_due_is_left_alone(stage: Stage, rows: Rows, state: str) -> None:
    """No message for a job that nobody should look at."""
    job_id = stage.accept(**EXTRACT)
    if state == "waits for its retry":
        rows.run("UPDATE jobs SET available_at = now() + interval '1 hour'")
    elif state == "is running":
        die(rows, job_id)
        rows.run("UPDATE jobs SET lease_expires_at = now() + interval '1 minute'")
    else:
        stage.work(job_id)
    lose_doorbells(stage, rows)
    swept = sweep(stage)
    assert (swept["leases_expired"], swept["jobs_rung"]) == (0, 0)
    assert stage.bodies("JobsQueue") == []


def test_a_dead_workers_job_is_taken_back(stage: Stage, rows: Rows) -> None:
    """Its lease has run out: it waits again, one attempt used up, and is rung for at once."""
    job_id = stage.accept(**EXTRACT)
    stage.received("JobsQueue")
    die(rows, job_id)
    assert sweep(stage)["leases_expired"] == 1
    assert (rows.job(job_id)["status"], rows.job(job_id)["failures"]) == ("pending", 1)
    assert rows.trail(job_id)[-1] == ("lease_expired", "pending")
    assert stage.bodies("JobsQueue") == [{"job_id": job_id}]


def test_a_job_that_kills_its_workers_fails(stage: Stage, rows: Rows) -> None:
    """With its attempts used up it is failed and not rung for; its webhook goes out in the same sweep."""
    stage.override(MAX_ATTEMPTS="1")
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    stage.received("JobsQueue")
    die(rows, job_id)
    swept = sweep(stage)
    assert (swept["leases_expired"], swept["jobs_rung"], swept["deliveries_sent"]) == (1, 0, 1)
    error = stage.read(job_id)["error"]
    assert (error["code"], error["retryable"]) == ("worker_crashed", True)
    (message,) = stage.bodies("DeliveriesQueue")
    assert json.loads(message["body"])["type"] == "job.failed"


def test_a_job_that_grew_too_old_fails(stage: Stage, rows: Rows) -> None:
    """After a day without a chance to run it is given up, as retryable, and not rung for."""
    job_id = stage.accept(**EXTRACT)
    lose_doorbells(stage, rows)
    rows.run("UPDATE jobs SET accepted_at = now() - interval '24 hours 1 second'")
    sweep(stage)
    error = stage.read(job_id)["error"]
    assert (error["code"], error["retryable"], error["attempts"]) == ("expired", True, 0)
    assert stage.bodies("JobsQueue") == []


def test_a_dead_workers_late_answer_is_not_written(stage: Stage, rows: Rows, model: ModelGate) -> None:
    """A sweep and a second worker finish the job while the first one waits: one result, the second's."""
    job_id = stage.accept(**EXTRACT)

    def overtake() -> None:
        rows.run("UPDATE jobs SET lease_expires_at = now() - interval '1 second'")
        sweep(stage)
        rows.run("UPDATE jobs SET status = 'running', attempt = 2, lease_expires_at = now() + interval '1 h'")

    model.meanwhile(overtake)
    assert stage.work(job_id) == []
    assert (rows.job(job_id)["status"], rows.job(job_id)["result"]) == ("running", None)
    assert ("lease_expired", "pending") in rows.trail(job_id)


def test_due_deliveries_are_planned_and_signed(stage: Stage, rows: Rows) -> None:
    """A webhook whose time has come goes out again under the next attempt, freshly signed."""
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    stage.work(job_id)
    stage.received("DeliveriesQueue")
    rows.make_due()
    assert sweep(stage)["deliveries_sent"] == 1
    (message,) = stage.bodies("DeliveriesQueue")
    assert (message["attempt"], rows.delivery(job_id)["attempt"]) == (2, 2)
    shown = json.loads(stage.call("webhooks", get_webhook_secret())["body"])
    Webhook(shown["secrets"][0]["secret"]).verify(message["body"], message["headers"])


def test_a_delivery_on_its_way_is_left_alone(stage: Stage) -> None:
    """What was sent a moment ago is not sent again before its outcome may be given up."""
    stage.work(stage.accept(**EXTRACT, webhook_url=HOOK))
    assert sweep(stage)["deliveries_sent"] == 0


def test_the_sweep_leaves_a_heartbeat(stage: Stage, rows: Rows) -> None:
    """Its last time and what it did are in the database: that it stopped can be seen."""
    sweep(stage)
    beat: dict[str, Any] = rows.one("SELECT name, detail FROM heartbeats WHERE at > now() - interval '1 min'")
    assert beat["name"] == "sweep"
    assert beat["detail"]["jobs_rung"] == 0


def test_an_unreachable_queue_stops_no_sweep(stage: Stage, rows: Rows, closed_port: int) -> None:
    """Leases are taken back and deliveries planned where no message can be sent; the misses are counted."""
    lost, died = stage.accept(**numbered(1)), stage.accept(**numbered(2))
    lose_doorbells(stage, rows)
    die(rows, died)
    stage.override(AWS_ENDPOINT_URL_SQS=f"http://127.0.0.1:{closed_port}")
    sweep(stage)
    assert {rows.job(lost)["status"], rows.job(died)["status"]} == {"pending"}
    assert stage.metric("DoorbellsNotRung") == 2
    assert rows.all("SELECT 1 FROM heartbeats")


def test_an_unreachable_database_fails_the_sweep(stage: Stage, closed_port: int) -> None:
    """It raises, so that Lambda counts an error and the alarm on it can ring."""
    stage.override(DATABASE_URL=f"postgresql://claimcheck@127.0.0.1:{closed_port}/claimcheck")
    with pytest.raises(Exception, match="database"):
        sweep(stage)
