"""POST /jobs/{task}: takes a job and answers with its ticket."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from claimcheck.bootstrap import answering
from claimcheck.rest import base_path, header, request_body, resolver
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response


@cache
def _api() -> APIGatewayRestResolver:
    from aws_lambda_powertools.event_handler import Response, content_types
    from claimcheck.usecases.submit import Wishes

    api = resolver()

    @api.post("/jobs/<task>")
    def post_job(task: str) -> Response[str]:
        event = api.current_event
        tenant_id = event.request_context.authorizer["tenant_id"]
        wishes = Wishes(header(event, "idempotency-key"), header(event, "cancel-after"))
        ticket = answering.submit()(tenant_id, task, request_body(event.raw_event), wishes)
        location = f"{base_path(event)}/jobs/{ticket.job_id}"
        body = {
            "job_id": ticket.job_id,
            "status": "pending",
            "created_at": ticket.created_at,
            "links": {"self": location, "cancel": f"{location}/cancel", "events": f"{location}/events"},
        }
        headers: dict[str, str | list[str]] = {"Location": location, "Retry-After": "1"}
        if ticket.replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(202, content_types.APPLICATION_JSON, json.dumps(body), headers=headers)

    return api


def _submit(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer: dict[str, Any] = _api().resolve(event, context)
    return answer


handler = observed(_submit)
