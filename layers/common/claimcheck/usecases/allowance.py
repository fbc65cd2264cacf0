"""What a tenant may have at once, and how much of it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.store.limits import get_limits

if TYPE_CHECKING:
    from claimcheck.store.connection import Database
    from claimcheck.store.limits import Bounds, Limits


class Allowance:
    """A tenant's limits: its own, or of those that it does not have the deployment's (`limits`)."""

    def __init__(self, database: Database, limits: Limits, bounds: Bounds) -> None:
        self._database = database
        self._limits = limits
        self._bounds = bounds

    def __call__(self, tenant_id: str) -> str:
        """The limits as JSON, each with what is used of it. Raises StoreError, UnavailableError."""
        return get_limits(self._database, tenant_id, self._limits, self._bounds)
