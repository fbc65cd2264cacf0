"""submit and status: what a warm call says to the database and to SQS, counted on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from moto.server import ThreadedMotoServer

from bench.wire import CountingRelay
from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import api_call, get_job, list_jobs, post_job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Server
    from tests.integration.functions.stage import Stage


@dataclass(frozen=True)
class Wires:
    """A deployment whose every word to the database and to SQS goes by way of a relay."""

    stage: Stage
    database: CountingRelay
    sqs: CountingRelay

    def spoken(self, name: str, event: Any, status: int) -> tuple[int, int]:
        """Round trips of one call: to the database, to SQS."""
        self.database.reset()
        self.sqs.reset()
        answer = self.stage.call(name, event)
        assert answer["statusCode"] == status, answer
        return self.database.round_trips, self.sqs.round_trips


@pytest.fixture
def wires(stage: Stage, server: Server, database_url: str) -> Iterator[Wires]:
    """The queues are moto's, and this server shows the same ones on a port."""
    aws = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    aws.start()
    host, port = aws.get_host_and_port()
    parts = urlsplit(database_url)
    try:
        with (
            CountingRelay(str(parts.hostname), int(parts.port or 0)) as database,
            CountingRelay(host, port) as sqs,
        ):
            user, at, _ = parts.netloc.rpartition("@")
            relayed = urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{database.port}"))
            stage.move_to(relayed, server.address_of(relayed))
            stage.override(AWS_ENDPOINT_URL_SQS=f"http://127.0.0.1:{sqs.port}")
            yield Wires(stage, database, sqs)
    finally:
        aws.stop()


def test_a_warm_submit_speaks_once_to_each(wires: Wires) -> None:
    """Document, job, event and doorbell: one round trip to the database and one to SQS."""
    wires.stage.accept(**EXTRACT)
    assert [wires.spoken("submit", post_job("extract", EXTRACT), 202) for _ in range(3)] == [(1, 1)] * 3
    assert len(wires.stage.received("JobsQueue")["Records"]) == 4


def test_a_new_key_costs_nothing_more(wires: Wires) -> None:
    """An Idempotency-Key is stored by the same statement, which tells a repetition what it stands for."""
    wires.stage.accept(**EXTRACT)
    first, again = (post_job("extract", EXTRACT, idempotency_key="order-17") for _ in range(2))
    assert wires.spoken("submit", first, 202) == (1, 1)
    assert wires.spoken("submit", again, 202) == (1, 0)


def test_a_refused_body_speaks_to_nobody(wires: Wires) -> None:
    """What is wrong with a request is found without the database."""
    wires.stage.accept(**EXTRACT)
    assert wires.spoken("submit", post_job("extract", {**EXTRACT, "fields": []}), 422) == (0, 0)


def test_a_warm_status_speaks_once_to_the_database(wires: Wires) -> None:
    """The job, the list of jobs and the limits are one statement each."""
    job_id = wires.stage.accept(**EXTRACT)
    wires.stage.read(job_id)
    assert wires.spoken("status", get_job(job_id), 200) == (1, 0)
    assert wires.spoken("status", list_jobs(), 200) == (1, 0)
    assert wires.spoken("status", api_call("GET", "/limits"), 200) == (1, 0)


def test_a_large_result_costs_no_further_round_trip(wires: Wires) -> None:
    """Whether it is linked to is known by the same statement; a link is signed without asking anybody."""
    wires.stage.override(ANSWER_BYTES="300")
    job_id = wires.stage.accept(**EXTRACT)
    wires.stage.work(job_id)
    assert "/results/" in wires.stage.read(job_id)["result_link"]["url"]
    assert wires.spoken("status", get_job(job_id), 200) == (1, 0)
