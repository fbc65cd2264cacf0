"""economy: batches that are looked for, that disappear, and whose results come in part or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

import pytest
from claimcheck.batching import EconomySettings
from claimcheck.model.batches import ClaudeBatches
from claimcheck.store.faults import StoreError
from claimcheck.usecases.batch_results import Results
from claimcheck.usecases.economy import Economy

from tests.integration.functions.documents import EXTRACT, numbered
from tests.integration.functions.economy_rounds import Rounds, Unread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.batches import Told
    from claimcheck.store.connection import Database

    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

ECONOMY: dict[str, Any] = {"priority": "economy"}
PASSES: LiteralString = "UPDATE batches SET expires_at = expires_at - make_interval(mins => %s)"
SETTINGS = EconomySettings("", "", "", "", wait_s=0.0)


@pytest.fixture
def rounds(stage: Stage, rows: Rows, model: ModelGate) -> Rounds:
    """The function, in a time that the test makes."""
    return Rounds(stage, rows, model)


class Refused(Results):
    """The first results are such that the database does not take them."""

    refused = False

    def settle(self, batch_id: str, told: Sequence[Told]) -> None:
        """Once not."""
        if not self.refused:
            self.refused = True
            raise StoreError("refused")
        super().settle(batch_id, told)


class Noting(Results):
    """Remembers how many results each transaction had."""

    noted: list[int]

    def settle(self, batch_id: str, told: Sequence[Told]) -> None:
        """As it is."""
        self.noted.append(len(told))
        super().settle(batch_id, told)


def test_a_batch_that_disappeared_is_given_up_in_the_end(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate
) -> None:
    """While its job has a day left: what it cost nobody knows, its job says so, and asks again."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    rounds.one()
    model.faults.control("DELETE", "/batches")
    rows.run(PASSES, [25 * 60])
    rounds.one()
    assert stage.read(job_id)["batch"] is not None
    rows.run(PASSES, [90])
    rounds.one()
    assert stage.work(job_id) == []
    assert stage.read(job_id)["usage"]["unknown_calls"] == 1
    rows.make_due()
    (job,) = rounds.answered(job_id)
    assert (job["status"], job["usage"]["calls"]) == ("completed", 2)


