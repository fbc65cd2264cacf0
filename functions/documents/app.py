"""POST /documents and GET /documents/{document_id}: where a document's bytes are to be uploaded."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from claimcheck.bootstrap import answering
from claimcheck.rest import base_path, request_body, resolver
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response


@cache
def _api() -> APIGatewayRestResolver:
    from aws_lambda_powertools.event_handler import Response, content_types

    api = resolver()

    def tenant() -> str:
        return str(api.current_event.request_context.authorizer["tenant_id"])

    @api.post("/documents")
    def post_document() -> Response[str]:
        event = api.current_event
        base = base_path(event)
        shown = answering.documents().announce.post(tenant(), request_body(event.raw_event), base=base)
        headers: dict[str, str | list[str]] = {
            "Location": f"{base}/documents/{shown.document_id}",
            "Cache-Control": "no-store",
        }
        status = 201 if shown.made else 200
        return Response(status, content_types.APPLICATION_JSON, shown.body, headers=headers)

    @api.get("/documents/<document_id>")
    def get_document(document_id: str) -> Response[str]:
        shown = answering.documents().announce.get(tenant(), document_id, base=base_path(api.current_event))
        headers: dict[str, str | list[str]] = {"Cache-Control": "no-store"}
        return Response(200, content_types.APPLICATION_JSON, shown.body, headers=headers)

    @api.delete("/documents/<document_id>")
    def delete_document(document_id: str) -> Response[str]:
        jobs = (api.current_event.query_string_parameters or {}).get("jobs")
        answering.documents().purge.document(tenant(), document_id, jobs=jobs)
        return Response(204)

    return api


def _documents(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer: dict[str, Any] = _api().resolve(event, context)
    return answer


handler = observed(_documents)
