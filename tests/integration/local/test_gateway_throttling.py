"""The gateway counts requests by the usage key that the authorizer names, as a usage plan does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from local import template
from local.intrinsics import TemplateError
from local.system import Physical, Throttle
from local.throttling import UsagePlan
from tests.integration.local.test_gateway import TEMPLATE, serving

if TYPE_CHECKING:
    from pathlib import Path

METERED = (
    TEMPLATE.replace("      StageName: v1\n", "      StageName: v1\n      ApiKeySourceType: AUTHORIZER\n")
    .replace(
        "        DefaultAuthorizer: Keys\n", "        DefaultAuthorizer: Keys\n        ApiKeyRequired: true\n"
    )
    .replace("{Authorizer: NONE}", "{Authorizer: NONE, ApiKeyRequired: false}")
    .replace(
        "        UNAUTHORIZED:\n",
        "        THROTTLED:\n"
        "          StatusCode: 429\n"
        '          ResponseTemplates: {application/json: \'{"code":"throttled"}\'}\n'
        "          ResponseParameters: {Headers: {Retry-After: \"'1'\"}}\n"
        "        UNAUTHORIZED:\n",
    )
    + """
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    Properties: {Throttle: {RateLimit: 2, BurstLimit: 3}}
"""
)


def test_one_tenants_burst_is_not_anothers(tmp_path: Path) -> None:
    """More than the burst gets 429, and comes again with time; others and open routes notice nothing."""
    now = [0.0]

    async def scenario() -> None:
        async with serving(tmp_path, METERED, clock=lambda: now[0]) as client:

            async def call(key: str, path: str = "/jobs/1") -> int:
                return (await client.get(path, headers={"Authorization": f"Bearer {key}"})).status_code

            assert [await call("acme") for _ in range(4)] == [200, 200, 200, 429]
            refused = await client.get("/jobs/1", headers={"Authorization": "Bearer acme"})
            assert (refused.json(), refused.headers["Retry-After"]) == ({"code": "throttled"}, "1")
            assert [await call("globex") for _ in range(4)] == [200, 200, 200, 429]
            assert [await call("acme", "/open") for _ in range(5)] == [200] * 5
            now[0] += 0.5
            assert [await call("acme") for _ in range(2)] == [200, 429]
            now[0] += 30
            assert [await call("acme") for _ in range(4)] == [200, 200, 200, 429]

    asyncio.run(scenario())


def test_a_request_without_a_usage_key_is_refused(tmp_path: Path) -> None:
    """As API Gateway does where the authorizer names none."""

    async def scenario() -> None:
        async with serving(tmp_path, METERED) as client:
            answer = await client.get("/jobs/1", headers={"Authorization": "Bearer bare"})
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})

    asyncio.run(scenario())


def test_many_keys_take_no_memory_without_end() -> None:
    """Beyond ten thousand keys all begin anew, which lets more through and never less."""
    plan = UsagePlan(Throttle(1, 1), clock=lambda: 0.0)
    assert all(plan.takes(str(number)) for number in range(10_000))
    assert not plan.takes("0")
    assert plan.takes("another")
    assert plan.takes("0")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ApiKeySourceType: AUTHORIZER", "ApiKeySourceType: HEADER", "only ApiKeySourceType AUTHORIZER"),
        ("NONE, ApiKeyRequired: false", "NONE", "an API key without the authorizer"),
        ("{Throttle:", "{Quota: {Limit: 1, Period: DAY}, Throttle:", "with its Throttle alone"),
    ],
)
def test_what_counts_otherwise_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """A template that wants what is not done here does not run as if it were."""
    for name in ("authorize", "echo"):
        (tmp_path / name).mkdir()
    (tmp_path / "template.yaml").write_text(METERED.replace(old, new), encoding="utf-8")
    with pytest.raises(TemplateError, match=message):
        template.load(tmp_path / "template.yaml", {}, physical=Physical())
