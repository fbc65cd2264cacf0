"""A tenant's own count of requests: its usage key in a usage plan of API Gateway's.

The command keeps it with the operator's own credentials: the function has neither the right nor a way there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from operations.invoking import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from operations.invoking import Operator
    from operations.target import Api, Target

_SLACK_S = 5.0
"""Waited beyond the time for which API Gateway keeps the authorizer's answers: so long they name the key."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a tenant may have for itself: requests a second, and how many may come at once."""

    rate: float
    burst: int


def throttle(
    operator: Operator,
    tenant: str,
    numbers: Numbers | None,
    *,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Have a tenant counted by itself, with its own numbers or (None) the deployment's.

    May be run again at any time, also where it was broken off. Raises Refusal, Failed, botocore's errors.
    """
    target = operator.target
    found = operator("tenants.usage_key", tenant=tenant)
    told: dict[str, Any] = {"tenant": tenant, "planned": True}
    if target.api is None:
        if numbers is not None:
            raise Refusal("no_usage_plans", f"{target.name} has no usage plans; its numbers are parameters")
        operator("tenants.planned", **told)
        return
    plans = _Plans(target.api, target.region)
    plan = plans.ensure(tenant, numbers)
    key = plans.key(tenant, found["usage_key"])
    others = plans.others(key, plan)
    if others and found["planned"]:  # a key in no plan is refused: until it is in the other, it is not used
        if "cached_s" not in found:
            raise Refusal("function_too_old", f"{target.name} runs an older version than this: deploy first")
        operator("tenants.planned", tenant=tenant, planned=False)
        kept_s = found["cached_s"] + _SLACK_S
        typer.echo(f"waiting {kept_s:.0f} s, so that no request is refused while the key moves", err=True)
        wait(kept_s)
    plans.move(key, others, plan)
    if numbers is None:
        plans.drop_own(tenant)
    else:
        told |= {"rate": numbers.rate, "burst": numbers.burst}
    operator("tenants.planned", **told)


def ensure_counted(operator: Operator, tenant: str) -> None:
    """Have a tenant counted by itself, unless it is: its numbers stay as they are."""
    if not operator("tenants.usage_key", tenant=tenant)["planned"]:
        throttle(operator, tenant, None)


class _Plans:
    """The usage plans and keys of one API; a tenant's are found by their names."""

    def __init__(self, api: Api, region: str | None) -> None:
        import boto3

        self._api = api
        self._client: Any = boto3.Session().client("apigateway", region_name=region)

    def _name(self, tenant: str) -> str:
        return f"claimcheck-{self._api.id}-{tenant}"

    def _pages(self, operation: str, **query: Any) -> list[dict[str, Any]]:
        pages = self._client.get_paginator(operation).paginate(**query)
        return [each for page in pages for each in page.get("items", [])]

    def _own(self, tenant: str) -> str | None:
        plans = self._pages("get_usage_plans")
        return next((plan["id"] for plan in plans if plan["name"] == self._name(tenant)), None)

    def ensure(self, tenant: str, numbers: Numbers | None) -> str:
        """The id of the plan that the tenant belongs into, with these numbers."""
        if numbers is None:
            return self._api.plan
        own = self._own(tenant)
        if own is None:
            made: str = self._client.create_usage_plan(
                name=self._name(tenant),
                apiStages=[{"apiId": self._api.id, "stage": self._api.stage}],
                throttle={"rateLimit": numbers.rate, "burstLimit": numbers.burst},
            )["id"]
            return made
        changes = {"/throttle/rateLimit": numbers.rate, "/throttle/burstLimit": numbers.burst}
        self._client.update_usage_plan(
            usagePlanId=own,
            patchOperations=[
                {"op": "replace", "path": path, "value": f"{value:g}"} for path, value in changes.items()
            ],
        )
        return own

    def key(self, tenant: str, value: str) -> str:
        """The id of the key of API Gateway's with the tenant's usage key as its value."""
        name = self._name(tenant)
        for key in self._pages("get_api_keys", nameQuery=name, includeValues=True):
            if key["value"] == value:
                return str(key["id"])
        return str(self._client.create_api_key(name=name, value=value, enabled=True)["id"])

    def others(self, key: str, plan: str) -> list[str]:
        """Plans that the key is in, but for this one."""
        return [each["id"] for each in self._pages("get_usage_plans", keyId=key) if each["id"] != plan]

    def move(self, key: str, others: list[str], plan: str) -> None:
        """Out of other plans into this one: API Gateway takes a key for a stage in one plan alone."""
        for other in others:
            self._client.delete_usage_plan_key(usagePlanId=other, keyId=key)
        inside = self._pages("get_usage_plan_keys", usagePlanId=plan)
        if not any(each["id"] == key for each in inside):
            self._client.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")

    def drop_own(self, tenant: str) -> None:
        """Delete the plan of its own; API Gateway wants it without stages first."""
        own = self._own(tenant)
        if own is None:
            return
        stage = f"{self._api.id}:{self._api.stage}"
        self._client.update_usage_plan(
            usagePlanId=own, patchOperations=[{"op": "remove", "path": "/apiStages", "value": stage}]
        )
        self._client.delete_usage_plan(usagePlanId=own)

    def forget(self, tenant: str) -> None:
        """Delete the tenant's plan and keys, once it has been deleted."""
        self.drop_own(tenant)
        name = self._name(tenant)
        for key in self._pages("get_api_keys", nameQuery=name):
            if key["name"] == name:
                self._client.delete_api_key(apiKey=key["id"])


def forget(target: Target, tenant: str) -> None:
    """Delete what API Gateway has of a tenant that was deleted."""
    if target.api is not None:
        _Plans(target.api, target.region).forget(tenant)
