"""DELETE of jobs and documents: what goes, what stays, and what is answered afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.client import trail
from claimcheck.client.jsontext import loads

from tests.integration.functions import recorded, uploads
from tests.integration.functions.documents import CLAIM, EXTRACT

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

HOOK = "https://example.com/hook?id=7"
LARGE = (CLAIM + "x" * 300_000).encode()  # more than a row keeps


def delete(stage: Stage, job_id: str, *, tenant: str = "acme") -> int:
    """Delete a job; the answer's status."""
    return int(stage.call("status", recorded.delete_job(job_id, tenant=tenant))["statusCode"])


def delete_document(stage: Stage, document_id: str, **query: str) -> tuple[int, str | None]:
    """Delete a document; the answer's status, and its code where it is a problem."""
    answer = stage.call("documents", recorded.delete_document(document_id, **query))
    return answer["statusCode"], json.loads(answer["body"])["code"] if answer["body"] else None


def asked(stage: Stage, event: recorded.Event, function: str = "status") -> tuple[int, str]:
    """Status and code of a refusal."""
    answer = stage.call(function, event)
    return answer["statusCode"], json.loads(answer["body"])["code"]


def keys_of(stage: Stage) -> list[str]:
    """What lies in the bucket."""
    return [each["Key"] for each in stage.s3.list_objects_v2(Bucket=stage.bucket).get("Contents", [])]


def uploaded(stage: Stage, content: bytes = LARGE) -> str:
    """A document whose bytes have arrived; its id."""
    document = uploads.announce(stage, content)
    uploads.put(stage, document["upload"], content)
    assert uploads.tell(stage, uploads.key_of(content)) == []
    return str(document["document_id"])


def finished(stage: Stage, **more: Any) -> str:
    """A job that was worked on; its id."""
    job_id = stage.accept(**EXTRACT, **more)
    stage.work(job_id)
    return job_id


def sweep(stage: Stage) -> dict[str, int]:
    """One firing of the schedule."""
    return dict(stage.call("sweep", recorded.recorded("scheduler")))


def test_a_deleted_job_is_gone(stage: Stage) -> None:
    """Job, document and deliveries answer 410 `purged`; so do redrive and cancel. It is in no list."""
    job_id = finished(stage, webhook_url=HOOK)
    delivery = recorded.get_part(job_id, "deliveries")
    (sent,) = json.loads(stage.call("webhooks", delivery)["body"])["deliveries"]
    assert delete(stage, job_id) == 204
    replay = f"/jobs/{job_id}/deliveries/{sent['delivery_id']}/replay"
    refusals = [
        asked(stage, recorded.get_job(job_id)),
        asked(stage, recorded.get_job(job_id, prefer="wait=20")),
        asked(stage, recorded.get_part(job_id, "document")),
        asked(stage, recorded.cancel_job(job_id)),
        asked(stage, recorded.redrive_job(job_id)),
        asked(stage, delivery, "webhooks"),
        asked(stage, recorded.api_call("POST", replay), "webhooks"),
    ]
    assert refusals == [(410, "purged")] * len(refusals)
    assert json.loads(stage.call("status", recorded.list_jobs())["body"])["jobs"] == []


def test_the_trail_stays_and_verifies(stage: Stage) -> None:
    """Its events are as they were, `purged` comes after them, and the key to its digests is gone."""
    job_id = finished(stage)
    before = loads(stage.call("status", recorded.get_part(job_id, "events"))["body"])
    delete(stage, job_id)
    after = loads(stage.call("status", recorded.get_part(job_id, "events"))["body"])
    assert after["events"][:-1] == before["events"]
    assert (after["events"][-1]["type"], after["events"][-1]["detail"]) == ("purged", {"reason": "request"})
    assert (before["digest_key"] is None, after["digest_key"]) == (False, None)
    assert trail.verify(trail.purged_job(job_id, after), after) == []


def test_deleting_twice_is_deleting_once(stage: Stage, rows: Rows) -> None:
    """The second call answers as the first and adds no event."""
    job_id = finished(stage)
    assert [delete(stage, job_id), delete(stage, job_id)] == [204, 204]
    assert [kind for kind, _ in rows.trail(job_id)].count("purged") == 1


