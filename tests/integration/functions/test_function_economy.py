"""economy: questions of economy jobs are answered in batches, at half the price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.offline import wire
from tests.integration.functions.documents import CLAIM, EXTRACT, numbered
from tests.integration.functions.economy_rounds import Rounds
from tests.integration.functions.recorded import cancel_job, recorded

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

ECONOMY: dict[str, Any] = {"priority": "economy"}
LONG = "\n".join(f"Paragraph {number}. {CLAIM}" for number in range(160))


@pytest.fixture
def rounds(stage: Stage, rows: Rows, model: ModelGate) -> Rounds:
    """The function, in a time that the test makes."""
    return Rounds(stage, rows, model)


def test_an_economy_job_costs_half(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same question in a batch has the same answer and usage as a call, and half of its price."""
    monkeypatch.setattr(wire, "MODEL", "claude-haiku-5-5")  # the stand-in itself costs nothing
    stage.override(MODEL_STANDARD="claude-haiku-5-5")
    called = stage.accept(**EXTRACT)
    assert stage.work(called) == []
    (batched,) = rounds.answered(stage.accept(**EXTRACT, **ECONOMY))
    standard = stage.read(called)
    assert batched["status"] == standard["status"] == "completed"
    assert batched["result"] == standard["result"]
    assert standard["usage"]["cost_usd"] > 0
    assert batched["usage"] == {**standard["usage"], "cost_usd": standard["usage"]["cost_usd"] / 2}
    assert len(model.calls) == len(rounds.asked()) == 1
    (call,) = rows.calls(batched["job_id"])
    (batch,) = rows.all("SELECT id, outcome FROM batches")
    assert (call["batch"], batch["outcome"]) == (batch["id"], "settled")


