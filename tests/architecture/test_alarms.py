"""Every alarm is of a metric that exists, and has its paragraph in the runbook."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from claimcheck.telemetry import metrics
from moto import mock_aws

from tests.architecture.alarms import ROOT, alarms, all_alarms, graphed, queries, template, watched, widgets

if TYPE_CHECKING:
    from tests.architecture.alarms import Watched

MONITORING = "infra/monitoring.yaml"
# As AWS's documentation has them: Lambda, SQS, API Gateway, RDS and RDS Proxy with CloudWatch.
AWS_METRICS = {
    "AWS/Lambda": {"Errors", "Duration", "Throttles", "ConcurrentExecutions"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    "AWS/ApiGateway": {"Count", "4XXError", "5XXError", "Latency"},
    "AWS/RDS": {
        "CPUUtilization",
        "ClientConnections",
        "DBLoad",
        "DBLoadRelativeToNumVCPUs",
        "DatabaseConnections",
        "DatabaseConnectionsBorrowLatency",
        "DatabaseConnectionsCurrentlySessionPinned",
        "FreeStorageSpace",
        "FreeableMemory",
        "MaxDatabaseConnectionsAllowed",
        "MaximumUsedTransactionIDs",
        "ReadLatency",
        "WriteLatency",
    },
}
AWS_DIMENSIONS = {
    ("FunctionName",),
    ("FunctionName", "Resource"),
    ("QueueName",),
    ("ApiName", "Stage"),
    ("ApiName", "Stage", "Method", "Resource"),
    ("DBInstanceIdentifier",),
    ("ProxyName",),
}
# These run at a deploy: whether they fail is what counts.
AT_DEPLOY = {"MigrateFunction", "PublishFunction", "SchemaFunction"}
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for pattern in ("layers/common/claimcheck/**/*.py", "functions/*/*.py")
    for path in ROOT.glob(pattern)
)


def functions() -> dict[str, dict[str, Any]]:
    """The template's functions, by logical id."""
    resources = template("template.yaml")["Resources"].items()
    return {key: each["Properties"] for key, each in resources if each["Type"] == "AWS::Serverless::Function"}


def exists(metric: Watched) -> bool:
    """Whether the code, or AWS, writes it with these dimensions."""
    if metric.namespace in AWS_METRICS:
        return metric.name in AWS_METRICS[metric.namespace] and metric.dimensions in AWS_DIMENSIONS
    known = metrics.CATALOGUE.get(metric.name)
    if metric.namespace != metrics.NAMESPACE or known is None:
        return False
    return set(metric.dimensions) in ({"service"}, {"service", known.dimension})


def test_each_alarm_has_a_paragraph() -> None:
    """docs/runbook.md has a heading for each alarm, and none for another."""
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### (.+)$", text, re.MULTILINE)
    named = [name for heading in headings for name in re.findall(r"`(\w+)`", heading)]
    assert sorted(named) == sorted(all_alarms())


def test_each_paragraph_says_what_to_do() -> None:
    """What to look at or what to do, and whether to wake somebody."""
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    for paragraph in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        assert "**Wake**" in paragraph, paragraph[:80]
        assert re.search(r"\*\*(Look|Do)\*\*", paragraph), paragraph[:80]


@pytest.mark.parametrize("name", sorted(all_alarms()))
def test_each_alarm_is_of_a_metric_that_is_written(name: str) -> None:
    """By the code, from the catalogue, or by AWS; and it tells somebody."""
    alarm = all_alarms()[name]
    looked_at = watched(alarm)
    assert looked_at
    assert [each for each in looked_at if not exists(each)] == []
    assert alarm["AlarmActions"]
    heartbeat = name in {"SweepMissing", "EconomyMissing"}
    assert alarm["TreatMissingData"] == ("breaching" if heartbeat else "notBreaching")


def test_a_metric_that_nobody_writes_is_seen() -> None:
    """The check above would notice a name, a dimension or a namespace that does not exist."""
    (good,) = watched(all_alarms()["PaidTwice"])
    assert exists(good)
    for namespace, name, dimensions in (
        (good.namespace, "CallsPaidThrice", good.dimensions),
        (good.namespace, good.name, ("service", "Model")),
        ("Claimchekc", good.name, good.dimensions),
        ("AWS/SQS", "Errors", ("QueueName",)),
    ):
        assert not exists(type(good)(namespace, name, dimensions))


