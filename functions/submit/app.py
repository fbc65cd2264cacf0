"""POST /jobs/{task}: takes a job and answers with its ticket."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from claimcheck.bootstrap import answering
from claimcheck.rest import JSON, Answer, Api, Request
from claimcheck.telemetry import observed


@cache
def _api() -> Api:
    return Api({"POST /jobs/{id}": _post_job})


def _post_job(request: Request) -> Answer:
    from claimcheck.usecases.submit import Wishes

    wishes = Wishes(request.header("idempotency-key"), request.header("cancel-after"))
    ticket = answering.submit()(request.tenant_id, request.part("id"), request.body, wishes)
    location = f"{request.base}/jobs/{ticket.job_id}"
    body = {
        "job_id": ticket.job_id,
        "status": "pending",
        "created_at": ticket.created_at,
        "links": {"self": location, "cancel": f"{location}/cancel", "events": f"{location}/events"},
    }
    headers = {"Location": location, "Retry-After": "1"}
    if ticket.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Answer(202, json.dumps(body), JSON, headers)


def _submit(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return _api()(event)


handler = observed(_submit)
