"""uploads and sweep: bytes that arrived are checked, and wake the jobs that wait for them."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions.documents import EXTRACT, numbered
from tests.integration.functions.recorded import (
    arrivals,
    batch,
    failed_ids,
    ids,
    post_job,
    recorded,
    redrive_job,
)
from tests.integration.functions.uploads import (
    CONTENT,
    announce,
    key_of,
    lay_down,
    name_in_job,
    put,
    shown,
    tell,
)

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

KEY = key_of(CONTENT)
OTHER = CONTENT.replace(b"HX", b"XH")  # as many bytes


def sweep(stage: Stage) -> Any:
    """What one firing of the schedule did."""
    return stage.call("sweep", recorded("scheduler"))


def minutes_pass(rows: Rows, minutes: int = 2) -> None:
    """Since the bucket was last asked, and since the job came."""
    rows.run("UPDATE objects SET looked_at = looked_at - make_interval(mins => %s)", [minutes])
    rows.run("UPDATE jobs SET accepted_at = accepted_at - make_interval(mins => %s)", [minutes])


def test_a_job_that_came_first_is_rung_for_when_its_bytes_arrive(stage: Stage, rows: Rows) -> None:
    """Not before; then it is worked on as any other, under the name that it gave the document."""
    document = announce(stage)
    job_id = name_in_job(stage, document["document_id"], name="mine.txt")
    assert stage.bodies("JobsQueue") == []
    assert stage.read(job_id)["waits_for"]["document"] == f"/v1/documents/{document['document_id']}"
    put(stage, document["upload"])
    assert tell(stage, KEY) == []
    assert stage.bodies("JobsQueue") == [{"job_id": job_id}]
    assert stage.work(job_id) == []
    assert stage.read(job_id)["status"] == "completed"
    kinds = [kind for kind, _ in rows.trail(job_id)]
    assert kinds == ["accepted", "document_arrived", "claimed", "completed"]
    assert shown(stage, document["document_id"])["status"] == "read"


def test_a_job_that_comes_after_its_bytes_is_rung_for_at_once(stage: Stage) -> None:
    """There is nothing to wait for."""
    document = announce(stage)
    put(stage, document["upload"])
    tell(stage, KEY)
    job_id = name_in_job(stage, document["document_id"])
    assert stage.bodies("JobsQueue") == [{"job_id": job_id}]
    stage.work(job_id)
    assert stage.read(job_id)["result"]["fields"] == {"policy_number": "HX-20-771"}


def test_events_that_come_twice_ring_once(stage: Stage) -> None:
    """S3 promises an event at least once."""
    document = announce(stage)
    job_id = name_in_job(stage, document["document_id"])
    put(stage, document["upload"])
    for _ in range(3):
        assert tell(stage, KEY, KEY) == []
    assert stage.bodies("JobsQueue") == [{"job_id": job_id}]
    assert stage.metric("UploadsStored") == 1


def test_an_event_before_its_bytes_does_nothing(stage: Stage) -> None:
    """What lies there counts, not what is said of it."""
    document = announce(stage)
    name_in_job(stage, document["document_id"])
    assert tell(stage, KEY) == []
    assert shown(stage, document["document_id"])["status"] == "waiting"
    assert stage.bodies("JobsQueue") == []


@pytest.mark.parametrize("checked", [False, True])
def test_other_bytes_than_were_announced_do_not_count(stage: Stage, rows: Rows, checked: bool) -> None:
    """Whether the store says their SHA-256 or it has to be found out: the document goes on waiting."""
    document = announce(stage)
    job_id = name_in_job(stage, document["document_id"])
    said = {"ChecksumSHA256": base64.b64encode(hashlib.sha256(OTHER).digest()).decode()} if checked else {}
    lay_down(stage, OTHER, KEY, **said)
    assert tell(stage, KEY) == []
    assert shown(stage, document["document_id"])["status"] == "waiting"
    assert stage.metric("UploadsRefused") == 1
    lay_down(stage, CONTENT, KEY)  # the right ones may still come
    minutes_pass(rows)
    assert sweep(stage)["uploads_found"] == 1
    assert stage.bodies("JobsQueue") == [{"job_id": job_id}]


def test_the_buckets_test_event_is_passed_over(stage: Stage) -> None:
    """S3 sends one when the notification is set up; events other than of creation are no arrivals."""
    test = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": stage.bucket}
    removed = json.loads(arrivals(KEY)["Records"][0]["body"])
    removed["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    assert failed_ids(stage.call("uploads", batch("sqs-uploads", [test, removed]))) == []


def test_a_malformed_event_fails_alone(stage: Stage) -> None:
    """The others of its batch are done, and it goes back to the queue."""
    document = announce(stage)
    put(stage, document["upload"])
    event = {"Records": [*batch("sqs-uploads", [{"Records": [{}]}])["Records"], *arrivals(KEY)["Records"]]}
    assert failed_ids(stage.call("uploads", event)) == ids(event)[:1]
    assert shown(stage, document["document_id"])["status"] == "stored"


def test_a_lost_event_is_made_up_for(stage: Stage, rows: Rows) -> None:
    """sweep finds bytes that nobody told of, and rings for the job."""
    document = announce(stage)
    job_id = name_in_job(stage, document["document_id"])
    put(stage, document["upload"])
    assert sweep(stage)["uploads_found"] == 0
    minutes_pass(rows)
    assert sweep(stage)["uploads_found"] == 1
    assert stage.bodies("JobsQueue") == [{"job_id": job_id}]
    assert sweep(stage)["uploads_found"] == 0


def test_a_document_that_no_job_names_is_found_as_well(stage: Stage, rows: Rows) -> None:
    """Its status is the truth before anybody asks."""
    document = announce(stage)
    put(stage, document["upload"])
    minutes_pass(rows)
    assert sweep(stage)["uploads_found"] == 1
    assert shown(stage, document["document_id"])["status"] == "stored"


def test_a_waiting_job_is_not_rung_for(stage: Stage, rows: Rows) -> None:
    """However long it waits, sweep leaves it alone, and a doorbell that rings by mistake opens nothing."""
    job_id = name_in_job(stage, announce(stage)["document_id"])
    rows.run("UPDATE jobs SET rung_at = rung_at - interval '1 day'")
    swept = sweep(stage)
    assert (swept["jobs_rung"], swept["jobs_aged"], swept["documents_missing"]) == (0, 0, 0)
    stage.work(job_id)
    assert (stage.read(job_id)["status"], stage.read(job_id)["attempt"]) == ("pending", 0)


def test_a_document_that_never_comes_fails_its_jobs(stage: Stage, rows: Rows) -> None:
    """At its deadline, with one last look; put back after the upload, the job completes."""
    document = announce(stage)
    job_id = name_in_job(stage, document["document_id"])
    rows.run("UPDATE jobs SET document_until = now() - interval '1 second'")
    rows.run("UPDATE documents SET upload_until = now() - interval '1 second'")
    rows.run("UPDATE objects SET looked_at = now() - interval '2 seconds'")
    assert sweep(stage)["documents_missing"] == 1
    job = stage.read(job_id)
    assert (job["status"], job["error"]["code"]) == ("failed", "document_missing")
    assert shown(stage, document["document_id"])["status"] == "expired"
    refused = stage.call("submit", post_job("extract", _naming(document["document_id"])))
    assert json.loads(refused["body"])["errors"][0]["pointer"] == "/document/document_id"
    put(stage, announce(stage)["upload"])
    tell(stage, KEY)
    assert stage.call("status", redrive_job(job_id))["statusCode"] == 200
    assert stage.bodies("JobsQueue") == [{"job_id": job_id}]
    stage.work(job_id)
    assert stage.read(job_id)["status"] == "completed"


def test_bytes_that_came_at_the_last_moment_count(stage: Stage, rows: Rows) -> None:
    """A job whose deadline passed while its event was lost is woken, not failed."""
    document = announce(stage)
    name_in_job(stage, document["document_id"])
    put(stage, document["upload"])
    rows.run("UPDATE jobs SET document_until = now() - interval '1 second'")
    rows.run("UPDATE objects SET looked_at = now() - interval '2 seconds', looks = 99")
    swept = sweep(stage)
    assert (swept["uploads_found"], swept["documents_missing"]) == (1, 0)


def test_a_bucket_out_of_reach_fails_nobody(stage: Stage, rows: Rows, closed_port: int) -> None:
    """No job is given up for a document that could not be looked for; the sweep does the rest."""
    job_id = name_in_job(stage, announce(stage)["document_id"])
    other_id = stage.accept(**numbered(1))
    stage.bodies("JobsQueue")
    rows.run("UPDATE jobs SET document_until = now() - interval '1 second' WHERE id = %s", [job_id])
    rows.run("UPDATE objects SET looked_at = now() - interval '2 seconds'")
    rows.run("UPDATE jobs SET rung_at = now() - interval '1 day'")
    stage.override(AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{closed_port}")
    swept = sweep(stage)
    assert (swept["documents_missing"], swept["jobs_rung"]) == (0, 1)
    assert stage.read(job_id)["status"] == "pending"
    assert stage.bodies("JobsQueue") == [{"job_id": other_id}]
    assert any(line.get("message") == "uploads not looked for" for line in stage.lines())


def test_cancel_after_ends_a_job_that_waits(stage: Stage, rows: Rows) -> None:
    """The caller's deadline is the caller's wish: cancelled, as any other job; late bytes wake nobody."""
    document = announce(stage)
    answer = stage.call("submit", post_job("extract", _naming(document["document_id"]), cancel_after="90s"))
    job_id = json.loads(answer["body"])["job_id"]
    rows.run("UPDATE jobs SET cancel_at = now() - interval '1 second'")
    assert sweep(stage)["jobs_overdue"] == 1
    assert stage.read(job_id)["status"] == "cancelled"
    put(stage, document["upload"])
    tell(stage, KEY)
    assert stage.bodies("JobsQueue") == []


def test_a_large_text_goes_to_the_bucket_once(stage: Stage) -> None:
    """A document in the request's body that is in the bucket already is not put there again."""
    text = "A line of a long report.\n" * 12_000
    body: dict[str, Any] = {"document": {"text": text}, "fields": ["line"]}
    stage.accept(**body)
    first = stage.s3.head_object(Bucket=stage.bucket, Key=key_of(text.encode()))
    stage.s3.delete_object(Bucket=stage.bucket, Key=key_of(text.encode()))
    stage.accept(**body)
    assert first["ContentLength"] == len(text)
    assert "Contents" not in stage.s3.list_objects_v2(Bucket=stage.bucket)


def test_an_unknown_document_is_refused_by_its_field(stage: Stage, rows: Rows) -> None:
    """What never was and what is another tenant's look alike, and leave no job behind."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    theirs = announce(stage, tenant="globex")["document_id"]
    answers = []
    for document_id in (theirs, "019a9b1c-0000-7000-8000-000000000001"):
        answer = stage.call("submit", post_job("extract", _naming(document_id)))
        problem = json.loads(answer["body"])
        answers.append((answer["statusCode"], problem["code"], problem["errors"]))
    assert answers[0] == answers[1]
    assert answers[0][:2] == (422, "fields_invalid")
    assert answers[0][2][0]["pointer"] == "/document/document_id"
    assert rows.all("SELECT id FROM jobs") == []


def _naming(document_id: str) -> dict[str, Any]:
    return {**EXTRACT, "document": {"document_id": document_id}}
