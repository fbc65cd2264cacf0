"""notify: one attempt to post a signed webhook, and what is said of it."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from tests.integration.functions.recorded import batch, failed_ids, ids, recorded
from tests.integration.functions.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.functions.receiver import Receiver

ALLOWED = {"CLAIMCHECK_ALLOW_LOOPBACK_WEBHOOKS": "true"}


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A deployment without a database and without a model: notify stands outside and needs neither."""
    with mock_aws():
        deployed = Stage("nowhere", database_address="nowhere", model_url="http://127.0.0.1:1")
        yield deployed
        deployed.close()


def message(url: str, *, age_s: float = 0, **members: Any) -> dict[str, Any]:
    """A recorded delivery to this address, planned `age_s` seconds ago."""
    pattern: dict[str, Any] = json.loads(recorded("sqs-deliveries")["Records"][0]["body"])
    planned = datetime.now(UTC) - timedelta(seconds=age_s)
    identity = {"delivery_id": str(uuid.uuid4()), "planned_at": planned.isoformat()}
    return {**pattern, **identity, "url": url, **members}


def outcome_of(stage: Stage, sent: dict[str, Any]) -> dict[str, Any]:
    """What notify says of one message, which it always acknowledges."""
    answer = stage.call("notify", batch("sqs-deliveries", [sent]))
    assert answer == {"batchItemFailures": []}
    (record,) = stage.received("OutcomesQueue")["Records"]
    assert record["attributes"]["MessageGroupId"] == sent["tenant_id"]
    outcome = json.loads(record["body"])
    assert set(outcome) == set(json.loads(recorded("sqs-outcomes")["Records"][0]["body"]))
    assert (outcome["delivery_id"], outcome["attempt"]) == (sent["delivery_id"], sent["attempt"])
    assert isinstance(outcome, dict)
    return outcome


def test_the_bytes_arrive_as_they_were_signed(stage: Stage, receiver: Receiver) -> None:
    """Body and signed headers are those of the message, character for character."""
    stage.override(**ALLOWED)
    sent = message(receiver.url, body='{"type": "job.completed",  "text": "5 € 🧾"}')
    outcome_of(stage, sent)
    (post,) = receiver.posts
    assert post.body == sent["body"].encode()
    assert {name: post.headers[name] for name in sent["headers"]} == sent["headers"]
    assert post.headers["host"] == receiver.url.split("/")[2]
    assert post.path == "/hook"


@pytest.mark.parametrize("status", [200, 204, 299])
def test_a_good_answer_is_reported(stage: Stage, receiver: Receiver, status: int) -> None:
    """Its status, without an error."""
    stage.override(**ALLOWED)
    receiver.status = status
    outcome = outcome_of(stage, message(receiver.url))
    assert (outcome["status_code"], outcome["error"], outcome["stale"]) == (status, None, False)
    assert outcome["duration_ms"] >= 0


def test_a_bad_answer_is_reported_with_its_beginning(stage: Stage, receiver: Receiver) -> None:
    """The status, and the first 4096 bytes of what the receiver said."""
    stage.override(**ALLOWED)
    receiver.status, receiver.answer = 500, b"no " * 4000
    outcome = outcome_of(stage, message(receiver.url))
    assert outcome["status_code"] == 500
    assert outcome["response_head"] == ("no " * 4000)[:4096]


def test_an_answer_that_is_no_text_is_reported(stage: Stage, receiver: Receiver) -> None:
    """Bytes that are not UTF-8 are replaced, not refused."""
    stage.override(**ALLOWED)
    receiver.status, receiver.answer = 500, b"\xff\xfe\x00ok"
    assert outcome_of(stage, message(receiver.url))["response_head"] == "\ufffd\ufffd\x00ok"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(stage: Stage, receiver: Receiver, status: int) -> None:
    """The address was checked, the one it leads to was not: one request, and the redirect is the outcome."""
    stage.override(**ALLOWED)
    receiver.status, receiver.headers = status, {"location": receiver.url + "/elsewhere"}
    outcome = outcome_of(stage, message(receiver.url))
    assert outcome["status_code"] == status
    assert len(receiver.posts) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/hook",
        "https://[::1]/hook",
        "https://[::ffff:169.254.169.254]/hook",
        "https://93.184.215.14:22/hook",
        "http://93.184.215.14/hook",
        "https://name.invalid/hook",
        "ftp://example.com/hook",
        "https:///hook",
    ],
)
def test_a_refused_address_is_an_outcome(stage: Stage, url: str) -> None:
    """Nothing is sent to it; the outcome says why, with no status."""
    outcome = outcome_of(stage, message(url))
    assert outcome["status_code"] is None
    assert outcome["error"].startswith("refused: ")


