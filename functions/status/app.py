"""What a job is, was and says: everything under /jobs but taking one; /limits and /health."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from claimcheck.bootstrap import answering
from claimcheck.rest import base_path, header, known_tag, resolver
from claimcheck.telemetry import observed
from claimcheck.usecases.read import Filters

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
    from claimcheck.bootstrap.answering import StatusService
    from claimcheck.store.reading import JobView

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,5})\"?\s*(?:[,;]|$)", re.IGNORECASE)


@cache
def _api() -> APIGatewayRestResolver:
    api = resolver()
    service = answering.status()
    _jobs(api, service)
    _parts(api, service)

    @api.get("/limits")
    def get_limits() -> Response[str]:
        return _json(service.allowance(_tenant(api)))

    @api.get("/health")
    def get_health() -> Response[str]:
        return _json(json.dumps(service.read.health()))

    return api


def _jobs(api: APIGatewayRestResolver, service: StatusService) -> None:
    """A job, the list of them, and what may be done to one."""

    @api.get("/jobs/<job_id>")
    def get_job(job_id: str) -> Response[str]:
        event = api.current_event
        wait_s = _wait_s(header(event, "prefer"))
        view = service.read.job(_tenant(api), job_id, wait_s=wait_s, base=base_path(event))
        return _job(view, if_none_match=header(event, "if-none-match"), waited=wait_s > 0)

    @api.get("/jobs")
    def list_jobs() -> Response[str]:
        query = api.current_event.query_string_parameters or {}
        filters = Filters(query.get("status"), query.get("task"), query.get("cursor"), query.get("limit"))
        return _json(service.read.jobs(_tenant(api), filters, base=base_path(api.current_event)))

    @api.post("/jobs/<job_id>/cancel")
    def cancel_job(job_id: str) -> Response[str]:
        return _job(service.cancel(_tenant(api), job_id, base=base_path(api.current_event)))

    @api.post("/jobs/<job_id>/redrive")
    def redrive_job(job_id: str) -> Response[str]:
        return _job(service.redrive(_tenant(api), job_id, base=base_path(api.current_event)))

    @api.delete("/jobs/<job_id>")
    def delete_job(job_id: str) -> Response[str]:
        from aws_lambda_powertools.event_handler import Response

        service.purge.job(_tenant(api), job_id)
        return Response(204)


def _parts(api: APIGatewayRestResolver, service: StatusService) -> None:
    """What belongs to a job."""

    @api.get("/jobs/<job_id>/events")
    def get_events(job_id: str) -> Response[str]:
        return _json(service.read.trail(_tenant(api), job_id))

    @api.get("/jobs/<job_id>/document")
    def get_document(job_id: str) -> Response[str]:
        return _json(service.read.document(_tenant(api), job_id))


def _tenant(api: APIGatewayRestResolver) -> str:
    return str(api.current_event.request_context.authorizer["tenant_id"])


def _job(view: JobView, *, if_none_match: str | None = None, waited: bool = False) -> Response[str]:
    from aws_lambda_powertools.event_handler import Response, content_types

    tag = f'"{view.version}"'
    headers: dict[str, str | list[str]] = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if waited:
        headers["Preference-Applied"] = "wait"
    if known_tag(tag, if_none_match):
        return Response(304, headers=headers)
    return Response(200, content_types.APPLICATION_JSON, view.body, headers=headers)


def _json(body: str) -> Response[str]:
    from aws_lambda_powertools.event_handler import Response, content_types

    return Response(200, content_types.APPLICATION_JSON, body, headers={"Cache-Control": "no-store"})


def _wait_s(prefer: str | None) -> float:
    """Seconds of `Prefer: wait=N` (RFC 7240); a preference that does not parse is none."""
    match = _WAIT.search(prefer or "")
    return float(match[1]) if match else 0.0


def _status(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer: dict[str, Any] = _api().resolve(event, context)
    return answer


handler = observed(_status)
