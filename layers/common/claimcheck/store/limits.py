"""What a tenant may have at once: the deployment's limits, what is used of them, and where one is met."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.refusals import DocumentOverLimitError, SpendLimitError, TenantBusyError
from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.connection import Database


@dataclass(frozen=True, slots=True)
class Limits:
    """For tenants without limits of their own; None: no limit.

    Jobs pending or running, US dollars a UTC day, bytes of a document.
    """

    jobs_in_flight: int | None = None
    usd_per_day: float | None = None
    document_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds a tenant besides its own limits or instead of them.

    Bytes that anybody may upload; requests a second, and how many may come at once.
    """

    upload_bytes: int
    requests_per_second: float
    requests_burst: int


def get_limits(database: Database, tenant_id: str, limits: Limits, bounds: Bounds) -> str:
    """A tenant's limits and what is used of them, as JSON text. Who has none of its own has `limits`.

    Raises StoreError.
    """
    params = {"tenant_id": tenant_id, **asdict(limits), **asdict(bounds)}
    (row,) = database.all(queries("reading")["get_limits"], params, tenant_id=tenant_id)
    return str(row["body"])


def raise_refusal(refusal: Mapping[str, Any]) -> None:
    """What the database says of a limit, as an exception: one of the three, always."""
    match refusal["code"]:
        case "document_too_large":
            raise DocumentOverLimitError(refusal["limit"])
        case "spend_limit":
            raise SpendLimitError(refusal["limit"], refusal["resets_at"], refusal["resets_s"])
        case _:
            raise TenantBusyError(refusal["limit"])