def test_a_job_says_what_it_waits_for(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """While its questions wait, a job is pending and says since when; its trail tells of it."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.read(job_id)["batch"] is None
    assert stage.work(job_id) == []
    waiting = stage.read(job_id)
    assert (waiting["status"], waiting["batch"]["questions"]) == ("pending", 1)
    assert waiting["created_at"] <= waiting["batch"]["since"]
    assert (waiting["usage"]["calls"], waiting["usage"]["unknown_calls"]) == (0, 0)
    rounds.one()
    assert stage.read(job_id)["usage"]["unknown_calls"] == 0
    rounds.ended()
    assert stage.bodies("JobsQueue")[-1] == {"job_id": job_id}
    assert stage.work(job_id) == []
    assert stage.read(job_id)["batch"] is None
    kinds = [kind for kind, _ in rows.trail(job_id)]
    assert kinds == ["accepted", "claimed", "batched", "answered", "claimed", "completed"]


def test_questions_wait_for_company(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """Nothing is sent before it has waited; then all go together, and the API forgets what has been read."""
    stage.override(WAIT_S="300")
    jobs = [stage.accept(**numbered(number), **ECONOMY) for number in range(3)]
    assert stage.work(*jobs) == []
    assert rounds.one() == {"looked_at": 0, "sent": 0}
    rows.run("UPDATE batch_requests SET parked_at = parked_at - interval '300 seconds'")
    assert rounds.one() == {"looked_at": 0, "sent": 1}
    assert [batch["request_counts"]["processing"] for batch in rounds.at_the_api()] in ([3], [0])
    rounds.ended()
    assert rounds.at_the_api() == []
    assert stage.work(*jobs) == []
    assert {stage.read(job_id)["status"] for job_id in jobs} == {"completed"}
    assert len(rounds.asked()) == 3


def test_all_parts_of_a_document_wait_together(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """A long document's questions are parked in one attempt, and what follows from them in the next."""
    stage.override(CONTEXT_TOKENS="20000")
    job_id = stage.accept("summarise", document={"text": LONG * 3}, **ECONOMY)
    assert stage.work(job_id) == []
    parts = stage.read(job_id)["batch"]["questions"]
    assert parts > 4
    (job,) = rounds.answered(job_id)
    assert job["status"] == "completed"
    assert [kind for kind, _ in rows.trail(job_id)].count("batched") == 2  # the parts, and their summary
    assert len(rounds.asked()) == job["usage"]["calls"] == parts + 1


def test_a_long_question_lies_in_the_bucket_until_it_is_sent(
    stage: Stage, rounds: Rounds, rows: Rows
) -> None:
    """A request that is too long for a row is put aside, sent from there, and to be deleted then."""
    job_id = stage.accept("summarise", document={"text": LONG * 6}, **ECONOMY)
    assert stage.work(job_id) == []
    keys = [each["body_key"] for each in rows.all("SELECT body_key FROM batch_requests")]
    assert all(key.startswith(f"requests/acme/{job_id}/") for key in keys)
    assert rounds.one()["sent"] == 1
    assert {each["key"] for each in rows.all("SELECT key FROM deletions")} == set(keys)
    rounds.ended()
    (job,) = rounds.answered(job_id)
    assert job["status"] == "completed"


def test_a_refused_batch_is_sent_again(stage: Stage, rounds: Rounds) -> None:
    """Where the API takes nothing at this moment, questions wait for the next round."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    rounds.fault("create", "status", status=429)
    assert rounds.one()["sent"] == 0
    assert rounds.one()["sent"] == 1
    rounds.ended()
    (job,) = rounds.answered(job_id)
    assert job["status"] == "completed"
    assert len(rounds.asked()) == 1


def test_a_batch_that_is_refused_as_a_whole_is_halved(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """The questions beside one that the API does not take are sent without it; that one fails."""
    jobs = [stage.accept(**numbered(number), **ECONOMY) for number in range(2)]
    assert stage.work(*jobs) == []
    rounds.fault("create", "status", status=400, times=2)  # both, then the first of them alone
    assert rounds.one()["sent"] == 3
    rounds.ended()
    assert stage.work(*jobs) == []
    assert sorted(stage.read(job_id)["status"] for job_id in jobs) == ["completed", "failed"]
    outcomes = [each["outcome"] for each in rows.all("SELECT outcome FROM batches ORDER BY created_at")]
    assert outcomes == ["refused", "refused", "settled"]


@pytest.mark.parametrize("foreign", [False, True], ids=["alone", "beside a batch of others"])
def test_a_batch_whose_name_was_lost_is_found(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate, *, foreign: bool
) -> None:
    """Taken by the API, and nobody told: its questions are not sent again, and its results are read."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    if foreign:
        others = {"custom_id": "theirs", "params": {"model": "offline", "max_tokens": 9, "messages": []}}
        with model.faults.sync_client() as client:
            client.messages.batches.create(requests=[others])  # type: ignore[list-item]  # refused later
    rounds.fault("create", "lost")
    assert rounds.one()["sent"] == 0
    (batch,) = rows.all("SELECT api_id, closed_at FROM batches")
    assert (batch["api_id"], batch["closed_at"]) == (None, None)
    rounds.ended()
    (job,) = rounds.answered(job_id)
    assert (job["status"], job["usage"]["calls"], job["usage"]["unknown_calls"]) == ("completed", 1, 0)
    assert stage.metric("BatchesFound") == 1
    assert len([call for call in rounds.asked() if call["status"] == 200]) == 1


def test_a_batch_that_the_api_has_not_is_sent_again(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """Where nobody knows whether it was taken, its questions wait until the API's list must say so."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    rounds.fault("create", "status", status=500)
    assert rounds.one() == {"looked_at": 0, "sent": 0}
    assert rounds.one() == {"looked_at": 1, "sent": 0}  # not there yet
    rows.run("UPDATE batches SET created_at = created_at - interval '15 minutes'")
    assert rounds.one() == {"looked_at": 1, "sent": 1}
    rounds.ended()
    (job,) = rounds.answered(job_id)
    assert (job["status"], job["usage"]["unknown_calls"]) == ("completed", 0)
    assert len(rounds.asked()) == 1


def test_results_that_break_off_are_read_on(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """Every answer is noted once, in whichever round it came."""
    jobs = [stage.accept(**numbered(number), **ECONOMY) for number in range(4)]
    assert stage.work(*jobs) == []
    rounds.one()
    rounds.fault("results", "lost")
    rounds.ended()
    rounds.one()
    assert stage.work(*jobs) == []
    assert {stage.read(job_id)["usage"]["calls"] for job_id in jobs} == {1}
    assert len(rounds.asked()) == 4
    assert rows.all("SELECT call_id FROM batch_requests") == []


@pytest.mark.parametrize(
    ("fallback", "status", "calls"), [({}, "failed", 0), ({"economy_fallback": "standard"}, "completed", 1)]
)
def test_an_expired_question(
    stage: Stage, rounds: Rounds, model: ModelGate, *, fallback: dict[str, str], status: str, calls: int
) -> None:
    """A batch that the API gives up fails its job; where the caller allows it, the question is called for."""
    job_id = stage.accept(**EXTRACT, **ECONOMY, **fallback)
    assert stage.work(job_id) == []
    model.faults.control("PUT", "/batches/seconds", {"seconds": None})
    rounds.one()
    rounds.ended("expired")
    assert stage.work(job_id) == []
    job = stage.read(job_id)
    assert job["status"] == status
    assert (job["error"] or {}).get("code") == ("batch_expired" if status == "failed" else None)
    assert len(model.calls) == calls
    assert [call.body["model"] for call in model.calls] == ["claude-haiku-5-5"] * calls


def test_a_question_that_failed_in_its_batch_is_asked_again(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate
) -> None:
    """A server's error in a batch uses up one of the job's attempts, as it does for a call."""
    model.faults.fault("status", status=500)
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    rounds.one()
    rounds.ended()
    assert stage.work(job_id) == []
    row = rows.job(job_id)
    assert (row["status"], row["failures"], row["last_failure"]["code"]) == ("pending", 1, "model_error")
    rows.make_due()
    (job,) = rounds.answered(job_id)
    assert (job["status"], job["usage"]["calls"]) == ("completed", 2)


@pytest.mark.parametrize(
    ("fault", "code"),
    [({"kind": "status", "status": 400}, "model_refused_request"), ({"kind": "refusal"}, "model_refusal")],
    ids=["errored", "refusal"],
)
def test_what_a_batch_says_for_good_ends_the_job(
    stage: Stage, rounds: Rounds, model: ModelGate, fault: dict[str, Any], code: str
) -> None:
    """A request that the API refuses, or a model that declines, fails the job as it does for a call."""
    model.faults.fault(**fault)
    (job,) = rounds.answered(stage.accept(**EXTRACT, **ECONOMY))
    assert (job["status"], job["error"]["code"]) == ("failed", code)


def test_a_cancelled_job_is_not_sent(stage: Stage, rounds: Rounds) -> None:
    """A job that is cancelled while its question waits costs nothing."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    assert stage.call("status", cancel_job(job_id))["statusCode"] == 200
    assert rounds.one() == {"looked_at": 0, "sent": 0}
    assert rounds.at_the_api() == rounds.asked() == []


def test_a_job_that_is_cancelled_too_late_pays(
    stage: Stage, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent is paid for: a cancelled job's cost is noted with the result; it stays cancelled."""
    monkeypatch.setattr(wire, "MODEL", "claude-haiku-5-5")
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    rounds.one()
    assert stage.call("status", cancel_job(job_id))["statusCode"] == 200
    rounds.ended()
    job = stage.read(job_id)
    assert job["status"] == "cancelled"
    assert job["usage"]["cost_usd"] > 0


def test_a_cap_makes_several_batches_of_a_job(
    stage: Stage, rounds: Rounds, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where not all questions at their worst fit the cap, the others wait for what the first really cost."""
    monkeypatch.setattr(wire, "MODEL", "claude-haiku-5-5")
    stage.override(CONTEXT_TOKENS="20000")
    probe = stage.accept(document={"text": LONG}, fields=["policy_number"], **ECONOMY)
    assert stage.work(probe) == []
    worst = [float(call["worst_usd"]) for call in rows.calls(probe)]
    job_id = stage.accept(
        document={"text": LONG}, fields=["policy_number"], max_cost_usd=sum(worst) * 0.6, **ECONOMY
    )
    assert stage.work(job_id) == []
    assert 0 < stage.read(job_id)["batch"]["questions"] < len(worst)
    (job,) = rounds.answered(job_id)
    assert (job["status"], job["usage"]["calls"]) == ("completed", len(worst))
    assert job["usage"]["cost_usd"] <= sum(worst) * 0.6


@pytest.mark.parametrize(("hours", "status"), [(30, "pending"), (49, "failed")])
def test_an_economy_job_has_two_days(
    stage: Stage, rounds: Rounds, rows: Rows, hours: int, status: str
) -> None:
    """It waits on when a job of standard priority would be too old; in the end it is given up."""
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    rows.run("UPDATE jobs SET accepted_at = accepted_at - make_interval(hours => %s)", [hours])
    stage.call("sweep", recorded("scheduler"))
    job = stage.read(job_id)
    assert job["status"] == status
    assert (job["error"] or {}).get("code") == ("batched" if status == "failed" else None)
    assert rounds.one()["sent"] == (status == "pending")


@pytest.mark.parametrize(("age", "seconds"), [("0 s", 60), ("1 hour", 360), ("1 day", 900)])
def test_a_batch_is_looked_at_ever_later(
    stage: Stage, rounds: Rounds, rows: Rows, model: ModelGate, *, age: str, seconds: int
) -> None:
    """After a minute at first, after a tenth of its age then, every quarter of an hour at last."""
    stage.override(LOOK_S="60")
    model.faults.control("PUT", "/batches/seconds", {"seconds": None})
    assert stage.work(stage.accept(**EXTRACT, **ECONOMY)) == []
    rounds.one()
    rows.run("UPDATE batches SET created_at = created_at - %s::interval", [age])
    assert rounds.one() == {"looked_at": 1, "sent": 0}
    left = rows.one("SELECT extract(epoch FROM due_at - now())::float8 AS s FROM batches")
    assert seconds - 10 < left["s"] < seconds + 10


def test_without_batches_economy_is_the_smaller_model_at_once(stage: Stage, model: ModelGate) -> None:
    """Where the operator has no batches, an economy job is called for as any other."""
    stage.override(ECONOMY_BATCHES="false")
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    assert stage.read(job_id)["status"] == "completed"
    assert [call.body["model"] for call in model.calls] == ["claude-haiku-5-5"]


def test_a_round_without_work_asks_nobody(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """Where nothing waits, neither the key nor the API is asked; the heartbeat comes all the same."""
    stage.override(ANTHROPIC_SECRET_ARN="nowhere")
    assert rounds.one() == {"looked_at": 0, "sent": 0}
    assert stage.metric("EconomyHeartbeat") == 1
    assert len(rows.all("SELECT name FROM heartbeats WHERE name = 'economy'")) == 1


def test_without_a_key_questions_wait(stage: Stage, rounds: Rounds, rows: Rows) -> None:
    """A secret that is out of reach costs time: nothing is intended that cannot be sent."""
    stage.override(ANTHROPIC_SECRET_ARN="nowhere")
    job_id = stage.accept(**EXTRACT, **ECONOMY)
    assert stage.work(job_id) == []
    assert stage.call("economy", recorded("scheduler"), remaining_s=300) == {"looked_at": 0, "sent": 0}
    assert rows.all("SELECT id FROM batches") == []
