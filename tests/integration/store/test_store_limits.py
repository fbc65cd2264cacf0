"""A tenant's limits in the database, also where many come at once."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.refusals import DocumentOverLimitError, SpendLimitError, TenantBusyError
from claimcheck.store.calls import Begun, CallUsage, OverDay, begin_call, end_call
from claimcheck.store.connection import Database
from claimcheck.store.jobs import (
    ClaimedJob,
    IdempotencyKey,
    KeyTaken,
    NewJob,
    Ticket,
    accept_job,
    claim_job,
    finish_job,
    redrive_job,
)
from claimcheck.store.limits import Limits
from claimcheck.store.purging import fold_spend
from claimcheck.store.tenants import insert_tenant, set_limits
from claimcheck.store.uploads import Announcement, announce_document

from tests.integration.store.at_once import at_once
from tests.integration.store.traces import rows, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.store.traces import Sql

SHA = bytes(range(32))
TENANT = "acme"


def a_job(tenant: str = TENANT, **more: Any) -> NewJob:
    """A job with ten bytes of its own."""
    fields: dict[str, Any] = {
        "tenant_id": tenant,
        "task": "extract",
        "params": {},
        "priority": "standard",
        "metadata": {},
        "webhook_url": None,
        "max_cost_usd": None,
        "name": None,
        "media_type": "text/plain",
        "size_bytes": 10,
        "sha256": SHA,
        "content": b"0123456789",
    }
    return NewJob(**{**fields, **more})


def accept(database: Database, **limits: Any) -> str:
    """The id of an accepted job."""
    ticket = accept_job(database, a_job(), limits=Limits(**limits))
    assert isinstance(ticket, Ticket)
    return ticket.job_id


def attempt(database: Database, **limits: Any) -> str:
    """What comes of a submission: accepted, or the limit's name."""
    try:
        accept_job(database, a_job(), limits=Limits(**limits))
    except (TenantBusyError, SpendLimitError, DocumentOverLimitError) as error:
        return type(error).__name__
    return "accepted"


def running(database: Database) -> tuple[str, int]:
    """A job that is worked on, and its fence."""
    job_id = accept(database)
    claimed = claim_job(database, job_id, lease_s=60, standard="m", economy="m", probe_s=1)
    assert isinstance(claimed, ClaimedJob)
    return job_id, claimed.attempt


def begin(database: Database, job: tuple[str, int], worst: float, most: float | None) -> Any:
    """A call's begin, and its id."""
    call_id = str(uuid.uuid4())
    begun = begin_call(
        database,
        call_id,
        *job,
        model="m",
        question_sha256=uuid.uuid4().bytes * 2,
        worst_usd=worst,
        usd_per_day=most,
    )
    return begun, call_id


def end(database: Database, call_id: str, cost: float, *, unknown: bool = False) -> None:
    """A call's end."""
    end_call(
        database,
        call_id,
        outcome="end_turn",
        usage=CallUsage(cost_usd=cost),
        health="ok",
        unknown=unknown,
        answer="{}",
    )


def day(sql: Sql) -> tuple[float, float]:
    """Spent and reserved: on this day, or on two where it ended in the middle of the test."""
    (row,) = rows(sql, "SELECT sum(spent_usd)::float8 AS s, sum(reserved_usd)::float8 AS r FROM tenant_days")
    return row["s"], row["r"]


@pytest.fixture
def moment(database_url: str) -> Iterator[tuple[Database, Sql]]:
    """The product's connection, and the same one to look with, in one transaction: for it no day ends."""
    with psycopg.connect(database_url) as connection:
        yield Database(database_url, connect=lambda *_, **__: connection), connection


@pytest.mark.parametrize("most", [0, 1, 3])
def test_a_tenant_has_so_many_jobs_and_no_more(database: Database, sql_connection: Sql, most: int) -> None:
    """One that ends makes room for one; another tenant's do not count."""
    insert_tenant(database, "globex")
    for _ in range(3):
        accept_job(database, a_job("globex"))
    assert [attempt(database, jobs_in_flight=most) for _ in range(most + 1)] == [
        *["accepted"] * most,
        "TenantBusyError",
    ]
    assert value(sql_connection, "SELECT count(*) FROM jobs WHERE tenant_id = 'acme'") == most
    sql_connection.execute(
        "UPDATE jobs SET status = 'cancelled', completed_at = now() WHERE id ="
        " (SELECT id FROM jobs WHERE tenant_id = 'acme' LIMIT 1)"
    )
    again = [attempt(database, jobs_in_flight=most) for _ in range(2)]
    assert again == (["accepted", "TenantBusyError"] if most else ["TenantBusyError"] * 2)


