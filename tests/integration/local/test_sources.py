"""SQS event source mappings against an emulator of SQS, and schedules."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local.lambdas.pool import FunctionPool
from local.sources import Sources
from local.system import Api, Physical, Queue, Schedule, SqsSource, System
from tests.integration.local.conftest import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from mypy_boto3_sqs import SQSClient

    from local.system import Function
    from tests.integration.local.conftest import WriteFunction

# Writes each event to a file of its own, then does with the records what their bodies ask for.
WORKER = """
    import json, os, pathlib, time, uuid
    def handler(event, context):
        folder = pathlib.Path(os.environ["SEEN"])
        (folder / f"{uuid.uuid4()}.part").write_text(json.dumps(event))
        for part in folder.glob("*.part"):
            part.rename(part.with_suffix(".json"))
        failed, answer = [], {"batchItemFailures": []}
        for record in event.get("Records", []):
            order = json.loads(record["body"])
            while "gate" in order and not os.path.exists(order["gate"]):
                time.sleep(0.01)
            if order.get("raise"):
                raise RuntimeError("asked for")
            if order.get("fail"):
                answer["batchItemFailures"].append({"itemIdentifier": record["messageId"]})
            if "answer" in order:
                return order["answer"]
        return answer
"""


class Bench:
    """A function with a queue of its own, its event source, and what the function saw."""

    def __init__(
        self, system: System, sources: Sources, pool: FunctionPool, client: SQSClient, seen: Path
    ) -> None:
        self.sources = sources
        self.pool = pool
        self._client = client
        self._seen = seen
        self._queues = system.queues

    def send(self, *bodies: Mapping[str, Any], **options: Any) -> None:
        """Put up to ten messages on the queue in one call."""
        entries: Any = [
            {"Id": str(i), "MessageBody": json.dumps(body), **options} for i, body in enumerate(bodies)
        ]
        assert not self._client.send_message_batch(QueueUrl=self._queues["Q"].url, Entries=entries).get(
            "Failed"
        )

    def events(self) -> list[dict[str, Any]]:
        """The events that the function was given."""
        return [json.loads(path.read_text(encoding="utf-8")) for path in self._seen.glob("*.json")]

    def records(self) -> list[dict[str, Any]]:
        """The records of all events."""
        return [record for event in self.events() for record in event["Records"]]

    def depth(self, queue: str = "Q") -> tuple[int, int]:
        """How many messages of a queue are visible and how many are in flight."""
        attributes = self._client.get_queue_attributes(
            QueueUrl=self._queues[queue].url, AttributeNames=["All"]
        )["Attributes"]
        return (
            int(attributes["ApproximateNumberOfMessages"]),
            int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        )


@pytest.fixture
def client(emulator_url: str) -> SQSClient:
    """An SQS client of the emulator."""
    return boto3.client(
        "sqs",
        endpoint_url=emulator_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


class Workshop:
    """Opens benches, one a test."""

    def __init__(self, url: str, client: SQSClient, write: WriteFunction, folder: Path) -> None:
        self._url = url
        self._client = client
        self._write = write
        self._folder = folder

    def _queue(self, physical: Physical, logical_id: str, **fields: Any) -> Queue:
        name = physical.name(logical_id)
        return Queue(logical_id, name, physical.queue_url(name), physical.arn("sqs", name), **fields)

    @contextlib.asynccontextmanager
    async def open(
        self,
        *,
        visibility: int = 30,
        schedules: tuple[Schedule, ...] = (),
        concurrency: int = 10,
        **source: Any,
    ) -> AsyncIterator[Bench]:
        """A system of one function; `source` are fields of its event source mapping."""
        physical = Physical(aws_endpoint=self._url, stack=f"t{uuid.uuid4().hex[:8]}")
        dead = self._queue(physical, "Dead")
        queue = self._queue(
            physical, "Q", visibility_timeout=visibility, dead_letter="Dead", max_receive_count=2
        )
        queues = {"Dead": dead, "Q": queue}
        for each in queues.values():
            self._client.create_queue(QueueName=each.name, Attributes=each.attributes(queues))  # type: ignore[arg-type]
        seen = self._folder / "seen"
        seen.mkdir()
        function: Function = self._write(WORKER, name="Worker", environment={"SEEN": str(seen)})
        mapping = SqsSource("Worker.Q", "Worker", "Q", **{"report_batch_item_failures": True, **source})
        system = System(physical, {"Worker": function}, (), Api(), (mapping,), schedules, queues, buckets={})
        pool = FunctionPool(function, logs=self._folder / "logs", concurrency=concurrency)
        sources = Sources(
            system, {"Worker": pool}, sqs_endpoint=self._url, region="us-east-1", schedule_delay_s=0.05
        )
        try:
            yield Bench(system, sources, pool, self._client, seen)
        finally:
            await sources.close()
            await pool.close()


@pytest.fixture
def workshop(emulator_url: str, client: SQSClient, write_function: WriteFunction, tmp_path: Path) -> Workshop:
    """Where a test opens its bench."""
    return Workshop(emulator_url, client, write_function, tmp_path)


def test_a_batch_is_given_and_deleted(workshop: Workshop) -> None:
    """Ten waiting messages are one event, and they are gone from the queue when the function succeeded."""

    async def scenario() -> None:
        async with workshop.open() as bench:
            bench.send(*({"n": n} for n in range(10)))
            await bench.sources.start()
            await until(lambda: bench.depth() == (0, 0))
            assert len(bench.events()) == 1
            assert sorted(json.loads(record["body"])["n"] for record in bench.records()) == list(range(10))

    asyncio.run(scenario())


def test_a_record_is_lambdas(workshop: Workshop) -> None:
    """A record has the fields of a real one, with the message's group and its attributes."""

    async def scenario() -> None:
        async with workshop.open() as bench:
            attribute = {"kind": {"DataType": "String", "StringValue": "x"}}
            bench.send({}, MessageAttributes=attribute, MessageGroupId="tenant")
            await bench.sources.start()
            await until(bench.records)
            record = bench.records()[0]
        assert set(record) == {
            "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody",
            "md5OfMessageAttributes", "eventSource", "eventSourceARN", "awsRegion",
        }  # fmt: skip
        assert record["eventSource"] == "aws:sqs"
        assert record["eventSourceARN"].endswith("-Q")
        assert record["attributes"]["ApproximateReceiveCount"] == "1"
        assert record["attributes"]["SentTimestamp"].isdigit()
        assert record["attributes"]["MessageGroupId"] == "tenant"
        assert record["messageAttributes"]["kind"] == {
            "stringValue": "x", "stringListValues": [], "binaryListValues": [], "dataType": "String",
        }  # fmt: skip

    asyncio.run(scenario())


