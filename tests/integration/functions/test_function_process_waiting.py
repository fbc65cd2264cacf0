"""process: what holds while the model thinks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, LiteralString

from tests.integration.functions.documents import EXTRACT, numbered
from tests.integration.functions.recorded import cancel_job
from tests.integration.functions.waiting import until

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

_OTHERS: LiteralString = (
    " FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


def test_no_transaction_is_open_meanwhile(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """Every connection to the database is idle, and none of them idle in a transaction."""
    seen: list[dict[str, Any]] = []
    model.hold_until(3)
    model.meanwhile(lambda: seen.extend(rows.all("SELECT state, xact_start" + _OTHERS)))
    assert stage.work(*(stage.accept(**numbered(number)) for number in range(3))) == []
    assert seen
    assert all(each == {"state": "idle", "xact_start": None} for each in seen)


def test_no_lock_is_held_meanwhile(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """Another connection can lock the job's row and its document's without waiting."""
    locked: list[dict[str, Any]] = []

    def lock() -> None:
        query = "SELECT jobs.id FROM jobs JOIN documents ON documents.id = document_id FOR UPDATE NOWAIT"
        locked.extend(rows.all(query))

    model.meanwhile(lock)
    job_id = stage.accept(**EXTRACT)
    assert stage.work(job_id) == []
    assert len(locked) == 1
    assert stage.read(job_id)["status"] == "completed"


def test_one_connection_serves_a_whole_batch(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """An environment holds one connection, however many jobs it works on."""
    processes: set[int] = set()
    model.hold_until(4)
    model.meanwhile(lambda: processes.update(row["pid"] for row in rows.all("SELECT pid" + _OTHERS)))
    jobs = [stage.accept(**numbered(number)) for number in range(4)]
    rows.all("SELECT pg_terminate_backend(pid, 10000)" + _OTHERS)  # submit's
    assert stage.work(*jobs) == []
    assert len(processes) == 1


def test_the_call_is_on_record_before_it_is_paid(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """While the model thinks, the call's row is there and open, and the job is running under a lease."""
    seen: list[dict[str, Any]] = []
    query = (
        "SELECT status, lease_expires_at > now() AS leased, finished_at, outcome"
        " FROM jobs JOIN model_calls ON job_id = jobs.id"
    )
    model.meanwhile(lambda: seen.append(rows.one(query)))
    stage.work(stage.accept(**EXTRACT))
    assert seen == [{"status": "running", "leased": True, "finished_at": None, "outcome": None}]


def test_a_job_cancelled_meanwhile_stays_cancelled(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """The answer comes too late: no result is written, the doorbell is acknowledged, the call is paid."""
    job_id = stage.accept(**EXTRACT)
    model.meanwhile(lambda: stage.call("status", cancel_job(job_id)))
    assert stage.work(job_id) == []
    job = stage.read(job_id)
    assert (job["status"], job["result"]) == ("cancelled", None)
    assert job["usage"]["output_tokens"] > 0
    assert rows.trail(job_id)[-1] == ("cancelled", "cancelled")
    assert [line["outcome"] for line in stage.lines() if line.get("message") == "job worked on"] == ["lost"]


def test_a_lease_lost_meanwhile_writes_nothing(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """A job that another worker claimed keeps that worker's state; the first one's answer is dropped."""

    def steal() -> None:
        rows.run("UPDATE jobs SET status = 'pending', lease_expires_at = NULL")
        rows.run("UPDATE jobs SET status = 'running', attempt = 2, lease_expires_at = now() + interval '1 h'")

    model.meanwhile(steal)
    job_id = stage.accept(**EXTRACT)
    assert stage.work(job_id) == []
    job = rows.job(job_id)
    assert (job["status"], job["attempt"], job["result"]) == ("running", 2, None)
    assert json.loads(rows.calls(job_id)[0]["answer"])


def test_a_heartbeat_keeps_the_lease(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """A call that outlasts its lease is not taken for dead: the lease moves on while it is in flight."""
    stage.override(LEASE_S="5", HEARTBEAT_S="0.02")

    def until_moved() -> None:
        first = rows.one("SELECT lease_expires_at FROM jobs")
        until(lambda: rows.one("SELECT lease_expires_at FROM jobs") != first)

    model.meanwhile(until_moved)
    job_id = stage.accept(**EXTRACT)
    assert stage.work(job_id) == []
    assert stage.read(job_id)["status"] == "completed"


def test_a_heartbeat_keeps_the_callers_deadline(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """A job whose Cancel-After runs out while the model thinks is cancelled there and then."""
    stage.override(HEARTBEAT_S="0.02")

    def run_out() -> None:
        rows.run("UPDATE jobs SET cancel_at = now()")
        until(lambda: rows.one("SELECT status FROM jobs")["status"] == "cancelled")

    model.meanwhile(run_out)
    job_id = stage.accept(**EXTRACT)
    assert stage.work(job_id) == []
    assert rows.trail(job_id)[-1] == ("cancelled", "cancelled")
    assert stage.metric("LeasesLost") == 1


def test_an_answer_that_is_paid_is_used_by_the_next_worker(
    stage: Stage, model: ModelGate, rows: Rows
) -> None:
    """What a worker paid for after it lost its job finishes the next attempt, without another call."""
    job_id = stage.accept(**EXTRACT)
    model.meanwhile(lambda: rows.run("UPDATE jobs SET status = 'pending', lease_expires_at = NULL"))
    assert stage.work(job_id) == []
    assert rows.job(job_id)["status"] == "pending"
    assert stage.work(job_id) == []
    job = stage.read(job_id)
    assert (job["status"], job["attempt"], job["usage"]["calls"]) == ("completed", 2, 1)
    assert len(model.calls) == 1
