"""sweep and operator: how long things are kept, and that deleting keeps nobody waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import recorded

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage


def sweep(stage: Stage) -> dict[str, int]:
    """One firing of the schedule."""
    return dict(stage.call("sweep", recorded("scheduler")))


def old_jobs(stage: Stage, rows: Rows, count: int, days: int) -> None:
    """Cancelled jobs of the tenant, so many days after their end."""
    job_id = stage.accept(**EXTRACT)
    rows.run(
        "UPDATE jobs SET status = 'cancelled', completed_at = now() - make_interval(days => %s)"
        " WHERE id = %s",
        [days, job_id],
    )
    rows.run(
        "INSERT INTO jobs (tenant_id, task, priority, document_id, params, metadata, status, completed_at)"
        " SELECT tenant_id, task, priority, document_id, params, metadata, status, completed_at"
        " FROM jobs, generate_series(2, %s) WHERE id = %s",
        [count, job_id],
    )


def test_the_operator_says_how_long(stage: Stage, rows: Rows) -> None:
    """The next sweep keeps to it; the list shows it; taken away, the deployment's 30 days count."""
    old_jobs(stage, rows, 1, 10)
    asked = {"command": "tenants.retention", "tenant": "acme", "days": 11}
    assert stage.call("operator", asked) == {"result": {"tenant": "acme", "retention_days": 11}}
    assert sweep(stage)["jobs_expired"] == 0
    (listed,) = stage.call("operator", {"command": "tenants.list"})["result"]["tenants"]
    assert listed["retention_days"] == 11
    stage.call("operator", {"command": "tenants.retention", "tenant": "acme"})
    assert sweep(stage)["jobs_expired"] == 0
    stage.call("operator", asked | {"days": 9})
    assert sweep(stage)["jobs_expired"] == 1


def test_the_operator_is_told_what_is_wrong(stage: Stage, rows: Rows) -> None:
    """No such tenant, and a number of days that is none; nothing has changed."""
    asked = {"command": "tenants.retention", "tenant": "acme"}
    codes = [
        stage.call("operator", asked | wrong)["error"]["code"]
        for wrong in ({"tenant": "nobody", "days": 1}, {"days": 0}, {"days": 3651}, {"days": "x"})
    ]
    assert codes == ["tenant_unknown", *["arguments_invalid"] * 3]
    assert rows.one("SELECT retention_days FROM tenants")["retention_days"] is None


def test_a_backlog_is_caught_up_over_many_sweeps(stage: Stage, rows: Rows) -> None:
    """What one sweep has no time for is left to the next; a due job is rung for by each of them, before."""
    old_jobs(stage, rows, 300, 31)
    stage.override(TIDY_S="0.01")  # one batch, as good as always
    job_id = stage.accept(**EXTRACT)
    stage.received("JobsQueue")
    sweeps = done = 0
    while done < 300:
        rows.run("UPDATE jobs SET rung_at = now() - interval '2 hours' WHERE id = %s", [job_id])
        swept = sweep(stage)
        assert swept["jobs_rung"] == 1
        done += swept["jobs_expired"]
        sweeps += 1
    assert sweeps > 1
    assert done == 300


def test_a_sweep_that_has_been_long_deletes_nothing(stage: Stage, rows: Rows) -> None:
    """Its heartbeat comes first: what it would take longer for is left to the next one."""
    old_jobs(stage, rows, 1, 31)
    stage.override(LONGEST_S="0")
    assert sweep(stage)["jobs_expired"] == 0
    assert rows.one("SELECT name FROM heartbeats")["name"] == "sweep"


def test_somebody_who_holds_what_is_to_go_hinders_nothing(
    stage: Stage, rows: Rows, database_url: str
) -> None:
    """The sweep does the rest of its work, and its heartbeat comes."""
    import psycopg

    old_jobs(stage, rows, 1, 31)
    name = psycopg.sql.Identifier(database_url.rpartition("/")[2])
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute(psycopg.sql.SQL("ALTER DATABASE {} SET lock_timeout = '100ms'").format(name))
    with psycopg.connect(database_url) as other:
        other.execute("SELECT FROM objects FOR SHARE")
        assert sweep(stage)["jobs_expired"] == 0
    assert rows.one("SELECT name FROM heartbeats")["name"] == "sweep"
    assert sweep(stage)["jobs_expired"] == 1


def test_a_job_that_cannot_be_deleted_is_told(stage: Stage, rows: Rows) -> None:
    """By a line with its id and the kind of error, a count, and the age of what should be gone."""
    old_jobs(stage, rows, 3, 31)
    (bad, *_) = (row["id"] for row in rows.all("SELECT id FROM jobs ORDER BY id"))
    rows.run(f"ALTER TABLE jobs ADD CONSTRAINT bad CHECK (id <> '{bad}') NOT VALID")
    swept = sweep(stage)
    assert (swept["jobs_expired"], swept["not_deleted"]) == (2, 1)
    (line,) = [each for each in stage.lines() if each.get("message") == "overdue content not deleted"]
    told = (line["level"], line["job_id"], line["tenant_id"], line["error"])
    assert told == ("ERROR", str(bad), "acme", "23514")
    assert stage.metric("ContentNotDeleted") == 1
    assert 86_400 <= stage.metric("OverdueContentSeconds") < 87_000
