"""The transformed templates in moto's CloudFormation: what it makes of them is what they say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tests.policy.carried import LEFT_OUT, NOT_CARRIED, REGION, Deployed, carried_types
from tests.policy.settings import SETTINGS, templates

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("policy")
SETTING = "a key given"


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployed]:
    """The whole stack, made by moto from nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        with mock_aws(config={"lambda": {"use_docker": False}}):
            yield Deployed(templates()[SETTING], SETTINGS[SETTING])


def test_what_moto_does_not_carry_is_listed() -> None:
    """The list of types that moto cannot make is exact: one that it learns, or a new one, fails here."""
    _, missing = carried_types(templates()[SETTING])
    assert missing == set(NOT_CARRIED)


def test_every_other_resource_is_made(deployed: Deployed) -> None:
    """Each resource of a type that moto makes has a physical id."""
    stack = templates()[SETTING].stack(SETTINGS[SETTING])
    wanted = {
        resource.name
        for resource in stack.resources.values()
        if resource.kind not in {*NOT_CARRIED, *LEFT_OUT, "AWS::CloudFormation::Stack"}
    }
    made = set(deployed.resources())
    for name in stack.nested:
        made |= {f"{name}/{logical}" for logical in deployed.resources(f"claimcheck-{name}")}
    assert wanted <= made
    assert len(wanted) > 100


def test_queues_are_as_they_are_written(deployed: Deployed) -> None:
    """Visibility and dead letters reach the queues themselves."""
    sqs = boto3.client("sqs", region_name=REGION)
    ids = deployed.resources()
    attributes = sqs.get_queue_attributes(QueueUrl=ids["JobsQueue"], AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "3600"
    redrive = json.loads(attributes["RedrivePolicy"])
    dead = sqs.get_queue_attributes(QueueUrl=ids["JobsDeadLetters"], AttributeNames=["QueueArn"])
    assert redrive["deadLetterTargetArn"] == dead["Attributes"]["QueueArn"]
    assert attributes["KmsMasterKeyId"].endswith(ids["MessagesKey"])


def test_functions_have_their_environment(deployed: Deployed) -> None:
    """Each function is there, with the variables of the template; queues by the URLs that were made."""
    client = boto3.client("lambda", region_name=REGION)
    stack = templates()[SETTING].stack(SETTINGS[SETTING])
    ids = deployed.resources()
    for function in stack.of("AWS::Lambda::Function"):
        found = client.get_function_configuration(FunctionName=ids[function.logical_id])
        variables = found.get("Environment", {}).get("Variables", {})
        assert set(variables) == set(function.get("Environment", {}).get("Variables", {}))
        if "JOBS_QUEUE_URL" in variables:
            assert variables["JOBS_QUEUE_URL"] == ids["JobsQueue"]
        assert (found["Timeout"], found["MemorySize"]) == (function["Timeout"], function["MemorySize"])
        assert found["Role"].rpartition("/")[2] == ids[function["Role"].rpartition("/")[2]]


def test_queues_lead_to_their_functions(deployed: Deployed) -> None:
    """Every event source mapping is made, for the queue that it names."""
    mappings = boto3.client("lambda", region_name=REGION).list_event_source_mappings()["EventSourceMappings"]
    stack = templates()[SETTING].stack(SETTINGS[SETTING])
    wanted = sorted(
        source["EventSourceArn"].rpartition(":")[2] for source in stack.of("AWS::Lambda::EventSourceMapping")
    )
    names = {url.rpartition("/")[2]: logical for logical, url in deployed.resources().items()}
    found = sorted(f"claimcheck-{names[each['EventSourceArn'].rpartition(':')[2]]}" for each in mappings)
    assert found == wanted


def test_functions_stand_in_their_subnets(deployed: Deployed) -> None:
    """The subnets that the network's stack made are those of the functions."""
    client = boto3.client("lambda", region_name=REGION)
    network, ids = deployed.resources("claimcheck-Network"), deployed.resources()
    status = client.get_function_configuration(FunctionName=ids["StatusFunction"])["VpcConfig"]
    assert set(status["SubnetIds"]) == {network["FunctionsSubnetA"], network["FunctionsSubnetB"]}
    process = client.get_function_configuration(FunctionName=ids["ProcessFunction"])["VpcConfig"]
    assert set(process["SubnetIds"]) == {network["WorkersSubnetA"], network["WorkersSubnetB"]}
    assert process["SecurityGroupIds"] == [network["WorkersSecurityGroup"]]


def test_the_bucket_has_the_stacks_key(deployed: Deployed) -> None:
    """Documents are encrypted by the key that the stack makes for them."""
    s3 = boto3.client("s3", region_name=REGION)
    ids = deployed.resources()
    rules = s3.get_bucket_encryption(Bucket=ids["DocumentsBucket"])["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"].endswith(ids["DataKey"])


def test_logs_end(deployed: Deployed) -> None:
    """Every log group has the retention of the parameter."""
    groups = boto3.client("logs", region_name=REGION).describe_log_groups()["logGroups"]
    ours = [group for group in groups if not group["logGroupName"].startswith("/aws/lambda/")]
    assert len(ours) > 15
    assert {group.get("retentionInDays") for group in ours} == {30}


@pytest.mark.xfail(
    raises=AttributeError,
    strict=True,
    reason="moto cannot update a function that has a layer of the same stack",
)
def test_an_update_changes_what_it_is_about(deployed: Deployed) -> None:
    """Other parameters change the functions, and leave queues and bucket in place."""
    client = boto3.client("lambda", region_name=REGION)
    before = deployed.resources()
    deployed.apply({**SETTINGS[SETTING], "ModelStandard": "claude-opus-5-5", "LogLevel": "DEBUG"})
    after = deployed.resources()
    kept = {"DocumentsBucket", "JobsQueue", "JobsDeadLetters", "DataKey", "MessagesKey", "ProcessFunction"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    found = client.get_function_configuration(FunctionName=after["ProcessFunction"])["Environment"][
        "Variables"
    ]
    assert (found["MODEL_STANDARD"], found["POWERTOOLS_LOG_LEVEL"]) == ("claude-opus-5-5", "DEBUG")
