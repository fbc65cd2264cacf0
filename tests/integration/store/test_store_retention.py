"""What is deleted when its time has come, and what is not."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, LiteralString

import pytest
from claimcheck.jobs.states import FINAL, Status
from claimcheck.store.deliveries import insert_sample
from claimcheck.store.documents import object_key
from claimcheck.store.purging import (
    forget_orphans,
    forget_samples,
    forget_secrets,
    overdue_jobs,
    purge_overdue,
    purge_uploads,
    take_deletions,
)
from claimcheck.store.tenants import set_retention
from claimcheck.store.uploads import Announcement, announce_document, document_arrived, want_object

from tests.integration.store.at_once import at_once, until
from tests.integration.store.jobs_in_states import TENANT, WEBHOOK, in_state
from tests.integration.store.traces import event_types, row_of, rows, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

SHA256 = hashlib.sha256(b"large").digest()
KEY = object_key(TENANT, SHA256)


def purge_expired(database: Database, *, days: int, limit: int) -> int:
    """A batch of what sweep does with jobs; how many are gone."""
    found = overdue_jobs(database, days=days, limit=limit)
    return sum(each.error is None for each in purge_overdue(database, found, days=days))


def forget_uploads(database: Database, *, days: int, limit: int) -> int:
    """A batch of what it does with uploads."""
    return sum(each.error is None for each in purge_uploads(database, days=days, limit=limit))


def age(sql: Sql, job_id: str, days: float) -> None:
    """The job reached its final state so long ago."""
    sql.execute(
        "UPDATE jobs SET completed_at = now() - make_interval(secs => %s) WHERE id = %s",
        [days * 86_400, job_id],
    )


def purged(sql: Sql) -> set[str]:
    """The jobs of which nothing is left."""
    return {str(row["id"]) for row in rows(sql, "SELECT id FROM jobs WHERE purged_at IS NOT NULL")}


def uploaded(database: Database, content: bytes = b"large", *, arrived: bool = True) -> str:
    """A document that no job names; its id."""
    sha256 = hashlib.sha256(content).digest()
    announcement = Announcement("a.txt", "text/plain", len(content), sha256)
    document_id = announce_document(database, TENANT, announcement, upload_wait_s=60).document_id
    if arrived:
        document_arrived(database, object_key(TENANT, sha256), size_bytes=len(content))
    assert document_id is not None
    return document_id


def is_purged(sql: Sql, document_id: str) -> bool:
    statement: LiteralString = "SELECT purged_at IS NOT NULL FROM documents WHERE id = %(id)s"
    return bool(value(sql, statement, {"id": document_id}))


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_final_job_goes_when_its_time_is_over(
    database: Database, sql_connection: Sql, status: Status
) -> None:
    """Counted from its final state; the trail says why."""
    old, young = in_state(database, status), in_state(database, status)
    age(sql_connection, old, 30.01)
    age(sql_connection, young, 29.99)
    assert purge_expired(database, days=30, limit=10) == 1
    assert purged(sql_connection) == {old}
    (event,) = rows(sql_connection, "SELECT detail FROM job_events WHERE type = 'purged'")
    assert event["detail"] == {"reason": "retention"}


@pytest.mark.parametrize("status", [each for each in Status if each not in FINAL])
def test_a_job_that_is_not_final_never_goes(database: Database, sql_connection: Sql, status: Status) -> None:
    """However old it is."""
    job_id = in_state(database, status)
    sql_connection.execute(
        "UPDATE jobs SET created_at = now() - interval '9 years', accepted_at = created_at"
    )
    assert purge_expired(database, days=1, limit=10) == 0
    assert event_types(sql_connection, job_id)[-1] != "purged"


def test_a_tenant_has_a_time_of_its_own(database: Database, sql_connection: Sql) -> None:
    """Longer or shorter than the deployment's; taken away, the deployment's counts again."""
    sql_connection.execute("INSERT INTO tenants (id) VALUES ('globex'), ('initech')")
    jobs = {
        tenant: in_state(database, Status.COMPLETED, tenant_id=tenant)
        for tenant in ("acme", "globex", "initech")
    }
    for job_id in jobs.values():
        age(sql_connection, job_id, 40)
    assert set_retention(database, "globex", days=365)
    assert set_retention(database, "initech", days=41)
    assert purge_expired(database, days=60, limit=10) == 0
    assert purge_expired(database, days=30, limit=10) == 1
    assert purged(sql_connection) == {jobs["acme"]}
    assert set_retention(database, "globex", days=None)
    assert purge_expired(database, days=30, limit=10) == 1
    assert purged(sql_connection) == {jobs["acme"], jobs["globex"]}
    assert not set_retention(database, "nobody", days=1)


def test_a_change_of_the_time_is_in_the_tenants_events(database: Database, sql_connection: Sql) -> None:
    """Once each, with what it was."""
    for days in (7, 7, None):
        set_retention(database, TENANT, days=days)
    found = rows(
        sql_connection, "SELECT detail FROM tenant_events WHERE type = 'tenant.retention' ORDER BY id"
    )
    assert [row["detail"] for row in found] == [{"days": 7, "was": None}, {"days": None, "was": 7}]


def test_a_batch_is_bounded_and_the_longest_overdue_come_first(
    database: Database, sql_connection: Sql
) -> None:
    """Of two tenants with a backlog, none waits for the other's to end."""
    sql_connection.execute("INSERT INTO tenants (id) VALUES ('globex')")
    order = []
    for days, tenant in ((50, "globex"), (49, "acme"), (48, "globex"), (47, "acme"), (46, "globex")):
        order.append(in_state(database, Status.COMPLETED, tenant_id=tenant))
        age(sql_connection, order[-1], days)
    for done in (2, 4, 5):
        assert purge_expired(database, days=30, limit=2) == (1 if done == 5 else 2)
        assert purged(sql_connection) == set(order[:done])
    assert purge_expired(database, days=30, limit=2) == 0


