"""Our use of SQS, held against two emulators: where they differ, no code of ours may lean on one's habits."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.contract.sqs_receiving import LONG_POLL_S, new_queue, receive, receive_all

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef


def arn(sqs: SQSClient, url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def count_of(message: MessageTypeDef) -> int:
    return int(message["Attributes"]["ApproximateReceiveCount"])


def test_a_message_with_a_group_arrives_as_it_was_sent(sqs: SQSClient) -> None:
    """A standard queue takes MessageGroupId (fair queues) and gives the body and the group back."""
    url = new_queue(sqs)
    body = json.dumps({"job_id": str(uuid.uuid4())})
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="tenant-1")
    [message] = receive(sqs, url, wait_s=LONG_POLL_S)
    assert message["Body"] == body
    assert message["Attributes"]["MessageGroupId"] == "tenant-1"
    assert count_of(message) == 1


def test_a_delayed_message_is_not_seen_before_its_time_and_then_comes(sqs: SQSClient) -> None:
    """DelaySeconds on a message holds it back; a long poll gets it when it is due."""
    url = new_queue(sqs)
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=3, MessageGroupId="t")
    assert receive(sqs, url) == []
    [message] = receive(sqs, url, wait_s=LONG_POLL_S)
    assert message["Body"] == "later"


def test_a_batch_is_sent_and_received_whole(sqs: SQSClient) -> None:
    """Ten entries with groups and delays of their own are ten messages."""
    url = new_queue(sqs)
    answer = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": str(n), "MessageBody": f"m{n}", "MessageGroupId": f"t{n % 2}", "DelaySeconds": 0}
            for n in range(10)
        ],
    )
    assert len(answer["Successful"]) == 10
    assert not answer.get("Failed")
    bodies = {message["Body"] for message in receive_all(sqs, url, 10)}
    assert bodies == {f"m{n}" for n in range(10)}


def test_one_receive_gives_no_more_than_was_asked(sqs: SQSClient) -> None:
    """MaxNumberOfMessages is a limit."""
    url = new_queue(sqs)
    for n in range(4):
        sqs.send_message(QueueUrl=url, MessageBody=str(n))
    assert 1 <= len(receive(sqs, url, wait_s=LONG_POLL_S, most=3)) <= 3


def test_a_received_message_is_hidden_and_comes_again_with_a_higher_count(sqs: SQSClient) -> None:
    """The visibility timeout hides a message; not deleted, it comes again, counted."""
    url = new_queue(sqs, VisibilityTimeout="3")
    sqs.send_message(QueueUrl=url, MessageBody="again")
    [first] = receive(sqs, url, wait_s=LONG_POLL_S)
    assert receive(sqs, url) == []
    [second] = receive(sqs, url, wait_s=LONG_POLL_S)
    assert (second["MessageId"], count_of(second)) == (first["MessageId"], 2)


def test_a_visibility_of_zero_gives_a_message_back_at_once(sqs: SQSClient) -> None:
    """ChangeMessageVisibility to 0 is how a failed item of a batch is returned."""
    url = new_queue(sqs, VisibilityTimeout="3600")
    sqs.send_message(QueueUrl=url, MessageBody="returned")
    [message] = receive(sqs, url, wait_s=LONG_POLL_S)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    [again] = receive(sqs, url, wait_s=LONG_POLL_S)
    assert count_of(again) == 2


def test_a_longer_visibility_keeps_a_message_hidden(sqs: SQSClient) -> None:
    """ChangeMessageVisibility extends the time a worker has."""
    url = new_queue(sqs, VisibilityTimeout="2")
    sqs.send_message(QueueUrl=url, MessageBody="mine")
    [message] = receive(sqs, url, wait_s=LONG_POLL_S)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=60)
    assert receive(sqs, url, wait_s=4) == []


def test_deleted_messages_do_not_come_again(sqs: SQSClient) -> None:
    """DeleteMessageBatch answers for each entry and removes them all."""
    url = new_queue(sqs, VisibilityTimeout="3600")
    for n in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=str(n))
    messages = receive_all(sqs, url, 3)
    answer = sqs.delete_message_batch(
        QueueUrl=url,
        Entries=[{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)],
    )
    assert len(answer["Successful"]) == 3
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == counts["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_a_message_received_too_often_moves_to_the_dead_letters(sqs: SQSClient) -> None:
    """After maxReceiveCount receives it is in the dead-letter queue, with the same body and group."""
    dead = new_queue(sqs)
    redrive = {"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": 2}
    url = new_queue(sqs, VisibilityTimeout="0", RedrivePolicy=json.dumps(redrive))
    sqs.send_message(QueueUrl=url, MessageBody="poison", MessageGroupId="t")
    for expected in (1, 2):
        [message] = receive(sqs, url, wait_s=LONG_POLL_S)
        assert count_of(message) == expected
    assert receive(sqs, url) == []
    [moved] = receive(sqs, dead, wait_s=LONG_POLL_S)
    assert (moved["Body"], moved["Attributes"]["MessageGroupId"]) == ("poison", "t")


def test_a_long_poll_ends_when_a_message_comes(sqs: SQSClient) -> None:
    """A waiting receive gets a message that is sent meanwhile: nobody has to poll in a loop."""
    url = new_queue(sqs)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(receive, sqs, url, wait_s=20)
        sqs.send_message(QueueUrl=url, MessageBody="ring")
        assert [message["Body"] for message in waiting.result(timeout=19)] == ["ring"]
