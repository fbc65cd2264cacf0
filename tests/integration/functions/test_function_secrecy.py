"""Nothing of a customer's and no secret is logged or printed, whatever happens to a job."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.usecases.keys import create_key

from tests.integration.functions.recorded import (
    authorization,
    batch,
    cancel_job,
    doorbells,
    get_job,
    get_part,
    get_webhook_secret,
    list_jobs,
    post_job,
    reader_of,
    recorded,
    redrive_job,
)
from tests.integration.functions.stage import MODEL_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claimcheck.store.connection import Database

    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.receiver import Receiver
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

DOCUMENT = {
    "text": "The canary-text of the contract is 17.\nField canary-field: canary-value\n",
    "name": "canary-name",
}
SHARED: dict[str, Any] = {"document": DOCUMENT, "metadata": {"canary-key": "canary-metadata"}}
EXTRACT = {**SHARED, "fields": [{"name": "canary-field", "description": "canary-description"}]}
EVALUATE = {**SHARED, "criteria": [{"id": "canary-id", "criterion": "The canary-criterion is met"}]}
SUMMARISE = {**SHARED, "focus": "canary-focus"}
UNKNOWN = "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"


@pytest.fixture
def loud(stage: Stage) -> Stage:
    """A deployment that logs all it can."""
    stage.override(POWERTOOLS_LOG_LEVEL="DEBUG", CLAIMCHECK_ALLOW_LOOPBACK_WEBHOOKS="true")
    return stage


def read_all(stage: Stage, job_id: str) -> None:
    """Every reading call about a job."""
    for event in (get_job(job_id), get_job("canary-id"), list_jobs(), list_jobs(status="canary-status")):
        stage.call("status", event)
    for part in ("events", "document", "deliveries"):
        stage.call(reader_of(get_part(job_id, part)), get_part(job_id, part))


def secret_part(key: str) -> str:
    """What follows `ck_{key id}_`; it may have underscores of its own."""
    return key.split("_", 2)[2]


def silent_about(stage: Stage, *secrets: str) -> None:
    """No canary and none of these in anything that was printed, of which there is something."""
    printed = stage.output.getvalue()
    assert [line for line in stage.lines() if "level" in line]
    assert not [line for line in printed.splitlines() if "canary" in line.lower()]
    assert not [secret for secret in secrets if secret in printed]


@pytest.mark.parametrize(
    ("task", "body"), [("extract", EXTRACT), ("evaluate", EVALUATE), ("summarise", SUMMARISE)]
)
def test_a_job_that_goes_well_is_not_told(
    loud: Stage, database: Database, receiver: Receiver, task: str, body: dict[str, Any]
) -> None:
    """From the key to the webhook's log, through all functions: ids and codes only."""
    key = create_key(database, "acme")
    receiver.answer = b"canary-answer"
    loud.call("authorize", authorization(f"Bearer {key}"))
    job_id = loud.accept(task, **body, webhook_url=f"{receiver.url}?token=canary-token")
    loud.call("process", loud.received("JobsQueue"))
    assert loud.read(job_id)["status"] == "completed"
    loud.call("notify", loud.received("DeliveriesQueue"))
    loud.call("record", loud.received("OutcomesQueue"))
    loud.call("sweep", recorded("scheduler"))
    loud.call("migrate", recorded("migrate"))
    read_all(loud, job_id)
    secret = json.loads(loud.call("webhooks", get_webhook_secret())["body"])["secrets"][0]["secret"]
    assert b"canary" in receiver.posts[0].body
    silent_about(loud, key, secret_part(key), MODEL_KEY, secret, secret.removeprefix("whsec_"))


FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 400, "message": "canary-message"},
    {"kind": "status", "status": 401, "message": "canary-message"},
    {"kind": "status", "status": 429, "message": "canary-message"},
    {"kind": "status", "status": 500, "message": "canary-message"},
    {"kind": "malformed"},
    {"kind": "schema"},
    {"kind": "truncate"},
    {"kind": "refusal"},
    {"kind": "reset"},
]


def test_a_job_that_fails_is_not_told(loud: Stage, model: ModelGate, receiver: Receiver) -> None:
    """The model's errors and unusable answers quote the document; the log has their codes."""
    jobs = []
    for number, fault in enumerate(FAULTS):
        model.faults.fault(match=f"number {number} ", times=None, **fault)
        document = {**DOCUMENT, "text": f"{DOCUMENT['text']}Document number {number} of these.\n"}
        jobs.append(loud.accept("extract", **{**EXTRACT, "document": document}, webhook_url=receiver.url))
    loud.work(*jobs)
    states = [loud.read(job_id)["status"] for job_id in jobs]
    assert set(states) == {"pending", "failed"}
    for job_id in jobs:
        loud.call("status", cancel_job(job_id))
        read_all(loud, job_id)
    silent_about(loud, MODEL_KEY)


