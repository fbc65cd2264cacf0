"""Lives of jobs that touch every function: each step is taken by whichever version is its turn."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from claimcheck.client import jsontext, trail

from tests.integration.functions.documents import CLAIM
from tests.integration.functions.recorded import (
    api_call,
    arrivals,
    batch,
    cancel_job,
    get_job,
    get_part,
    post_document,
    post_job,
    redrive_job,
)

if TYPE_CHECKING:
    import psycopg

    from tests.integration.compatibility.fleet import Fleet
    from tests.integration.functions.receiver import Receiver

FUNCTIONS = (
    "authorize",
    "submit",
    "process",
    "notify",
    "record",
    "status",
    "sweep",
    "deadletters",
    "documents",
    "uploads",
    "webhooks",
)


class Lives:
    """What a tenant and time do to jobs of one fleet."""

    def __init__(self, fleet: Fleet, sql: psycopg.Connection[Any], receiver: Receiver) -> None:
        self.fleet = fleet
        self._sql = sql
        self._receiver = receiver

    def completed(self) -> str:
        """Submitted, worked on, its webhook delivered and recorded, then replayed."""
        fleet = self.fleet
        job_id = self.submitted(webhook_url=self._receiver.url)
        assert fleet.deliver("process", "JOBS") == 1
        self.delivered("job.completed")
        (delivery,) = fleet.body("webhooks", get_part(job_id, "deliveries"))["deliveries"]
        assert (delivery["status"], delivery["attempts"][-1]["status_code"]) == ("delivered", 204)
        path = f"/jobs/{job_id}/deliveries/{delivery['delivery_id']}/replay"
        fleet.body("webhooks", api_call("POST", path), status=202)
        self.delivered("job.completed")
        assert self.status(job_id) == "completed"
        return job_id

    def cancelled(self) -> str:
        """Cancelled before anybody worked on it; its doorbell finds nothing to do."""
        job_id = self.submitted(webhook_url=self._receiver.url)
        assert self.fleet.body("status", cancel_job(job_id))["status"] == "cancelled"
        assert self.fleet.deliver("process", "JOBS") == 1
        self.delivered("job.cancelled")
        return job_id

    def swept(self) -> str:
        """Its worker vanished and its doorbell was lost: sweep takes the lease away and rings again."""
        job_id = self.submitted()
        self.fleet.cloud.taken("JOBS")
        self._sql.execute(
            "UPDATE jobs SET status = 'running', attempt = attempt + 1, started_at = now(),"
            " lease_expires_at = now() - interval '1 second' WHERE id = %s",
            [job_id],
        )
        self.fleet.call("sweep", {})
        self.fleet.cloud.taken("JOBS")
        self._sql.execute(
            "UPDATE jobs SET available_at = now(), rung_at = now() - interval '1 hour' WHERE id = %s",
            [job_id],
        )
        self.fleet.call("sweep", {})
        assert self.fleet.deliver("process", "JOBS") >= 1
        assert self.status(job_id) == "completed"
        return job_id

    def redriven(self) -> str:
        """Its doorbell crashed every worker, so it failed; its owner puts it back, and it completes."""
        job_id = self.submitted()
        self.fleet.cloud.taken("JOBS")
        letters = batch("sqs-dead-letters", [{"job_id": job_id}])
        assert self.fleet.call("deadletters", letters) == {"batchItemFailures": []}
        assert self.status(job_id) == "failed"
        assert self.fleet.body("status", redrive_job(job_id))["status"] == "pending"
        assert self.fleet.deliver("process", "JOBS") == 1
        assert self.status(job_id) == "completed"
        return job_id

    def uploaded(self) -> str:
        """Its document is announced, named by a job, and only then uploaded."""
        content = f"{CLAIM}\nReference: {uuid.uuid4()}\n".encode()
        digest = hashlib.sha256(content).hexdigest()
        said = {"name": "claim.txt", "media_type": "text/plain", "bytes": len(content), "sha256": digest}
        document = self.fleet.body("documents", post_document(said), status=201)
        job_id = self.submitted(document={"document_id": document["document_id"]})
        self.fleet.cloud.taken("JOBS")  # there is nothing to read yet
        key = f"documents/acme/{digest}"
        self.fleet.cloud.upload(key, content)
        assert self.fleet.call("uploads", arrivals(key)) == {"batchItemFailures": []}
        assert self.fleet.deliver("process", "JOBS") == 1
        assert self.status(job_id) == "completed"
        return job_id

    def submitted(self, **changes: Any) -> str:
        """A job over a document that no other one has."""
        text = f"{CLAIM}\nReference: {uuid.uuid4()}\n"
        body = {"document": {"text": text}, "fields": ["policy_number", "reference"], **changes}
        return str(self.fleet.body("submit", post_job("extract", body), status=202)["job_id"])

    def delivered(self, event: str) -> None:
        """One webhook goes out, arrives and is recorded."""
        before = len(self._receiver.posts)
        sent = self.fleet.deliver("notify", "DELIVERIES") + self.fleet.deliver("notify", "SLOW_DELIVERIES")
        assert sent == 1
        (post,) = self._receiver.posts[before:]
        assert jsontext.loads(post.body)["type"] == event
        assert self.fleet.deliver("record", "OUTCOMES") == 1

    def status(self, job_id: str) -> str:
        """The job's state as status shows it."""
        return str(self.fleet.body("status", get_job(job_id))["status"])

    def verified(self, job_id: str) -> None:
        """Its trail, as both versions show it, is whole, and fits the job."""
        for version in self.fleet.hosts:
            job = jsontext.loads(self.fleet.call("status", get_job(job_id), on=version)["body"])
            events = jsontext.loads(self.fleet.call("status", get_part(job_id, "events"), on=version)["body"])
            assert trail.verify(job, events) == [], (version, self.fleet.versions)
