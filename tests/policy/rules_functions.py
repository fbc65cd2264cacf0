"""Functions: what they run on, how many at once, what they wait for, and who is told when they fail."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.policy.roles import FUNCTION
from tests.policy.rule import Rule
from tests.policy.rules_data import QUEUE, arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.policy.cloudformation import Stack
    from tests.policy.rule import Templates

SOURCE = "AWS::Lambda::EventSourceMapping"
ALARM = "AWS::CloudWatch::Alarm"
GATEWAY_TIMEOUT_S = 29
MAX_ENVIRONMENT_BYTES = 4096  # Lambda's own limit, of all variables together
# Functions that take the schema as they find it: one makes it.
SCHEMA = "MigrateFunction"
# Nothing is reserved for these: an account has to keep 100 that are not, and a new one has no more than 10.
ONE_AT_A_TIME = {
    "SweepFunction": "its schedule calls once a minute and does not try again",
    "EconomyFunction": "its schedule calls once a minute and does not try again, for five minutes at most",
    "OperatorFunction": "a person with a right of IAM calls it",
    "MigrateFunction": "works under an advisory lock",
    "SchemaFunction": "CloudFormation calls it, once a deployment",
    "PublishFunction": "CloudFormation calls it, once a deployment",
}


def other_platforms(stack: Stack) -> Iterator[str]:
    """Functions on another Python or processor than the setting says, or with Lambda's own small defaults."""
    architecture = stack.parameters.get("Architecture", "arm64")
    for function in stack.of(FUNCTION):
        if function.get("Runtime") != "python3.13":
            yield f"{function.name} runs on {function.get('Runtime')}"
        if function.get("Architectures") != [architecture]:
            yield f"{function.name} runs on {function.get('Architectures')}"
        missing = {"MemorySize", "Timeout", "Description"} - set(function.properties)
        if missing:
            yield f"{function.name}: {', '.join(sorted(missing))} is not set"
    default = stack.template["Parameters"].get("Architecture", {}).get("Default")
    if default != "arm64":
        yield f"the default processor is {default}"
    for layer in stack.of("AWS::Lambda::LayerVersion"):
        if layer.get("CompatibleArchitectures") != [architecture]:
            yield f"{layer.name} is for {layer.get('CompatibleArchitectures')}"


def unlimited(stack: Stack) -> Iterator[str]:
    """Functions that a burst could start without a limit."""
    sources = list(stack.of(SOURCE))
    for source in sources:
        if not source.get("ScalingConfig", {}).get("MaximumConcurrency"):
            yield f"{source.name} has no maximum concurrency"
        if source.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{source.name}: one bad message has the whole batch delivered again"
    limited = {_own_name(source["FunctionName"]) for source in sources}
    throttled = all(
        any(each.get("ThrottlingRateLimit") for each in stage.get("MethodSettings", []))
        for stage in stack.of("AWS::ApiGateway::Stage")
    )
    for function in stack.of(FUNCTION):
        name = str(stack.physical(function.logical_id, None))
        reserved = "ReservedConcurrentExecutions" in function.properties
        if reserved or name in limited or function.logical_id in ONE_AT_A_TIME:
            continue
        if not (throttled and function.logical_id in _behind_the_api(stack)):
            yield f"{function.name} has no limit on how many run at once"


def _own_name(function: str) -> str:
    """The name in a name, an ARN or an alias's ARN."""
    return str(function).split(":function:")[-1].split(":")[0]


def _behind_the_api(stack: Stack) -> set[str]:
    """Logical ids of functions that the API's document names."""
    names = {str(stack.physical(each.logical_id, None)): each.logical_id for each in stack.of(FUNCTION)}
    found: set[str] = set()
    for api in stack.of("AWS::ApiGateway::RestApi"):
        said = json.dumps(api.get("Body", {}), default=str)
        found |= {names[name] for name in re.findall(r":function:([A-Za-z0-9_-]+)", said) if name in names}
    return found


def slow_answers(stack: Stack) -> Iterator[str]:
    """Functions that work on when API Gateway has hung up."""
    for name in _behind_the_api(stack):
        timeout = int(stack.resources[name]["Timeout"])
        if timeout >= GATEWAY_TIMEOUT_S:
            yield f"{name} may take {timeout} s"


