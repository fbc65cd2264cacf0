"""A tenant's webhooks: delivery logs, replays, samples, secrets, addresses and events."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from claimcheck.bootstrap import answering
from claimcheck.rest import request_body, resolver
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
    from claimcheck.bootstrap.answering import TenantWebhooks


@cache
def _api() -> APIGatewayRestResolver:
    api = resolver()
    service = answering.webhooks()
    _deliveries(api, service)
    _secrets(api, service)
    _addresses(api, service)
    return api


def _deliveries(api: APIGatewayRestResolver, service: TenantWebhooks) -> None:
    """What was sent, and sending it again."""

    @api.get("/jobs/<job_id>/deliveries")
    def get_deliveries(job_id: str) -> Response[str]:
        return _json(service.webhooks.deliveries(_tenant(api), job_id))

    @api.post("/jobs/<job_id>/deliveries/<delivery_id>/replay")
    def replay(job_id: str, delivery_id: str) -> Response[str]:
        return _json(service.replay(_tenant(api), job_id, delivery_id).body, 202)

    @api.get("/deliveries/<delivery_id>")
    def get_delivery(delivery_id: str) -> Response[str]:
        return _json(service.webhooks.delivery(_tenant(api), delivery_id))

    @api.post("/webhook-test")
    def post_webhook_test() -> Response[str]:
        view = service.sample(_tenant(api), request_body(api.current_event.raw_event))
        return _json(view.body, 202 if view.status == "pending" else 200)


def _secrets(api: APIGatewayRestResolver, service: TenantWebhooks) -> None:
    """What signs."""

    @api.get("/webhook-secret")
    def get_webhook_secret() -> Response[str]:
        return _json(service.secrets.shown(service.database, _tenant(api)))

    @api.post("/webhook-secret/rotate")
    def rotate_webhook_secret() -> Response[str]:
        return _json(service.secrets.rotate(service.database, _tenant(api)))


def _addresses(api: APIGatewayRestResolver, service: TenantWebhooks) -> None:
    """Where it goes to, and what happened."""

    @api.get("/webhook-addresses")
    def get_webhook_addresses() -> Response[str]:
        return _json(service.webhooks.addresses(_tenant(api)))

    @api.post("/webhook-addresses/enable")
    def enable_webhook_address() -> Response[str]:
        return _json(service.webhooks.enable(_tenant(api), request_body(api.current_event.raw_event)))

    @api.get("/events")
    def get_events() -> Response[str]:
        query = api.current_event.query_string_parameters or {}
        page = service.webhooks.events(_tenant(api), cursor=query.get("cursor"), limit=query.get("limit"))
        return _json(page)


def _tenant(api: APIGatewayRestResolver) -> str:
    return str(api.current_event.request_context.authorizer["tenant_id"])


def _json(body: str, status: int = 200) -> Response[str]:
    from aws_lambda_powertools.event_handler import Response, content_types

    return Response(status, content_types.APPLICATION_JSON, body, headers={"Cache-Control": "no-store"})


def _webhooks(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer: dict[str, Any] = _api().resolve(event, context)
    return answer


handler = observed(_webhooks)