def test_only_what_failed_comes_back(workshop: Workshop) -> None:
    """After a partial failure the rest is deleted; the failed message comes again after its time."""

    async def scenario() -> None:
        async with workshop.open(visibility=1) as bench:
            bench.send({"n": 1}, {"n": 2, "fail": True}, {"n": 3})
            await bench.sources.start()
            await until(lambda: len(bench.records()) == 4)
            again = [r for r in bench.records() if r["attributes"]["ApproximateReceiveCount"] == "2"]
            assert [json.loads(record["body"])["n"] for record in again] == [2]

    asyncio.run(scenario())


def test_what_fails_too_often_is_a_dead_letter(workshop: Workshop) -> None:
    """A message that fails as often as the queue allows is moved to the dead-letter queue."""

    async def scenario() -> None:
        async with workshop.open(visibility=1) as bench:
            bench.send({"fail": True})
            await bench.sources.start()
            await until(lambda: bench.depth("Dead")[0] == 1)
            assert len(bench.records()) == 2

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "order",
    [
        {"raise": True},
        {"answer": {"batchItemFailures": [{"itemIdentifier": "unknown"}]}},
        {"answer": {"batchItemFailures": [{"itemIdentifier": ""}]}},
        {"answer": {"batchItemFailures": [{}]}},
        {"answer": {"batchItemFailures": "all"}},
        {"answer": "text"},
    ],
)
def test_a_failed_batch_stays(workshop: Workshop, order: Mapping[str, Any]) -> None:
    """A function error, and an answer that names no message of the batch, leave the whole batch in flight."""

    async def scenario() -> None:
        async with workshop.open() as bench:
            bench.send(order, {})
            await bench.sources.start()
            await until(lambda: bench.events() and not any(s.busy for s in bench.pool.environments()))
            assert bench.depth() == (0, 2)

    asyncio.run(scenario())


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}])
def test_an_empty_answer_is_a_success(workshop: Workshop, answer: Any) -> None:
    """No answer and no failures both delete the batch."""

    async def scenario() -> None:
        async with workshop.open() as bench:
            bench.send({"answer": answer})
            await bench.sources.start()
            await until(lambda: bench.events() and bench.depth() == (0, 0))

    asyncio.run(scenario())


