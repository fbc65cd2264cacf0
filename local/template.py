"""Reads a SAM template into the System that runs on one machine.

What would have to be honoured and is not known here is an error and never passed over: a local system
that quietly differs from the deployed one proves nothing. What has no meaning on one machine (policies,
network, tags, alarms) is listed by name below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from local.intrinsics import NO_VALUE, Resolver, TemplateError, read_yaml
from local.system import Bucket, Function, Physical, Queue, System
from local.template_api import read_api
from local.template_buckets import read_notifications
from local.template_events import read_events
from local.template_globals import merge
from local.template_parameters import typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["TemplateError", "load"]

_FUNCTION = "AWS::Serverless::Function"
_API = "AWS::Serverless::Api"
_LAYER = "AWS::Serverless::LayerVersion"
_QUEUE = "AWS::SQS::Queue"
_BUCKET = "AWS::S3::Bucket"
_NESTED = "AWS::CloudFormation::Stack"
_PLAN = "AWS::ApiGateway::UsagePlan"

_HONOURED = {_FUNCTION, _API, _LAYER, _QUEUE, _BUCKET, _PLAN}
_STACK = "00000000-0000-4000-8000-000000000000"  # the last part of a stack's id
# Resources that take part in running the system: one of these that is not honoured is an error.
_ACTIVE = (
    "AWS::Serverless::",
    "AWS::Lambda::",
    "AWS::ApiGateway",
    "AWS::Scheduler::",
    "AWS::Pipes::",
    "AWS::Events::Rule",
)
_PASSIVE = {
    "AWS::ApiGateway::Account", "AWS::ApiGateway::ApiKey", "AWS::ApiGateway::UsagePlanKey",
    "AWS::Lambda::LayerVersionPermission", "AWS::Lambda::Permission", "AWS::Serverless::Application",
}  # fmt: skip

_FUNCTION_HONOURED = {
    "CodeUri", "Environment", "Events", "FunctionName", "Handler", "Layers", "MemorySize",
    "ReservedConcurrentExecutions", "Timeout",
}  # fmt: skip
_FUNCTION_WITHOUT_MEANING = {
    "Architectures", "AutoPublishAlias", "AutoPublishAliasAllProperties", "CodeSigningConfigArn",
    "DeadLetterQueue", "DeploymentPreference",
    "Description", "EphemeralStorage", "EventInvokeConfig", "KmsKeyArn", "LoggingConfig",
    "PermissionsBoundary", "Policies", "PropagateTags", "ProvisionedConcurrencyConfig",
    "RecursiveLoop", "Role", "RuntimeManagementConfig", "Runtime", "SnapStart", "SourceKMSKeyArn",
    "Tags", "Tracing", "VersionDescription", "VpcConfig",
}  # fmt: skip
_QUEUE_HONOURED = {
    "DelaySeconds", "MessageRetentionPeriod", "QueueName", "RedrivePolicy", "VisibilityTimeout",
}  # fmt: skip
_QUEUE_WITHOUT_MEANING = {
    "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "MaximumMessageSize", "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy", "SqsManagedSseEnabled", "Tags",
}  # fmt: skip


def load(
    path: Path,
    parameters: Mapping[str, str],
    *,
    physical: Physical,
    outputs: Mapping[str, Mapping[str, str]] | None = None,
) -> System:
    """Read the template at `path`.

    `parameters` are those of the template, defaults apply; `physical` says how queues, buckets and
    functions are called here; `outputs` are those of nested stacks, which do not exist on one machine, by
    the stack's logical id. Raises TemplateError with the resource and property that cannot be run, OSError
    where there is no file.
    """
    return _Reader(path, read_yaml(path), parameters, physical, outputs or {}).system()


def _refuse_unknown(what: str, properties: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(properties) - known)
    if unknown:
        raise TemplateError(f"{what}: {', '.join(unknown)} is not supported on one machine")


class _Reader:
    """One reading of one template: resources by logical id, and how they refer to each other."""

    def __init__(
        self,
        path: Path,
        document: Mapping[str, Any],
        given: Mapping[str, str],
        physical: Physical,
        outputs: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._folder = path.resolve().parent
        self._physical = physical
        self._outputs = outputs
        self._globals: Mapping[str, Any] = document.get("Globals") or {}
        self.resolver = Resolver(
            parameters=typed(document.get("Parameters") or {}, given),
            ref=self._ref,
            attribute=self._attribute,
            conditions=document.get("Conditions") or {},
            mappings=document.get("Mappings") or {},
        )
        self._resources: dict[str, Any] = {
            name: resource
            for name, resource in document["Resources"].items()
            if "Condition" not in resource or self.resolver.holds(resource["Condition"])
        }

    def system(self) -> System:
        """Everything that the template asks for."""
        for name, resource in self._resources.items():
            kind = str(resource.get("Type"))
            if kind.startswith(_ACTIVE) and kind not in _HONOURED | _PASSIVE:
                raise TemplateError(f"{name}: {kind} is not supported on one machine")
        queues = {name: self._queue(name) for name in self._of_type(_QUEUE)}
        functions = {name: self._function(name) for name in self._of_type(_FUNCTION)}
        arns = {queue.arn: name for name, queue in queues.items()}
        arns |= {function.arn: name for name, function in functions.items()}
        apis = {name: self._properties(name, "Api") for name in self._of_type(_API)}
        plans = [self._properties(name) for name in self._of_type(_PLAN)]
        api, authorization = read_api(apis, self.resolver, arns, plans)
        events = read_events(
            {name: self._properties(name, "Function").get("Events") or {} for name in functions},
            self.resolver,
            arns,
            authorization,
        )
        return System(
            physical=self._physical,
            functions=functions,
            routes=events.routes,
            api=api,
            sqs_sources=events.sqs_sources,
            schedules=events.schedules,
            queues=queues,
            buckets={name: self._bucket(name) for name in self._of_type(_BUCKET)},
        )

    def _of_type(self, kind: str) -> list[str]:
        return [name for name, resource in self._resources.items() if resource.get("Type") == kind]

    def _properties(self, name: str, section: str | None = None) -> dict[str, Any]:
        own = self._resources[name].get("Properties") or {}
        return cast("dict[str, Any]", merge(self._globals.get(section, {}), own) if section else own)

    def _name(self, logical_id: str, property_name: str) -> str:
        given = self._properties(logical_id).get(property_name)
        return self._physical.name(logical_id) if given is None else self.resolver.text(given)

    def _function(self, name: str) -> Function:
        properties = self._properties(name, "Function")
        _refuse_unknown(name, properties, _FUNCTION_HONOURED | _FUNCTION_WITHOUT_MEANING)
        read = self._located(name)
        if "Handler" not in properties or "CodeUri" not in properties:
            raise TemplateError(f"{name}: CodeUri and Handler are needed")
        variables = (properties.get("Environment") or {}).get("Variables") or {}
        reserved = properties.get("ReservedConcurrentExecutions")
        unbound = reserved is None or self.resolver.value(reserved) is NO_VALUE
        return Function(
            logical_id=name,
            name=self._name(name, "FunctionName"),
            arn=self._attribute(name, "Arn"),
            code_uri=self._path(name, read("CodeUri", properties["CodeUri"])),
            handler=read("Handler", properties["Handler"]),
            timeout_s=int(read("Timeout", properties.get("Timeout", 3))),
            memory_mb=int(read("MemorySize", properties.get("MemorySize", 128))),
            environment={key: read(f"Environment {key}", item) for key, item in variables.items()},
            concurrency=None if unbound else int(read("ReservedConcurrentExecutions", reserved)),
            layers=tuple(self._layer(name, node) for node in properties.get("Layers") or []),
        )

    def _located(self, name: str) -> Callable[[str, Any], str]:
        """A reader of one resource's values whose errors name the resource and the property."""

        def read(what: str, node: Any) -> str:
            try:
                return self.resolver.text(node)
            except TemplateError as error:
                raise TemplateError(f"{name}: {what}: {error}") from error

        return read

    def _layer(self, function: str, node: Any) -> Path:
        layer = self._located(function)("Layers", node)
        if self._resources.get(layer, {}).get("Type") != _LAYER:
            raise TemplateError(f"{function}: Layers: {layer} is no layer of this template")
        folder = self._path(layer, self.resolver.text(self._properties(layer).get("ContentUri", "")))
        # what `sam build` has made lies below python/, which is /opt/python on Lambda
        return folder / "python" if (folder / "python").is_dir() else folder

    def _path(self, name: str, uri: str) -> Path:
        path = (self._folder / uri).resolve()
        if not path.is_dir():
            raise TemplateError(f"{name}: there is no folder {path}")
        return path

    def _queue(self, name: str) -> Queue:
        properties = self._properties(name)
        _refuse_unknown(name, properties, _QUEUE_HONOURED | _QUEUE_WITHOUT_MEANING)
        read = self._located(name)
        redrive = properties.get("RedrivePolicy")
        dead_letter = maximum = None
        if redrive is not None:
            target = read("RedrivePolicy", redrive["deadLetterTargetArn"])
            queues = {self._attribute(queue, "Arn"): queue for queue in self._of_type(_QUEUE)}
            if target not in queues:
                raise TemplateError(
                    f"{name}: dead letters go to {target}, which is no queue of this template"
                )
            dead_letter, maximum = queues[target], int(read("maxReceiveCount", redrive["maxReceiveCount"]))
        return Queue(
            logical_id=name,
            name=self._name(name, "QueueName"),
            url=self._ref(name),
            arn=self._attribute(name, "Arn"),
            visibility_timeout=int(read("VisibilityTimeout", properties.get("VisibilityTimeout", 30))),
            retention=int(read("MessageRetentionPeriod", properties.get("MessageRetentionPeriod", 345_600))),
            delay=int(read("DelaySeconds", properties.get("DelaySeconds", 0))),
            dead_letter=dead_letter,
            max_receive_count=maximum,
        )

    def _bucket(self, name: str) -> Bucket:
        queues = {self._attribute(queue, "Arn"): queue for queue in self._of_type(_QUEUE)}
        notifications = read_notifications(name, self._properties(name), self.resolver, queues)
        return Bucket(name, self._ref(name), self._attribute(name, "Arn"), notifications)

    def _kind(self, name: str) -> str:
        if name not in self._resources:
            raise TemplateError(f"there is no resource or parameter {name}")
        return str(self._resources[name].get("Type"))

    def _ref(self, name: str) -> str:
        """`!Ref` of a pseudo parameter or a resource."""
        pseudo = {
            "AWS::Region": self._physical.region,
            "AWS::AccountId": self._physical.account,
            "AWS::StackName": self._physical.stack,
            "AWS::StackId": self._physical.arn("cloudformation", f"stack/{self._physical.stack}/{_STACK}"),
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "localhost",
        }
        if name in pseudo:
            return pseudo[name]
        function, _, part = name.partition(".")
        if part == "Alias" and self._kind(function) == _FUNCTION:
            return self._attribute(function, "Arn")  # one version runs here, the alias leads to it
        kind = self._kind(name)
        if kind == _QUEUE:
            return self._physical.queue_url(self._name(name, "QueueName"))
        if kind == _BUCKET:
            return self._name(name, "BucketName").lower()
        if kind == _FUNCTION:
            return self._name(name, "FunctionName")
        if kind in {_API, _LAYER}:
            return name
        raise TemplateError(f"!Ref {name}: {kind} does not exist on one machine")

    def _attribute(self, name: str, attribute: str) -> str:
        """`!GetAtt` of a resource."""
        physical = self._physical
        answers: dict[tuple[str, str], Callable[[], str]] = {
            (_QUEUE, "Arn"): lambda: physical.arn("sqs", self._name(name, "QueueName")),
            (_QUEUE, "QueueName"): lambda: self._name(name, "QueueName"),
            (_QUEUE, "QueueUrl"): lambda: self._ref(name),
            (_BUCKET, "Arn"): lambda: f"arn:aws:s3:::{self._ref(name)}",
            (_FUNCTION, "Arn"): lambda: physical.arn("lambda", f"function:{self._ref(name)}"),
        }
        kind = self._kind(name)
        if kind == _NESTED and attribute.startswith("Outputs."):
            return self._output(name, attribute.removeprefix("Outputs."))
        if (kind, attribute) not in answers:
            raise TemplateError(f"!GetAtt {name}.{attribute}: not known for {kind} on one machine")
        return answers[kind, attribute]()

    def _output(self, stack: str, name: str) -> str:
        try:
            return self._outputs[stack][name]
        except KeyError:
            raise TemplateError(
                f"!GetAtt {stack}.Outputs.{name}: a nested stack does not exist on one machine"
            ) from None