def large_environments(stack: Stack) -> Iterator[str]:
    """Functions whose variables Lambda refuses: more than 4 kB together."""
    for function in stack.of(FUNCTION):
        variables = function.get("Environment", {}).get("Variables", {})
        size = sum(len(name) + len(str(value)) for name, value in variables.items())
        if size > MAX_ENVIRONMENT_BYTES * 3 // 4:  # names here are shorter than CloudFormation's
            yield f"{function.name}: {size} bytes of variables"


def before_the_schema(stack: Stack) -> Iterator[str]:
    """Functions of this version that may meet the schema of the one before."""
    runs = [
        name
        for name, raw in stack.template["Resources"].items()
        if raw["Type"].startswith(("Custom::", "AWS::CloudFormation::CustomResource"))
        and SCHEMA in _needs(stack.template["Resources"], name)
    ]
    if not runs:
        yield "nothing runs the migration at deploy"
    for name, raw in stack.template["Resources"].items():
        if raw["Type"] != FUNCTION or name in (SCHEMA, "SchemaFunction"):
            continue
        variables = raw["Properties"].get("Environment", {}).get("Variables", {})
        if "DATABASE_URL" in variables and not set(runs) & _needs(stack.template["Resources"], name):
            yield f"{name} does not wait for the migration"


