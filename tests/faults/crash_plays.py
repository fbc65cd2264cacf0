"""The runs that are cut: one for each way that a function can take."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from claimcheck.store.jobs import claim_job

from tests.faults.crash_deployment import request
from tests.faults.crash_points import Staged, nobody_knows
from tests.integration.functions.recorded import batch, cancel_job, recorded

if TYPE_CHECKING:
    from tests.faults.crash_deployment import Deployment, Run

FAILED, CANCELLED = frozenset({"failed"}), frozenset({"cancelled"})
_LONG = "The insurer pays within thirty days.\r\n" * 60  # more bytes than are kept in a row, and no NFC text


def asked(deployment: Deployment, tenant: str, **fields: Any) -> Any:
    """A submission with a key, and a webhook where the receiver is."""
    return request(tenant, key=str(uuid.uuid4()), webhook_url=deployment.receiver.url, **fields)


# --- submit ---------------------------------------------------------------------------------------


def submit(deployment: Deployment, tenant: str) -> Staged:
    """A submission with a key."""
    event = asked(deployment, tenant)
    return Staged({"calls": [("submit", event)]}, again=[("submit", event)])


def submit_large(deployment: Deployment, tenant: str) -> Staged:
    """A submission whose document goes to the bucket."""
    event = asked(deployment, tenant, document={"text": _LONG + tenant})
    return Staged({"calls": [("submit", event)]}, again=[("submit", event)])


def submit_without_a_key(deployment: Deployment, tenant: str) -> Staged:
    """A submission that nobody repeats: there is a job if and only if its row was committed."""
    event = request(tenant, webhook_url=deployment.receiver.url)
    return Staged({"calls": [("submit", event)]}, jobs=lambda run: run.passed.count("after accept_job"))


def submit_again(deployment: Deployment, tenant: str) -> Staged:
    """A second submission with the same key."""
    event = asked(deployment, tenant)
    deployment.accept(event)
    return Staged({"calls": [("submit", event)]}, again=[("submit", event)])


# --- process --------------------------------------------------------------------------------------


def process(deployment: Deployment, tenant: str) -> Staged:
    """A job that is answered and owes a webhook."""
    event = asked(deployment, tenant)
    deployment.accept(event)
    return Staged({"queue": "process"}, again=[("submit", event)], unknown=nobody_knows)


def process_large(deployment: Deployment, tenant: str) -> Staged:
    """A job whose document and whose text are in the bucket."""
    deployment.accept(asked(deployment, tenant, document={"text": _LONG + tenant}))
    return Staged({"queue": "process"}, unknown=nobody_knows)


def process_throttled(deployment: Deployment, tenant: str) -> Staged:
    """A job that the model asks to wait; such a call is not paid for."""
    deployment.model.faults.fault("status", status=429, retry_after=30)
    deployment.accept(asked(deployment, tenant))
    return Staged({"queue": "process"}, unknown=nobody_knows)


def process_malformed(deployment: Deployment, tenant: str) -> Staged:
    """A job whose first answer is paid for and of no use."""
    deployment.model.faults.fault("malformed")
    deployment.accept(asked(deployment, tenant))
    return Staged({"queue": "process"}, useless=1, unknown=nobody_knows)


def process_refused(deployment: Deployment, tenant: str) -> Staged:
    """A job that the model declines; where that answer was lost, it is asked again, and answers."""
    deployment.model.faults.fault("refusal")
    (job_id,) = deployment.accept(asked(deployment, tenant))
    ends = {job_id: frozenset({"failed", "completed"})}
    return Staged({"queue": "process"}, ends=ends, unknown=nobody_knows)


def process_cut_off(deployment: Deployment, tenant: str) -> Staged:
    """A job whose first answer breaks off: nobody knows of that call either, whoever was killed."""

    def unknown(run: Run) -> int:
        never_sent = run.last in {"after begin_call", "before ask"}
        return 2 if never_sent else 1

    deployment.model.faults.fault("cut")
    deployment.accept(asked(deployment, tenant))
    return Staged({"queue": "process"}, unknown=unknown)


def process_paid(deployment: Deployment, tenant: str) -> Staged:
    """A job whose worker was killed before, just after its answer had been paid for and kept."""
    deployment.accept(asked(deployment, tenant))
    assert deployment.run(queue="process", kill_at="after end_call").killed
    deployment.change("UPDATE jobs SET lease_expires_at = now() WHERE tenant_id = %s", tenant)
    deployment.run(("sweep", recorded("scheduler")))
    for letter in deployment.cloud.letters("jobs")[1:]:
        letter.acknowledge()
    return Staged({"queue": "process"})


def process_held(deployment: Deployment, tenant: str) -> Staged:
    """A job whose model is held to be down."""
    deployment.change(
        "INSERT INTO model_circuits AS c (model, failures, openings, opened_at, retry_at)"
        " VALUES ('claude-sonnet-5-5', 5, 1, now(), now() + interval '15 seconds') ON CONFLICT (model)"
        " DO UPDATE SET failures = 5, openings = 1, opened_at = now(), retry_at = excluded.retry_at"
    )
    deployment.accept(asked(deployment, tenant))
    return Staged({"queue": "process"})


def process_two(deployment: Deployment, tenant: str) -> Staged:
    """Two jobs at once, in one batch."""
    deployment.accept(asked(deployment, tenant), asked(deployment, tenant))
    return Staged({"queue": "process"}, jobs=lambda _: 2, unknown=nobody_knows)


def process_shared(deployment: Deployment, tenant: str) -> Staged:
    """Two jobs about the same long document: one writes the model's prompt cache, the other waits for it."""
    document = {"text": f"{_LONG * 20} {tenant}"}
    deployment.accept(
        asked(deployment, tenant, document=document), asked(deployment, tenant, document=document)
    )
    return Staged({"queue": "process"}, jobs=lambda _: 2, unknown=nobody_knows)


