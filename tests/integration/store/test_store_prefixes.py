"""Who writes a beginning that calls of several jobs show, and who waits for it, by the database's word."""

from __future__ import annotations

import hashlib
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, LiteralString

import pytest
from claimcheck.store.prefixes import WARM_S, WRITING_S, join_prefix, settle_prefix
from claimcheck.store.purging import forget_prefixes, purge_job

from tests.integration.store.at_once import at_once
from tests.integration.store.jobs_in_states import (
    OTHER_TENANT,
    TENANT,
    accepted,
    claimed,
    claimed_again,
    retry,
)
from tests.integration.store.model_calls import begun
from tests.integration.store.traces import rows, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.prefixes import Role

    from tests.integration.store.traces import Sql

PREFIX = hashlib.sha256(b"the beginning of a prompt").digest()
OTHER = b"Another document, of which nobody else has asked for anything."


class Call:
    """A call of a job that is about to show the beginning."""

    def __init__(self, database: Database, job: ClaimedJob, *, prefix: bytes = PREFIX) -> None:
        self._database = database
        self._job = job
        self._prefix = prefix
        self._id = str(uuid.uuid4())

    def join(self, *, more: bool = False) -> Role:
        job = self._job
        return join_prefix(
            self._database, job.job_id, job.attempt, prefix=self._prefix, call=self._id, more=more
        )

    def settle(self, *, warm: bool) -> None:
        settle_prefix(self._database, self._job.job_id, prefix=self._prefix, call=self._id, warm=warm)


def two(database: Database, **changes: Any) -> tuple[Call, Call]:
    """Calls of two jobs about the same document; `changes` are of the second one."""
    one, other = accepted(database), accepted(database, **changes)
    return Call(database, claimed_again(database, one)), Call(database, claimed_again(database, other))


def later(sql: Sql, seconds: float) -> None:
    """So much time goes by for what is shared."""
    sql.execute(
        "UPDATE prompt_prefixes SET writing_until = writing_until - make_interval(secs => %s),"
        " warm_until = warm_until - make_interval(secs => %s)",
        [seconds, seconds],
    )


def test_a_job_by_itself_is_alone(database: Database, sql_connection: Sql) -> None:
    """It pays for no cache that nobody would read, and leaves no row."""
    accepted(database, content=OTHER, sha256=hashlib.sha256(OTHER).digest())
    assert Call(database, claimed(database)).join() == "alone"
    assert rows(sql_connection, "SELECT 1 FROM prompt_prefixes") == []


def test_a_job_with_more_calls_of_its_own_leads(database: Database) -> None:
    """Its other calls read what the first one writes."""
    job = claimed(database)
    first, second = Call(database, job), Call(database, job)
    assert first.join(more=True) == "lead"
    assert second.join(more=True) == "wait"
    first.settle(warm=True)
    assert second.join(more=True) == "warm"


def test_of_two_jobs_about_a_document_one_leads(database: Database) -> None:
    """The other waits, and reads as soon as the first one's answer begins."""
    first, second = two(database)
    assert (first.join(), second.join()) == ("lead", "wait")
    first.settle(warm=True)
    assert second.join() == "warm"


def test_a_pending_job_is_one_to_share_with(database: Database) -> None:
    """It will be claimed before long, and finds the cache written."""
    first = accepted(database)
    accepted(database)
    assert Call(database, claimed_again(database, first)).join() == "lead"


@pytest.mark.parametrize("more", [True, False])
def test_asked_again_the_leading_call_still_leads(database: Database, more: bool) -> None:
    """After a lost connection it hears the same; it never waits for itself."""
    first, _ = two(database)
    assert [first.join(more=more), first.join(more=more)] == ["lead", "lead"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"priority": "economy"}, id="another model"),
        pytest.param({"name": "other.txt"}, id="another name"),
        pytest.param({"content": OTHER, "sha256": hashlib.sha256(OTHER).digest()}, id="another document"),
    ],
)
def test_who_shows_something_else_is_nobody_to_share_with(database: Database, changes: Any) -> None:
    """Its beginning would be another one."""
    first, _ = two(database, **changes)
    assert first.join() == "alone"


def test_who_has_asked_already_is_nobody_to_share_with(database: Database) -> None:
    """It did so without the cache: whoever comes now would write for nobody."""
    early = claimed(database)
    begun(database, early)
    assert Call(database, claimed(database)).join() == "alone"


def test_who_is_due_much_later_is_nobody_to_share_with(database: Database) -> None:
    """By then nothing would be left to read."""
    late = claimed(database)
    assert retry(database, late.job_id, late.attempt, delay_s=WARM_S + 60)
    assert Call(database, claimed(database)).join() == "alone"


def test_tenants_never_share(database: Database, sql_connection: Sql) -> None:
    """The same beginning of another tenant is another one, and its jobs are nobody's company."""
    first, _ = two(database)
    first.join()
    first.settle(warm=True)
    sql_connection.execute("INSERT INTO tenants (id) VALUES (%s)", [OTHER_TENANT])
    other = Call(database, claimed(database, tenant_id=OTHER_TENANT))
    assert other.join() == "alone"
    more = Call(database, claimed(database, tenant_id=OTHER_TENANT))
    assert more.join(more=True) == "lead"
    assert value(sql_connection, "SELECT count(DISTINCT tenant_id) FROM prompt_prefixes") == 2


