"""The transformed templates in moto's CloudFormation: what it makes of them, and what it cannot.

moto knows neither outputs of nested stacks nor Fn::Cidr, and takes AWS::NoValue for a value. So each template
is a stack of its own here, conditions are decided before, and what a template asks of a type that moto does
not make is the name that tests/policy/cloudformation.py gives it. Everything else is moto's own reading.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

import boto3

from tests.policy.cloudformation import STACK, Place, Stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.policy.rule import Templates

REGION: Literal["eu-central-1"] = "eu-central-1"
# Types that moto's CloudFormation does not make, and what is lost by it. One that it learns has to leave.
NOT_CARRIED = {
    "AWS::ApiGateway::Account": "the account's role for access logs",
    "AWS::ApiGateway::ApiKey": "the shared usage key: tests/policy looks at it",
    "AWS::ApiGateway::BasePathMapping": "a domain of one's own",
    "AWS::ApiGateway::DomainName": "a domain of one's own",
    "AWS::ApiGateway::Stage": "throttling, access log",
    "AWS::ApiGateway::UsagePlan": "a tenant's numbers: tests/policy looks at them",
    "AWS::ApiGateway::UsagePlanKey": "that the shared usage key is in the plan: tests/policy looks at it",
    "AWS::CloudFormation::WaitConditionHandle": "nothing: it stands for a template without resources",
    "AWS::CloudWatch::Alarm": "alarms: tests/policy looks at them",
    "AWS::CodeDeploy::Application": "gradual deployment",
    "AWS::CodeDeploy::DeploymentGroup": "gradual deployment",
    "AWS::EC2::EgressOnlyInternetGateway": "the way out by IPv6",
    "AWS::EC2::SecurityGroupEgress": "what functions may connect to",
    "AWS::EC2::VPCCidrBlock": "the addresses of IPv6",
    "AWS::IAM::RolePolicy": "the grant by which the schema's function calls itself",
    "AWS::Lambda::Alias": "aliases: event sources and routes lead to the function itself",
    "AWS::Lambda::EventInvokeConfig": "no second try of a migration",
    "AWS::Logs::QueryDefinition": "queries kept for the console",
    "AWS::RDS::DBProxy": "the proxy",
    "AWS::RDS::DBProxyTargetGroup": "the proxy's pool",
    "AWS::S3::BucketPolicy": "TLS alone: tests/policy looks at it",
    "AWS::SNS::Subscription": "who is told of an alarm",
    "AWS::SNS::TopicPolicy": "TLS alone: tests/policy looks at it",
    "AWS::SQS::QueuePolicy": "TLS alone: tests/policy looks at it",
    "AWS::Scheduler::Schedule": "sweep's minute",
    "AWS::SecretsManager::Secret": "keys and generated secrets",
    "AWS::WAFv2::LoggingConfiguration": "the firewall",
    "AWS::WAFv2::WebACL": "the firewall",
    "AWS::WAFv2::WebACLAssociation": "the firewall",
}
# Types that moto would make, and cannot here.
LEFT_OUT = {
    "AWS::ApiGateway::Deployment": "moto reads no routes out of the API's document, and deploys none without",
    "Custom::Site": "made by a function of ours, in a container: tests/unit/usecases/test_publish.py",
    "Custom::Schema": "made by a function of ours, in a container: tests/unit/usecases/test_gate.py",
}
# Properties that moto breaks at, by type.
NOT_READ = {"AWS::RDS::DBInstance": ("DBParameterGroupName",)}
# Attributes that moto does not give, by type.
NOT_GIVEN = {"AWS::RDS::DBInstance": ("DbiResourceId", "Instance.Endpoint", "Endpoint.Address")}
_CODE = {"S3Bucket": "artifacts", "S3Key": "code.zip"}
_NO_VALUE = {"Ref": "AWS::NoValue"}


def carried_types(templates: Templates) -> tuple[set[str], set[str]]:
    """The types in use that moto makes, and those that it does not."""
    from moto.cloudformation.parsing import resource_class_from_type

    used = {
        resource["Type"]
        for template in (templates.whole, *templates.nested.values())
        for resource in template["Resources"].values()
    }
    made = {kind for kind in used if resource_class_from_type(kind) is not None}
    return made, used - made


class Deployed:
    """The stacks of a setting in moto, which the caller has started with Lambda's code never run."""

    def __init__(self, templates: Templates, parameters: Mapping[str, str]) -> None:
        account = boto3.client("sts", region_name=REGION).get_caller_identity()["Account"]
        self.cloudformation = boto3.client("cloudformation", region_name=REGION)
        self.outputs: dict[str, dict[str, str]] = {}
        self._templates = templates
        self._place = Place(region=REGION, account=account)
        self._store_code()
        self.apply(parameters)

    def apply(self, parameters: Mapping[str, str]) -> None:
        """Create the stacks, or bring them to other parameters."""
        whole = self._templates.stack(parameters, self._place)
        for name, inner in self._in_order(whole):
            given = {key: value for key, value in self._asked(whole, name).items() if value != _NO_VALUE}
            self.outputs[name] = self._put(f"claimcheck-{name}", inner, given)
        self.outputs[""] = self._put("claimcheck", whole, dict(parameters))

    def resources(self, stack: str = "claimcheck") -> dict[str, str]:
        """Physical ids by logical id, empty where moto does not tell."""
        listed = self.cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        return {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in listed}

    def _in_order(self, whole: Stack) -> list[tuple[str, Stack]]:
        """Nested stacks, each behind those whose outputs it takes."""
        waiting = dict(whole.nested)
        ordered: list[tuple[str, Stack]] = []
        while waiting:
            name = next(
                name
                for name in waiting
                if not any(other != name and f'["{other}"' in self._written(whole, name) for other in waiting)
            )
            ordered.append((name, waiting.pop(name)))
        return ordered

    def _written(self, whole: Stack, name: str) -> str:
        return json.dumps(whole.template["Resources"][name]["Properties"].get("Parameters", {}))

    def _asked(self, whole: Stack, name: str) -> dict[str, Any]:
        """The parameters of a nested stack; outputs of others are moto's, the rest is evaluated here."""
        written = whole.template["Resources"][name]["Properties"].get("Parameters", {})
        return {key: whole.value(self._simple(node, whole)) for key, node in written.items()}

    def _put(self, name: str, stack: Stack, parameters: Mapping[str, Any]) -> dict[str, str]:
        from moto.cloudformation.parsing import resource_class_from_type

        kept = {
            logical: self._simple(resource, stack)
            for logical, resource in stack.template["Resources"].items()
            if ("Condition" not in resource or stack.holds(resource["Condition"]))
            and resource["Type"] not in {STACK, *LEFT_OUT}
            and resource_class_from_type(resource["Type"]) is not None
        }
        outputs = {
            logical: {"Value": self._simple(output["Value"], stack)}
            for logical, output in stack.template.get("Outputs", {}).items()
            if "Condition" not in output or stack.holds(output["Condition"])
        }
        for resource in kept.values():
            if (
                resource["Type"] == "AWS::ApiGateway::RestApi"
            ):  # moto does not read it from the API's document
                resource["Properties"].setdefault("Name", "claimcheck")
            for unread in NOT_READ.get(resource["Type"], ()):
                resource["Properties"].pop(unread, None)
            for field in ("Condition", "DependsOn"):
                resource.pop(field, None)
        document = {
            "Parameters": stack.template.get("Parameters", {}),
            "Resources": kept,
            "Outputs": outputs,
        }
        listed: list[Any] = [
            {
                "ParameterKey": key,
                "ParameterValue": ",".join(value) if isinstance(value, list) else str(value),
            }
            for key, value in parameters.items()
        ]
        call = self.cloudformation.update_stack if name in self._known() else self.cloudformation.create_stack
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # moto warns of what it passes over
            call(StackName=name, TemplateBody=json.dumps(document), Parameters=listed)
        found = self.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if not found["StackStatus"].endswith("_COMPLETE") or "ROLLBACK" in found["StackStatus"]:
            raise RuntimeError(f"{name} is {found['StackStatus']}")
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def _known(self) -> set[str]:
        return {each["StackName"] for each in self.cloudformation.describe_stacks()["Stacks"]}

    def _simple(self, node: Any, stack: Stack) -> Any:
        """A node without what moto cannot read."""
        if isinstance(node, list):
            return [each for item in node if (each := self._simple(item, stack)) != _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Fn::If":
                condition, yes, no = argument
                return self._simple(yes if stack.holds(condition) else no, stack)
            if self._unreadable(name, argument, stack):
                return self._known_here(name, argument, stack)
        found = {key: self._simple(item, stack) for key, item in node.items()}
        if found.get("S3Bucket") == "bucket":  # what the transform puts in the place of the code
            return dict(_CODE)
        return {key: item for key, item in found.items() if item != _NO_VALUE}

    def _unreadable(self, name: str, argument: Any, stack: Stack) -> bool:
        """Whether a function asks for what moto does not make."""
        from moto.cloudformation.parsing import resource_class_from_type

        resources = stack.template["Resources"]
        said = json.dumps(argument)
        if name == "Fn::Select":
            return "Fn::Cidr" in said
        if name in {"Fn::GetAtt", "Fn::Sub"} and any(
            each in said for some in NOT_GIVEN.values() for each in some
        ):
            return True
        if name == "Ref":
            named = [argument]
        elif name == "Fn::GetAtt":
            named = [argument[0]]
        elif name == "Fn::Sub":
            named = [each for each in resources if f"${{{each}}}" in said or f"${{{each}." in said]
        else:
            return False
        return any(
            resources[each]["Type"] in {STACK, *LEFT_OUT}
            or resource_class_from_type(resources[each]["Type"]) is None
            for each in named
            if each in resources
        )

    def _known_here(self, name: str, argument: Any, stack: Stack) -> Any:
        if name == "Fn::Select":
            return f"10.83.{argument[0]}.0/24"
        written = stack.template["Resources"].get(argument) if name == "Ref" else None
        if written is not None and written["Type"] == "AWS::Lambda::Alias":
            return self._simple(written["Properties"]["FunctionName"], stack)
        if name == "Fn::GetAtt" and argument[0] in self.outputs:
            return self.outputs[argument[0]][str(argument[1]).removeprefix("Outputs.")]
        if name == "Fn::Sub":
            text, own = (argument, {}) if isinstance(argument, str) else argument
            own = {
                **own,
                **{f"{n}.Outputs.{k}": v for n, some in self.outputs.items() for k, v in some.items()},
            }
            return stack.value({"Fn::Sub": [text, own]})
        return stack.value({name: argument})

    def _store_code(self) -> None:
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr(str(PurePosixPath("app.py")), "def handler(event, context): ...\n")
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="artifacts", Key="code.zip", Body=body.getvalue())
