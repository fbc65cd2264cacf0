"""submit: a ticket for a stored job."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions.documents import CLAIM, CRITERIA, EVALUATE, EXTRACT, SUMMARISE
from tests.integration.functions.recorded import post_job, recorded

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage


def ticket_of(answer: Any) -> dict[str, Any]:
    """The ticket of an accepted job."""
    assert answer["statusCode"] == 202, answer
    ticket: dict[str, Any] = json.loads(answer["body"])
    return ticket


@pytest.mark.parametrize(
    ("task", "body"), [("extract", EXTRACT), ("evaluate", EVALUATE), ("summarise", SUMMARISE)]
)
def test_the_answer_is_a_ticket(stage: Stage, task: str, body: dict[str, Any]) -> None:
    """202 with the job's id, state, time of acceptance, links below the stage, and when to ask."""
    answer = stage.call("submit", post_job(task, body))
    ticket = ticket_of(answer)
    location = f"/v1/jobs/{ticket['job_id']}"
    assert set(ticket) == {"job_id", "status", "created_at", "links"}
    assert ticket["status"] == "pending"
    assert ticket["links"] == {
        "self": location,
        "cancel": f"{location}/cancel",
        "events": f"{location}/events",
    }
    assert answer["multiValueHeaders"]["Location"] == [location]
    assert answer["multiValueHeaders"]["Retry-After"] == ["1"]
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/json"]


@pytest.mark.parametrize("base", ["", "/claims/v2"])
def test_links_are_below_the_domains_path(stage: Stage, base: str) -> None:
    """A custom domain serves the API without the stage, or below a mapping of its own."""
    event = post_job("extract", EXTRACT)
    event["requestContext"]["path"] = f"{base}{event['path']}"
    answer = stage.call("submit", event)
    ticket = ticket_of(answer)
    location = f"{base}/jobs/{ticket['job_id']}"
    assert answer["multiValueHeaders"]["Location"] == [location]
    assert ticket["links"]["self"] == location
    assert all(link.startswith(location) for link in ticket["links"].values())


def test_the_ticket_names_a_committed_row(stage: Stage, rows: Rows) -> None:
    """Another connection sees the job, its document and its first event as they were handed in."""
    body = {
        **EVALUATE,
        "webhook_url": "https://example.com/hook",
        "metadata": {"case": [17, None]},
        "max_cost_usd": 0.5,
        "priority": "economy",
    }
    ticket = ticket_of(stage.call("submit", post_job("evaluate", body)))
    job = rows.job(ticket["job_id"])
    assert (job["tenant_id"], job["task"]) == ("acme", "evaluate")
    assert (job["status"], job["attempt"]) == ("pending", 0)
    assert (job["webhook_url"], job["metadata"]) == ("https://example.com/hook", {"case": [17, None]})
    assert (float(job["max_cost_usd"]), job["priority"]) == (0.5, "economy")
    assert [each["criterion"] for each in job["params"]["criteria"]] == [CRITERIA[0], "A police report"]
    assert (bytes(job["content"]), job["media_type"], job["name"]) == (
        CLAIM.encode(),
        "text/plain",
        "claim.txt",
    )
    assert rows.trail(ticket["job_id"]) == [("accepted", "pending")]


def test_the_id_is_a_uuid_of_version_7(stage: Stage) -> None:
    """Job ids sort by the time of their acceptance."""
    first, second = stage.accept(**EXTRACT), stage.accept(**EXTRACT)
    assert {uuid.UUID(first).version, uuid.UUID(second).version} == {7}
    assert first < second


def test_the_queue_gets_a_doorbell(stage: Stage) -> None:
    """One message with nothing but the id, in the tenant's group."""
    job_id = stage.accept(**EXTRACT)
    (message,) = stage.received("JobsQueue")["Records"]
    assert json.loads(message["body"]) == {"job_id": job_id}
    assert message["attributes"]["MessageGroupId"] == "acme"


def test_the_tenant_is_the_authorizers(stage: Stage, rows: Rows) -> None:
    """The job belongs to the tenant in the authorizer's context, whatever the caller sends besides."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    event = post_job("extract", EXTRACT, tenant="globex")
    event["headers"]["X-Tenant-Id"] = "acme"
    ticket = ticket_of(stage.call("submit", event))
    assert rows.job(ticket["job_id"])["tenant_id"] == "globex"


def test_a_recorded_request_is_accepted(stage: Stage, rows: Rows) -> None:
    """The event as it was recorded makes a job of the document in its body."""
    ticket = ticket_of(stage.call("submit", recorded("api-post-job")))
    assert bytes(rows.job(ticket["job_id"])["content"]) == b"Date of loss: 2 February 2024"


def test_a_base64_body_is_the_same_body(stage: Stage, rows: Rows) -> None:
    """What API Gateway passes on as binary is decoded before it is read."""
    ticket = ticket_of(stage.call("submit", recorded("api-post-job-base64")))
    assert bytes(rows.job(ticket["job_id"])["content"]) == b"Date of loss: 2 February 2024"


def test_a_body_of_every_script_is_kept(stage: Stage, rows: Rows) -> None:
    """Text beyond ASCII is stored in UTF-8 as it was sent."""
    text = "Gewinn: 5 € — 純利益 5億円 — ربح 🧾"
    job_id = stage.accept(document={"text": text}, fields=["純利益"])
    job = rows.job(job_id)
    assert bytes(job["content"]).decode() == text
    assert job["params"]["fields"][0]["name"] == "純利益"


def test_a_large_document_goes_to_the_bucket(stage: Stage, rows: Rows) -> None:
    """The bucket holds its bytes under their hash, the row only their place."""
    text = "A line of a long report.\n" * 12_000
    job = rows.job(stage.accept(document={"text": text}, fields=["line"]))
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert job["content"] is None
    assert job["object_key"] == f"documents/acme/{digest}"
    kept = stage.s3.get_object(Bucket=stage.bucket, Key=job["object_key"])
    assert kept["Body"].read() == text.encode()
    assert kept["ContentType"] == "text/plain"


def test_a_small_document_stays_in_the_row(stage: Stage, rows: Rows) -> None:
    """At the limit of inline_bytes nothing is put into the bucket."""
    stage.override(INLINE_BYTES=str(len(CLAIM.encode())))
    job = rows.job(stage.accept(**EXTRACT))
    assert bytes(job["content"]) == CLAIM.encode()
    assert "Contents" not in stage.s3.list_objects_v2(Bucket=stage.bucket)


def test_accepted_jobs_are_counted(stage: Stage) -> None:
    """Each accepted job counts in the metric JobsAccepted, written when its request ends."""
    stage.accept(**EXTRACT)
    stage.accept(**EXTRACT)
    assert stage.metric("JobsAccepted") == 2


def test_webhook_ports_are_the_deployments(stage: Stage, rows: Rows) -> None:
    """A webhook's port is accepted where WEBHOOK_PORTS has it; another is 422 and leaves nothing behind."""
    stage.override(WEBHOOK_PORTS="10443")
    refused = stage.call("submit", post_job("extract", {**EXTRACT, "webhook_url": "https://example.com/h"}))
    assert (refused["statusCode"], rows.stored()) == (422, 0)
    assert "must use one of the ports 10443" in refused["body"]
    url = "https://example.com:10443/h"
    accepted = stage.call("submit", post_job("extract", {**EXTRACT, "webhook_url": url}))
    assert accepted["statusCode"] == 202
