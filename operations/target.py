"""Which system a command works on: a deployed stack, else the one that `claimcheck up` runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from client.called_as import command
from client.connection import read_up

if TYPE_CHECKING:
    from pathlib import Path

OUTPUT = "OperatorFunctionName"
_API_OUTPUTS = ("ApiId", "ApiStage", "TenantPlanId")


class NoTarget(Exception):  # noqa: N818 - says what is the case
    """There is nothing to work on; the message is one line and says what to do."""


@dataclass(frozen=True, slots=True)
class Api:
    """A deployed API, and the usage plan of its tenants without numbers of their own."""

    id: str
    stage: str
    plan: str


@dataclass(frozen=True, slots=True)
class Target:
    """The operator's function of one system. `name` is how a person calls that system.

    `endpoint` and `credentials` (access key id, secret) are those of a local system, else None. `api` is None
    there, and on a stack of a version before it had usage plans.
    """

    name: str
    function: str
    region: str | None
    endpoint: str | None = None
    credentials: tuple[str, str] | None = None
    api: Api | None = None


def resolve(stack: str | None, region: str | None, data: Path) -> Target:
    """The function to invoke. Raises NoTarget, and botocore's errors where AWS is asked."""
    return _local(data) if stack is None else _deployed(stack, region)


def _local(data: Path) -> Target:
    up = read_up(data)
    endpoint = up.get("services", {}).get("lambda")
    operator: dict[str, Any] = up.get("operator") or {}
    if not endpoint or not operator.get("function"):
        raise NoTarget(
            f"nothing runs in {data}: start it with {command('up')}, or name a deployed stack with --stack"
        )
    credentials = (operator["access_key_id"], operator["secret_access_key"])
    return Target(f"the local system of {data}", operator["function"], "us-east-1", endpoint, credentials)


def _deployed(stack: str, region: str | None) -> Target:
    import boto3
    from botocore.exceptions import ClientError

    # A session of its own: credentials are those of now, not those that an earlier caller found.
    client = boto3.Session().client("cloudformation", region_name=region)
    where = f"stack {stack} ({client.meta.region_name})"
    try:
        outputs = client.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise NoTarget(f"there is no {where}: check --stack, --region and AWS_PROFILE") from None
        raise
    named = {each["OutputKey"]: each["OutputValue"] for each in outputs}
    if OUTPUT not in named:
        raise NoTarget(
            f"{where} has no output {OUTPUT}: it is no claimcheck of this version; deploy it again"
        )
    api = Api(*(named[name] for name in _API_OUTPUTS)) if set(_API_OUTPUTS) <= set(named) else None
    return Target(where, named[OUTPUT], client.meta.region_name, api=api)
