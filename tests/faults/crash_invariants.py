"""What must be true of a tenant's jobs when everything is over, wherever a process was killed."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, LiteralString

from claimcheck.client.jsontext import loads
from claimcheck.client.trail import verify
from claimcheck.jobs.states import FINAL
from claimcheck.store.reading import get_job, get_trail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.crash_deployment import Deployment

_DELIVERIES: LiteralString = """
SELECT event_type, status, failures, (SELECT count(*) FROM delivery_attempts
  WHERE delivery_id = id AND NOT lost AND status_code IS DISTINCT FROM 204 AND error IS DISTINCT FROM
    'waited too long in the queue; not sent') AS logged
FROM deliveries WHERE job_id = %s ORDER BY id
"""


def wrong_with(deployment: Deployment, tenant: str, job_id: str) -> Iterator[str]:
    """All that is wrong with one job."""
    view = get_job(deployment.database, tenant, job_id)
    text = get_trail(deployment.database, tenant, job_id)
    if view is None or text is None:
        yield "the job is gone"
        return
    job, trail = loads(view.body), loads(text)
    yield from (str(finding) for finding in verify(job, trail))
    if job["status"] not in FINAL:
        yield f"it is still {job['status']}"
    events = [event["type"] for event in trail["events"]]
    ends = [event["type"] for event in trail["events"] if event["status"] in FINAL]
    if len(ends) != 1 + events.count("redriven"):
        yield f"{len(ends)} final events in {events}"
    yield from _wrong_webhooks(deployment, job_id, ends)


def _wrong_webhooks(deployment: Deployment, job_id: str, ends: Sequence[str]) -> Iterator[str]:
    (job,) = deployment.rows("SELECT webhook_url FROM jobs WHERE id = %s", job_id)
    found = deployment.rows(_DELIVERIES, job_id)
    owed = [] if job["webhook_url"] is None else [f"job.{end}" for end in ends]
    if [row["event_type"] for row in found] != owed:
        yield f"deliveries {found} where {owed} are owed"
    came = posted(deployment, job_id)
    for row in found:
        if row["status"] == "pending" or row["event_type"] not in came:
            yield f"webhook {row} never came"
        if row["failures"] != row["logged"]:
            yield f"webhook {row}: failures counted and failures logged differ"


def posted(deployment: Deployment, job_id: str) -> Counter[str]:
    """How often the receiver got each of a job's webhooks."""
    bodies = [json.loads(post.body) for post in deployment.receiver.posts]
    return Counter(body["type"] for body in bodies if body["data"]["job_id"] == job_id)


def jobs_of(deployment: Deployment, tenant: str) -> dict[str, str]:
    """A tenant's jobs, oldest first, with their states."""
    rows = deployment.rows(
        "SELECT id::text AS job_id, status FROM jobs WHERE tenant_id = %s ORDER BY id", tenant
    )
    return {row["job_id"]: row["status"] for row in rows}


def paid_for(deployment: Deployment) -> int:
    """How many answers the model has given since it was reset."""
    calls = deployment.model.faults.control("GET", "/calls")["calls"]
    return sum(call["status"] == 200 for call in calls)


def unknown_calls(deployment: Deployment, tenant: str) -> int:
    """For how many calls a tenant's jobs say that nobody knows whether they were paid for."""
    views = [get_job(deployment.database, tenant, job_id) for job_id in jobs_of(deployment, tenant)]
    return sum(json.loads(view.body)["usage"]["unknown_calls"] for view in views if view is not None)
