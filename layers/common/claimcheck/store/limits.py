"""What a tenant may have at once: the deployment's limits, and where one of them is met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.refusals import DocumentOverLimitError, SpendLimitError, TenantBusyError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Limits:
    """For tenants without limits of their own; None: no limit.

    Jobs pending or running, US dollars a UTC day, bytes of a document.
    """

    jobs_in_flight: int | None = None
    usd_per_day: float | None = None
    document_bytes: int | None = None


def raise_refusal(refusal: Mapping[str, Any]) -> None:
    """What the database says of a limit, as an exception: one of the three, always."""
    match refusal["code"]:
        case "document_too_large":
            raise DocumentOverLimitError(refusal["limit"])
        case "spend_limit":
            raise SpendLimitError(refusal["limit"], refusal["resets_at"], refusal["resets_s"])
        case _:
            raise TenantBusyError(refusal["limit"])