def test_two_sweeps_at_once_share_the_work(sql_connection: Sql, another: Callable[[], Database]) -> None:
    """Sixty jobs of one tenant and the same bytes: each is purged once, nobody waits for ever."""
    sweeps = [another() for _ in range(3)]
    for number in range(60):
        job_id = in_state(sweeps[0], Status.COMPLETED, name=f"{number}.txt", webhook_url=WEBHOOK)
        age(sql_connection, job_id, 31)

    def sweep(database: Database) -> int:
        done = 0
        while batch := purge_expired(database, days=30, limit=7):
            done += batch
        return done

    done = at_once(*(partial(sweep, each) for each in sweeps))
    assert sum(done) + sweep(sweeps[0]) == 60
    assert value(sql_connection, "SELECT count(*) FROM job_events WHERE type = 'purged'") == 60
    left = "SELECT (SELECT count(*) FROM objects) + (SELECT count(*) FROM webhook_addresses)"
    assert value(sql_connection, left) == 0


def test_a_job_that_somebody_holds_is_left_to_the_next_sweep(
    database: Database, database_url: str, sql_connection: Sql
) -> None:
    """Nobody is waited for."""
    import psycopg

    held, free = in_state(database, Status.FAILED), in_state(database, Status.FAILED)
    for job_id in (held, free):
        age(sql_connection, job_id, 31)
    with psycopg.connect(database_url) as other:
        other.execute("SELECT FROM jobs WHERE id = %s FOR UPDATE", [held])
        assert purge_expired(database, days=30, limit=10) == 1
        assert purged(sql_connection) == {free}
    assert purge_expired(database, days=30, limit=10) == 1


def test_the_expired_are_found_by_their_index(database: Database, sql_connection: Sql) -> None:
    """With 20,000 jobs that are not old enough, a look for those that are reads none of them."""
    job_id = in_state(database, Status.CANCELLED)
    sql_connection.execute(
        "INSERT INTO jobs (tenant_id, task, priority, document_id, params, metadata, status, completed_at)"
        " SELECT tenant_id, task, priority, document_id, '{}', '{}', status, now()"
        " FROM jobs, generate_series(1, 20000) WHERE id = %s",
        [job_id],
    )
    sql_connection.execute("ANALYZE jobs")
    read: LiteralString = "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'jobs'"
    scans: LiteralString = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'jobs_retention'"
    sql_connection.execute("SELECT pg_stat_force_next_flush()")
    before = value(sql_connection, read)
    assert purge_expired(database, days=30, limit=25) == 0
    database.close()  # what it read is counted when it ends
    until("the statistics are there", lambda: value(sql_connection, scans) > 0)
    assert value(sql_connection, read) == before


# --- uploads, orphans, samples, secrets -------------------------------------------------------------


def test_an_upload_that_was_never_used_goes(database: Database, sql_connection: Sql) -> None:
    """After the time that a job would be kept, with its bytes; not one that a job names."""
    unused = uploaded(database)
    assert forget_uploads(database, days=30, limit=10) == 0
    sql_connection.execute("UPDATE documents SET created_at = now() - interval '31 days'")
    assert forget_uploads(database, days=30, limit=10) == 1
    assert is_purged(sql_connection, unused)
    assert KEY in [each.key for each in take_deletions(database, limit=10, lease_s=0)]
    used = uploaded(database)
    in_state(database, Status.PENDING, document_id=used, name=None)
    sql_connection.execute(
        "UPDATE documents SET created_at = now() - interval '31 days' WHERE purged_at IS NULL"
    )
    assert forget_uploads(database, days=30, limit=10) == 0
    assert not is_purged(sql_connection, used)


