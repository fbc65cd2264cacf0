"""What each function of an evaluated stack may do: its role's statements, AWS's own policies written out."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from local.permissions.policy import Role, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.policy.cloudformation import Resource, Stack

FUNCTION = "AWS::Lambda::Function"
ROLE = "AWS::IAM::Role"


def role_of(stack: Stack, function: Resource) -> Resource:
    """A function's role. Raises StopIteration where it is none of this stack."""
    return next(each for each in stack.of(ROLE) if arn_of(stack, each) == function["Role"])


def arn_of(stack: Stack, role: Resource) -> str:
    """The ARN that `!GetAtt Role.Arn` has."""
    return f"arn:aws:iam::{stack.place.account}:role/{role.name}"


def statements(stack: Stack, role: Resource) -> list[dict[str, Any]]:
    """Every statement of a role, each with a `Name` that says where it stands."""
    return [*_inline(role), *_managed(stack, role), *_attached(stack, role)]


def roles_file(stack: Stack) -> dict[str, Any]:
    """The roles of all functions, as `claimcheck up --permissions` reads them."""
    return {
        "functions": {
            function.name: statements(stack, role_of(stack, function)) for function in stack.of(FUNCTION)
        },
        "keys": keys(stack),
    }


def keys(stack: Stack) -> dict[str, str]:
    """The KMS key of each queue, bucket and secret that lies under one of the stack's, by its ARN."""
    found = {}
    for queue in stack.of("AWS::SQS::Queue"):
        if "KmsMasterKeyId" in queue.properties:
            found[_physical(stack, queue, "Arn")] = queue["KmsMasterKeyId"]
    for bucket in stack.of("AWS::S3::Bucket"):
        for rule in bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", []):
            default = rule.get("ServerSideEncryptionByDefault", {})
            if "KMSMasterKeyID" in default:
                found[_physical(stack, bucket, "Arn")] = default["KMSMasterKeyID"]
    for secret in stack.of("AWS::SecretsManager::Secret"):
        if "KmsKeyId" in secret.properties:
            found[_physical(stack, secret, None)] = secret["KmsKeyId"]
    return {arn: _key_arn(stack, key) for arn, key in found.items()}


def judge(stack: Stack, function: Resource) -> Role:
    """A function's role, to be asked what it allows."""
    said = statements(stack, role_of(stack, function))
    named = [(each["Name"], {k: v for k, v in each.items() if k != "Name"}) for each in said]
    return Role(tuple(Statement.of(name, document) for name, document in named), keys(stack))


def _physical(stack: Stack, resource: Resource, attribute: str | None) -> str:
    inner = stack
    for name in resource.name.split("/")[:-1]:
        inner = inner.nested[name]
    return str(inner.physical(resource.logical_id, attribute))


def _key_arn(stack: Stack, key: str) -> str:
    if key.startswith("arn:"):
        return key
    return f"arn:aws:kms:{stack.place.region}:{stack.place.account}:key/{key}"


def _inline(role: Resource) -> Iterator[dict[str, Any]]:
    for number, policy in enumerate(role.get("Policies", [])):
        yield from _numbered(f"{role.name}/{number}", policy["PolicyDocument"])


def _managed(stack: Stack, role: Resource) -> Iterator[dict[str, Any]]:
    """Policies by their ARN: the stack's own, and AWS's."""
    own = {_physical(stack, each, None): each for each in stack.of("AWS::IAM::ManagedPolicy")}
    for arn in role.get("ManagedPolicyArns", []):
        name = arn.rpartition("/")[2]
        document = own[arn]["PolicyDocument"] if arn in own else _of_aws()[name]
        yield from _numbered(f"{role.name}/{name}", document)


def _attached(stack: Stack, role: Resource) -> Iterator[dict[str, Any]]:
    """Policies that are resources of their own."""
    for policy in stack.of("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"):
        names = policy.get("Roles", [policy.get("RoleName")])
        if _physical(stack, role, None) in names:
            yield from _numbered(f"{role.name}/{policy.name}", policy["PolicyDocument"])


def _numbered(where: str, document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    said = document["Statement"]
    for number, statement in enumerate([said] if isinstance(said, dict) else said):
        yield {"Name": f"{where}/{statement.get('Sid', number)}", **statement}


@cache
def _of_aws() -> dict[str, Any]:
    """AWS's managed policies, as moto brings them along."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    known = json.loads(aws_managed_policies_data)
    return {name: policy["Document"] for name, policy in known.items()}
