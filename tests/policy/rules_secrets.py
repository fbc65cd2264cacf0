"""Secrets: who is told of one may read it, and the account's own key opens them and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.permissions.calls import key_calls
from local.permissions.policy import Call, matches
from tests.policy.cloudformation import texts
from tests.policy.roles import FUNCTION, judge, keys, role_of, statements
from tests.policy.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.cloudformation import Resource, Stack
    from tests.policy.rule import Templates

READ = "secretsmanager:GetSecretValue"


def unreadable_secrets(stack: Stack) -> Iterator[str]:
    """Secrets that a function is told of and may not read, or may not have decrypted."""
    under = {**dict.fromkeys(_foreign(stack), stack.parameters["SecretsKeyArn"]), **keys(stack)}
    for function in stack.of(FUNCTION):
        role = judge(stack, function)
        for secret in _told(function):
            call = Call(READ, secret)
            for needed in (call, *key_calls(call, under, region=stack.place.region)):
                if role.judge(needed) is None:
                    yield f"{function.name} may not {needed.action} on {needed.resource}"


def opened_otherwise(stack: Stack) -> Iterator[str]:
    """What a role allows with the account's key besides having secrets decrypted by Secrets Manager."""
    key = stack.parameters["SecretsKeyArn"]
    wanted = {"StringEquals": {"kms:ViaService": f"secretsmanager.{stack.place.region}.amazonaws.com"}}
    for function in stack.of(FUNCTION):
        own = [
            each
            for each in statements(stack, role_of(stack, function))
            if key and any(matches(pattern, key) for pattern in texts(each["Resource"]) if pattern != "*")
        ]
        for each in own:
            if (texts(each["Action"]), texts(each["Resource"])) != (["kms:Decrypt"], [key]):
                yield f"{each['Name']}: {each['Action']} on {each['Resource']}"
            if each.get("Condition") != wanted:
                yield f"{each['Name']}: not through Secrets Manager alone"
        if own and not _foreign(stack) & set(_told(function)):
            yield f"{function.name} may decrypt with a key that no secret of its lies under"


def _told(function: Resource) -> list[str]:
    """The secrets that a function's variables name."""
    variables = function.get("Environment", {}).get("Variables", {})
    return [str(value) for name, value in variables.items() if name.endswith("_SECRET_ARN") and value]


def _foreign(stack: Stack) -> set[str]:
    """The account's own secrets, which the parameters name."""
    given = {stack.parameters[name] for name in ("AnthropicSecretArn", "WebhookKeySecretArn")}
    return {str(secret) for secret in given if secret}


# --- faults: planted where the account's secrets lie under the account's key ---------------------
PROCESS, OTHERS = "SecretsUnderYourKey", "WebhookKeyUnderYourKey"


def _about_the_key(templates: Templates, policy: str) -> dict[str, Any]:
    """The one statement of a policy about the account's key, as it is written."""
    statement: dict[str, Any] = templates.of(policy)["PolicyDocument"]["Statement"][0]
    return statement


def _without_reading(templates: Templates, role: str) -> None:
    document = templates.of(role)["Policies"][0]["PolicyDocument"]
    document["Statement"] = [each for each in document["Statement"] if each.get("Action") != READ]


RULES = (
    Rule(
        "who is told of a secret may read it",
        unreadable_secrets,
        {
            "not read": lambda t: _without_reading(t, "StatusRole"),
            "one function forgotten": lambda t: t.of(OTHERS)["Roles"].pop(),
            "not decrypt": lambda t: _about_the_key(t, PROCESS).update(Action="kms:DescribeKey"),
            "through another service": lambda t: _about_the_key(t, OTHERS).update(
                Condition={"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}
            ),
        },
        planted_in="secrets of the account, under its key",
    ),
    Rule(
        "a key of the account opens secrets, through Secrets Manager alone, for who reads them",
        opened_otherwise,
        {
            "by itself": lambda t: _about_the_key(t, OTHERS).pop("Condition"),
            "encrypt": lambda t: _about_the_key(t, OTHERS).update(Action=["kms:Decrypt", "kms:Encrypt"]),
            "every key": lambda t: _about_the_key(t, OTHERS).update(
                Resource="arn:aws:kms:eu-central-1:111122223333:key/*"
            ),
            "another function": lambda t: t.of(PROCESS)["Roles"].append({"Ref": "SubmitRole"}),
        },
        planted_in="secrets of the account, under its key",
    ),
)
