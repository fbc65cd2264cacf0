"""The template itself: nothing in it is without use, and it fits into what CloudFormation takes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from local.intrinsics import read_yaml
from tests.policy.rule import Rule
from tests.policy.transformed import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.cloudformation import Stack
    from tests.policy.transformed import Template

# CloudFormation's own limits, and the share of them that a stack of ours may use.
MAX_RESOURCES, MAX_PARAMETERS, MAX_OUTPUTS, MAX_BYTES = 500, 200, 200, 1_000_000
SHARE = 0.8
MIN_REASON_WORDS = 4
# What may have a name that no other of its kind has, in an account and region.
NAMED = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::CodeDeploy::Application": "ApplicationName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::QueryDefinition": "Name",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBParameterGroup": "DBParameterGroupName",
    "AWS::RDS::DBProxy": "DBProxyName",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::WAFv2::WebACL": "Name",
}


def stacks(stack: Stack) -> Iterator[Stack]:
    """A stack and those inside of it."""
    yield stack
    for inner in stack.nested.values():
        yield from stacks(inner)


def unused(stack: Stack) -> Iterator[str]:
    """Parameters, conditions and tables that nothing asks for."""
    for each in stacks(stack):
        template = each.template
        asked = json.dumps({name: part for name, part in template.items() if name != "Parameters"})
        if each is stack:  # SAM has put the values of some into what it made
            asked += json.dumps(read_yaml(TEMPLATE), default=str)
        for name in template.get("Parameters", {}):
            if not re.search(rf'"Ref": "{name}"|\$\{{{name}\}}', asked):
                yield f"{each.prefix}parameter {name} is not used"
        for name in template.get("Conditions", {}):
            if not re.search(rf'"Condition": "{name}"|"Fn::If": \["{name}"', asked):
                yield f"{each.prefix}condition {name} is not used"
        for name in template.get("Mappings", {}):
            if f'"Fn::FindInMap": ["{name}"' not in asked:
                yield f"{each.prefix}mapping {name} is not used"


def unexplained(stack: Stack) -> Iterator[str]:
    """Parameters and outputs that say nothing to who deploys, and those that no group of the console has."""
    for each in stacks(stack):
        for section in ("Parameters", "Outputs"):
            for name, declaration in each.template.get(section, {}).items():
                if len(declaration.get("Description", "")) < 10:
                    yield f"{each.prefix}{section} {name} has no description"
    groups = (
        stack.template.get("Metadata", {})
        .get("AWS::CloudFormation::Interface", {})
        .get("ParameterGroups", [])
    )
    grouped = {name for group in groups for name in group["Parameters"]}
    if odd := grouped ^ set(stack.template["Parameters"]):
        yield f"in a group or a parameter, not both: {', '.join(sorted(odd))}"


def unreasoned(stack: Stack) -> Iterator[str]:
    """Findings of checkov that are suppressed beside a resource and do not say why, in words."""
    for each in stacks(stack):
        for name, resource in each.template["Resources"].items():
            for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
                if len(str(skip.get("comment", "")).split()) < MIN_REASON_WORDS:
                    yield f"{each.prefix}{name}: {skip.get('id')} is suppressed without a reason"


def taken_names(stack: Stack) -> Iterator[str]:
    """Names that a second stack of the account would have as well: it could not be made."""
    for kind, key in NAMED.items():
        for each in stack.of(kind):
            if stack.place.stack not in str(each.get(key, stack.place.stack)):
                yield f"{each.name} is called {each[key]} in every stack"


def oversized(stack: Stack) -> Iterator[str]:
    """Templates that come near to what CloudFormation takes."""
    for each in stacks(stack):
        template = each.template
        for section, limit in (
            ("Resources", MAX_RESOURCES),
            ("Parameters", MAX_PARAMETERS),
            ("Outputs", MAX_OUTPUTS),
        ):
            count = len(template.get(section, {}))
            if count > limit * SHARE:
                yield f"{each.prefix}{count} {section} of {limit}"
        if len(json.dumps(template)) > MAX_BYTES * SHARE:
            yield f"{each.prefix}{len(json.dumps(template))} bytes"


def _padded(template: Template) -> None:
    resources: dict[str, Any] = template["Resources"]
    resources.update(
        {f"Wait{number}": {"Type": "AWS::CloudFormation::WaitConditionHandle"} for number in range(400)}
    )


def _said_to_checkov(resource: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = resource["Metadata"]["checkov"]["skip"][0]
    return first


RULES = (
    Rule(
        "nothing is declared that nothing uses",
        unused,
        {
            "a parameter": lambda t: t.whole["Parameters"].update(Idle={"Type": "String", "Default": "x"}),
            "a nested parameter": lambda t: next(iter(t.nested.values()))["Parameters"].update(
                Idle={"Type": "String", "Default": "x"}
            ),
            "a condition": lambda t: t.whole["Conditions"].update(Idle={"Fn::Equals": ["a", "b"]}),
        },
    ),
    Rule(
        "whoever deploys is told what each parameter means",
        unexplained,
        {
            "silent": lambda t: t.whole["Parameters"]["Egress"].pop("Description"),
            "in no group": lambda t: t.whole["Metadata"]["AWS::CloudFormation::Interface"][
                "ParameterGroups"
            ].pop(),
        },
    ),
    Rule(
        "what checkov finds and is meant so says why",
        unreasoned,
        {
            "nothing": lambda t: _said_to_checkov(t.whole["Resources"]["StatusFunction"]).pop("comment"),
            "as good as nothing": lambda t: _said_to_checkov(t.whole["Resources"]["StatusFunction"]).update(
                comment="not needed"
            ),
            "in a nested template": lambda t: _said_to_checkov(
                dict(t.every("AWS::RDS::DBInstance"))["Instance"]
            ).pop("comment"),
        },
    ),
    Rule(
        "two stacks may stand in one account",
        taken_names,
        {
            "SAM's name of a schedule": lambda t: t.first("AWS::Scheduler::Schedule").update(
                Name="SweepFunctionEveryMinute"
            ),
            "a log group": lambda t: t.first("AWS::Logs::LogGroup").update(LogGroupName="/ours/api"),
            "the database": lambda t: t.of("Instance").update(DBInstanceIdentifier="ours"),
        },
    ),
    Rule(
        "a template fits into CloudFormation with room", oversized, {"400 more": lambda t: _padded(t.whole)}
    ),
)
