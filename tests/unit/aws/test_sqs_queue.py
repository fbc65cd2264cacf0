"""What is sent to SQS is what SQS takes, and what it does not take is counted and named by its id."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from claimcheck.aws import clients
from claimcheck.aws.queues import MAX_MESSAGE_BYTES
from claimcheck.failures import UnavailableError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.aws.standin_sqs import SQS_LIMIT, StandinSqs, refusal, silence

# Lone surrogates, U+FFFE and NUL included: what a model or a receiver may say.
ANYTHING = st.text(st.characters(exclude_categories=[]))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is logged, as JSON lines."""
    from aws_lambda_powertools import Logger

    written = io.StringIO()
    logger = Logger(service="queue-test", stream=written)
    monkeypatch.setattr("claimcheck.aws.queues.logger", lambda: logger)
    return written


def messages(count: int, *, size: int = 0) -> list[tuple[dict[str, Any], str]]:
    """So many messages of about that many bytes of JSON."""
    return [({"job_id": f"j{number}", "text": "x" * size}, "acme") for number in range(count)]


def exactly(size: int) -> dict[str, Any]:
    """A message of exactly so many bytes of JSON."""
    message = {"delivery_id": "d1", "body": ""}
    return {**message, "body": "x" * (size - len(json.dumps(message)))}


@pytest.mark.parametrize(
    ("delay_s", "sent"),
    [(0, 0), (0.001, 1), (0.4, 1), (1, 1), (1.3, 2), (2.0, 2), (899.5, 900), (901, 900), (1e9, 900), (-5, 0)],
)
def test_a_bell_rings_no_earlier_than_asked(delay_s: float, sent: int) -> None:
    """A delay is rounded up to whole seconds, none stays none, and SQS's longest is the longest."""
    sqs = StandinSqs()
    sqs.queue().send({"job_id": "j1"}, group="acme", delay_s=delay_s)
    sqs.queue().send_all([({"job_id": "j1"}, "acme")], delays_s=[delay_s])
    assert sqs.delays == [sent, sent]


def test_each_message_of_many_has_its_own_delay() -> None:
    """Twelve bells ring each after its delay, in whichever batch it went, and without delays all at once."""
    sqs = StandinSqs()
    assert sqs.queue().send_all(messages(12), delays_s=[float(number) for number in range(12)]) == 0
    assert sqs.queue().send_all(messages(2)) == 0
    assert sqs.delays == [*range(12), 0, 0]


@given(ANYTHING)
def test_a_message_is_ascii_and_arrives_as_it_was(text: str) -> None:
    """Whatever a message says, its body is ASCII, which SQS takes, and says the same when it is read.

    Two halves of a surrogate pair side by side are one character, in JSON as in UTF-16.
    """
    sqs = StandinSqs()
    sqs.queue().send({"text": text}, group="acme")
    assert sqs.queue().send_all([({"text": text}, "acme")]) == 0
    assert all(body.isascii() for body in sqs.bodies)
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert [json.loads(body) for body in sqs.bodies] == [{"text": joined}] * 2


@pytest.mark.parametrize("fault", [refusal("ServiceUnavailable", "SendMessage"), silence()])
def test_a_single_message_that_fails_is_said(fault: Exception) -> None:
    """For one message the caller is told that the queue is not available."""
    with pytest.raises(UnavailableError):
        StandinSqs(fault=lambda _: fault).queue().send({"job_id": "j1"}, group="acme")


def test_messages_go_by_tens() -> None:
    """Twenty-five small messages are three requests, with their groups."""
    sqs = StandinSqs()
    assert sqs.queue().send_all([({"n": number}, f"t{number % 3}") for number in range(25)]) == 0
    assert [len(batch) for batch in sqs.batches] == [10, 10, 5]
    assert sqs.groups == [f"t{number % 3}" for number in range(25)]


def test_no_messages_are_no_request() -> None:
    """Nothing to send asks nobody and makes no client."""
    sqs = StandinSqs()
    assert sqs.queue().send_all([]) == 0
    assert (sqs.calls, sqs.budgets) == (0, [])


