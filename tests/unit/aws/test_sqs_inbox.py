"""A function that takes messages from a queue by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from claimcheck.aws.inbox import SqsInbox
from claimcheck.failures import UnavailableError
from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs.client import SQSClient


@pytest.fixture
def sqs() -> Iterator[SQSClient]:
    with mock_aws():
        yield boto3.client("sqs", region_name="us-east-1")


def test_what_was_sent_is_received_and_deleted(sqs: SQSClient) -> None:
    """Ten at most, each with its body; what is deleted does not come again."""
    url = sqs.create_queue(QueueName="deliveries", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    for number in range(12):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    inbox = SqsInbox(url, connect=lambda _: sqs)
    first = inbox.receive(50, wait_s=0)
    assert len(first) == 10
    for message in first:
        inbox.delete(message.receipt)
    rest = inbox.receive(50, wait_s=0)
    assert {each.body for each in (*first, *rest)} == {str(number) for number in range(12)}
    assert not {each.message_id for each in first} & {each.message_id for each in rest}


def test_a_queue_that_is_not_there_is_unavailable(sqs: SQSClient) -> None:
    """SQS's refusal is the product's own error, with its code and without the address."""
    inbox = SqsInbox("https://sqs.us-east-1.amazonaws.com/123456789012/none", connect=lambda _: sqs)
    with pytest.raises(UnavailableError, match="NonExistentQueue"):
        inbox.receive(1, wait_s=0)
