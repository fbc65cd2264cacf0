"""Webhooks on their way: planned and signed where the database is, posted elsewhere."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError
from claimcheck.store.deliveries import not_signed, take_deliveries
from claimcheck.store.faults import StoreError
from claimcheck.telemetry import count, logger, metrics, places_of
from claimcheck.webhooks.events import message_id
from claimcheck.webhooks.signature import signed_headers
from claimcheck.webhooks.standing import Widths
from claimcheck.webhooks.vault import VaultError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claimcheck.store.connection import Database
    from claimcheck.store.deliveries import PlannedDelivery
    from claimcheck.usecases.ports import Queue
    from claimcheck.usecases.secrets import Secrets

Message = tuple[dict[str, Any], str]

_LIMIT = 100


class Deliver:
    """Takes due deliveries, signs them and sends them to `notify`.

    Receivers that hang have a queue, and so senders, of their own: however many they are, those that answer
    wait for none of them.
    """

    def __init__(
        self, queue: Queue, slow_queue: Queue, secrets: Secrets, *, widths: Widths | None = None
    ) -> None:
        self._queue = queue
        self._slow_queue = slow_queue
        self._secrets = secrets
        self._widths = widths or Widths()

    def ready(self) -> None:
        """Get the sealing key, if it is not yet here, so that `plan` waits for nobody but the database.

        Raises VaultError, UnavailableError.
        """
        self._secrets.ready()

    def plan(
        self, database: Database, delivery_ids: Sequence[str] | None = None, *, tenant_id: str | None = None
    ) -> list[Message]:
        """Take what is due to the addresses of `delivery_ids` (None: to any), for one attempt each, signed.

        `tenant_id`: whose alone, where a tenant asks; the database shows that function no other's.

        Of an address no more than its width allows; the rest stays due. Raises VaultError, UnavailableError
        or StoreError before anything was taken. What was taken and cannot be signed is left out, and is due
        again in five minutes.
        """
        return self._sign(database, self._take(database, delivery_ids, tenant_id), tenant_id)

    def send(self, messages: Sequence[Message]) -> None:
        """Send what was planned. What the queue does not take is due again in five minutes."""
        for queue, slow in ((self._queue, False), (self._slow_queue, True)):
            part = [each for each in messages if each[0].get("slow", False) is slow]
            refused = queue.send_all(part) if part else 0
            if refused:
                count(metrics.DELIVERIES_NOT_SENT, refused)

    def due(self, database: Database) -> int:
        """Send what is due to any address, a batch of it; how many were taken. Raises as `plan` does."""
        taken = self._take(database, None, None)
        self.send(self._sign(database, taken, None))
        return len(taken)

    def now(self, database: Database, delivery_ids: Sequence[str], *, tenant_id: str | None = None) -> None:
        """Plan and send. What hinders it is logged, and left to sweep: raises nothing of it."""
        try:
            self.send(self.plan(database, delivery_ids, tenant_id=tenant_id))
        except (StoreError, UnavailableError, VaultError) as error:
            left_to_sweep(error)

    def _take(
        self, database: Database, delivery_ids: Sequence[str] | None, tenant_id: str | None
    ) -> Sequence[PlannedDelivery]:
        self.ready()
        return take_deliveries(
            database, delivery_ids=delivery_ids, widths=self._widths, limit=_LIMIT, tenant_id=tenant_id
        )

    def _sign(
        self, database: Database, taken: Sequence[PlannedDelivery], asking: str | None
    ) -> list[Message]:
        waiting: dict[str, list[PlannedDelivery]] = {}
        for each in taken:
            waiting.setdefault(each.tenant_id, []).append(each)
        messages: list[Message] = []
        while waiting:
            tenant_id, deliveries = waiting.popitem()
            try:
                messages += self._signed(database, tenant_id, deliveries)
            except UnavailableError as error:  # the database is away, so nobody else's secrets can be read
                _log_unsigned({tenant_id: deliveries, **waiting}, error)
                break
            except (VaultError, StoreError, ValueError) as error:
                _log_unsigned({tenant_id: deliveries}, error)
                _give_back(database, deliveries, asking)
        return messages

    def _signed(
        self, database: Database, tenant_id: str, deliveries: Sequence[PlannedDelivery]
    ) -> list[Message]:
        secrets = self._secrets.live(database, tenant_id)
        return [(_message(each, secrets), tenant_id) for each in deliveries]


def left_to_sweep(error: Exception) -> None:
    """The delivery is due: sweep sends it."""
    count(metrics.DELIVERIES_NOT_SENT)
    logger().warning("webhook left to sweep", extra={"error": places_of(error)})


def _message(delivery: PlannedDelivery, signing_secrets: Sequence[str]) -> dict[str, Any]:
    signed_at = int(delivery.planned_at.timestamp())
    webhook_id = message_id(delivery.delivery_id)
    headers = signed_headers(webhook_id, signed_at, delivery.body.encode(), signing_secrets)
    return {
        "delivery_id": delivery.delivery_id,
        "tenant_id": delivery.tenant_id,
        "job_id": delivery.job_id,
        "traceparent": delivery.traceparent,
        "attempt": delivery.attempt,
        "url": delivery.url,
        "body": delivery.body,
        "headers": {"content-type": "application/json", **headers},
        "planned_at": delivery.planned_at.isoformat(),
        "slow": delivery.is_slow,
    }


def _give_back(database: Database, deliveries: Sequence[PlannedDelivery], asking: str | None) -> None:
    """They are due again in five minutes, whether this can be written or not."""
    with contextlib.suppress(StoreError):
        attempts = [(each.delivery_id, each.attempt) for each in deliveries]
        not_signed(database, attempts, tenant_id=asking)


def _log_unsigned(by_tenant: Mapping[str, Sequence[PlannedDelivery]], error: Exception) -> None:
    for tenant_id, deliveries in by_tenant.items():
        ids = [each.delivery_id for each in deliveries]
        fields = {"tenant_id": tenant_id, "delivery_ids": ids, "error": places_of(error)}
        logger().error("deliveries not signed", extra=fields)
        count(metrics.DELIVERIES_NOT_SIGNED, len(ids))
