"""Circuits: a model that fails again and again is left alone for a while, then probed by one job."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from claimcheck.store.calls import CIRCUIT_OPENS_AFTER, CallUsage
from claimcheck.store.jobs import ClaimedJob, Held

from tests.integration.store.at_once import at_once
from tests.integration.store.jobs_in_states import ECONOMY, STANDARD, TENANT, accepted, claim, claimed
from tests.integration.store.model_calls import begun, ended
from tests.integration.store.traces import Row, event_types, row_of, rows, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

RETRY_NOW = "UPDATE model_circuits SET retry_at = now() - interval '1 second'"
WAIT_S = "SELECT extract(epoch FROM retry_at - opened_at)::int FROM model_circuits"


def calls(database: Database, health: str, *, times: int = 1, model: str = STANDARD) -> None:
    """Calls of one job that end with `health`."""
    priority = "economy" if model == ECONOMY else "standard"
    job = claimed(database, priority=priority)
    for _ in range(times):
        ended(database, begun(database, job, model=model), health=health, usage=CallUsage())


def opened(database: Database, *, model: str = STANDARD) -> None:
    calls(database, "down", times=CIRCUIT_OPENS_AFTER, model=model)


def circuit(sql: Sql) -> Row:
    (row,) = rows(sql, "SELECT * FROM model_circuits")
    return row


def probe(database: Database, sql: Sql) -> ClaimedJob:
    """The job whose claim becomes the probe of an open circuit."""
    job_id = accepted(database)
    sql.execute(RETRY_NOW)
    job = claim(database, job_id)
    assert isinstance(job, ClaimedJob)
    return job


def test_a_model_that_answers_has_no_circuit(database: Database, sql_connection: Sql) -> None:
    """Calls that went well, or say nothing of the model, leave no row."""
    calls(database, "ok")
    calls(database, "unclear")
    assert rows(sql_connection, "SELECT * FROM model_circuits") == []


def test_failures_in_a_row_open_the_circuit(database: Database, sql_connection: Sql) -> None:
    """The last of so many failures opens it for fifteen seconds; one fewer does not."""
    calls(database, "down", times=CIRCUIT_OPENS_AFTER - 1)
    assert (circuit(sql_connection)["opened_at"], circuit(sql_connection)["openings"]) == (None, 0)
    assert isinstance(claim(database, accepted(database)), ClaimedJob)
    calls(database, "down")
    assert (circuit(sql_connection)["model"], circuit(sql_connection)["openings"]) == (STANDARD, 1)
    assert value(sql_connection, WAIT_S) == 15


def test_an_answer_in_between_starts_the_count_anew(database: Database, sql_connection: Sql) -> None:
    """Only failures in a row count; what is unclear neither adds nor resets."""
    calls(database, "down", times=CIRCUIT_OPENS_AFTER - 1)
    calls(database, "ok")
    calls(database, "down", times=CIRCUIT_OPENS_AFTER - 1)
    calls(database, "unclear")
    assert circuit(sql_connection)["opened_at"] is None
    calls(database, "down")
    assert circuit(sql_connection)["opened_at"] is not None


def test_an_open_circuit_puts_a_job_off(database: Database, sql_connection: Sql) -> None:
    """The job stays pending until the model may be called, spread over twenty seconds, without an event."""
    waiting = accepted(database)
    opened(database)
    held = claim(database, waiting)
    assert isinstance(held, Held)
    assert held.tenant_id == TENANT
    assert 0 < held.delay_s <= 15 + 20
    row = row_of(sql_connection, waiting)
    assert (row["status"], row["attempt"], row["rung_at"]) == ("pending", 0, row["updated_at"])
    assert abs((row["available_at"] - row["rung_at"]).total_seconds() - held.delay_s) < 0.001
    assert event_types(sql_connection, waiting) == ["accepted"]
    assert claim(database, waiting) is None


def test_another_models_jobs_go_on(database: Database) -> None:
    """The circuit of one model holds up the jobs of its priority only."""
    jobs = {
        model: accepted(database, priority=name)
        for model, name in ((STANDARD, "standard"), (ECONOMY, "economy"))
    }
    opened(database, model=ECONOMY)
    assert isinstance(claim(database, jobs[STANDARD]), ClaimedJob)
    assert isinstance(claim(database, jobs[ECONOMY]), Held)


def test_one_claim_becomes_the_probe(database: Database, sql_connection: Sql) -> None:
    """When the time has come one job is let through, the next one waits for what comes of it."""
    waiting = accepted(database)
    opened(database)
    job = probe(database, sql_connection)
    assert str(circuit(sql_connection)["probe_job"]) == job.job_id
    assert isinstance(claim(database, waiting), Held)


def test_while_a_probe_is_under_way_jobs_wait_a_moment(database: Database, sql_connection: Sql) -> None:
    """Its answer may come at once: jobs are put off half a minute at most, not as long as it may take."""
    opened(database)
    probe(database, sql_connection)
    for _ in range(5):
        held = claim(database, accepted(database))
        assert isinstance(held, Held)
        assert 9 < held.delay_s <= 30


def test_of_eight_claims_at_once_one_is_the_probe(
    database: Database, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Eight jobs claimed together when the time has come: one runs, seven are put off."""
    databases, jobs = [another() for _ in range(8)], [accepted(database) for _ in range(8)]
    opened(database)
    sql_connection.execute(RETRY_NOW)
    answers = at_once(*[partial(claim, *pair) for pair in zip(databases, jobs, strict=True)])
    assert sorted(type(answer).__name__ for answer in answers) == ["ClaimedJob", *["Held"] * 7]


