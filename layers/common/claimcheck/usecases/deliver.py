"""Webhooks on their way: planned and signed where the database is, posted elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError
from claimcheck.store.deliveries import insert_secret, live_secrets, plan_deliveries
from claimcheck.store.faults import StoreError
from claimcheck.telemetry import count, logger, places_of
from claimcheck.webhooks.events import message_id
from claimcheck.webhooks.signature import new_secret, signed_headers
from claimcheck.webhooks.vault import VaultError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claimcheck.store.connection import Database
    from claimcheck.store.deliveries import PlannedDelivery, SealedSecret
    from claimcheck.usecases.ports import Queue
    from claimcheck.webhooks.vault import Vault

Message = tuple[dict[str, Any], str]

_LIMIT = 100


class Deliver:
    """Takes due deliveries, signs them and sends them to `notify`."""

    def __init__(self, queue: Queue, vault: Vault) -> None:
        self._queue = queue
        self._vault = vault

    def ready(self) -> None:
        """Get the sealing key, if it is not yet here, so that `plan` waits for nobody but the database.

        Raises VaultError, UnavailableError.
        """
        self._vault.unlock()

    def plan(self, database: Database, delivery_ids: Sequence[str] | None = None) -> list[Message]:
        """Take due deliveries (those of `delivery_ids`, where given) for one attempt each, signed.

        Raises VaultError, UnavailableError or StoreError before anything was taken. What was taken and
        cannot be signed is left out, and is due again in five minutes.
        """
        self.ready()
        waiting: dict[str, list[PlannedDelivery]] = {}
        for each in plan_deliveries(database, delivery_ids=delivery_ids, limit=_LIMIT):
            waiting.setdefault(each.tenant_id, []).append(each)
        messages: list[Message] = []
        while waiting:
            tenant_id, deliveries = waiting.popitem()
            try:
                messages += self._signed(database, tenant_id, deliveries)
            except UnavailableError as error:  # the database is away, so nobody else's secrets can be read
                _not_signed({tenant_id: deliveries, **waiting}, error)
                break
            except (VaultError, StoreError, ValueError) as error:
                _not_signed({tenant_id: deliveries}, error)
        return messages

    def send(self, messages: Sequence[Message]) -> None:
        """Send what was planned. What the queue does not take is due again in five minutes."""
        refused = self._queue.send_all(messages) if messages else 0
        if refused:
            count("DeliveriesNotSent", refused)

    def secrets(self, database: Database, tenant_id: str) -> list[str]:
        """A tenant's live signing secrets, newest first; the first one is made on first use.

        Raises VaultError, UnavailableError, StoreError.
        """
        return [secret for secret, _ in self._opened(database, tenant_id)]

    def secrets_json(self, database: Database, tenant_id: str) -> str:
        """The live secrets as `GET /webhook-secret` shows them. Raises as `secrets` does."""
        shown = [
            {"secret": secret, "created_at": row.created_at, "expires_at": row.expires_at}
            for secret, row in self._opened(database, tenant_id)
        ]
        return json.dumps({"secrets": shown})

    def _opened(self, database: Database, tenant_id: str) -> list[tuple[str, SealedSecret]]:
        sealed = live_secrets(database, tenant_id)
        if not sealed:
            insert_secret(database, tenant_id, self._vault.seal(tenant_id, new_secret()))
            sealed = live_secrets(database, tenant_id)  # of two that make one at once, one was kept
        return [(self._vault.open(tenant_id, each.sealed), each) for each in sealed]

    def _signed(
        self, database: Database, tenant_id: str, deliveries: Sequence[PlannedDelivery]
    ) -> list[Message]:
        signing_secrets = self.secrets(database, tenant_id)
        return [(self._message(each, signing_secrets), tenant_id) for each in deliveries]

    def _message(self, delivery: PlannedDelivery, signing_secrets: Sequence[str]) -> dict[str, Any]:
        signed_at = int(delivery.planned_at.timestamp())
        webhook_id = message_id(delivery.delivery_id)
        headers = signed_headers(webhook_id, signed_at, delivery.body.encode(), signing_secrets)
        return {
            "delivery_id": delivery.delivery_id,
            "tenant_id": delivery.tenant_id,
            "attempt": delivery.attempt,
            "url": delivery.url,
            "body": delivery.body,
            "headers": {"content-type": "application/json", **headers},
            "planned_at": delivery.planned_at.isoformat(),
        }


def _not_signed(by_tenant: Mapping[str, Sequence[PlannedDelivery]], error: Exception) -> None:
    for tenant_id, deliveries in by_tenant.items():
        ids = [each.delivery_id for each in deliveries]
        fields = {"tenant_id": tenant_id, "delivery_ids": ids, "error": places_of(error)}
        logger().error("deliveries not signed", extra=fields)
        count("DeliveriesNotSigned", len(ids))