def test_large_messages_go_in_smaller_batches() -> None:
    """A batch is a million bytes of JSON at most: of 300 kB three go together."""
    sqs = StandinSqs()
    assert sqs.queue().send_all(messages(7, size=300_000)) == 0
    assert [len(batch) for batch in sqs.batches] == [3, 3, 1]


@given(st.lists(st.integers(0, SQS_LIMIT), max_size=25))
def test_every_message_that_sqs_takes_is_sent(sizes: list[int]) -> None:
    """Whatever their sizes, messages within SQS's limit all arrive, in order, in batches that SQS takes."""
    sqs = StandinSqs()
    sent = [({"n": number}, "x" * max(0, size - 20)) for number, size in enumerate(sizes)]
    assert sqs.queue().send_all([({**message, "t": text}, "acme") for message, text in sent]) == 0
    assert [json.loads(body)["n"] for body in sqs.bodies] == list(range(len(sizes)))


@pytest.mark.parametrize(("size", "refused"), [(MAX_MESSAGE_BYTES, 0), (MAX_MESSAGE_BYTES + 1, 1)])
def test_a_message_larger_than_sqs_takes_is_refused_alone(size: int, refused: int) -> None:
    """A message of one byte too much is not sent, and those beside it are."""
    sqs = StandinSqs()
    small = messages(2)
    assert sqs.queue().send_all([small[0], (exactly(size), "acme"), small[1]]) == refused
    assert len(sqs.bodies) == 3 - refused


def test_a_message_that_is_not_sent_is_logged_by_its_id(log: io.StringIO) -> None:
    """The log has the ids of what was not taken, the reason, and nothing of what it says."""
    too_large = {**exactly(MAX_MESSAGE_BYTES + 1), "url": "https://secret.example"}
    StandinSqs(refuses=frozenset({"no"})).queue().send_all(
        [(too_large, "acme"), ({"job_id": "j1", "t": "hidden"}, "no")]
    )
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["messages"], line["reason"]) for line in lines] == [
        ([{"delivery_id": "d1"}], "larger than SQS takes"),
        ([{"job_id": "j1"}], "SQS answered InternalError"),
    ]
    assert "secret" not in log.getvalue()
    assert "hidden" not in log.getvalue()


def test_messages_refused_within_a_batch_are_counted() -> None:
    """Where SQS takes a batch but for some, those are what was not taken."""
    sqs = StandinSqs(refuses=frozenset({"no"}))
    assert sqs.queue().send_all([({"n": n}, "no" if n % 4 == 0 else "yes") for n in range(12)]) == 3
    assert len(sqs.bodies) == 9


@pytest.mark.parametrize("fault", [refusal("InternalFailure"), silence()])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_batch_that_fails_keeps_no_other_back(fault: Exception, place: int) -> None:
    """Of three batches one fails, whichever: its ten are counted and the other twenty are sent."""
    sqs = StandinSqs(fault=lambda number: fault if number == place else None)
    assert sqs.queue().send_all(messages(30)) == 10
    assert len(sqs.bodies) == 20


def test_a_queue_that_is_away_is_not_asked_for_ever() -> None:
    """After three batches in a row have failed the rest is counted and not tried."""
    sqs = StandinSqs(fault=lambda _: silence())
    assert sqs.queue().send_all(messages(100)) == 100
    assert sqs.calls == 3


def test_failures_between_successes_do_not_add_up() -> None:
    """Two failed batches, a good one, two failed ones and a good one: every batch is tried."""
    sqs = StandinSqs(fault=lambda number: None if number % 3 == 2 else silence())
    assert sqs.queue().send_all(messages(60)) == 40
    assert sqs.calls == 6


def test_a_mistake_of_ours_is_not_hidden() -> None:
    """What is no fault of SQS comes out: a message that is no JSON is a bug."""
    with pytest.raises(TypeError):
        StandinSqs().queue().send_all([({"job_id": object()}, "acme")])


def test_one_and_many_have_budgets_of_their_own() -> None:
    """A single message is tried once, a batch twice, and each way has one client for good."""
    sqs = StandinSqs()
    queue = sqs.queue()
    for _ in range(2):
        queue.send({"n": 1}, group="acme")
        queue.send_all(messages(1))
    assert sqs.budgets == [clients.DOORBELL, clients.BATCH]
