"""Which system the operator's commands work on, and what they say where there is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from operations.target import NoTarget, Target, resolve
from tests.unit.operations.operator_standin import Operator, System, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REGION = "eu-west-1"
TEMPLATE = {
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {
        "OperatorFunctionName": {"Value": "prod-OperatorFunction-1X2Y"},
        "ApiUrl": {"Value": "https://x"},
    },
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account of moto's with credentials and no default region."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


def deploy(name: str, template: object) -> None:
    """A stack in moto's CloudFormation."""
    client = boto3.client("cloudformation", region_name=REGION)
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))


def test_a_stack_names_its_function(aws: None, tmp_path: Path) -> None:
    """The function's name is the stack's output; the region is the one that was given."""
    deploy("prod", TEMPLATE)
    assert resolve("prod", REGION, tmp_path) == Target(
        "stack prod (eu-west-1)", "prod-OperatorFunction-1X2Y", REGION
    )


def test_the_region_may_come_from_the_environment(
    aws: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As every AWS tool takes it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    deploy("prod", TEMPLATE)
    assert resolve("prod", None, tmp_path).region == REGION


def test_a_stack_that_is_not_there(aws: None, tmp_path: Path) -> None:
    """A wrong name, or a stack of something else, is said in one line with what to check."""
    deploy("other", {"Resources": TEMPLATE["Resources"]})
    with pytest.raises(NoTarget, match=r"there is no stack prod .* check --stack, --region and AWS_PROFILE"):
        resolve("prod", REGION, tmp_path)
    with pytest.raises(NoTarget, match="has no output OperatorFunctionName"):
        resolve("other", REGION, tmp_path)


@pytest.mark.parametrize("left", [None, "no json", "[]", "{}", '{"services": {"aws": "http://127.0.0.1:1"}}'])
def test_nothing_runs(left: str | None, tmp_path: Path) -> None:
    """Whatever lies where `up.json` should be, the answer is how to start it."""
    if left is not None:
        (tmp_path / "up.json").write_text(left)
    result = run("tenants", "list", "--data", str(tmp_path))
    assert result.exit_code == 3
    assert "nothing runs in" in result.stderr
    assert "--stack" in result.stderr
    assert "Traceback" not in result.output


def test_a_system_that_was_killed(tmp_path: Path) -> None:
    """Its `up.json` is still there; nobody listens, which is one line and not a traceback."""
    with System(tmp_path, Operator()):
        pass
    result = run("tenants", "list", "--data", str(tmp_path))
    assert result.exit_code == 3
    assert "Could not connect" in result.stderr
    assert "Traceback" not in result.output


def test_without_a_region_or_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What AWS's library misses is one line, and nothing was asked."""
    for name in (
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    no_region = run("tenants", "list", "--stack", "prod")
    no_credentials = run("tenants", "list", "--stack", "prod", "--region", REGION)
    assert (no_region.exit_code, no_credentials.exit_code) == (3, 3)
    assert "region" in no_region.stderr
    assert "credentials" in no_credentials.stderr