def test_what_it_cost_stays(stage: Stage, rows: Rows) -> None:
    """Model, calls, tokens and cost are billed as before."""
    job_id = finished(stage)
    used = "SELECT model, calls, input_tokens, output_tokens, cost_usd FROM jobs WHERE id = %s"
    calls = "SELECT model, input_tokens, output_tokens, cost_usd, request_id FROM model_calls"
    before = rows.one(used, [job_id]), rows.all(calls)
    delete(stage, job_id)
    assert (rows.one(used, [job_id]), rows.all(calls)) == before
    assert before[0]["calls"] == 1


@pytest.mark.parametrize("worked_on", [False, True], ids=["pending", "running"])
def test_an_open_job_is_cancelled_first(stage: Stage, rows: Rows, worked_on: bool) -> None:
    """The trail says both; no webhook is sent, and none is owed."""
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    if worked_on:
        rows.run(
            "UPDATE jobs SET status = 'running', attempt = 1, started_at = now(),"
            " lease_expires_at = now() + interval '1 minute'"
        )
    assert delete(stage, job_id) == 204
    assert [kind for kind, _ in rows.trail(job_id)] == ["accepted", "cancelled", "purged"]
    sweep(stage)
    assert stage.bodies("DeliveriesQueue") == []
    assert rows.all("SELECT FROM deliveries") == []


def test_another_tenants_job_is_not_found(stage: Stage, rows: Rows) -> None:
    """404, and the job is as it was."""
    job_id = finished(stage)
    before = rows.job(job_id)
    assert delete(stage, job_id, tenant="globex") == 404
    assert delete(stage, "no-id") == 404
    assert rows.job(job_id) == before


def test_what_lies_in_the_bucket_is_deleted_by_the_next_sweep(stage: Stage, rows: Rows) -> None:
    """The bytes go at once; a second look follows, and then nothing names their key."""
    job_id = stage.accept(document={"text": LARGE.decode()}, fields=["policy_number"])
    assert keys_of(stage) == [uploads.key_of(LARGE)]
    delete(stage, job_id)
    assert sweep(stage)["objects_deleted"] == 1
    assert keys_of(stage) == []
    rows.run(
        "UPDATE deletions SET requested_at = requested_at - interval '15 minutes',"
        " due_at = due_at - interval '15 minutes'"
    )
    sweep(stage)
    assert rows.all("SELECT FROM deletions") == []


def test_bytes_that_another_job_names_stay(stage: Stage, model: ModelGate) -> None:
    """The other job is worked on after the first was deleted; with the last one they go."""
    jobs = [stage.accept(document={"text": LARGE.decode()}, fields=["policy_number"]) for _ in range(2)]
    delete(stage, jobs[0])
    sweep(stage)
    assert keys_of(stage) == [uploads.key_of(LARGE)]
    stage.work(jobs[1])
    assert stage.read(jobs[1])["status"] == "completed"
    delete(stage, jobs[1])
    sweep(stage)
    assert keys_of(stage) == []