def test_this_machine_is_refused_unless_allowed(stage: Stage, receiver: Receiver) -> None:
    """Without the local system's setting, loopback is an address like any other that is not public."""
    assert outcome_of(stage, message(receiver.url))["error"].startswith("refused: ")
    assert receiver.posts == []


def test_the_runtimes_own_port_is_refused(stage: Stage, receiver: Receiver) -> None:
    """Also where loopback is allowed, the port of this environment's Runtime API is never called."""
    stage.override(**ALLOWED, AWS_LAMBDA_RUNTIME_API=receiver.url.split("/")[2])
    assert "runtime's own" in outcome_of(stage, message(receiver.url))["error"]
    assert receiver.posts == []


def test_ports_are_a_setting(stage: Stage) -> None:
    """A deployment may allow other ports than 443 and 8443, which are then refused."""
    stage.override(WEBHOOK_PORTS="444")
    assert "ports 444" in outcome_of(stage, message("https://hooks.example.com/"))["error"]
    assert "resolves" in outcome_of(stage, message("https://name.invalid:444/"))["error"]


def test_nobody_listening_is_an_outcome(stage: Stage, closed_port: int) -> None:
    """A refused connection has no status and names the kind of failure."""
    stage.override(**ALLOWED)
    outcome = outcome_of(stage, message(f"http://127.0.0.1:{closed_port}/hook"))
    assert (outcome["status_code"], outcome["stale"]) == (None, False)
    assert outcome["error"].startswith("connection failed")


def test_a_stale_message_is_not_sent(stage: Stage, receiver: Receiver) -> None:
    """After two minutes in the queue its signature may be too old: reported, to be planned again."""
    stage.override(**ALLOWED)
    outcome = outcome_of(stage, message(receiver.url, age_s=121))
    assert (outcome["stale"], outcome["status_code"], outcome["error"]) == (True, None, None)
    assert receiver.posts == []


def test_a_message_that_waited_a_little_is_sent(stage: Stage, receiver: Receiver) -> None:
    """A minute in the queue does not make it stale."""
    stage.override(**ALLOWED)
    assert outcome_of(stage, message(receiver.url, age_s=60))["stale"] is False
    assert len(receiver.posts) == 1


@pytest.mark.parametrize("bad", ["", "{", "[]", "{}", '{"delivery_id": "x", "planned_at": "yesterday"}'])
def test_only_a_malformed_message_is_reported_as_failed(stage: Stage, receiver: Receiver, bad: str) -> None:
    """It comes back by its id alone; the one beside it is posted and has its outcome."""
    stage.override(**ALLOWED)
    event = batch("sqs-deliveries", [bad, message(receiver.url)])
    assert failed_ids(stage.call("notify", event)) == [ids(event)[0]]
    assert len(receiver.posts) == len(stage.bodies("OutcomesQueue")) == 1


def test_an_outcome_that_cannot_be_sent_fails_its_message(
    stage: Stage, receiver: Receiver, closed_port: int
) -> None:
    """An attempt nobody hears of is made again: receivers tell repetitions by webhook-id."""
    stage.override(**ALLOWED, AWS_ENDPOINT_URL_SQS=f"http://127.0.0.1:{closed_port}")
    event = batch("sqs-deliveries", [message(receiver.url)])
    assert failed_ids(stage.call("notify", event)) == ids(event)


@pytest.mark.parametrize("queue", ["DeliveriesQueue", "SlowDeliveriesQueue"])
def test_a_message_in_the_queue_does_not_wait_for_a_call_that_hangs(
    stage: Stage, receiver: Receiver, queue: str
) -> None:
    """An invocation whose call hangs takes what lies in its queue: here it ends that call's wait."""
    stage.override(**ALLOWED)
    receiver.together = threading.Barrier(2)
    stage.put(queue, message(receiver.url))
    event = batch("sqs-deliveries", [message(receiver.url)])
    event["Records"][0]["eventSourceARN"] = f"arn:aws:sqs:us-east-1:123456789012:claimcheck-{queue}"
    assert stage.call("notify", event) == {"batchItemFailures": []}
    assert [outcome["status_code"] for outcome in stage.bodies("OutcomesQueue")] == [204, 204]
    assert stage.bodies(queue) == []


def test_each_message_of_a_batch_has_its_outcome(stage: Stage, receiver: Receiver) -> None:
    """Ten messages, ten posts, ten outcomes, each under its own delivery."""
    stage.override(**ALLOWED)
    sent = [message(receiver.url) for _ in range(10)]
    assert stage.call("notify", batch("sqs-deliveries", sent)) == {"batchItemFailures": []}
    assert len(receiver.posts) == 10
    named = {outcome["delivery_id"] for outcome in stage.bodies("OutcomesQueue")}
    assert named == {each["delivery_id"] for each in sent}
