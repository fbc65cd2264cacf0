"""A CloudFormation template with parameters filled in, conditions decided and nested stacks opened.

What only a deployment knows gets a name that can be read: the ARN, name or URL that CloudFormation would make
of the logical id, and `${Stack/Resource.Attribute}` where there is no such pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

STACK_ID = "5f0e7a1c-3b52-4c8e-9d41-2a6b7c8d9e0f"
STACK = "AWS::CloudFormation::Stack"
_NOTHING = object()  # AWS::NoValue


@dataclass(frozen=True)
class Place:
    """Where a stack is said to be; the defaults are those of nobody."""

    region: str = "eu-central-1"
    account: str = "111122223333"
    stack: str = "claimcheck"
    queue_url: Callable[[str], str] = "https://sqs.invalid/{}".format
    names: Mapping[str, str] = field(default_factory=dict)  # what `!Ref` gives, by logical id

    def pseudo(self, name: str) -> Any:
        """A pseudo parameter. Raises KeyError."""
        return {
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            "AWS::StackName": self.stack,
            "AWS::StackId": f"arn:aws:cloudformation:{self.region}:{self.account}:stack/{STACK}/{STACK_ID}",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": _NOTHING,
            "AWS::NotificationARNs": [],
        }[name]


@dataclass(frozen=True)
class Resource:
    """A resource that is made. `name`: its logical id, behind those of stacks around it: `Database/Proxy`."""

    name: str
    kind: str
    properties: Mapping[str, Any]
    raw: Mapping[str, Any]

    @property
    def logical_id(self) -> str:
        """The id in its own template."""
        return PurePosixPath(self.name).name

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Logical ids of its DependsOn."""
        said = self.raw.get("DependsOn", ())
        return (said,) if isinstance(said, str) else tuple(said)

    def __getitem__(self, name: str) -> Any:
        return self.properties[name]

    def get(self, name: str, default: Any = None) -> Any:
        """A property."""
        return self.properties.get(name, default)