def test_an_upload_that_never_came_goes_a_day_after_its_time(database: Database, sql_connection: Sql) -> None:
    """One that did come is kept, although nobody waits for it any more."""
    document_id = uploaded(database, arrived=False)
    sql_connection.execute("UPDATE documents SET upload_until = now() - interval '23 hours'")
    assert forget_uploads(database, days=30, limit=10) == 0
    sql_connection.execute("UPDATE documents SET upload_until = now() - interval '25 hours'")
    assert forget_uploads(database, days=30, limit=10) == 1
    assert is_purged(sql_connection, document_id)
    kept = uploaded(database)
    sql_connection.execute(
        "UPDATE documents SET upload_until = now() - interval '25 hours' WHERE purged_at IS NULL"
    )
    assert forget_uploads(database, days=30, limit=10) == 0
    assert not is_purged(sql_connection, kept)


def test_bytes_that_never_came_to_be_a_document_go(database: Database, sql_connection: Sql) -> None:
    """A day after they were wanted last; whoever put them there died before the job was accepted."""
    want_object(database, TENANT, SHA256)
    sql_connection.execute("UPDATE objects SET touched_at = now() - interval '23 hours'")
    assert forget_orphans(database, limit=10) == 0
    sql_connection.execute("UPDATE objects SET touched_at = now() - interval '25 hours'")
    assert forget_orphans(database, limit=10) == 1
    assert [each.key for each in take_deletions(database, limit=10, lease_s=0)] == [KEY]
    uploaded(database, arrived=False)
    sql_connection.execute("UPDATE objects SET touched_at = now() - interval '25 hours'")
    assert forget_orphans(database, limit=10) == 0


def test_a_sample_goes_after_a_week(database: Database, sql_connection: Sql) -> None:
    """With its attempts and its address; a job's delivery of the same age stays."""
    insert_sample(database, TENANT, "https://sample.example/a", '{"type":"webhook.test",', most=10)
    in_state(database, Status.COMPLETED, webhook_url=WEBHOOK)
    sql_connection.execute("UPDATE deliveries SET created_at = now() - interval '6 days'")
    assert forget_samples(database, days=30, limit=10) == 0
    sql_connection.execute("UPDATE deliveries SET created_at = now() - interval '8 days'")
    assert forget_samples(database, days=30, limit=10) == 1
    assert [row["address"] for row in rows(sql_connection, "SELECT address FROM webhook_addresses")] == [
        WEBHOOK
    ]
    assert value(sql_connection, "SELECT count(*) FROM deliveries") == 1


def test_an_address_in_trouble_is_remembered_for_as_long_as_a_job(
    database: Database, sql_connection: Sql
) -> None:
    """Then it goes, if nothing goes there."""
    sql_connection.execute(
        "INSERT INTO webhook_addresses (tenant_id, address, disabled_at, reason)"
        " VALUES ('acme', 'https://a/', now() - interval '29 days', 'gone')"
    )
    forget_samples(database, days=30, limit=10)
    assert value(sql_connection, "SELECT count(*) FROM webhook_addresses") == 1
    sql_connection.execute("UPDATE webhook_addresses SET disabled_at = now() - interval '31 days'")
    assert forget_samples(database, days=30, limit=10) == 1
    assert value(sql_connection, "SELECT count(*) FROM webhook_addresses") == 0


def test_secrets_and_keys_go_when_they_are_of_no_use(database: Database, sql_connection: Sql) -> None:
    """A signing secret that has expired; a key that was revoked, or expired, ninety days ago."""
    sql_connection.execute(
        "INSERT INTO webhook_secrets (tenant_id, sealed, expires_at)"
        " VALUES ('acme', 'old', now()), ('acme', 'signs', now() + interval '1 hour'), ('acme', 'new', NULL)"
    )
    sql_connection.execute(
        "INSERT INTO api_keys (prefix, tenant_id, key_sha256, expires_at, revoked_at)"
        " SELECT prefix, 'acme', sha256('x'),"
        " now() - make_interval(days => expired), now() - make_interval(days => revoked)"
        " FROM (VALUES ('live', NULL, NULL), ('expired', 91, NULL), ('revoked', 1, 91), ('lately', 89, 89))"
        " AS k (prefix, expired, revoked)"
    )
    assert forget_secrets(database, limit=10) == 3
    left: LiteralString = (
        "SELECT prefix AS name FROM api_keys"
        " UNION ALL SELECT convert_from(sealed, 'UTF8') FROM webhook_secrets"
    )
    assert {row["name"] for row in rows(sql_connection, left)} == {"live", "lately", "signs", "new"}


def test_a_job_of_a_tenant_is_what_it_was_until_then(database: Database, sql_connection: Sql) -> None:
    """A sweep that finds nothing changes nothing."""
    job_id = in_state(database, Status.COMPLETED, webhook_url=WEBHOOK)
    before = row_of(sql_connection, job_id)
    for forget in (purge_expired, forget_uploads, forget_samples):
        assert forget(database, days=30, limit=10) == 0
    assert (forget_orphans(database, limit=10), forget_secrets(database, limit=10)) == (0, 0)
    assert row_of(sql_connection, job_id) == before