def test_the_dashboard_shows_what_is_written() -> None:
    """Each graph is of metrics that exist, and nothing lies over something else."""
    assert len(graphed()) > 60
    assert [each for each in graphed() if not exists(each)] == []
    places = [(each["x"], each["y"]) for each in widgets()]
    assert len(set(places)) == len(places)
    assert all(each["x"] + each["width"] <= 24 for each in widgets())


def test_each_function_has_its_alarms() -> None:
    """Errors beside it, which take a deployment back; near its time-out and throttled, in monitoring."""
    for logical_id, properties in functions().items():
        if logical_id in AT_DEPLOY:
            continue
        name = logical_id.removesuffix("Function")
        assert f"{name}Errors" in alarms("template.yaml")
        threshold_s = alarms(MONITORING)[f"{name}Duration"]["Threshold"] / 1000
        assert 0.75 <= threshold_s / properties["Timeout"] <= 0.96
        assert f"{name}Throttles" in alarms(MONITORING)


def test_each_queue_of_dead_letters_is_watched() -> None:
    """A message there is an alarm."""
    resources = template("template.yaml")["Resources"]
    queues = {key for key, each in resources.items() if each["Type"] == "AWS::SQS::Queue"}
    dead = {key for key in queues if key.endswith("DeadLetters")}
    targets = {
        resources[key]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for key in queues - dead
    }
    assert targets <= dead
    watched_queues = {
        alarm["Dimensions"][0]["Value"]["Ref"]
        for alarm in alarms(MONITORING).values()
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"
    }
    assert watched_queues == dead


def test_the_saved_queries_read_groups_and_lines_that_exist() -> None:
    """Each log group is one of the template's; each message in a filter is logged somewhere."""
    resources = template("template.yaml")["Resources"].values()
    groups = {
        each["Properties"]["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", "${Name}")
        for each in resources
        if each["Type"] == "AWS::Logs::LogGroup" and "LogGroupName" in each["Properties"]
    }
    assert len(queries()) >= 5
    for query in queries().values():
        assert {each["Fn::Sub"] for each in query["LogGroupNames"]} <= groups
        for message in re.findall(r"\"([a-z][a-z ]+ [a-z ]+)\"", query["QueryString"]):
            assert f'"{message}"' in SOURCES, message


def test_the_monitoring_gets_what_it_asks_for() -> None:
    """The root stack passes each parameter of the nested one, by name."""
    given = template("template.yaml")["Resources"]["Monitoring"]["Properties"]["Parameters"]
    assert set(given) == set(template(MONITORING)["Parameters"])


def filled(node: Any) -> Any:
    """A part of the monitoring template with its parameters filled in by their own names."""
    if isinstance(node, list):
        return [filled(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "Ref" in node:
        numeric = template(MONITORING)["Parameters"].get(node["Ref"], {}).get("Type") == "Number"
        return 60 if numeric else f"the-{node['Ref']}"
    if "Fn::Sub" in node:
        return re.sub(r"\$\{([^}]*)\}", r"the-\1", node["Fn::Sub"])
    return {key: filled(value) for key, value in node.items()}


@mock_aws
@pytest.mark.usefixtures("_credentials")
def test_cloudwatch_takes_each_alarm_and_the_dashboard() -> None:
    """By its own API, whose names and types botocore checks; moto's CloudFormation makes no alarms."""
    cloudwatch = boto3.client("cloudwatch", region_name="eu-central-1")
    for name, properties in alarms(MONITORING).items():
        cloudwatch.put_metric_alarm(AlarmName=name, **filled(properties))
    pages = cloudwatch.get_paginator("describe_alarms").paginate()
    made = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
    assert set(made) == set(alarms(MONITORING))
    sweep = made["SweepMissing"]
    assert sweep["Dimensions"] == [{"Name": "service", "Value": "the-Name"}]
    assert (sweep["TreatMissingData"], sweep["AlarmActions"]) == ("breaching", ["the-TopicArn"])
    dashboard = template(MONITORING)["Resources"]["Dashboard"]["Properties"]
    cloudwatch.put_dashboard(**filled(dashboard))
    kept = cloudwatch.get_dashboard(DashboardName="the-Name")["DashboardBody"]
    assert len(json.loads(kept)["widgets"]) == len(widgets())
    logs = boto3.client("logs", region_name="eu-central-1")
    for query in queries().values():
        asked = filled(query)
        asked["logGroupNames"] = asked.pop("LogGroupNames")
        asked["queryString"] = asked.pop("QueryString")
        asked["name"] = asked.pop("Name")
        shape = logs.meta.service_model.operation_model("PutQueryDefinition").input_shape
        assert shape is not None
        assert set(asked) <= set(shape.members)


@pytest.fixture
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the machine's own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
