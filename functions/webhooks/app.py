"""A tenant's webhooks: delivery logs, replays, samples, secrets, addresses and events."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from claimcheck.bootstrap import answering
from claimcheck.rest import Answer, Api, Request, uncached
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from claimcheck.bootstrap.answering import TenantWebhooks


@cache
def _api() -> Api:
    routes = _Routes(answering.webhooks())
    return Api(
        {
            "GET /jobs/{id}/deliveries": routes.deliveries,
            "POST /jobs/{id}/deliveries/{delivery_id}/replay": routes.replay,
            "GET /deliveries/{id}": routes.delivery,
            "POST /webhook-test": routes.sample,
            "GET /webhook-secret": routes.secret,
            "POST /webhook-secret/rotate": routes.rotate,
            "GET /webhook-addresses": routes.addresses,
            "POST /webhook-addresses/enable": routes.enable,
            "GET /events": routes.events,
        }
    )


class _Routes:
    def __init__(self, service: TenantWebhooks) -> None:
        self._service = service

    def deliveries(self, request: Request) -> Answer:
        return uncached(self._service.webhooks.deliveries(request.tenant_id, request.part("id")))

    def replay(self, request: Request) -> Answer:
        job_id, delivery_id = request.part("id"), request.part("delivery_id")
        return uncached(self._service.replay(request.tenant_id, job_id, delivery_id).body, 202)

    def delivery(self, request: Request) -> Answer:
        return uncached(self._service.webhooks.delivery(request.tenant_id, request.part("id")))

    def sample(self, request: Request) -> Answer:
        view = self._service.sample(request.tenant_id, request.body)
        return uncached(view.body, 202 if view.status == "pending" else 200)

    def secret(self, request: Request) -> Answer:
        return uncached(self._service.secrets.shown(self._service.database, request.tenant_id))

    def rotate(self, request: Request) -> Answer:
        return uncached(self._service.secrets.rotate(self._service.database, request.tenant_id))

    def addresses(self, request: Request) -> Answer:
        return uncached(self._service.webhooks.addresses(request.tenant_id))

    def enable(self, request: Request) -> Answer:
        return uncached(self._service.webhooks.enable(request.tenant_id, request.body))

    def events(self, request: Request) -> Answer:
        cursor, limit = request.query("cursor"), request.query("limit")
        return uncached(self._service.webhooks.events(request.tenant_id, cursor=cursor, limit=limit))


def _webhooks(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return _api()(event)


handler = observed(_webhooks)
