"""`claimcheck tenants throttle`: what it makes of API Gateway's keys and plans, and tells the function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from operations import invoking, throttling
from operations.target import Api, Target
from tests.unit.operations.operator_standin import SECRET, Operator, System, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REGION = "us-east-1"
VALUE = "0b8b1a52-6c1f-4b8e-8c55-0a3f5d2d9a11"
NUMBERS = throttling.Numbers(5.0, 10)


def known(*, planned: bool) -> dict[str, Any]:
    """The function's answer about the tenant's usage key."""
    return {"result": {"tenant": "acme", "usage_key": VALUE, "planned": planned, "cached_s": 60}}


DONE: dict[str, Any] = {"result": {}}


def _client() -> Any:
    return boto3.client("apigateway", region_name=REGION)


class Account:
    """An API with its default plan in moto's account; `waited` are the seconds that the command waited."""

    def __init__(self) -> None:
        self.client = _client()
        api = self.client.create_rest_api(name="claimcheck")["id"]
        root = self.client.get_resources(restApiId=api)["items"][0]["id"]
        method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
        self.client.put_method(**method, authorizationType="NONE")
        self.client.put_integration(**method, type="MOCK")
        self.client.create_deployment(restApiId=api, stageName="v1")
        stages = [{"apiId": api, "stage": "v1"}]
        plan = self.client.create_usage_plan(
            name="default", apiStages=stages, throttle={"rateLimit": 100.0, "burstLimit": 200}
        )["id"]
        self.api = Api(api, "v1", plan)
        self.waited: list[float] = []

    def throttle(self, system: System, numbers: throttling.Numbers | None) -> None:
        """The command, on this API and the system's operator's function."""
        target = Target("the test's", "claimcheck-OperatorFunction", REGION, system.url, SECRET, self.api)
        throttling.throttle(invoking.Operator(target), "acme", numbers, wait=self.waited.append)

    def keys(self) -> list[str]:
        """The values of all keys."""
        return [each["value"] for each in self.client.get_api_keys(includeValues=True)["items"]]

    def plan_of_key(self) -> dict[str, Any]:
        """The only plan that the tenant's key is in."""
        (key,) = self.client.get_api_keys()["items"]
        (plan,) = [
            plan
            for plan in self.client.get_usage_plans()["items"]
            if key["id"]
            in {each["id"] for each in self.client.get_usage_plan_keys(usagePlanId=plan["id"])["items"]}
        ]
        return dict(plan)


@pytest.fixture
def account() -> Iterator[Account]:
    """moto's; what is on the loopback is let through to the operator's function."""
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1:.*"]}}}):
        yield Account()


def test_a_tenant_gets_one_key_however_often_it_is_told(account: Account, tmp_path: Path) -> None:
    """Its value is the tenant's usage key, its plan the default one, and the function is told each time."""
    operator = Operator(known(planned=False), DONE, known(planned=True), DONE)
    with System(tmp_path, operator) as system:
        account.throttle(system, None)
        account.throttle(system, None)
    assert account.keys() == [VALUE]
    assert account.plan_of_key()["id"] == account.api.plan
    told = {"command": "tenants.planned", "tenant": "acme", "planned": True}
    assert operator.asked[1::2] == [told, told]
    assert account.waited == []


def test_numbers_of_its_own_are_a_plan_of_its_own(account: Account, tmp_path: Path) -> None:
    """The key moves there, and back, and is not in use meanwhile: a key in no plan is refused."""
    answers = (known(planned=False), DONE, known(planned=True), DONE, DONE)
    operator = Operator(*answers, known(planned=True), DONE, known(planned=True), DONE, DONE)
    with System(tmp_path, operator) as system:
        account.throttle(system, None)
        account.throttle(system, NUMBERS)
        own = account.plan_of_key()
        assert (own["throttle"]["rateLimit"], own["throttle"]["burstLimit"]) == (5.0, 10)
        assert own["apiStages"] == [{"apiId": account.api.id, "stage": "v1"}]
        account.throttle(system, throttling.Numbers(7.0, 14))
        changed = account.plan_of_key()
        assert changed["id"] == own["id"]
        assert (float(changed["throttle"]["rateLimit"]), int(changed["throttle"]["burstLimit"])) == (7.0, 14)
        account.throttle(system, None)
    assert account.plan_of_key()["id"] == account.api.plan
    assert [each["id"] for each in account.client.get_usage_plans()["items"]] == [account.api.plan]
    told = [each for each in operator.asked if each["command"] == "tenants.planned"]
    assert [(each["planned"], each.get("rate")) for each in told] == [
        (True, None), (False, None), (True, 5.0), (True, 7.0), (False, None), (True, None),
    ]  # fmt: skip
    assert account.waited == [65.0, 65.0]  # longer than an authorizer's answer is kept
    assert account.keys() == [VALUE]


def test_a_function_that_does_not_say_how_long_to_wait_moves_no_key(account: Account, tmp_path: Path) -> None:
    """One of an older version: a key that is moved at once would be refused for as long as it is kept."""
    older = known(planned=True)
    del older["result"]["cached_s"]
    with System(tmp_path, Operator(known(planned=False), DONE, older)) as system:
        account.throttle(system, NUMBERS)
        before = account.plan_of_key()
        with pytest.raises(invoking.Refusal, match="deploy first"):
            account.throttle(system, None)
    assert account.plan_of_key()["id"] == before["id"]
    assert account.waited == []


def test_nothing_is_left_of_a_tenant_that_was_deleted(account: Account, tmp_path: Path) -> None:
    """Its key and its plan go; those of a tenant whose name begins alike stay."""
    with System(tmp_path, Operator(known(planned=False), DONE)) as system:
        account.throttle(system, NUMBERS)
        account.client.create_api_key(name=f"claimcheck-{account.api.id}-acme2", value="2" * 36)
        target = Target("the test's", "claimcheck-OperatorFunction", REGION, system.url, SECRET, account.api)
        throttling.forget(target, "acme")
    assert account.keys() == ["2" * 36]
    assert [each["id"] for each in account.client.get_usage_plans()["items"]] == [account.api.plan]


def test_a_laptop_has_the_templates_numbers_alone(tmp_path: Path) -> None:
    """The tenant is counted by itself there; numbers of its own are refused."""
    operator = Operator(known(planned=False), DONE, known(planned=False))
    with System(tmp_path, operator) as system:
        counted = system.run("tenants", "throttle", "--tenant", "acme", "--default")
        refused = system.run("tenants", "throttle", "--tenant", "acme", "--rate", "5", "--burst", "9")
    assert (counted.exit_code, refused.exit_code) == (0, 1)
    assert operator.asked[1] == {"command": "tenants.planned", "tenant": "acme", "planned": True}
    assert "its numbers are parameters" in refused.stderr


@pytest.mark.parametrize("options", [(), ("--rate", "5"), ("--rate", "5", "--burst", "9", "--default")])
def test_half_of_it_is_wrong_use(options: tuple[str, ...], tmp_path: Path) -> None:
    """Both numbers, or the default; nothing is asked."""
    result = run("tenants", "throttle", "--tenant", "acme", *options, "--data", str(tmp_path))
    assert result.exit_code == 2
    assert "say --rate R --burst B, or --default" in result.stderr