def test_submissions_at_once_do_not_pass_the_limit(
    sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Of twenty-four at once seven are accepted, exactly, and nothing is left of the others."""
    calls = [partial(attempt, another(), jobs_in_flight=7) for _ in range(24)]
    outcomes = at_once(*calls)
    assert sorted(set(outcomes)) == ["TenantBusyError", "accepted"]
    assert outcomes.count("accepted") == 7
    assert value(sql_connection, "SELECT count(*) FROM jobs") == 7
    assert value(sql_connection, "SELECT count(*) FROM documents") == 7


def failed(database: Database) -> str:
    """A job that was given up."""
    job_id, fence = running(database)
    error = {"code": "model_refusal", "message": "No.", "retryable": False, "attempts": 1}
    assert finish_job(database, job_id, fence, status="failed", error=error)
    return job_id


def put_back(database: Database, job_id: str, **limits: Any) -> str:
    """What comes of putting a job back."""
    try:
        redriven = redrive_job(database, TENANT, job_id, limits=Limits(**limits))
    except (TenantBusyError, SpendLimitError) as error:
        return type(error).__name__
    assert redriven is not None
    return redriven.was


def test_a_job_that_is_put_back_counts_as_a_new_one(database: Database, sql_connection: Sql) -> None:
    """Up to the limit and no further; one that is refused stays failed, and nothing is in its trail."""
    jobs = [failed(database) for _ in range(3)]
    accept(database)
    assert [put_back(database, each, jobs_in_flight=2) for each in jobs] == [
        "failed",
        *["TenantBusyError"] * 2,
    ]
    assert put_back(database, jobs[0], jobs_in_flight=2) == "pending"  # what it is, limit or no
    assert value(sql_connection, "SELECT count(*) FROM jobs WHERE status = 'failed'") == 2
    assert value(sql_connection, "SELECT count(*) FROM job_events WHERE type = 'redriven'") == 1
    assert put_back(database, jobs[1], jobs_in_flight=3) == "failed"
    assert put_back(database, jobs[2], usd_per_day=0.0) == "SpendLimitError"
    assert put_back(database, jobs[2]) == "failed"


def test_jobs_put_back_at_once_do_not_pass_the_limit(
    database: Database, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Beside submissions at the same moment: of twelve and twelve, seven come in, exactly."""
    jobs = [failed(database) for _ in range(12)]
    calls = [partial(put_back, another(), each, jobs_in_flight=7) for each in jobs]
    more = [partial(attempt, another(), jobs_in_flight=7) for _ in range(12)]
    outcomes = at_once(*calls, *more)
    assert outcomes.count("failed") + outcomes.count("accepted") == 7
    assert value(sql_connection, "SELECT count(*) FROM jobs WHERE status = 'pending'") == 7


def test_nobody_waits_far_below_the_limit(database: Database, database_url: str) -> None:
    """While another transaction has the tenant's turn, who is far below goes on, and who is near waits."""
    turn = "SELECT pg_advisory_xact_lock(hashtextextended('jobs in flight' || E'\\n' || 'acme', 1))"
    with psycopg.connect(database_url) as holder, psycopg.connect(database_url) as near:
        holder.execute(turn)
        assert attempt(database, jobs_in_flight=1_000) == "accepted"
        near.execute("SET lock_timeout = '200ms'")
        near.execute("SELECT act_for_tenant('acme')")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            near.execute("SELECT tenant_refusal('acme', 1, true, 50, NULL, NULL)")


def test_a_known_key_gets_its_ticket_also_at_the_limit(database: Database) -> None:
    """A request that is sent again is no new job; a new key is refused, and is as if it had not been used."""
    limits, key = Limits(jobs_in_flight=1), IdempotencyKey("k", SHA)
    first = accept_job(database, a_job(), key, limits=limits)
    assert isinstance(first, Ticket)
    again = accept_job(database, a_job(), key, limits=limits)
    assert isinstance(again, KeyTaken)
    assert again.ticket.job_id == first.job_id
    with pytest.raises(TenantBusyError):
        accept_job(database, a_job(), IdempotencyKey("other", SHA), limits=limits)
    assert isinstance(accept_job(database, a_job(), IdempotencyKey("other", SHA)), Ticket)


def test_a_key_past_its_time_is_refused_at_the_limit(database: Database, sql_connection: Sql) -> None:
    """As a new one is: it leads to yesterday's job no more, whether or not it was swept away."""
    limits, key = Limits(jobs_in_flight=1), IdempotencyKey("k", SHA)
    accept_job(database, a_job(), key, limits=limits)
    sql_connection.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    with pytest.raises(TenantBusyError):
        accept_job(database, a_job(), key, limits=limits)


def test_a_document_over_the_limit(database: Database, sql_connection: Sql) -> None:
    """Inline, announced and named ones alike; what was refused left nothing behind."""
    limits = Limits(document_bytes=9)
    with pytest.raises(DocumentOverLimitError) as inline:
        accept_job(database, a_job(), limits=limits)
    said = Announcement("a.pdf", "application/pdf", 10, SHA)
    with pytest.raises(DocumentOverLimitError):
        announce_document(database, TENANT, said, upload_wait_s=60, document_bytes=9)
    assert inline.value.limit == 9
    assert value(sql_connection, "SELECT count(*) FROM documents") == 0
    assert value(sql_connection, "SELECT count(*) FROM objects") == 0
    kept = announce_document(database, TENANT, said, upload_wait_s=60, document_bytes=10)
    naming = a_job(document_id=kept.document_id, size_bytes=None, sha256=None, content=None, media_type=None)
    with pytest.raises(DocumentOverLimitError):
        accept_job(database, naming, limits=limits)
    assert isinstance(accept_job(database, naming, limits=Limits(document_bytes=10)), Ticket)


def test_a_tenants_own_limits_come_first(database: Database, sql_connection: Sql) -> None:
    """Set, partly set again, and reset; each change is in the tenant's history, and no change is not."""
    assert attempt(database, jobs_in_flight=1) == "accepted"
    own = set_limits(database, TENANT, Limits(jobs_in_flight=3, document_bytes=20))
    assert own == {"jobs_in_flight": 3, "usd_per_day": None, "document_bytes": 20}
    assert attempt(database, jobs_in_flight=1, document_bytes=1) == "accepted"
    set_limits(database, TENANT, Limits(usd_per_day=1.5))
    set_limits(database, TENANT, Limits(usd_per_day=1.5))
    own = set_limits(database, TENANT, Limits(), reset=["jobs_in_flight"])
    assert own == {"jobs_in_flight": None, "usd_per_day": 1.5, "document_bytes": 20}
    assert attempt(database, jobs_in_flight=1) == "TenantBusyError"
    assert set_limits(database, "nobody", Limits(jobs_in_flight=1)) is None
    events = "SELECT count(*) FROM tenant_events WHERE type = 'tenant.limits'"
    assert value(sql_connection, events) == 3


def test_a_day_holds_what_is_spent_and_what_may_be(moment: tuple[Database, Sql]) -> None:
    """A call reserves its worst case, and costs what it cost; one of unknown end is taken at its worst."""
    database, sql_connection = moment
    job = running(database)
    _, first = begin(database, job, 0.5, 10.0)
    assert day(sql_connection) == (0.0, 0.5)
    end(database, first, 0.2)
    end(database, first, 0.2)  # told twice
    assert day(sql_connection) == (0.2, 0.0)
    _, second = begin(database, job, 1.0, 10.0)
    end(database, second, 0.0, unknown=True)
    assert day(sql_connection) == (1.2, 0.0)


def test_a_call_begins_only_where_its_worst_case_fits(moment: tuple[Database, Sql]) -> None:
    """Not while others may use up the rest, not after they did, and never where a whole day is too little."""
    database, sql_connection = moment
    job = running(database)
    begun, under_way = begin(database, job, 0.6, 1.0)
    assert isinstance(begun, Begun)
    assert begin(database, job, 0.5, 1.0)[0] == OverDay("soon", 30)
    ever = begin(database, job, 1.1, 1.0)[0]
    assert isinstance(ever, OverDay)
    assert ever.when == "ever"
    end(database, under_way, 0.6)
    today = begin(database, job, 0.5, 1.0)[0]
    assert isinstance(today, OverDay)
    assert today.when == "today"
    assert 0 < (today.resets_s or 0) <= 86_400
    assert isinstance(begin(database, job, 0.4, 1.0)[0], Begun)
    assert isinstance(begin(database, job, 0.0, 1.0)[0], Begun)  # what costs nothing always fits
    assert value(sql_connection, "SELECT count(*) FROM model_calls") == 3


def test_calls_at_once_do_not_pass_the_day(
    database: Database, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Of twelve jobs that each ask for a third of what is left, three may call: on a day, whichever it is."""
    jobs = [running(database) for _ in range(12)]
    begun = at_once(*[partial(begin, another(), job, 0.33, 1.0) for job in jobs])
    held = "SELECT day, reserved_usd::float8 AS usd FROM tenant_days WHERE reserved_usd > 0 ORDER BY day"
    first, *later = [row["usd"] for row in rows(sql_connection, held)]
    assert sum(isinstance(each, Begun) for each, _ in begun) == round((first + sum(later)) / 0.33)
    assert first == 0.99 or later  # none is refused before a day is full
    assert all(usd <= 0.99 for usd in later)


def test_calls_of_one_job_that_begin_and_end_at_once(
    database: Database, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Parts of one document are asked for together: nobody waits for ever, and the day adds up."""
    job = running(database)

    def ask(own: Database) -> None:
        for _ in range(5):
            _, call_id = begin(own, job, 0.01, 10.0)
            end(own, call_id, 0.005)

    at_once(*[partial(ask, another()) for _ in range(6)])
    assert day(sql_connection) == (0.15, 0.0)


def test_calls_far_below_the_limit_wait_for_nobody(database: Database, database_url: str) -> None:
    """While a call of the tenant is begun and not committed, another job's begins and ends."""
    first, second = running(database), running(database)
    with psycopg.connect(database_url) as holding:
        begun, _ = begin(Database(database_url, connect=lambda *_, **__: holding), first, 0.01, 100.0)
        assert isinstance(begun, Begun)
        url = f"{database_url}{'&' if '?' in database_url else '?'}options=-c%20lock_timeout%3D500"
        impatient = Database(url)
        begun, call_id = begin(impatient, second, 0.01, 100.0)
        assert isinstance(begun, Begun)
        end(impatient, call_id, 0.005)
        impatient.close()


def test_a_folded_day_is_the_same_day(moment: tuple[Database, Sql]) -> None:
    """What is spent and reserved stays, in the row that the version before reads; no slot is left of it."""
    database, sql_connection = moment
    job = running(database)
    _, ended = begin(database, job, 0.5, 10.0)
    begin(database, job, 0.25, 10.0)
    end(database, ended, 0.3)
    assert fold_spend(database, limit=100) == 1
    assert fold_spend(database, limit=100) == 0
    assert day(sql_connection) == (0.3, 0.25)
    told = "SELECT spent_usd::float8 AS s, reserved_usd::float8 AS r FROM tenant_spend"
    assert rows(sql_connection, told) == [{"s": 0.3, "r": 0.25}]
    assert value(sql_connection, "SELECT count(*) FROM spend_slots") == 0
    begin(database, job, 0.5, 10.0)
    assert day(sql_connection) == (0.3, 0.75)


def test_jobs_in_flight_are_counted_once_a_second(database: Database, sql_connection: Sql) -> None:
    """Where thousands more may come; nearer to the limit they are counted for each ticket."""
    noted = "SELECT jobs FROM tenant_loads"
    assert attempt(database, jobs_in_flight=5_000) == "accepted"
    assert value(sql_connection, noted) == 0
    assert attempt(database, jobs_in_flight=5_000) == "accepted"
    assert value(sql_connection, noted) == 0
    sql_connection.execute("UPDATE tenant_loads SET counted_at = counted_at - interval '2 seconds'")
    sql_connection.commit()
    assert attempt(database, jobs_in_flight=5_002) == "accepted"
    assert value(sql_connection, noted) == 2
    assert attempt(database, jobs_in_flight=3) == "TenantBusyError"


def test_spent_days_refuse_submissions(moment: tuple[Database, Sql]) -> None:
    """Until midnight in UTC; a limit of nothing does so always. What another day cost does not count."""
    database, sql_connection = moment
    job = running(database)
    _, call_id = begin(database, job, 0.5, 10.0)
    assert attempt(database, usd_per_day=0.5) == "accepted"  # reserved is not spent
    end(database, call_id, 0.5)
    with pytest.raises(SpendLimitError) as caught:
        accept_job(database, a_job(), limits=Limits(usd_per_day=0.5))
    assert caught.value.limit == 0.5
    assert 0 < caught.value.resets_s <= 86_400
    assert caught.value.resets_at.endswith("T00:00:00.000000Z")
    assert attempt(database, usd_per_day=0.51) == "accepted"
    assert attempt(database, usd_per_day=0.0) == "SpendLimitError"
    sql_connection.execute("UPDATE spend_slots SET day = day - 1")
    assert attempt(database, usd_per_day=0.5) == "accepted"


def test_the_version_before_keeps_the_account_too(moment: tuple[Database, Sql]) -> None:
    """Its begin_model_call knows no day; what it begins is reserved, and settled by whoever ends it."""
    database, sql_connection = moment
    job_id, fence = running(database)
    call_id = str(uuid.uuid4())
    sql_connection.execute("SELECT begin_model_call(%s, %s, %s, 'm', %s, 0.7)", [job_id, fence, call_id, SHA])
    assert day(sql_connection) == (0.0, 0.7)
    end(database, call_id, 0.3)
    assert day(sql_connection) == (0.3, 0.0)