def test_a_probe_that_answers_closes_the_circuit(database: Database, sql_connection: Sql) -> None:
    """After one good answer everybody is let through again."""
    opened(database)
    job = probe(database, sql_connection)
    ended(database, begun(database, job), health="ok")
    row = circuit(sql_connection)
    assert (row["opened_at"], row["retry_at"], row["failures"], row["openings"]) == (None, None, 0, 0)
    assert isinstance(claim(database, accepted(database)), ClaimedJob)


def test_each_probe_that_fails_doubles_the_wait(database: Database, sql_connection: Sql) -> None:
    """15, 30, 60 … seconds, and never more than five minutes."""
    opened(database)
    waits = [value(sql_connection, WAIT_S)]
    for _ in range(6):
        job = probe(database, sql_connection)
        ended(database, begun(database, job), health="down", usage=CallUsage())
        waits.append(value(sql_connection, WAIT_S))
    assert waits == [15, 30, 60, 120, 240, 300, 300]


def test_calls_that_were_under_way_do_not_open_it_again(database: Database, sql_connection: Sql) -> None:
    """Failures of calls begun before it opened do not lengthen the wait."""
    late = claimed(database)
    call_id = begun(database, late)
    opened(database)
    before = circuit(sql_connection)
    ended(database, call_id, health="down", usage=CallUsage())
    after = circuit(sql_connection)
    assert {**after, "failures": None} == {**before, "failures": None}


def test_a_probe_that_vanished_is_followed_by_another(database: Database, sql_connection: Sql) -> None:
    """A probe has `probe_s` seconds; then the next claim is the probe."""
    opened(database)
    first = probe(database, sql_connection)
    second = probe(database, sql_connection)
    assert str(circuit(sql_connection)["probe_job"]) == second.job_id != first.job_id
    left = "SELECT round(extract(epoch FROM retry_at - now()))::int FROM model_circuits"
    assert value(sql_connection, left) == 60


def test_a_call_counts_for_its_model_once(database: Database, sql_connection: Sql) -> None:
    """The end of a call told twice is one failure."""
    call_id = begun(database, claimed(database))
    for _ in range(2):
        ended(database, call_id, health="down", usage=CallUsage())
    assert circuit(sql_connection)["failures"] == 1
