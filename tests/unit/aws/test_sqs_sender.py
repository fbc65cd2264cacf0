"""SQS's two sending calls, as a server gets them and as their answers are taken."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
)
from claimcheck.aws.clients import BATCH, DOORBELL, Budget
from claimcheck.aws.sqs_sender import SqsSender

from tests.unit.aws.sqs_server import Heard, SqsServer, Told
from tests.unit.signatures import signature_over

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session"}
PATH = "/123456789012/jobs"
MESSAGE: dict[str, Any] = {"MessageBody": '{"job_id": "j1"}', "MessageGroupId": "acme", "DelaySeconds": 0}
UNAVAILABLE = Told(503, b"")


@pytest.fixture(autouse=True)
def lambdas(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Lambda gives every function, and nothing of this machine's."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS", "AWS_PROFILE", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**KEYS, "AWS_REGION": "eu-central-1", "NO_PROXY": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)


def sent(*answers: Told, budget: Budget = DOORBELL) -> tuple[object, list[Heard]]:
    """What comes of a message to a server that answers so, or is raised; and the requests."""
    with SqsServer(*answers) as server:
        sender = SqsSender(budget, sleep=lambda _: None)
        try:
            return sender.send_message(QueueUrl=server.url + PATH, **MESSAGE), server.heard
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            return error, server.heard


def test_a_message_is_a_call_of_sqs() -> None:
    """SendMessage by SQS's JSON protocol, with the fields as they were given."""
    answer, (heard,) = sent(Told(body=b'{"MessageId": "m1"}'))
    assert answer == {"MessageId": "m1"}
    assert (heard.method, heard.path) == ("POST", "/")
    assert heard.headers["x-amz-target"] == "AmazonSQS.SendMessage"
    assert heard.headers["content-type"] == "application/x-amz-json-1.0"
    assert heard.said.pop("QueueUrl").endswith(PATH)
    assert {name: heard.said[name] for name in MESSAGE} == MESSAGE


def test_a_batch_says_what_was_not_taken() -> None:
    """SendMessageBatch, and its answer as it came."""
    refused = {"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError"}]}
    with SqsServer(Told(body=json.dumps(refused).encode())) as server:
        entries = [{"Id": "0", **MESSAGE}]
        answer = SqsSender(BATCH).send_message_batch(QueueUrl=server.url + PATH, Entries=entries)
    assert answer == refused
    assert server.heard[0].headers["x-amz-target"] == "AmazonSQS.SendMessageBatch"
    assert server.heard[0].said["Entries"] == entries


def _signature_over(heard: Heard, names: list[str], body: bytes) -> str:
    url = f"http://{heard.headers['host']}/"
    keys = Credentials("AKIDEXAMPLE", "secret", "session")
    return signature_over(heard.headers, names, body, url=url, service="sqs", credentials=keys)


def test_a_call_is_signed() -> None:
    """The signature holds over what arrived and over nothing else, and is of the service and region."""
    _, (heard,) = sent()
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})",
        heard.headers["authorization"],
    )
    assert found is not None
    day = heard.headers["x-amz-date"][:8]
    assert found[1] == f"AKIDEXAMPLE/{day}/eu-central-1/sqs/aws4_request"
    names = found[2].split(";")
    assert {"content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"} <= set(names)
    assert _signature_over(heard, names, heard.body) == found[3]
    assert _signature_over(heard, names, heard.body + b" ") != found[3]