def test_without_partial_failures_the_answer_does_not_matter(workshop: Workshop) -> None:
    """A mapping without ReportBatchItemFailures deletes the batch of a function that did not raise."""

    async def scenario() -> None:
        async with workshop.open(report_batch_item_failures=False) as bench:
            bench.send({"fail": True})
            await bench.sources.start()
            await until(lambda: bench.events() and bench.depth() == (0, 0))

    asyncio.run(scenario())


def test_the_concurrency_limit_leaves_messages_in_the_queue(workshop: Workshop, tmp_path: Path) -> None:
    """What cannot be worked on at once is not received, so that its time does not run."""

    async def scenario() -> None:
        async with workshop.open(batch_size=1, max_concurrency=2) as bench:
            gate = tmp_path / "gate"
            bench.send(*({"gate": str(gate)} for _ in range(5)))
            await bench.sources.start()
            await until(lambda: sum(state.busy for state in bench.pool.environments()) == 2)
            await asyncio.sleep(0.3)  # time enough for a poller that would take too many
            assert bench.depth() == (3, 2)
            gate.touch()
            await until(lambda: bench.depth() == (0, 0))
            assert len(bench.pool.pids()) == 2

    asyncio.run(scenario())


def test_a_batching_window_fills_a_batch(workshop: Workshop) -> None:
    """With a window, messages that come within it join the batch of the first."""

    async def scenario() -> None:
        async with workshop.open(window_s=3, batch_size=3) as bench:
            await bench.sources.start()
            for n in range(3):
                bench.send({"n": n})
                await asyncio.sleep(0.25)
            await until(lambda: len(bench.records()) == 3)
            assert len(bench.events()) == 1

    asyncio.run(scenario())


def test_the_source_outlives_the_emulators_refusals(workshop: Workshop, client: SQSClient) -> None:
    """A queue that is gone for a while is polled again when it is back."""

    async def scenario() -> None:
        async with workshop.open() as bench:
            queue = bench._queues["Q"]
            client.delete_queue(QueueUrl=queue.url)
            await bench.sources.start()
            await asyncio.sleep(0.3)  # at least one refused receive
            client.create_queue(QueueName=queue.name)
            bench.send({})
            await until(lambda: len(bench.records()) == 1)

    asyncio.run(scenario())


def test_a_wake_is_for_the_functions_that_know_the_queue(workshop: Workshop) -> None:
    """Only a function that was told the queue's URL, or works on it, has the queue looked at."""

    async def scenario() -> None:
        async with workshop.open() as bench:
            await bench.sources.start()
            poller = bench.sources._pollers[0]
            function = bench.pool.function
            assert poller.feeds_from(function)
            other = type(function)(**{**vars(function), "environment": {"JOBS": bench._queues["Q"].url}})
            stranger = type(function)(**{**vars(function), "environment": {}})
            assert poller.feeds_from(other)
            assert not poller.feeds_from(stranger)

    asyncio.run(scenario())


def test_a_schedule_fires_soon_after_the_start(workshop: Workshop) -> None:
    """The first firing does not wait for an interval; its event is the scheduler's."""
    schedule = Schedule("Worker.Minute", "Worker", interval_s=60, kind="ScheduleV2")

    async def scenario() -> None:
        async with workshop.open(schedules=(schedule,)) as bench:
            await bench.sources.start()
            await until(bench.events)
            event = bench.events()[0]
            assert event["detail-type"] == "Scheduled Event"
            assert event["source"] == "aws.scheduler"
            assert event["detail"] == "{}"
            assert event["resources"][0].startswith("arn:aws:scheduler:us-east-1:")

    asyncio.run(scenario())


def test_a_schedule_fires_at_its_rate(workshop: Workshop) -> None:
    """A schedule fires again and again, with its own input where it has one."""
    schedule = Schedule("Worker.Often", "Worker", interval_s=1, kind="Schedule", input='{"mine": true}')

    async def scenario() -> None:
        async with workshop.open(schedules=(schedule,)) as bench:
            await bench.sources.start()
            await until(lambda: len(bench.events()) >= 3)
            assert bench.events()[0] == {"mine": True}

    asyncio.run(scenario())


def test_a_schedule_is_triggered_by_name(workshop: Workshop) -> None:
    """`trigger` fires at once and returns what came of it; a name that is no schedule is a KeyError."""
    schedule = Schedule("Worker.Daily", "Worker", interval_s=86_400, kind="Schedule")

    async def scenario() -> None:
        async with workshop.open(schedules=(schedule,)) as bench:
            assert (await bench.sources.trigger("Worker.Daily")).ok
            assert (await bench.sources.trigger("Worker")).ok
            assert bench.events()[0]["source"] == "aws.events"
            with pytest.raises(KeyError):
                await bench.sources.trigger("Nobody")

    asyncio.run(scenario())
