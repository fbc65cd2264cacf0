"""economy: what should not happen, and does: batches that turn up too late, questions that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.batching import EconomySettings
from claimcheck.failures import UnavailableError
from claimcheck.model.batches import ClaudeBatches
from claimcheck.store.batches import release_batch
from claimcheck.store.connection import Database
from claimcheck.store.jobs import cancel_job
from claimcheck.store.tenants import delete_tenant_page, end_tenant
from claimcheck.usecases.batch_results import Results, custom_id, named
from claimcheck.usecases.economy import Economy
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.functions.documents import EXTRACT, numbered
from tests.integration.functions.economy_rounds import Rounds, Unread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.model.types import BatchQuestion, KnownBatch

    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

ECONOMY: dict[str, Any] = {"priority": "economy"}
LONG = "The insurer pays within thirty days.\n" * 8_000
SETTINGS = EconomySettings("", "", "", "", wait_s=0.0)


@pytest.fixture
def rounds(stage: Stage, rows: Rows, model: ModelGate) -> Rounds:
    """The function, in a time that the test makes."""
    return Rounds(stage, rows, model)


class HeldUp(ClaudeBatches):
    """Between the API's answer and its caller's next statement so much time passes that others give up."""

    def __init__(self, model: ModelGate, database: Database) -> None:
        super().__init__(model.faults.sync_client)
        self._database = database

    def create(self, questions: Sequence[BatchQuestion]) -> KnownBatch:
        """Handed in, and nobody believes so."""
        known = super().create(questions)
        names = named(questions[0].custom_id)
        assert names is not None
        assert release_batch(self._database, names[0], "never_sent") == len(questions)
        return known


def test_a_batch_that_was_sent_too_late_is_stopped(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate, database: Database
) -> None:
    """Its questions are on their way into another one by then: the API is told to stop it, and they go on."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    model.faults.control("PUT", "/batches/seconds", {"seconds": None})
    held_up = HeldUp(model, database)
    results = Results(database, Unread(), lease_s=60, at_once=10)
    economy = Economy(database, batches=held_up, objects=Unread(), results=results, settings=SETTINGS)
    # With the time for one round: its questions are parked again when it ends.
    left = iter([300.0, 300.0, 0.0])
    economy(remaining_s=lambda: next(left, 0.0))
    (late,) = rounds.at_the_api()
    assert late["processing_status"] == "ended"
    assert late["request_counts"]["canceled"] == 1
    (job,) = rounds.answered(job_id)
    assert (job["status"], job["usage"]["calls"]) == ("completed", 1)
    outcomes = {each["outcome"] for each in rows.all("SELECT outcome FROM batches")}
    assert outcomes == {"settled"}


class Withdrawing(Unread):
    """A bucket that is out of reach; meanwhile somebody cancels a job."""

    def __init__(self, database: Database, job_id: str) -> None:
        self._database = database
        self._job_id = job_id

    def get(self, key: str) -> bytes:
        """Nothing is read."""
        assert cancel_job(self._database, "acme", self._job_id) is not None
        raise UnavailableError(key)


def test_a_question_that_is_taken_back_at_the_last_moment_is_not_sent(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate, database: Database
) -> None:
    """What the API is asked is what its row says: by their number a batch whose name is lost is known."""
    lost = stage.accept("summarise", document={"text": LONG}, **ECONOMY)
    cancelled, there = (stage.accept(**numbered(number), **ECONOMY) for number in range(2))
    assert stage.work(lost, cancelled, there) == []
    model.faults.control("PUT", "/batches/seconds", {"seconds": None})
    economy = Economy(
        database,
        batches=ClaudeBatches(model.faults.sync_client),
        objects=Withdrawing(database, cancelled),
        results=Results(database, Unread(), lease_s=60, at_once=10),
        settings=SETTINGS,
    )
    left = iter([300.0, 300.0, 0.0])
    economy(remaining_s=lambda: next(left, 0.0))
    (known,) = rounds.at_the_api()
    assert known["request_counts"]["processing"] == 1
    assert [each["requests"] for each in rows.all("SELECT requests FROM batches")] == [1]