@pytest.mark.parametrize(
    ("answers", "budget", "asked", "comes"),
    [
        pytest.param([UNAVAILABLE], DOORBELL, 1, ClientError, id="a doorbell is rung once"),
        pytest.param([UNAVAILABLE, Told()], BATCH, 2, dict, id="a batch twice"),
        pytest.param([UNAVAILABLE], BATCH, 2, ClientError, id="and no more than that"),
        pytest.param([Told(400, b'{"__type": "x#Invalid"}')], BATCH, 1, ClientError, id="a mistake once"),
        pytest.param(
            [Told(400, b'{"__type": "x#RequestThrottled"}'), Told()], BATCH, 2, dict, id="throttled twice"
        ),
    ],
)
def test_attempts_are_the_budgets(answers: list[Told], budget: Budget, asked: int, comes: type) -> None:
    """A call is made again where SQS failed or asks to wait, as often as its budget allows."""
    outcome, heard = sent(*answers, budget=budget)
    assert (type(outcome), len(heard)) == (comes, asked)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Told(400, b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist"}'), "QueueDoesNotExist"),
        (
            Told(
                400,
                b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist"}',
                {"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"},
            ),
            "AWS.SimpleQueueService.NonExistentQueue",
        ),
        (Told(403, b"<html>a proxy says no</html>"), "403"),
        (Told(502, b"[]"), "502"),
    ],
)
def test_a_refusal_has_its_code(answer: Told, code: str) -> None:
    """SQS's old code where it is given, else the new one's name, else the status; its words are left out."""
    outcome, _ = sent(answer)
    assert isinstance(outcome, ClientError)
    assert outcome.response["Error"] == {"Code": code, "Message": ""}


def test_a_silent_server_is_given_up() -> None:
    """After the budget's seconds the call ends."""
    outcome, _ = sent(Told(hangs=True), budget=Budget(connect_s=1, read_s=0.1, attempts=1))
    assert isinstance(outcome, ReadTimeoutError)


def test_nobody_there_is_said() -> None:
    """A port that nobody listens on is botocore's own error."""
    with SqsServer() as server:
        gone = server.url
    with pytest.raises(EndpointConnectionError):
        SqsSender(DOORBELL).send_message(QueueUrl=gone + PATH, **MESSAGE)


def test_calls_share_a_connection_and_survive_its_end() -> None:
    """The second call comes on the first one's connection; one that the server has closed is opened anew."""
    with SqsServer(Told(), Told(hangs_up=True), Told()) as server:
        sender = SqsSender(DOORBELL)
        for _ in range(3):
            sender.send_message(QueueUrl=server.url + PATH, **MESSAGE)
    first, second, third = (each.connection for each in server.heard)
    assert first is second
    assert third is not second


def test_the_environments_endpoint_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with boto3: AWS_ENDPOINT_URL_SQS before AWS_ENDPOINT_URL before the queue's own address."""
    with SqsServer() as general, SqsServer() as own:
        for name, server in (("AWS_ENDPOINT_URL", general), ("AWS_ENDPOINT_URL_SQS", own)):
            monkeypatch.setenv(name, server.url)
            SqsSender(DOORBELL).send_message(QueueUrl="https://sqs.invalid" + PATH, **MESSAGE)
    assert [len(server.heard) for server in (general, own)] == [1, 1]
    assert own.heard[0].said["QueueUrl"] == "https://sqs.invalid" + PATH


def test_the_environments_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the environment names gets the request; without one nothing of proxies is imported."""
    with SqsServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        SqsSender(DOORBELL).send_message(QueueUrl="http://sqs.invalid" + PATH, **MESSAGE)
    assert proxy.heard[0].path == "http://sqs.invalid/"


def test_no_region_and_no_credentials_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing in the environment is botocore's own error, when the sender is made."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(NoCredentialsError):
        SqsSender(DOORBELL)
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(NoRegionError):
        SqsSender(DOORBELL)


def test_under_snapstart_the_credentials_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys stand in a snapshot's environment: they come from Lambda's endpoint, by botocore's chain."""
    found = {
        "AccessKeyId": "AKIDRESTORED",
        "SecretAccessKey": "s",
        "Token": "t",
        "Expiration": "2099-01-01T00:00:00Z",
    }
    for name in KEYS:
        monkeypatch.delenv(name)
    with SqsServer(Told(body=json.dumps(found).encode())) as endpoint, SqsServer() as server:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{endpoint.url}/2025/credentials")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let-me")
        SqsSender(DOORBELL).send_message(QueueUrl=server.url + PATH, **MESSAGE)
    assert endpoint.heard[0].headers["authorization"] == "let-me"
    assert "Credential=AKIDRESTORED/" in server.heard[0].headers["authorization"]