def test_a_lead_that_comes_to_nothing_hands_over(database: Database) -> None:
    """The next one that looks writes; where nobody is left to read it, it goes by itself."""
    jobs = [accepted(database) for _ in range(3)]
    first, second, third = (Call(database, claimed_again(database, job)) for job in jobs)
    assert (first.join(), second.join()) == ("lead", "wait")
    first.settle(warm=False)
    assert (second.join(), third.join()) == ("lead", "wait")


GONE: dict[str, LiteralString] = {
    "its lease is over": "UPDATE jobs SET lease_expires_at = now() WHERE id = %s",
    "another has its job": "UPDATE jobs SET attempt = attempt + 1 WHERE id = %s",
    "its job waits": "UPDATE jobs SET status = 'pending', lease_expires_at = NULL WHERE id = %s",
}


@pytest.mark.parametrize("gone", GONE)
def test_a_lead_whose_worker_is_gone_is_not_waited_for(
    database: Database, sql_connection: Sql, gone: str
) -> None:
    """The next one that looks leads at once."""
    jobs = [accepted(database) for _ in range(3)]
    first = claimed_again(database, jobs[0])
    second, third = (Call(database, claimed_again(database, job)) for job in jobs[1:])
    assert Call(database, first).join() == "lead"
    sql_connection.execute(GONE[gone], [first.job_id])
    assert (second.join(), third.join()) == ("lead", "wait")


def test_nobody_waits_longer_than_a_call_may_take_to_begin(database: Database, sql_connection: Sql) -> None:
    """Then the next one writes, and what the slow one tells afterwards is heard no more."""
    jobs = [accepted(database) for _ in range(3)]
    first, second, third = (Call(database, claimed_again(database, job)) for job in jobs)
    first.join()
    later(sql_connection, WRITING_S)
    assert (second.join(), third.join()) == ("lead", "wait")
    first.settle(warm=True)
    assert third.join() == "wait"


def test_who_reads_keeps_it_alive(database: Database, sql_connection: Sql) -> None:
    """As at the API, where each use begins the time anew; unused it is over after that time."""
    first, second = two(database)
    first.join()
    first.settle(warm=True)
    later(sql_connection, WARM_S - 1)
    assert second.join() == "warm"
    later(sql_connection, WARM_S - 1)
    assert second.join() == "warm"
    later(sql_connection, WARM_S)
    assert second.join() == "lead"


def test_a_job_by_itself_reads_what_is_there(database: Database) -> None:
    """What others wrote a minute ago costs it a tenth."""
    first, second = two(database)
    first.join()
    first.settle(warm=True)
    begun(database, second._job)
    assert Call(database, claimed(database)).join() == "warm"


def test_who_lost_its_job_is_alone(database: Database) -> None:
    """It holds nobody up: its next statement tells it that it may not call."""
    one, _ = accepted(database), accepted(database)
    job = claimed_again(database, one)
    assert retry(database, job.job_id, job.attempt)
    assert Call(database, job).join() == "alone"


@pytest.mark.parametrize("number", [2, 5])
def test_of_many_at_once_one_leads(database: Database, another: Callable[[], Database], number: int) -> None:
    """Environments that ask at the same moment agree on one."""
    jobs = [accepted(database) for _ in range(number)]
    calls = [Call(another(), claimed_again(database, job)) for job in jobs]
    roles = at_once(*(partial(call.join) for call in calls))
    assert sorted(roles) == ["lead", *["wait"] * (number - 1)]


def test_no_text_can_be_told_from_what_is_kept(database: Database, sql_connection: Sql) -> None:
    """Digests stand under a key of the database's own, which the functions' roles cannot read."""
    job = claimed(database)
    Call(database, job).join(more=True)
    [kept] = rows(sql_connection, "SELECT digest, tenant_id FROM prompt_prefixes")
    assert bytes(kept["digest"]) not in {PREFIX, hashlib.sha256(PREFIX).digest()}
    readers = value(
        sql_connection,
        "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'claimcheck_%' AND rolname <> 'claimcheck_owner'"
        " AND has_table_privilege(oid, 'prompt_prefix_key', 'SELECT')",
    )
    assert readers == 0


def test_sweep_forgets_what_can_be_read_no_more(database: Database, sql_connection: Sql) -> None:
    """What is written or read at this moment stays; of a tenant that was deleted nothing does."""
    job = claimed(database)
    old, warm = Call(database, job, prefix=PREFIX[::-1]), Call(database, job)
    old.join(more=True)
    old.settle(warm=True)
    later(sql_connection, WARM_S + 1)
    warm.join(more=True)
    assert forget_prefixes(database, limit=10) == 1
    assert forget_prefixes(database, limit=10) == 0
    sql_connection.execute("UPDATE tenants SET deleted_at = now()")
    assert forget_prefixes(database, limit=10) == 1
    assert rows(sql_connection, "SELECT 1 FROM prompt_prefixes") == []


def test_a_beginning_goes_with_the_job_that_wrote_it(database: Database, sql_connection: Sql) -> None:
    """Nothing that a guess of a deleted document could be held against stays after the next sweep."""
    first, second = claimed(database), claimed(database)
    call = Call(database, first)
    call.join()
    call.settle(warm=True)
    assert Call(database, second).join() == "warm"
    assert forget_prefixes(database, limit=10) == 0
    assert purge_job(database, TENANT, first.job_id)
    assert forget_prefixes(database, limit=10) == 1
    assert rows(sql_connection, "SELECT 1 FROM prompt_prefixes") == []
