"""What cannot be deleted when its time has come: it is passed over, noted, tried again, and measured."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, LiteralString

import pytest
from claimcheck.jobs.states import Status
from claimcheck.store.connection import Database
from claimcheck.store.gauges import read_gauges
from claimcheck.store.purging import Overdue, overdue_jobs, purge_job, purge_overdue, purge_uploads
from claimcheck.usecases.tidy import Tidied, Tidy
from psycopg.sql import SQL, Identifier, Literal

from tests.integration.store.jobs_in_states import TENANT, in_state
from tests.integration.store.test_store_retention import age, is_purged, purged, uploaded
from tests.integration.store.traces import rows, value

if TYPE_CHECKING:
    from claimcheck.store.sql import Query

    from tests.integration.store.traces import Sql

REFUSED = "23514"  # check_violation
NOTES: LiteralString = (
    "SELECT id::text, failures, error, round(extract(epoch FROM retry_at - failed_at))::int AS wait_s"
    " FROM purge_failures"
)


def refuse(sql: Sql, table: LiteralString, *ids: str) -> None:
    """Rows that a check forbids to change: the version that wrote them had another one, say."""
    bad = SQL("ALTER TABLE {} ADD CONSTRAINT bad CHECK (id <> ALL ({}::uuid[])) NOT VALID")
    sql.execute(bad.format(SQL(table), Literal(list(ids))))


def overdue(database: Database, sql: Sql, count: int) -> list[str]:
    """So many jobs a day past their time and later, the first one the longest."""
    made = [in_state(database, Status.COMPLETED, name=str(number)) for number in range(count)]
    for place, job_id in enumerate(made):
        age(sql, job_id, 40 - place / 10)
    return made


def tried_now(sql: Sql) -> None:
    """The time of the next try has come."""
    sql.execute("UPDATE purge_failures SET retry_at = now()")


def tidied(database: Database) -> Tidied:
    """What one sweep deletes."""
    return Tidy(database, retention_days=30)(until=time.monotonic() + 60)


def test_a_job_that_cannot_be_deleted_keeps_no_other(database: Database, sql_connection: Sql) -> None:
    """Of three that are overdue the second fails: the first and the third go, and it is told why not."""
    jobs = overdue(database, sql_connection, 3)
    refuse(sql_connection, "jobs", jobs[1])
    found = overdue_jobs(database, days=30, limit=10)
    assert [each.id for each in found] == jobs
    tried = purge_overdue(database, found, days=30)
    assert {each.id: each.error for each in tried} == dict(zip(jobs, (None, REFUSED, None), strict=True))
    assert purged(sql_connection) == {jobs[0], jobs[2]}
    assert value(sql_connection, "SELECT count(*) FROM job_events WHERE type = 'purged'") == 2


def test_it_is_tried_again_later_and_later(database: Database, sql_connection: Sql) -> None:
    """After two minutes, four, eight, at last every six hours; and where it can be, it goes."""
    (job_id,) = overdue(database, sql_connection, 1)
    refuse(sql_connection, "jobs", job_id)
    waits = []
    for _ in range(10):
        assert tidied(database) == Tidied(failed=1)
        assert tidied(database) == Tidied()
        (note,) = rows(sql_connection, NOTES)
        waits.append(note["wait_s"])
        tried_now(sql_connection)
    assert (note["id"], note["failures"], note["error"]) == (job_id, 10, REFUSED)
    assert waits == [120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600, 21600]
    sql_connection.execute("ALTER TABLE jobs DROP CONSTRAINT bad")
    assert tidied(database) == Tidied(jobs_expired=1)
    assert rows(sql_connection, NOTES) == []


def test_more_of_them_than_a_batch_stop_nothing(database: Database, sql_connection: Sql) -> None:
    """Thirty that are overdue for longest fail; what comes behind them goes with the same sweep."""
    jobs = overdue(database, sql_connection, 33)
    refuse(sql_connection, "jobs", *jobs[:30])
    assert tidied(database) == Tidied(jobs_expired=3, failed=30)
    assert purged(sql_connection) == set(jobs[30:])


def test_the_version_before_goes_on_past_it_too(database: Database, sql_connection: Sql) -> None:
    """Its sweep calls purge_expired, which counts what is gone."""
    jobs = overdue(database, sql_connection, 3)
    refuse(sql_connection, "jobs", jobs[0])
    assert value(sql_connection, "SELECT purge_expired(30, 2)") == 1
    assert value(sql_connection, "SELECT purge_expired(30, 2)") == 1
    assert purged(sql_connection) == set(jobs[1:])


def test_one_that_ends_the_whole_statement_is_found(
    database: Database, database_url: str, sql_connection: Sql
) -> None:
    """It takes longer than a statement may: the others go one by one, and it is noted with the reason."""
    jobs = overdue(database, sql_connection, 4)
    sql_connection.execute(
        SQL("""CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$""")
    )
    sql_connection.execute(
        SQL("CREATE TRIGGER dawdle BEFORE UPDATE ON jobs FOR EACH ROW WHEN (OLD.id = {})"
            " EXECUTE FUNCTION dawdle()").format(Literal(jobs[1]))
    )  # fmt: skip
    database.close()  # the next connection has the limit
    name = Identifier(database_url.rpartition("/")[2])
    sql_connection.execute(SQL("ALTER DATABASE {} SET statement_timeout = '1500ms'").format(name))
    assert tidied(database) == Tidied(jobs_expired=3, failed=1)
    assert tidied(database) == Tidied()
    (note,) = rows(sql_connection, NOTES)
    assert (note["id"], note["error"]) == (jobs[1], "57014")
    assert purged(sql_connection) == {jobs[0], *jobs[2:]}


def test_a_database_that_is_away_is_asked_once_more_and_not_for_ever(
    database: Database, database_url: str, sql_connection: Sql
) -> None:
    """Nothing is noted of jobs that are all right, and nothing is raised."""
    overdue(database, sql_connection, 2)
    asked: list[str] = []

    class Away(Database):
        def all(self, query: Query, *args: Any, **more: Any) -> list[dict[str, Any]]:
            if "overdue_jobs" in asked:  # once the jobs are known
                self.close()
                self._url = "postgresql://nobody@127.0.0.1:1/none"
            asked.append(query.name)
            return super().all(query, *args, **more)

    assert tidied(Away(database_url)) == Tidied()
    assert asked[asked.index("overdue_jobs") :] == [
        "overdue_jobs",
        "purge_overdue",
        "purge_overdue",
        "purge_failed",
    ]
    assert rows(sql_connection, NOTES) == []


def test_an_upload_that_cannot_be_deleted_keeps_no_other(database: Database, sql_connection: Sql) -> None:
    """It is told, and not tried again before its time."""
    bad, good = uploaded(database), uploaded(database, b"other")
    sql_connection.execute("UPDATE documents SET created_at = now() - interval '31 days'")
    refuse(sql_connection, "documents", bad)
    tried = purge_uploads(database, days=30, limit=10)
    assert sorted((each.id, each.error or "") for each in tried) == sorted([(bad, REFUSED), (good, "")])
    assert (is_purged(sql_connection, bad), is_purged(sql_connection, good)) == (False, True)
    assert purge_uploads(database, days=30, limit=10) == []
    tried_now(sql_connection)
    assert [each.id for each in purge_uploads(database, days=30, limit=10)] == [bad]


def test_only_what_is_overdue_is_deleted(database: Database, sql_connection: Sql) -> None:
    """A job that was put back meanwhile, whose time has been made longer, or that is gone: not that."""
    jobs = overdue(database, sql_connection, 3)
    age(sql_connection, jobs[0], 1)
    purge_job(database, TENANT, jobs[1])
    asked = [Overdue(job_id, TENANT) for job_id in jobs]
    assert purge_overdue(database, asked, days=365) == []
    assert [each.id for each in purge_overdue(database, asked, days=30)] == [jobs[2]]


def test_notes_of_what_somebody_else_deleted_go(database: Database, sql_connection: Sql) -> None:
    """A week after they should have been tried again."""
    sql_connection.execute(
        "INSERT INTO purge_failures (id, tenant_id, retry_at, error)"
        " SELECT uuidv7(), 'acme', now() - make_interval(days => d), 'x' FROM (VALUES (6), (8)) AS t (d)"
    )
    purge_uploads(database, days=30, limit=10)
    assert value(sql_connection, "SELECT count(*) FROM purge_failures") == 1


# --- how old is what should be gone? ------------------------------------------------------------------


@pytest.mark.parametrize("what", ["job", "upload", "bucket"])
def test_the_oldest_content_past_its_time_is_measured(
    database: Database, sql_connection: Sql, what: str
) -> None:
    """By its tenant's own time or the deployment's; what is tried again counts, what is kept does not."""
    sql_connection.execute("INSERT INTO tenants (id, retention_days) VALUES ('globex', 90)")
    age(sql_connection, in_state(database, Status.COMPLETED, tenant_id="globex"), 89)
    young, old = uploaded(database), uploaded(database, b"old")
    assert read_gauges(database, days=30).overdue_content_s == 0
    if what == "job":
        jobs = overdue(database, sql_connection, 2)
        refuse(sql_connection, "jobs", *jobs)
        tidied(database)
    elif what == "upload":
        sql_connection.execute(
            "UPDATE documents SET created_at = now() - interval '40 days' WHERE id = %s", [old]
        )
    else:
        sql_connection.execute(
            "INSERT INTO deletions (key, tenant_id, due_at) VALUES ('a', 'acme', now()),"
            " ('b', 'acme', now() - interval '10 days')"
        )
    assert young != old
    days = read_gauges(database, days=30).overdue_content_s / 86_400
    assert days == pytest.approx(10, abs=0.01)


def test_it_is_measured_by_indexes(database: Database, sql_connection: Sql) -> None:
    """With 5,000 jobs that are kept it touches a few blocks."""
    job_id = in_state(database, Status.CANCELLED)
    sql_connection.execute(
        "INSERT INTO jobs (tenant_id, task, priority, document_id, params, metadata, status, completed_at)"
        " SELECT tenant_id, task, priority, document_id, '{}', '{}', status, now()"
        " FROM jobs, generate_series(1, 5000) WHERE id = %s",
        [job_id],
    )
    sql_connection.execute("ANALYZE jobs")
    explained: LiteralString = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT overdue_content_s(30)"
    sql_connection.execute(explained)
    (found,) = value(sql_connection, explained)
    assert found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"] < 25