def _named_in(node: Any) -> set[str]:
    """Logical ids that a resource refers to or depends on."""
    found: set[str] = set()
    if isinstance(node, list):
        for item in node:
            found |= _named_in(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in {"Ref", "DependsOn"}:
                found |= {value} if isinstance(value, str) else set(value)
            elif key == "Fn::GetAtt":
                found.add(value.split(".")[0] if isinstance(value, str) else value[0])
            elif key == "Fn::Sub":
                text = value if isinstance(value, str) else value[0]
                found |= {name.split(".")[0] for name in re.findall(r"\$\{([A-Za-z0-9.]+)\}", text)}
            found |= _named_in(value)
    return found


def _needs(resources: Mapping[str, Any], name: str) -> set[str]:
    """All that has to be there before a resource is made or changed."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for each in _named_in(resources[waiting.pop()]) & set(resources) - seen:
            seen.add(each)
            waiting.append(each)
    return seen


def silent_dead_letters(stack: Stack) -> Iterator[str]:
    """Dead-letter queues whose filling tells nobody."""
    watched = {
        dimension["Value"]
        for alarm in stack.of(ALARM)
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible" and alarm.get("AlarmActions")
        for dimension in alarm.get("Dimensions", [])
    }
    queues = {arn(stack, queue): queue for queue in stack.of(QUEUE)}
    targets = {
        q["RedrivePolicy"]["deadLetterTargetArn"] for q in queues.values() if "RedrivePolicy" in q.properties
    }
    for target in sorted(targets):
        if stack.physical(queues[target].logical_id, "QueueName") not in watched:
            yield f"nobody is told of what is in {queues[target].name}"


def deaf_alarms(stack: Stack) -> Iterator[str]:
    """Alarms that neither tell anybody nor take a deployment back, or that say nothing of what is wrong."""
    backing = json.dumps(
        [each.properties for each in stack.of("AWS::CodeDeploy::DeploymentGroup")], default=str
    )
    for alarm in stack.of(ALARM, "AWS::CloudWatch::CompositeAlarm"):
        if len(str(alarm.get("AlarmDescription", ""))) < 20:
            yield f"{alarm.name} says nothing"
        if not alarm.get("AlarmActions") and f"{{{alarm.name}}}" not in backing:
            yield f"{alarm.name} tells nobody"


def sudden_deployments(stack: Stack) -> Iterator[str]:
    """Functions that answer requests, or work, and whose new version nothing would take back."""
    groups = list(stack.of("AWS::CodeDeploy::DeploymentGroup"))
    deployed = {each.logical_id.removesuffix("DeploymentGroup") for each in groups}
    yield from (
        f"{each.name} is not taken back by an alarm"
        for each in groups
        if not each.get("AlarmConfiguration", {}).get("Alarms")
        or "DEPLOYMENT_STOP_ON_ALARM" not in each.get("AutoRollbackConfiguration", {}).get("Events", [])
    )
    sources = {_own_name(source["FunctionName"]) for source in stack.of(SOURCE)}
    for function in stack.of(FUNCTION):
        serves = stack.physical(function.logical_id, None) in sources
        if (serves or function.logical_id in _behind_the_api(stack)) and function.logical_id not in deployed:
            yield f"{function.name} is replaced at once"


# --- faults ---------------------------------------------------------------------------------------
def _no_migration(templates: Templates) -> None:
    resources = templates.whole["Resources"]
    for name in [
        n for n, each in resources.items() if each["Type"].startswith(("Custom::", "AWS::CloudFormation::Cu"))
    ]:
        del resources[name]


def _not_waiting(templates: Templates) -> None:
    resource = templates.whole["Resources"]["StatusFunction"]
    resource.pop("DependsOn", None)
    variables = resource["Properties"]["Environment"]["Variables"]
    resource["Properties"]["Environment"]["Variables"] = {"DATABASE_URL": "x", "OTHERS": str(len(variables))}
    for name in ("VpcConfig", "Layers", "Role", "LoggingConfig"):
        resource["Properties"].pop(name, None)


def _unwatched(templates: Templates, actions: str) -> None:
    for _, alarm in templates.every(ALARM):
        if alarm["Properties"].get("MetricName") == "ApproximateNumberOfMessagesVisible":
            alarm["Properties"].pop(actions)


def _unheard(templates: Templates) -> None:
    for _, group in templates.every("AWS::CodeDeploy::DeploymentGroup"):
        group["Properties"].pop("AlarmConfiguration")
    for _, alarm in templates.every(ALARM):
        alarm["Properties"].pop("AlarmActions", None)


def _without_throttle(templates: Templates) -> None:
    templates.first("AWS::ApiGateway::Stage")["MethodSettings"] = []


def _group(templates: Templates) -> dict[str, Any]:
    return templates.first("AWS::CodeDeploy::DeploymentGroup")


def _large(resource: dict[str, Any]) -> None:
    resource["Environment"]["Variables"]["LARGE"] = "x" * 4000


def _ungrouped(templates: Templates) -> None:
    name = next(name for name, _ in templates.every("AWS::CodeDeploy::DeploymentGroup"))
    del templates.whole["Resources"][name]


RULES = (
    Rule(
        "Python 3.13 on arm64, memory and time chosen",
        other_platforms,
        {
            "an older Python": lambda t: t.of("StatusFunction").update(Runtime="python3.12"),
            "another processor": lambda t: t.of("StatusFunction").update(Architectures=["x86_64"]),
            "Lambda's defaults": lambda t: t.of("StatusFunction").pop("MemorySize"),
            "another default": lambda t: t.whole["Parameters"]["Architecture"].update(Default="x86_64"),
            "a layer for another": lambda t: t.first("AWS::Lambda::LayerVersion").update(
                CompatibleArchitectures=["x86_64"]
            ),
        },
    ),
    Rule(
        "a burst has a limit everywhere, and a batch fails in part",
        unlimited,
        {
            "a source": lambda t: t.first(SOURCE).pop("ScalingConfig"),
            "a whole batch": lambda t: t.first(SOURCE).pop("FunctionResponseTypes"),
            "the API": _without_throttle,
            "a queue's function without its queue": lambda t: t.whole["Resources"].pop("ProcessFunctionJobs"),
        },
    ),
    Rule(
        "who answers a request ends before API Gateway does",
        slow_answers,
        {"thirty seconds": lambda t: t.of("StatusFunction").update(Timeout=30)},
    ),
    Rule(
        "a function's variables fit into Lambda's 4 kB",
        large_environments,
        {"a large one": lambda t: _large(t.of("StatusFunction"))},
    ),
    Rule(
        "no function meets a schema that is older than it is",
        before_the_schema,
        {"no migration": _no_migration, "one that does not wait": _not_waiting},
    ),
    Rule(
        "somebody is told of every dead letter",
        silent_dead_letters,
        {
            "nobody": lambda t: _unwatched(t, "AlarmActions"),
            "another queue": lambda t: _unwatched(t, "Dimensions"),
        },
    ),
    Rule(
        "every alarm tells somebody something",
        deaf_alarms,
        {
            "nobody": _unheard,
            "nothing": lambda t: t.first(ALARM).pop("AlarmDescription"),
        },
    ),
    Rule(
        "a new version is taken back when it fails",
        sudden_deployments,
        {
            "without an alarm": lambda t: _group(t).pop("AlarmConfiguration"),
            "without the rollback": lambda t: _group(t).pop("AutoRollbackConfiguration"),
            "all at once": _ungrouped,
        },
    ),
)