def test_another_tenants_same_bytes_stay(stage: Stage, rows: Rows) -> None:
    """Each tenant has an object of its own."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    mine = stage.accept(document={"text": LARGE.decode()}, fields=["policy_number"])
    stage.accept(document={"text": LARGE.decode()}, fields=["policy_number"], tenant="globex")
    delete(stage, mine)
    sweep(stage)
    assert keys_of(stage) == [uploads.key_of(LARGE, "globex")]


def test_a_document_in_use_is_not_deleted(stage: Stage) -> None:
    """409 while a job names it; `jobs=true` deletes the jobs as well, and then it is gone."""
    document_id = uploaded(stage)
    jobs = [uploads.name_in_job(stage, document_id) for _ in range(2)]
    assert delete_document(stage, document_id) == (409, "document_in_use")
    assert delete_document(stage, document_id, jobs="false") == (409, "document_in_use")
    assert delete_document(stage, document_id, jobs="yes") == (400, "query_invalid")
    assert delete_document(stage, document_id, jobs="true") == (204, None)
    assert delete_document(stage, document_id) == (204, None)
    for job_id in jobs:
        assert asked(stage, recorded.get_job(job_id)) == (410, "purged")
    assert asked(stage, recorded.get_document(document_id), "documents") == (410, "purged")
    sweep(stage)
    assert keys_of(stage) == []


def test_a_document_leaves_with_its_last_job(stage: Stage) -> None:
    """An uploaded one as well; and cannot be named any more."""
    document_id = uploaded(stage)
    delete(stage, uploads.name_in_job(stage, document_id))
    body = {"document": {"document_id": document_id}, "fields": ["policy_number"]}
    answer = stage.call("submit", recorded.post_job("extract", body))
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (422, "fields_invalid")


def test_a_document_that_nobody_names_is_deleted(stage: Stage) -> None:
    """With its bytes; another tenant's, and none, is 404."""
    document_id = uploaded(stage)
    foreign = recorded.delete_document(document_id, tenant="globex")
    assert asked(stage, foreign, "documents") == (404, "document_not_found")
    assert delete_document(stage, "no-id") == (404, "document_not_found")
    assert delete_document(stage, document_id) == (204, None)
    sweep(stage)
    assert keys_of(stage) == []


def test_an_upload_that_comes_too_late_is_deleted(stage: Stage) -> None:
    """Its address was given out before the document was deleted, and is still good."""
    document = uploads.announce(stage, LARGE)
    delete_document(stage, document["document_id"])
    sweep(stage)
    uploads.put(stage, document["upload"], LARGE)
    assert uploads.tell(stage, uploads.key_of(LARGE)) == []
    sweep(stage)
    assert keys_of(stage) == []


def test_a_deleted_document_can_be_handed_in_again(stage: Stage) -> None:
    """Before the bucket was swept: the bytes that are announced now are not deleted."""
    delete_document(stage, uploaded(stage))
    document_id = uploaded(stage)
    sweep(stage)
    assert keys_of(stage) == [uploads.key_of(LARGE)]
    job_id = uploads.name_in_job(stage, document_id)
    stage.work(job_id)
    assert stage.read(job_id)["status"] == "completed"


def test_while_bytes_are_being_deleted_the_same_are_kept_in_their_row(stage: Stage, rows: Rows) -> None:
    """A submission of them loses nothing to a deletion that is being carried out; an upload is put off."""
    delete_document(stage, uploaded(stage))
    rows.run("UPDATE deletions SET leased_until = now() + interval '2 minutes'")
    announced = recorded.post_document(uploads.announcement(LARGE))
    assert asked(stage, announced, "documents") == (503, "unavailable")
    job_id = stage.accept(document={"text": LARGE.decode()}, fields=["policy_number"])
    stage.s3.delete_object(Bucket=stage.bucket, Key=uploads.key_of(LARGE))
    stage.work(job_id)
    assert stage.read(job_id)["status"] == "completed"


def test_the_same_key_makes_a_new_job_after_a_deletion(stage: Stage) -> None:
    """The idempotency key, which may tell of the content, is deleted as well."""
    event = recorded.post_job("extract", EXTRACT, idempotency_key="one")
    first = json.loads(stage.call("submit", event)["body"])["job_id"]
    delete(stage, first)
    answer = stage.call("submit", event)
    assert answer["statusCode"] == 202
    assert json.loads(answer["body"])["job_id"] != first


def test_an_outcome_that_comes_late_is_dropped(stage: Stage, rows: Rows) -> None:
    """What was on its way when the job was deleted leaves no line in any log."""
    job_id = finished(stage, webhook_url=HOOK)
    (message,) = stage.bodies("DeliveriesQueue")
    delete(stage, job_id)
    outcome = recorded.recorded("sqs-outcomes")["Records"][0]["body"]
    told = json.loads(outcome) | {"delivery_id": message["delivery_id"], "attempt": message["attempt"]}
    assert recorded.failed_ids(stage.call("record", recorded.batch("sqs-outcomes", [told]))) == []
    assert rows.all("SELECT FROM deliveries UNION ALL SELECT FROM delivery_attempts") == []
