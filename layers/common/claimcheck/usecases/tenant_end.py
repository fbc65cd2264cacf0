"""The operator's commands that end a tenant: what is held of it is shown, and deleted for good."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import Field

from claimcheck.refusals import CommandRefused
from claimcheck.store.tenants import delete_tenant_page, end_tenant, tenant_holds
from claimcheck.usecases.ids import is_uuid
from claimcheck.usecases.operate import Command
from claimcheck.usecases.tenants import ForTenant, no_such_tenant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from claimcheck.store.connection import Database

Kind = Literal["jobs", "documents", "deliveries", "addresses", "events"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In this order: a job takes its document and its webhooks along, a webhook gives its address free."""
_BATCH = {
    "jobs": 25,
    "documents": 25,
}  # each takes rows of many tables along; of the others a page is one row each
_PAGE = 1_000
_LONGEST_S = 20.0


class Ending(ForTenant):
    """Where a tenant's end goes on, as the answer before said."""

    kind: Kind = "jobs"
    after: Annotated[str, Field(max_length=36)] = ""


class TenantEnd:
    """`tenants.holds` and `tenants.delete`."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock

    def commands(self) -> dict[str, Command]:
        """By their names."""
        return {
            "tenants.holds": Command(ForTenant, self._holds),
            "tenants.delete": Command(Ending, self._delete),
        }

    def _holds(self, asked: ForTenant) -> Mapping[str, Any]:
        found = tenant_holds(self._database, asked.tenant)
        if found is None:
            raise no_such_tenant(asked.tenant)
        return found

    def _delete(self, asked: Ending) -> Mapping[str, Any]:
        """As much as there is time for. `next` says where to go on; at the end it is null, and `left` counts
        what somebody held: it is deleted by the next sweep, or when this is asked from the beginning."""
        if asked.after and not is_uuid(asked.after):
            raise CommandRefused("arguments_invalid", "after: no answer before has said this.")
        if not end_tenant(self._database, asked.tenant):
            raise no_such_tenant(asked.tenant)
        until = self._clock() + _LONGEST_S
        after: str | None = asked.after
        for kind in KINDS[KINDS.index(asked.kind) :]:
            while (after := self._page(asked.tenant, kind, after or "")) is not None:
                if self._clock() >= until:
                    going_on = {"kind": kind, "after": after}
                    return {"tenant": asked.tenant, "left": None, "next": going_on}
        holds = self._holds(ForTenant(tenant=asked.tenant))
        return {"tenant": asked.tenant, "left": sum(holds[kind] for kind in KINDS), "next": None}

    def _page(self, tenant: str, kind: Kind, after: str) -> str | None:
        limit = _BATCH.get(kind, _PAGE)
        return delete_tenant_page(self._database, tenant, kind, after=after, limit=limit)