def test_a_question_that_cannot_be_read_keeps_no_other(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """One whose body is gone from the bucket goes back to its job and is parked anew; others are sent."""
    lost = stage.accept("summarise", document={"text": LONG}, **ECONOMY)
    there = stage.accept(**numbered(1), **ECONOMY)
    assert stage.work(lost, there) == []
    ((key,),) = [
        list(each.values())
        for each in rows.all("SELECT body_key FROM batch_requests WHERE body_key IS NOT NULL")
    ]
    stage.s3.delete_object(Bucket=stage.bucket, Key=key)
    assert rounds.one()["sent"] == 1
    rounds.ended()
    assert stage.work(there, lost) == []
    assert stage.read(there)["status"] == "completed"
    row = rows.job(lost)
    assert (row["status"], row["failures"], row["last_failure"]["code"]) == (
        "pending",
        0,
        "storage_unavailable",
    )
    rows.make_due()
    (job,) = rounds.answered(lost)
    assert job["status"] == "completed"


def test_questions_that_go_in_batches_share_no_beginning(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """Nobody waits for one that writes the prompt cache, since nobody knows which that will be."""
    jobs = [stage.accept("summarise", document={"text": LONG}, **ECONOMY) for _ in range(2)]
    assert stage.work(*jobs) == []
    assert rows.all("SELECT lead_job FROM prompt_prefixes") == []
    assert len(rows.all("SELECT call_id FROM batch_requests")) == 2


def test_what_is_under_way_in_a_batch_is_not_called_for_as_well(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate
) -> None:
    """A job that goes by calls from now on waits for the answer of a batch that has its question."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    model.faults.control("PUT", "/batches/seconds", {"seconds": None})
    rounds.one()
    # Another of its questions expired, and something else woke it.
    rows.run("UPDATE jobs SET available_at = now(), fell_back = true")
    assert stage.work(job_id) == []
    assert rows.job(job_id)["attempt"] == 2
    assert (len(model.calls), stage.read(job_id)["batch"]["questions"]) == (0, 1)
    rounds.ended()
    assert stage.work(job_id) == []
    job = stage.read(job_id)
    assert (job["status"], job["usage"]["calls"], len(model.calls)) == ("completed", 1, 0)


def test_a_round_that_has_no_time_left_leaves_the_rest(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """Results are read on by the next round; nothing is begun that could not be ended."""
    stage.override(NOTE_AT_ONCE="1")
    jobs = [stage.accept(**numbered(number), **ECONOMY) for number in range(3)]
    assert stage.work(*jobs) == []
    rounds.one()
    rows.run("UPDATE batches SET due_at = now()")
    database = Database(stage._database["postgresql://each-test-has-its-own"])
    try:
        left = iter([300.0, 300.0, 30.0])
        results = Results(database, Unread(), lease_s=60, at_once=1)
        batches = ClaudeBatches(rounds._model.faults.sync_client)
        economy = Economy(database, batches=batches, objects=Unread(), results=results, settings=SETTINGS)
        economy(remaining_s=lambda: next(left, 0.0))
    finally:
        database.close()
    noted = "SELECT count(*) AS n FROM model_calls WHERE batch IS NOT NULL"
    assert 0 < rows.one(noted)["n"] < 3
    rounds.one()
    assert rows.one(noted)["n"] == 3


def test_a_tenant_that_ends_takes_its_questions_along(
    stage: Stage, rounds: Rounds, rows: Rows, database: Database
) -> None:
    """Nothing of a deleted tenant is sent, and nothing of it is left to be sent."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    assert end_tenant(database, "acme")
    delete_tenant_page(database, "acme", "jobs", after="", limit=10)
    assert rows.all("SELECT call_id FROM batch_requests") == []
    assert rounds.one() == {"looked_at": 0, "sent": 0}


@given(st.uuids(), st.uuids())
def test_a_question_s_name_says_whose_it_is(batch: Any, call: Any) -> None:
    """Batch and call, in as many letters as the API takes."""
    name = custom_id(str(batch), str(call))
    assert len(name) == 64
    assert name.isalnum()
    assert named(name) == (str(batch), str(call))


@pytest.mark.parametrize("name", ["", "theirs", "x" * 64, "f" * 63])
def test_another_s_name_is_no_question_of_ours(name: str) -> None:
    """Whatever others call theirs."""
    assert named(name) is None