@pytest.mark.parametrize(
    ("task", "fields"),
    [
        ("canary-task", {}),
        ("extract", {"fields": ["canary-field", "canary-field"]}),
        ("extract", {"schema": {"type": "object", "properties": {"canary-p": {"type": "canary-type"}}}}),
        ("evaluate", {"criteria": ["canary-criterion", 17]}),
        ("summarise", {"canary-member": 1, "focus": ["canary-focus"]}),
        ("summarise", {"document": {"base64": "canary!", "media_type": "canary/type"}}),
        ("summarise", {"webhook_url": "http://canary.example/canary-path", "max_cost_usd": "canary"}),
    ],
)
def test_a_refused_request_is_not_told(loud: Stage, task: str, fields: dict[str, Any]) -> None:
    """The log has the code of a refusal and not what was refused."""
    assert loud.call("submit", post_job(task, {**SHARED, **fields}))["statusCode"] in {404, 422}
    assert loud.call("submit", post_job(task, '{"canary-json": ' + "canary"))["statusCode"] in {400, 404}
    silent_about(loud)


def test_a_repeated_request_is_not_told(loud: Stage) -> None:
    """Neither the caller's key nor the body under it: accepted, repeated, refused for another body."""
    again = {"idempotency_key": "canary-key", "cancel_after": "15m"}
    sent = [EXTRACT, EXTRACT, {**EXTRACT, "fields": ["canary-other"]}]
    answers = [loud.call("submit", post_job("extract", body, **again)) for body in sent]
    assert [answer["statusCode"] for answer in answers] == [202, 202, 422]
    bad = {"idempotency_key": "canary\tkey", "cancel_after": "canary-time"}
    for name, value in bad.items():
        assert loud.call("submit", post_job("extract", EXTRACT, **{name: value}))["statusCode"] == 400
    silent_about(loud)


@contextlib.contextmanager
def allowed_to_raise() -> Iterator[None]:
    """What a function raises is Lambda's to print; here it is held to the same rule."""
    said = ""
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- whatever it is
        said = str(error)
    assert "canary" not in said


def test_a_service_that_is_away_is_not_told(
    loud: Stage, rows: Rows, database: Database, closed_port: int
) -> None:
    """A driver's error may hold an address with its password: it is not printed."""
    key = create_key(database, "acme")
    loud.override(
        DATABASE_URL=f"postgresql://claimcheck:canary-password@127.0.0.1:{closed_port}/canary-database",
        AWS_ENDPOINT_URL_SQS=f"http://127.0.0.1:{closed_port}/canary-endpoint",
        CONNECT_PATIENCE_S="0",
    )
    for name, event in (
        ("submit", post_job("extract", EXTRACT)),
        ("status", list_jobs()),
        ("process", recorded("sqs-jobs")),
        ("status", redrive_job(UNKNOWN)),
        ("record", recorded("sqs-outcomes")),
        ("deadletters", recorded("sqs-dead-letters")),
        ("notify", batch("sqs-deliveries", ["canary-message"])),
        ("authorize", authorization(f"Bearer {key}")),
        ("sweep", recorded("scheduler")),
        ("migrate", recorded("migrate")),
    ):
        with allowed_to_raise():
            loud.call(name, event)
    silent_about(loud, key, secret_part(key))


def test_a_statement_that_is_refused_is_not_told(loud: Stage, rows: Rows) -> None:
    """PostgreSQL's errors quote the row at fault; the log has the constraint's kind only."""
    rows.run("ALTER TABLE jobs ADD CONSTRAINT canary_free CHECK (params::text NOT LIKE '%%canary%%')")
    assert loud.call("submit", post_job("extract", EXTRACT))["statusCode"] == 500
    assert not [line for line in loud.output.getvalue().splitlines() if "canary-" in line]
    assert "ConstraintError" in loud.output.getvalue()


def test_a_result_that_is_refused_is_not_told(loud: Stage, rows: Rows) -> None:
    """The same for a worker's write: its message fails, and no value is printed."""
    job_id = loud.accept("extract", **EXTRACT)
    rows.run("ALTER TABLE jobs ADD CONSTRAINT small CHECK (result IS NULL)")
    event = doorbells(job_id)
    with allowed_to_raise():
        loud.call("process", event)
    assert rows.job(job_id)["status"] in {"running", "pending"}
    silent_about(loud)


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer ck_0a1b2c3d4e5f_{'Zz9-_' * 8}xyz",
        "Bearer canary-malformed",
        "Basic canary",
        "canary",
        "Bearer ck_canary",
    ],
)
def test_a_refused_key_is_not_told(loud: Stage, header: str) -> None:
    """Neither an unknown key nor what somebody took for one is printed."""
    with allowed_to_raise():
        loud.call("authorize", authorization(header))
    silent_about(loud, header, header.rpartition("_")[2])
