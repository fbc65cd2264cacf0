"""The webhook tables of a few tenants, as far as planning a delivery looks at them."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from claimcheck.usecases.deliver import Deliver
from claimcheck.usecases.secrets import Secrets
from claimcheck.webhooks.signature import new_secret
from claimcheck.webhooks.vault import Vault

from tests.unit.usecases.scripted_database import ScriptedDatabase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.usecases.ports import Queue

    from tests.unit.usecases.scripted_database import Rows

VAULT = Vault(lambda: base64.b64encode(b"k" * 32).decode())


class WebhookRows:
    """Due deliveries and each tenant's secrets, newest first; a `rival` is first with a first secret."""

    def __init__(
        self, *due: dict[str, Any], secrets: Mapping[str, int] | None = None, rival: bool = False
    ) -> None:
        self.due = list(due)
        self.now: float | None = None  # the database's time; None: the true one
        self.sealed: dict[str, list[bytes]] = {}
        for tenant, count in (secrets or {}).items():
            self.sealed[tenant] = [VAULT.seal(tenant, new_secret()) for _ in range(count)]
        self._rival = rival
        self.database = ScriptedDatabase(
            take_deliveries=self._plan, live_secrets=self._live, insert_secret=self._insert, not_signed=[]
        )

    def opened(self, tenant: str) -> list[str]:
        """A tenant's secrets as its receivers know them."""
        return [VAULT.open(tenant, each) for each in self.sealed[tenant]]

    def _plan(self, params: Mapping[str, Any]) -> Rows:
        wanted = params["delivery_ids"]
        found = [row for row in self.due if wanted is None or row["delivery_id"] in wanted]
        at = datetime.fromtimestamp(self.now or time.time(), UTC)
        return [{**row, "planned_at": at} for row in found[: params["limit"]]]

    def _live(self, params: Mapping[str, Any]) -> Rows:
        sealed = self.sealed.get(params["tenant_id"], [])
        return [
            {"sealed": each, "created_at": f"{place}", "expires_at": None}
            for place, each in enumerate(sealed)
        ]

    def _insert(self, params: Mapping[str, Any]) -> Rows:
        tenant = params["tenant_id"]
        sealed = VAULT.seal(tenant, new_secret()) if self._rival else params["sealed"]
        self.sealed.setdefault(tenant, [sealed])
        return []


def deliver_by(queue: Queue, vault: Vault = VAULT, *, slow: Queue | None = None) -> Deliver:
    """Planning with this vault's key, sending to these queues."""
    return Deliver(queue, slow or queue, Secrets(vault))


def due(delivery_id: str = "d1", **more: Any) -> dict[str, Any]:
    """One due delivery as the database plans it."""
    return {
        "delivery_id": delivery_id,
        "tenant_id": "acme",
        "attempt": 1,
        "url": "https://example.com/hook",
        "is_slow": False,
        "body": '{"type":"job.completed","data":{"job_id":"1","result":{"amount":"€ 5"}}}',
        **more,
    }