class Stack:
    """One template, evaluated; `resources` has those of nested stacks as well."""

    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        nested: Mapping[str, Mapping[str, Any]] | None = None,
        place: Place | None = None,
        prefix: str = "",
    ) -> None:
        """`nested` has the nested templates by file name; `prefix` is `Name/` of the stack around."""
        self.template = template
        self.place = place or Place()
        self.prefix = prefix
        self.parameters = self._given(parameters)
        self._conditions: dict[str, bool] = {}
        self.resources: dict[str, Resource] = {}
        self.nested: dict[str, Stack] = {}
        self._templates = nested or {}
        for name, raw in template["Resources"].items():
            if "Condition" in raw and not self.holds(raw["Condition"]):
                continue
            if raw["Type"] == STACK:
                self._open(name, raw)
        for name, raw in template["Resources"].items():
            if "Condition" in raw and not self.holds(raw["Condition"]):
                continue
            properties = self.value(raw.get("Properties", {}))
            self.resources[prefix + name] = Resource(prefix + name, raw["Type"], properties, raw)
        for inner in self.nested.values():
            self.resources |= inner.resources

    def of(self, *kinds: str) -> Iterator[Resource]:
        """The resources of some types."""
        return (each for each in self.resources.values() if each.kind in kinds)

    def output(self, name: str) -> Any:
        """An output's value."""
        return self.value(self.template["Outputs"][name]["Value"])

    def _given(self, given: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        declared = self.template.get("Parameters", {})
        if unknown := sorted(set(given) - set(declared)):
            raise KeyError(f"{self.prefix or 'template'}: no parameter {', '.join(unknown)}")
        for name, declaration in declared.items():
            value = given.get(name, declaration.get("Default", f"${{{name}}}"))
            if str(declaration["Type"]).startswith(("CommaDelimitedList", "List<")) and isinstance(
                value, str
            ):
                value = [part.strip() for part in value.split(",")] if value else []
            values[name] = value if isinstance(value, list) else str(value)
        return values

    def _open(self, name: str, raw: Mapping[str, Any]) -> None:
        """Nested stacks may take each other's outputs: each is opened when it is first asked for."""
        if name in self.nested:
            return
        properties = raw["Properties"]
        file = PurePosixPath(str(self.value(properties["TemplateURL"]))).name
        self.nested[name] = Stack(
            self._templates[file],
            self.value(properties.get("Parameters", {})),
            nested=self._templates,
            place=self.place,
            prefix=f"{self.prefix}{name}/",
        )

    # --- conditions -------------------------------------------------------------------------------
    def holds(self, name: str) -> bool:
        """Whether a condition of the template holds."""
        if name not in self._conditions:
            self._conditions[name] = self._decide(self.template["Conditions"][name])
        return self._conditions[name]

    def _decide(self, node: Mapping[str, Any]) -> bool:
        ((name, argument),) = node.items()
        if name == "Condition":
            return self.holds(argument)
        if name == "Fn::Equals":
            left, right = (self.value(each) for each in argument)
            return str(left) == str(right)
        if name == "Fn::Not":
            return not self._decide(argument[0])
        found = [self._decide(each) for each in argument]
        return {"Fn::And": all(found), "Fn::Or": any(found)}[name]

    # --- values -----------------------------------------------------------------------------------
    def value(self, node: Any) -> Any:
        """Evaluate a value and all inside it; what is AWS::NoValue is left out."""
        if isinstance(node, list):
            return [value for item in node if (value := self.value(item)) is not _NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name in {"Ref", "Condition"} or name.startswith("Fn::"):
                return self._call(name, argument)
        found = {key: self.value(item) for key, item in node.items()}
        return {key: item for key, item in found.items() if item is not _NOTHING}

    def _call(self, name: str, argument: Any) -> Any:
        calls: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.holds,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::If": lambda a: self.value(a[1] if self.holds(a[0]) else a[2]),
            "Fn::Join": lambda a: a[0].join(str(each) for each in self.value(a[1])),
            "Fn::Split": lambda a: str(self.value(a[1])).split(a[0]),
            "Fn::Select": lambda a: self.value(a[1])[int(self.value(a[0]))],
            "Fn::GetAZs": lambda _: [f"{self.place.region}{letter}" for letter in "abc"],
            "Fn::Cidr": lambda a: [
                f"{self.value(a[0])}[{number}]" for number in range(int(self.value(a[1])))
            ],
            "Fn::FindInMap": lambda a: self._find(*(self.value(each) for each in a[:3])),
            "Fn::Base64": self.value,
            "Fn::ToJsonString": self.value,
        }
        return calls[name](argument)

    def _find(self, table: str, row: str, column: str) -> Any:
        return self.value(self.template["Mappings"][table][str(row)][str(column)])

    def _ref(self, name: str) -> Any:
        if name in self.parameters:
            return self.parameters[name]
        if name.startswith("AWS::"):
            return self.place.pseudo(name)
        return self.physical(name, None)

    def _get_att(self, argument: Any) -> Any:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        if self.template["Resources"][name]["Type"] == STACK:
            self._open(name, self.template["Resources"][name])
            return self.nested[name].output(attribute.removeprefix("Outputs."))
        return self.physical(name, str(self.value(attribute)))

    def _sub(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument

        def replace(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in own:
                return str(self.value(own[name]))
            return str(self._get_att(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]*)\}", replace, text)

    def physical(self, name: str, attribute: str | None) -> Any:
        """What CloudFormation calls a resource of this template, or its attribute, by AWS's own patterns."""
        if attribute in (None, "Id") and name in self.place.names:
            return self.place.names[name]
        raw = self.template["Resources"][name]
        kind, where = raw["Type"], f"{self.place.region}:{self.place.account}"
        given = self.value(
            raw.get("Properties", {}).get(_NAME_OF.get(kind, ""), f"{self.place.stack}-{name}")
        )
        patterns: dict[tuple[str, str | None], Any] = {
            ("AWS::SQS::Queue", None): lambda: self.place.queue_url(given),
            ("AWS::SQS::Queue", "QueueUrl"): lambda: self.place.queue_url(given),
            ("AWS::SQS::Queue", "QueueName"): lambda: given,
            ("AWS::SQS::Queue", "Arn"): lambda: f"arn:aws:sqs:{where}:{given}",
            ("AWS::S3::Bucket", None): given.lower,
            ("AWS::S3::Bucket", "Arn"): lambda: f"arn:aws:s3:::{given.lower()}",
            ("AWS::Lambda::Function", None): lambda: given,
            ("AWS::Lambda::Function", "Arn"): lambda: f"arn:aws:lambda:{where}:function:{given}",
            ("AWS::Lambda::Alias", None): lambda: self._alias(name),
            ("AWS::IAM::Role", None): lambda: given,
            ("AWS::IAM::Role", "Arn"): lambda: f"arn:aws:iam::{self.place.account}:role/{self.prefix}{name}",
            ("AWS::IAM::ManagedPolicy", None): lambda: f"arn:aws:iam::{self.place.account}:policy/{name}",
            ("AWS::KMS::Key", "Arn"): lambda: f"arn:aws:kms:{where}:key/{self.prefix}{name}",
            ("AWS::KMS::Key", None): lambda: f"{self.prefix}{name}",
            ("AWS::Logs::LogGroup", None): lambda: given,
            ("AWS::Logs::LogGroup", "Arn"): lambda: f"arn:aws:logs:{where}:log-group:{given}:*",
            ("AWS::SecretsManager::Secret", None): lambda: f"arn:aws:secretsmanager:{where}:secret:{name}",
            ("AWS::SecretsManager::Secret", "Id"): lambda: f"arn:aws:secretsmanager:{where}:secret:{name}",
            ("AWS::SNS::Topic", None): lambda: f"arn:aws:sns:{where}:{name}",
            ("AWS::SNS::Topic", "TopicArn"): lambda: f"arn:aws:sns:{where}:{name}",
            ("AWS::RDS::DBInstance", "DbiResourceId"): lambda: f"db-{name.upper()}",
            ("AWS::RDS::DBProxy", "DBProxyArn"): lambda: f"arn:aws:rds:{where}:db-proxy:prx-{name.lower()}",
            ("AWS::EC2::VPC", "Ipv6CidrBlocks"): lambda: ["2001:db8::/56"],
        }
        pattern = patterns.get((kind, attribute))
        if pattern is not None:
            return pattern()
        return f"${{{self.prefix}{name}{'.' + attribute if attribute else ''}}}"

    def _alias(self, name: str) -> str:
        properties = self.template["Resources"][name]["Properties"]
        function = self.value(properties["FunctionName"])
        where = f"{self.place.region}:{self.place.account}"
        return f"arn:aws:lambda:{where}:function:{function}:{self.value(properties['Name'])}"


_NAME_OF = {
    "AWS::SQS::Queue": "QueueName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
}


def texts(value: Any) -> list[str]:
    """A policy's value that may be one text or a list of them."""
    return [value] if isinstance(value, str) else cast("list[str]", list(value))
