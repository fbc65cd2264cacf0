"""The operator's commands about tenants."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from claimcheck.refusals import CommandRefused
from claimcheck.store.limits import Limits
from claimcheck.store.tenants import (
    insert_tenant,
    list_tenants,
    set_limits,
    set_planned,
    set_retention,
    tenant_deleted,
    usage_key,
)
from claimcheck.usecases.authorize import CACHED_S
from claimcheck.usecases.operate import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from claimcheck.store.connection import Database

TenantId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class NoArguments(BaseModel):
    """A command that takes nothing."""

    model_config = ConfigDict(extra="forbid")


class ForTenant(BaseModel):
    """A command about one tenant."""

    model_config = ConfigDict(extra="forbid")

    tenant: TenantId


Asked = TypeVar("Asked", bound=ForTenant)
Limit = Literal["jobs_in_flight", "usd_per_day", "document_bytes"]


class SetLimits(ForTenant):
    """What is given is set, what is in `reset` is the deployment's again; nothing of both: it is shown."""

    jobs_in_flight: int | None = Field(None, ge=0, le=1_000_000)
    usd_per_day: float | None = Field(None, ge=0, le=1_000_000)
    document_bytes: int | None = Field(None, ge=1, le=5_368_709_120)
    reset: list[Limit] = Field(default_factory=list)


class Retention(ForTenant):
    """How long a tenant's final jobs are kept, in days; null for as long as the deployment keeps them."""

    days: Annotated[int, Field(ge=1, le=3650)] | None = None


class Planned(ForTenant):
    """Whether API Gateway has the tenant's usage key, and the numbers of a plan of its own."""

    planned: bool
    rate: float | None = Field(None, gt=0, le=10_000)
    burst: int | None = Field(None, ge=1, le=5_000)


def no_such_tenant(tenant: str) -> CommandRefused:
    """The refusal of a command about a tenant that is not there."""
    return CommandRefused("tenant_unknown", f"There is no tenant {tenant}. tenants.create makes it.")


def ended_tenant(tenant: str) -> CommandRefused:
    """The refusal of a command about a tenant that was deleted."""
    return CommandRefused(
        "tenant_deleted", f"Tenant {tenant} was deleted: what it hands in would be, too. Take another id."
    )


class Tenants:
    """Commands about tenants; `limits` are those of tenants without limits of their own."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits

    def commands(self) -> dict[str, Command]:
        """By their names."""
        return {
            "tenants.create": Command(ForTenant, self._living(self._create)),
            "tenants.limits": Command(SetLimits, self._living(self._set_limits)),
            "tenants.list": Command(NoArguments, self._list),
            "tenants.planned": Command(Planned, self._living(self._planned)),
            "tenants.retention": Command(Retention, self._living(self._retention)),
            "tenants.usage_key": Command(ForTenant, self._living(self._usage_key)),
        }

    def _living(self, run: Callable[[Asked], Mapping[str, Any]]) -> Callable[[Asked], Mapping[str, Any]]:
        """The command, for tenants that were not deleted: of one that was nothing new is kept."""

        def checked(asked: Asked) -> Mapping[str, Any]:
            if tenant_deleted(self._database, asked.tenant):
                raise ended_tenant(asked.tenant)
            return run(asked)

        return checked

    def _create(self, arguments: ForTenant) -> Mapping[str, Any]:
        made = insert_tenant(self._database, arguments.tenant)
        return {"tenant": arguments.tenant, "created": made}

    def _set_limits(self, asked: SetLimits) -> Mapping[str, Any]:
        given = Limits(asked.jobs_in_flight, asked.usd_per_day, asked.document_bytes)
        both = [name for name in asked.reset if getattr(given, name) is not None]
        if both:
            raise CommandRefused("arguments_invalid", f"{both[0]} is to be set and to be reset: choose one.")
        own = set_limits(self._database, asked.tenant, given, reset=asked.reset)
        if own is None:
            raise no_such_tenant(asked.tenant)
        defaults = asdict(self._limits)
        effective = {name: defaults[name] if own[name] is None else own[name] for name in defaults}
        return {"tenant": asked.tenant, "limits": effective, "own": own}

    def _retention(self, arguments: Retention) -> Mapping[str, Any]:
        if not set_retention(self._database, arguments.tenant, days=arguments.days):
            raise no_such_tenant(arguments.tenant)
        return {"tenant": arguments.tenant, "retention_days": arguments.days}

    def _usage_key(self, arguments: ForTenant) -> Mapping[str, Any]:
        found = usage_key(self._database, arguments.tenant)
        if found is None:
            raise no_such_tenant(arguments.tenant)
        return {"tenant": arguments.tenant, **found, "cached_s": CACHED_S}

    def _planned(self, told: Planned) -> Mapping[str, Any]:
        if not set_planned(
            self._database, told.tenant, planned=told.planned, rate=told.rate, burst=told.burst
        ):
            raise no_such_tenant(told.tenant)
        return told.model_dump()

    def _list(self, _arguments: NoArguments) -> Mapping[str, Any]:
        return {"tenants": list_tenants(self._database), "limits": asdict(self._limits)}
