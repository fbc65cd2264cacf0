"""Webhooks on their way: planned and signed where the database is, posted elsewhere."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError
from claimcheck.store.deliveries import insert_secret, live_secrets, plan_deliveries
from claimcheck.telemetry import count, logger
from claimcheck.webhooks.events import body_of, message_id
from claimcheck.webhooks.signature import new_secret, signed_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from claimcheck.store.connection import Database
    from claimcheck.store.deliveries import PlannedDelivery
    from claimcheck.usecases.ports import Queue
    from claimcheck.webhooks.vault import Vault

Message = tuple[dict[str, Any], str]

_LIMIT = 100


class Deliver:
    """Takes due deliveries, signs them and sends them to `notify`."""

    def __init__(self, queue: Queue, vault: Vault, *, clock: Callable[[], float] = time.time) -> None:
        self._queue = queue
        self._vault = vault
        self._clock = clock

    def plan(self, database: Database, delivery_ids: Sequence[str] | None = None) -> list[Message]:
        """Take due deliveries (those of `delivery_ids`, where given) for one attempt each, signed."""
        planned = plan_deliveries(database, delivery_ids=delivery_ids, limit=_LIMIT)
        keys = {tenant: self.secrets(database, tenant) for tenant in {each.tenant_id for each in planned}}
        return [(self._message(each, keys[each.tenant_id]), each.tenant_id) for each in planned]

    def send(self, messages: Sequence[Message]) -> None:
        """Send what was planned. What the queue does not take is due again in five minutes."""
        if not messages:
            return
        try:
            refused = self._queue.send_all(messages)
        except UnavailableError as error:
            logger().warning("deliveries not sent", extra={"reason": str(error)})
            refused = len(messages)
        if refused:
            count("DeliveriesNotSent", refused)

    def secrets(self, database: Database, tenant_id: str) -> list[str]:
        """A tenant's live signing secrets, newest first; the first one is made on first use."""
        sealed = live_secrets(database, tenant_id)
        if not sealed:
            insert_secret(database, tenant_id, self._vault.seal(tenant_id, new_secret()))
            sealed = live_secrets(database, tenant_id)
        return [self._vault.open(tenant_id, each.sealed) for each in sealed]

    def secrets_json(self, database: Database, tenant_id: str) -> str:
        """The live secrets as `GET /webhook-secret` shows them."""
        opened = self.secrets(database, tenant_id)
        rows = live_secrets(database, tenant_id)
        shown = [
            {"secret": secret, "created_at": row.created_at, "expires_at": row.expires_at}
            for secret, row in zip(opened, rows, strict=True)
        ]
        return json.dumps({"secrets": shown})

    def _message(self, delivery: PlannedDelivery, signing_secrets: Sequence[str]) -> dict[str, Any]:
        now = self._clock()
        body = body_of(delivery.event_type, delivery.completed_at, delivery.data, delivery.thin_data)
        headers = signed_headers(message_id(delivery.delivery_id), int(now), body, signing_secrets)
        return {
            "delivery_id": delivery.delivery_id,
            "attempt": delivery.attempt,
            "url": delivery.url,
            "body": body.decode(),
            "headers": {"content-type": "application/json", **headers},
            "planned_at": datetime.fromtimestamp(now, UTC).isoformat(),
        }
