"""The operator's commands about tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from claimcheck.refusals import CommandRefused
from claimcheck.store.tenants import insert_tenant, list_tenants, set_retention
from claimcheck.usecases.operate import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.connection import Database

TenantId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class NoArguments(BaseModel):
    """A command that takes nothing."""

    model_config = ConfigDict(extra="forbid")


class ForTenant(BaseModel):
    """A command about one tenant."""

    model_config = ConfigDict(extra="forbid")

    tenant: TenantId


class Retention(ForTenant):
    """How long a tenant's final jobs are kept, in days; null for as long as the deployment keeps them."""

    days: Annotated[int, Field(ge=1, le=3650)] | None = None


def no_such_tenant(tenant: str) -> CommandRefused:
    """The refusal of a command about a tenant that is not there."""
    return CommandRefused("tenant_unknown", f"There is no tenant {tenant}. tenants.create makes it.")


class Tenants:
    """`tenants.create`, `tenants.list` and `tenants.retention`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def commands(self) -> dict[str, Command]:
        """By their names."""
        return {
            "tenants.create": Command(ForTenant, self._create),
            "tenants.list": Command(NoArguments, self._list),
            "tenants.retention": Command(Retention, self._retention),
        }

    def _create(self, arguments: ForTenant) -> Mapping[str, Any]:
        made = insert_tenant(self._database, arguments.tenant)
        return {"tenant": arguments.tenant, "created": made}

    def _retention(self, arguments: Retention) -> Mapping[str, Any]:
        if not set_retention(self._database, arguments.tenant, days=arguments.days):
            raise no_such_tenant(arguments.tenant)
        return {"tenant": arguments.tenant, "retention_days": arguments.days}

    def _list(self, _arguments: NoArguments) -> Mapping[str, Any]:
        return {"tenants": list_tenants(self._database)}