# --- economy --------------------------------------------------------------------------------------


def _parked(deployment: Deployment, tenant: str, jobs: int = 1, **fields: Any) -> list[str]:
    """Jobs whose questions wait to be sent."""
    found = deployment.accept(*(asked(deployment, tenant, priority="economy", **fields) for _ in range(jobs)))
    deployment.run(queue="process")
    deployment.change("UPDATE batch_requests SET parked_at = parked_at - interval '1 hour'")
    return found


def _sent(deployment: Deployment, tenant: str, jobs: int = 1) -> list[str]:
    """Jobs whose questions the API has answered, and nobody has looked yet."""
    found = _parked(deployment, tenant, jobs)
    deployment.run(("economy", recorded("scheduler")))
    deployment.model.faults.control("POST", "/batches/end", {"unanswered": None})
    deployment.change("UPDATE batches SET due_at = now() WHERE closed_at IS NULL")
    return found


def economy_park(deployment: Deployment, tenant: str) -> Staged:
    """A job whose question, which is too long for a row, is parked."""
    text = _LONG * 120 + tenant
    deployment.accept(asked(deployment, tenant, priority="economy", document={"text": text}))
    return Staged({"queue": "process"})


def economy_send(deployment: Deployment, tenant: str) -> Staged:
    """Two questions on their way to the API: it is asked once, whether it heard that or not."""
    _parked(deployment, tenant, 2)
    return Staged({"calls": [("economy", recorded("scheduler"))]}, jobs=lambda _: 2)


def economy_read(deployment: Deployment, tenant: str) -> Staged:
    """The results of three questions, read to their end."""
    _sent(deployment, tenant, 3)
    return Staged({"calls": [("economy", recorded("scheduler"))]}, jobs=lambda _: 3)


def economy_search(deployment: Deployment, tenant: str) -> Staged:
    """A batch that the API has taken and whose name nobody wrote down: it is found, and read."""
    deployment.model.faults.control("POST", "/batches/faults", {"at": "create", "kind": "lost"})
    _sent(deployment, tenant)
    return Staged({"calls": [("economy", recorded("scheduler"))]})


def economy_use(deployment: Deployment, tenant: str) -> Staged:
    """A job that goes on with the answer of its batch."""
    _sent(deployment, tenant)
    deployment.run(("economy", recorded("scheduler")))
    return Staged({"queue": "process"})


