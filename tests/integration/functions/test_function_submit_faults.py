"""submit: when something of ours does not work."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.functions.documents import EXTRACT, SUMMARISE
from tests.integration.functions.recorded import REQUEST_ID, post_job, recorded
from tests.integration.functions.stage import queues_endpoint

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

LARGE = {**SUMMARISE, "document": {"text": "A line of a long report.\n" * 12_000}}


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    """The problem of an answer with this status."""
    assert answer["statusCode"] == status, answer
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
    problem: dict[str, Any] = json.loads(answer["body"])
    assert problem["request_id"] == REQUEST_ID
    return problem


def test_an_unreachable_queue_costs_no_job(stage: Stage, rows: Rows, closed_port: int) -> None:
    """The ticket is given, the job is stored and due, and the missing doorbell is counted and logged."""
    stage.override(AWS_ENDPOINT_URL_SQS=f"http://127.0.0.1:{closed_port}")
    job_id = stage.accept(**EXTRACT)
    assert rows.one("SELECT status, available_at <= now() AS due FROM jobs WHERE id = %s", [job_id]) == {
        "status": "pending",
        "due": True,
    }
    assert stage.metric("DoorbellsNotRung") == 1
    logged = [line["job_id"] for line in stage.lines() if line.get("message") == "doorbell not rung"]
    assert logged == [job_id]


def test_the_sweep_rings_for_a_job_whose_doorbell_was_lost(
    stage: Stage, rows: Rows, closed_port: int
) -> None:
    """What could not be rung at its acceptance is rung a minute later."""
    stage.override(AWS_ENDPOINT_URL_SQS=f"http://127.0.0.1:{closed_port}")
    job_id = stage.accept(**EXTRACT)
    rows.run("UPDATE jobs SET rung_at = rung_at - interval '61 seconds'")
    stage.override(AWS_ENDPOINT_URL_SQS=queues_endpoint())
    stage.call("sweep", recorded("scheduler"))
    assert stage.bodies("JobsQueue") == [{"job_id": job_id}]


def test_an_unreachable_database_is_a_503(stage: Stage, rows: Rows, closed_port: int) -> None:
    """The caller is told to come back, and no doorbell is rung for what was not stored."""
    stage.override(DATABASE_URL=f"postgresql://claimcheck@127.0.0.1:{closed_port}/claimcheck")
    answer = stage.call("submit", post_job("extract", EXTRACT))
    assert problem_of(answer, 503)["code"] == "unavailable"
    assert int(answer["multiValueHeaders"]["Retry-After"][0]) >= 1
    assert stage.received("JobsQueue")["Records"] == []


def test_an_unreachable_bucket_is_a_503(stage: Stage, rows: Rows) -> None:
    """A large document that cannot be put aside is not accepted: a row without bytes would be no job."""
    stage.override(DOCUMENTS_BUCKET="claimcheck-no-such-bucket")
    answer = stage.call("submit", post_job("summarise", LARGE))
    assert problem_of(answer, 503)["code"] == "unavailable"
    assert rows.stored() == 0
    assert stage.received("JobsQueue")["Records"] == []


def test_a_connection_that_died_idle_costs_nothing(stage: Stage, rows: Rows) -> None:
    """A connection the server closed while nothing was sent is opened again, and the job is accepted."""
    stage.accept(**EXTRACT)
    _end_connections(rows)
    stage.accept(**EXTRACT)


def test_a_fault_of_ours_is_a_500_without_detail(stage: Stage, rows: Rows) -> None:
    """A setting that does not parse gives the request's id to ask with, and not what is wrong here."""
    stage.override(MAX_BODY_BYTES="canary-of-the-settings")
    answer = stage.call("submit", post_job("extract", EXTRACT))
    problem = problem_of(answer, 500)
    assert set(problem) == {"type", "title", "status", "detail", "code", "request_id"}
    assert problem["code"] == "internal"
    assert not [word for word in ("canary", "MAX_BODY_BYTES", "Settings") if word in json.dumps(answer)]
    assert rows.stored() == 0


def test_a_fault_of_ours_is_logged_by_type_and_place(stage: Stage) -> None:
    """The log says which request failed, what kind of error and where, and not the error's text."""
    stage.override(MAX_BODY_BYTES="canary-of-the-settings")
    stage.call("submit", post_job("extract", EXTRACT))
    (line,) = [line for line in stage.lines() if line.get("level") == "ERROR"]
    assert (line["api_request_id"], line["status"], line["code"]) == (REQUEST_ID, 500, "internal")
    assert line["error"][0].startswith("SettingsError at environment.py:")
    assert "canary" not in stage.output.getvalue()


def test_a_queue_that_does_not_exist_is_not_shown(stage: Stage, rows: Rows) -> None:
    """A queue's address that is wrong costs the doorbell only, and is neither answered nor logged."""
    stage.override(JOBS_QUEUE_URL=f"{queues_endpoint()}/123456789012/canary-queue")
    answer = stage.call("submit", post_job("extract", EXTRACT))
    assert answer["statusCode"] == 202
    assert stage.metric("DoorbellsNotRung") == 1
    assert "canary" not in json.dumps(answer) + stage.output.getvalue()


def test_a_tenant_without_a_row_is_a_fault_of_ours(stage: Stage) -> None:
    """A tenant that the database does not know cannot have a job: 500, and no doorbell."""
    answer = stage.call("submit", post_job("extract", EXTRACT, tenant="nobody"))
    assert problem_of(answer, 500)["code"] == "internal"
    assert stage.received("JobsQueue")["Records"] == []


def _end_connections(rows: Rows) -> None:
    """The server closes every connection but ours, and is done with them."""
    rows.all(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
