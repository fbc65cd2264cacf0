"""What `SqsQueue` sends, held against two emulators: characters, sizes, delays, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.aws.queues import MAX_MESSAGE_BYTES, SqsQueue
from claimcheck.failures import UnavailableError

from tests.contract.sqs_receiving import LONG_POLL_S, new_queue, receive, receive_all

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Each of them in a message: what SQS refuses when it stands there as itself, and what needs two units.
HOSTILE = "\x00\x08\x0b\x1f\x7f\ud800 \udfff\ufdd0\ufffe\uffff\U0001fffe\U0001f9fe € é \u2028"


@pytest.fixture(autouse=True)
def lambdas(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """What a function on the local system has."""
    variables = {"REGION": "us-east-1", "ENDPOINT_URL": endpoint}
    variables |= {"ACCESS_KEY_ID": "local", "SECRET_ACCESS_KEY": "local"}
    for name, value in variables.items():
        monkeypatch.setenv(f"AWS_{name}", value)


def exactly(size: int, number: int = 0) -> dict[str, Any]:
    """A message of exactly so many bytes of JSON."""
    message = {"job_id": f"j{number}", "text": ""}
    return {**message, "text": "x" * (size - len(json.dumps(message)))}


def test_every_character_arrives(sqs: SQSClient) -> None:
    """Sent alone or in a batch, a body is ASCII and says what was sent."""
    url = new_queue(sqs)
    queue = SqsQueue(url)
    queue.send({"text": HOSTILE}, group="tenant-1")
    assert queue.send_all([({"text": HOSTILE}, "tenant-2")]) == 0
    messages = receive_all(sqs, url, 2)
    assert all(message["Body"].isascii() for message in messages)
    assert [json.loads(message["Body"]) for message in messages] == [{"text": HOSTILE}] * 2
    assert {message["Attributes"]["MessageGroupId"] for message in messages} == {"tenant-1", "tenant-2"}


def test_the_largest_messages_arrive(sqs: SQSClient) -> None:
    """A message of SQS's own limit goes, and beside it more than one batch could hold."""
    url = new_queue(sqs)
    sizes = [300_000, MAX_MESSAGE_BYTES, 400_000, 400_000, 400_000]
    messages = [(exactly(size, number), "t") for number, size in enumerate(sizes)]
    assert SqsQueue(url).send_all(messages) == 0
    found = {json.loads(message["Body"])["job_id"] for message in receive_all(sqs, url, len(sizes))}
    assert found == {f"j{number}" for number in range(len(sizes))}


def test_a_message_over_the_limit_is_refused(sqs: SQSClient) -> None:
    """One byte more is refused by the emulator, and alone is told to the caller."""
    with pytest.raises(UnavailableError):
        SqsQueue(new_queue(sqs)).send(exactly(MAX_MESSAGE_BYTES + 1), group="t")


def test_a_batch_over_the_limit_is_refused(sqs: SQSClient) -> None:
    """Two bodies of 600 kB in one request are refused as a whole: that is why batches are cut by bytes."""
    entries: list[Any] = [{"Id": str(n), "MessageBody": "x" * 600_000} for n in range(2)]
    with pytest.raises(sqs.exceptions.ClientError, match="BatchRequestTooLong"):
        sqs.send_message_batch(QueueUrl=new_queue(sqs), Entries=entries)


def test_a_queue_that_does_not_exist_takes_nothing(sqs: SQSClient) -> None:
    """Everything is counted, and nothing is raised."""
    url = new_queue(sqs) + "-no-such-queue"
    assert SqsQueue(url).send_all([({"n": number}, "t") for number in range(12)]) == 12


def test_each_message_of_a_batch_has_its_own_delay(sqs: SQSClient) -> None:
    """Of two messages in one request the delayed one is not seen, and the other is."""
    url = new_queue(sqs)
    assert SqsQueue(url).send_all([({"n": 1}, "t"), ({"n": 2}, "t")], delays_s=[600.0, 0.0]) == 0
    [message] = receive(sqs, url, wait_s=LONG_POLL_S)
    assert json.loads(message["Body"]) == {"n": 2}
    assert receive(sqs, url) == []