def test_results_that_lack_some_are_read_again(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """What came in part is paid for as a whole: the batch stays at the API until all of it is read."""
    jobs = [stage.accept(**numbered(number), **ECONOMY) for number in range(4)]
    assert stage.work(*jobs) == []
    rounds.one()
    rounds.fault("results", "short")
    rounds.ended()
    assert len(rounds.at_the_api()) == 1
    assert len(rows.all("SELECT call_id FROM batch_requests")) == 2
    rounds.one()
    assert rounds.at_the_api() == []
    assert stage.work(*jobs) == []
    usage = [stage.read(job_id)["usage"] for job_id in jobs]
    assert [(each["calls"], each["unknown_calls"]) for each in usage] == [(1, 0)] * 4
    assert len(rounds.asked()) == 4


def test_results_that_never_come_are_given_up(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """Two hours after the batch's time nobody waits for them any more: their jobs ask again, and say so."""
    jobs = [stage.accept(**numbered(number), **ECONOMY) for number in range(2)]
    assert stage.work(*jobs) == []
    rounds.one()
    rows.run("UPDATE batches SET expires_at = now() - interval '3 hours'")
    rounds.fault("results", "short")
    rounds.ended()
    assert [each["outcome"] for each in rows.all("SELECT outcome FROM batches")] == ["lost"]
    assert rounds.at_the_api() == []  # where its content would lie for a month
    assert stage.work(*jobs) == []
    rows.make_due()
    found = rounds.answered(*jobs)
    assert [job["status"] for job in found] == ["completed", "completed"]
    assert sorted(job["usage"]["unknown_calls"] for job in found) == [0, 1]


def test_a_result_that_is_none_fails_its_question_alone(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """The others of its batch are answered; what it cost nobody knows, and it is asked again."""
    jobs = [stage.accept(**numbered(number), **ECONOMY) for number in range(3)]
    assert stage.work(*jobs) == []
    rounds.one()
    rounds.fault("results", "odd")
    rounds.ended()
    assert stage.work(*jobs) == []
    statuses = sorted(stage.read(job_id)["status"] for job_id in jobs)
    assert statuses == ["completed", "completed", "pending"]
    rows.make_due()
    found = rounds.answered(*jobs)
    assert sorted(job["usage"]["unknown_calls"] for job in found) == [0, 0, 1]


def test_our_own_batches_are_not_taken_for_it(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate
) -> None:
    """One whose name is known is nobody else's: it is not waited for, however long the API works on it."""
    model.faults.control("PUT", "/batches/seconds", {"seconds": None})
    under_way, asked = (stage.accept(**numbered(number), **ECONOMY) for number in range(2))
    assert stage.work(under_way) == []
    rounds.one()
    assert stage.work(asked) == []
    rounds.fault("create", "status", status=500)
    assert rounds.one()["sent"] == 0
    rows.run("UPDATE batches SET created_at = created_at - interval '16 minutes' WHERE api_id IS NULL")
    assert rounds.one()["sent"] == 1


@pytest.mark.parametrize(("theirs", "sent_again"), [(1, False), (2, True)], ids=["as large", "larger"])
def test_what_may_be_ours_is_waited_for(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate, *, theirs: int, sent_again: bool
) -> None:
    """While the API works on a batch of the same size nothing is sent again, however long that takes."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    rounds.fault("create", "status", status=500)
    assert rounds.one()["sent"] == 0
    model.faults.control("PUT", "/batches/seconds", {"seconds": None})
    params = {"model": "offline", "max_tokens": 9, "messages": []}
    asked = [{"custom_id": f"theirs-{number}", "params": params} for number in range(theirs)]
    with model.faults.sync_client() as client:
        client.messages.batches.create(requests=asked)  # type: ignore[arg-type]  # refused later
    # They were made at the same time; the API's clock goes on.
    rows.run("UPDATE batches SET created_at = created_at - interval '16 minutes'")
    assert rounds.one()["sent"] == int(sent_again)
    rounds.ended()
    rounds.ended()
    (job,) = rounds.answered(job_id)
    assert (job["status"], job["usage"]["calls"], job["usage"]["unknown_calls"]) == ("completed", 1, 0)


def test_a_batch_of_others_that_cannot_be_read_hides_none_of_ours(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate
) -> None:
    """A batch whose name was lost is found all the same, whatever lies beside it."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    rounds.fault("create", "lost")
    assert rounds.one()["sent"] == 0
    others = {"custom_id": "theirs", "params": {"model": "offline", "max_tokens": 9, "messages": []}}
    with model.faults.sync_client() as client:  # newer, so it is looked into first
        client.messages.batches.create(requests=[others])  # type: ignore[list-item]  # refused later
    rounds.fault("results", "status", status=500)
    rounds.ended()
    (job,) = rounds.answered(job_id)
    assert (job["status"], job["usage"]["unknown_calls"]) == ("completed", 0)
    assert len([call for call in rounds.asked() if call["status"] == 200]) == 1


def test_a_batch_that_is_looked_for_in_vain_is_given_up(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """Where the API does not say for a day and a half whether it has it: its job asks again, and says so."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    rounds.fault("create", "status", status=500)
    assert rounds.one()["sent"] == 0
    rounds.fault("list", "status", status=500, times=2)
    rows.run("UPDATE batches SET created_at = created_at - interval '35 hours'")
    rounds.one()
    assert stage.read(job_id)["batch"] is not None
    rows.run("UPDATE batches SET created_at = created_at - interval '2 hours'")
    rounds.one()
    assert [each["outcome"] for each in rows.all("SELECT outcome FROM batches")] == ["lost"]
    assert stage.work(job_id) == []
    rows.make_due()
    (job,) = rounds.answered(job_id)
    assert (job["status"], job["usage"]["unknown_calls"]) == ("completed", 1)


def test_a_batch_that_cannot_be_noted_keeps_no_other(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate, database: Database
) -> None:
    """Whatever it is that goes wrong with one, the next is read, and what waits is sent."""
    model.faults.control("PUT", "/batches/seconds", {"seconds": None})
    first, second, third = (stage.accept(**numbered(number), **ECONOMY) for number in range(3))
    for job_id in (first, second):
        assert stage.work(job_id) == []
        rounds.one()
    assert stage.work(third) == []
    model.faults.control("POST", "/batches/end", {"unanswered": None})
    rows.run("UPDATE batches SET due_at = created_at")
    economy = Economy(
        database,
        batches=ClaudeBatches(model.faults.sync_client),
        objects=Unread(),
        results=Refused(database, Unread(), lease_s=60, at_once=10),
        settings=SETTINGS,
    )
    left = iter([300.0] * 4)
    done = economy(remaining_s=lambda: next(left, 160.0))
    assert (done.looked_at, done.sent) == (2, 1)
    outcomes = [each["outcome"] for each in rows.all("SELECT outcome FROM batches ORDER BY created_at")]
    assert outcomes == [None, "settled", None]


def test_a_large_batch_is_given_up_piece_by_piece(
    stage: Stage, rounds: Rounds, rows: Rows, database: Database
) -> None:
    """One transaction of ten thousand jobs takes longer than a statement may, and holds them all."""
    jobs = [stage.accept(**numbered(number), **ECONOMY) for number in range(5)]
    assert stage.work(*jobs) == []
    rounds.one()
    (batch,) = rows.all("SELECT id::text FROM batches")
    results = Noting(database, Unread(), lease_s=60, at_once=2)
    results.noted = []
    results.give_up(batch["id"])
    assert results.noted == [2, 2, 1]
    assert {stage.read(job_id)["usage"]["unknown_calls"] for job_id in jobs} == {1}
    assert rows.all("SELECT call_id FROM batch_requests") == []
