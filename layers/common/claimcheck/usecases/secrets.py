"""A tenant's signing secrets: made on first use, shown on request, rotated with a day of overlap."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from claimcheck.refusals import RotationRefusedError
from claimcheck.store.webhooks import insert_secret, live_secrets, rotate_secret
from claimcheck.telemetry import count, logger, metrics
from claimcheck.webhooks.signature import new_secret
from claimcheck.webhooks.vault import VaultError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database
    from claimcheck.store.webhooks import SealedSecret
    from claimcheck.webhooks.vault import Vault

OVERLAP_S = 86_400.0
"""How long a secret still signs after it was replaced."""


class Secrets:
    """Opened only to sign, and for the tenant itself."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def ready(self) -> None:
        """Get the sealing key, if it is not yet here: afterwards nothing waits but for the database.

        Raises VaultError, UnavailableError.
        """
        self._vault.unlock()

    def live(self, database: Database, tenant_id: str) -> list[str]:
        """The secrets that sign, newest first; the first one is made on first use.

        Raises VaultError, UnavailableError, StoreError.
        """
        return [secret for secret, _ in self._opened(database, tenant_id)]

    def shown(self, database: Database, tenant_id: str) -> str:
        """The live secrets as `GET /webhook-secret` shows them. Raises as `live` does."""
        rows = [
            {"secret": secret, "created_at": row.created_at, "expires_at": row.expires_at}
            for secret, row in self._opened(database, tenant_id)
        ]
        return json.dumps({"secrets": rows})

    def rotate(self, database: Database, tenant_id: str) -> str:
        """Put a new secret first and let the old one sign for a day more; the answer shows both.

        Raises RotationRefusedError while an older one still signs, and as `live` does.
        """
        self._sealed(database, tenant_id)  # a first one, to be replaced
        sealed = self._vault.seal(tenant_id, new_secret())
        if not rotate_secret(database, tenant_id, sealed, overlap_s=OVERLAP_S):
            ends = [row.expires_at for row in live_secrets(database, tenant_id) if row.expires_at]
            raise RotationRefusedError(max(ends, default=None))
        count(metrics.WEBHOOK_SECRETS_ROTATED)
        return self.shown(database, tenant_id)

    def _opened(self, database: Database, tenant_id: str) -> list[tuple[str, SealedSecret]]:
        sealed = self._sealed(database, tenant_id)
        opened: list[tuple[str, SealedSecret]] = []
        failure: VaultError | None = None
        for each in sealed:
            try:
                opened.append((self._vault.open(tenant_id, each.sealed), each))
            except VaultError as error:  # those that open sign; a rotation puts another in its place
                logger().error("webhook secret does not open", extra={"tenant_id": tenant_id})
                failure = error
        if failure is not None and not opened:
            raise failure
        return opened

    def _sealed(self, database: Database, tenant_id: str) -> Sequence[SealedSecret]:
        """The live ones as they lie in the database; the first is made where there is none."""
        sealed = live_secrets(database, tenant_id)
        if not sealed:
            insert_secret(database, tenant_id, self._vault.seal(tenant_id, new_secret()))
            sealed = live_secrets(database, tenant_id)  # of two that make one at once, one was kept
        return sealed