def economy_cancel(deployment: Deployment, tenant: str) -> Staged:
    """A job that is cancelled while its question waits to be sent."""
    (job_id,) = _parked(deployment, tenant)
    call = ("status", cancel_job(job_id, tenant=tenant))
    return Staged({"calls": [call]}, again=[call], ends={job_id: CANCELLED})


# --- what becomes of webhooks ---------------------------------------------------------------------


def notify(deployment: Deployment, tenant: str) -> Staged:
    """A webhook on its way."""
    deployment.accept(asked(deployment, tenant))
    deployment.run(queue="process")
    return Staged({"queue": "notify"})


def record(deployment: Deployment, tenant: str) -> Staged:
    """Three outcomes in one batch: a success, a failure and one that came too late to be sent."""
    deployment.accept(*(asked(deployment, tenant) for _ in range(3)))
    deployment.run(queue="process")
    deployment.run(queue="notify")
    outcomes = deployment.cloud.letters("outcomes")
    changes: list[dict[str, Any]] = [{}, {"status_code": 500}, {"status_code": None, "stale": True}]
    for letter, change in zip(outcomes, changes, strict=True):
        letter.rewrite(json.dumps(json.loads(letter.body) | change))
    return Staged({"queue": "record"}, jobs=lambda _: 3)


# --- sweep, and what only the owner does ----------------------------------------------------------


def sweep(deployment: Deployment, tenant: str) -> Staged:
    """One of everything that a sweep repairs, and not one doorbell left in the queues."""
    hook = {"webhook_url": deployment.receiver.url}
    events = [request(tenant, key="old", **hook), *(request(tenant, **hook) for _ in range(3))]
    events.append(request(tenant, cancel_after="1h", **hook))
    quiet, expired, spent, aged, overdue = deployment.accept(*events)
    for job_id in (expired, spent):
        models: dict[str, Any] = {"standard": "claude-sonnet-5-5", "economy": "claude-haiku-5-5"}
        assert claim_job(deployment.database, job_id, lease_s=-1, probe_s=60, **models)
    deployment.change("UPDATE jobs SET failures = 4 WHERE id = %s", spent)
    deployment.change("UPDATE jobs SET accepted_at = now() - interval '2 days' WHERE id = %s", aged)
    deployment.change("UPDATE jobs SET cancel_at = now() WHERE id = %s", overdue)
    deployment.change("UPDATE jobs SET rung_at = now() - interval '1 hour' WHERE id = %s", quiet)
    deployment.change(
        "UPDATE idempotency_keys SET created_at = now() - interval '2 days' WHERE tenant_id = %s", tenant
    )
    deployment.cloud.lose_letters()
    ends = {spent: FAILED, aged: FAILED, overdue: CANCELLED}
    return Staged({"calls": [("sweep", recorded("scheduler"))]}, ends=ends, jobs=lambda _: 5)


def cancel(deployment: Deployment, tenant: str) -> Staged:
    """A wish to cancel, which is repeated where nobody answered it."""
    (job_id,) = deployment.accept(asked(deployment, tenant))
    call = ("status", cancel_job(job_id, tenant=tenant))
    return Staged({"calls": [call]}, again=[call], ends={job_id: CANCELLED})


def redrive(deployment: Deployment, tenant: str) -> Staged:
    """A failed job that its owner puts back: it is answered, and each of its ends sends its webhook."""
    deployment.model.faults.fault("refusal")
    (job_id,) = deployment.accept(asked(deployment, tenant))
    deployment.recover()
    event = json.loads(json.dumps(cancel_job(job_id, tenant=tenant)).replace("/cancel", "/redrive"))
    ends = {job_id: FAILED | {"completed"}}
    return Staged({"calls": [("status", event)]}, ends=ends, useless=1)


def bury(deployment: Deployment, tenant: str) -> Staged:
    """A doorbell among the dead letters, and another one of the same job that is not."""
    (job_id,) = deployment.accept(asked(deployment, tenant))
    call = ("deadletters", batch("sqs-jobs", [{"job_id": job_id}]))
    return Staged({"calls": [call]}, ends={job_id: FAILED | {"completed"}})
