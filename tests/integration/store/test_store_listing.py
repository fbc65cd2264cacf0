"""Lists of jobs: newest first, page after page, filtered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from claimcheck.jobs.states import Status
from claimcheck.store.reading import get_job, list_jobs

from tests.integration.store.jobs_in_states import TENANT, accepted, in_state

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql


def listed(database: Database, tenant_id: str = TENANT, **changes: Any) -> list[str]:
    """The ids of a page."""
    filters: dict[str, Any] = {"status": None, "task": None, "before": None, "limit": 10, **changes}
    return [job.job_id for job in list_jobs(database, tenant_id, **filters)]


def test_a_list_is_newest_first(database: Database) -> None:
    """Jobs come in the reverse order of their acceptance."""
    jobs = [accepted(database) for _ in range(4)]
    assert listed(database) == jobs[::-1]


def test_pages_follow_each_other(database: Database) -> None:
    """Page after page from the last id on gives every job once, also where new ones arrive meanwhile."""
    jobs = [accepted(database) for _ in range(5)]
    seen: list[str] = []
    while page := listed(database, before=seen[-1] if seen else None, limit=2):
        assert len(page) <= 2
        seen += page
        accepted(database)
    assert seen == jobs[::-1]


def test_a_list_is_filtered(database: Database) -> None:
    """State and task each narrow the list, and both together."""
    jobs = {
        (status, task): in_state(database, status, task=task)
        for status in Status
        for task in ("extract", "evaluate")
    }
    for status in Status:
        assert listed(database, status=status) == [jobs[status, "evaluate"], jobs[status, "extract"]]
        assert listed(database, status=status, task="extract") == [jobs[status, "extract"]]
    assert listed(database, task="evaluate") == [jobs[status, "evaluate"] for status in reversed(Status)]
    assert listed(database, task="summarise") == []


def test_a_listed_job_is_the_job_without_its_result(database: Database) -> None:
    """A line of the list says what the job itself says, the result left out."""
    job_id = in_state(database, Status.COMPLETED, metadata={"ref": 1})
    (line,) = list_jobs(database, TENANT, status=None, task=None, before=None, limit=10)
    view = get_job(database, TENANT, job_id)
    assert view is not None
    whole = json.loads(view.body)
    del whole["result"]
    assert list(json.loads(line.body).items()) == list(whole.items())


def test_a_list_is_its_tenants_own(database: Database, sql_connection: Sql) -> None:
    """Each tenant's list holds its own jobs, whoever accepted one in between."""
    sql_connection.execute("INSERT INTO tenants (id) VALUES ('globex')")
    ours, theirs = accepted(database), accepted(database, tenant_id="globex")
    assert listed(database) == [ours]
    assert listed(database, "globex") == [theirs]
    assert listed(database, "nobody") == []


def test_a_cursor_of_another_tenant_shows_nothing_of_theirs(database: Database, sql_connection: Sql) -> None:
    """Another tenant's job as the cursor only marks a point in time."""
    sql_connection.execute("INSERT INTO tenants (id) VALUES ('globex')")
    before, theirs = accepted(database), accepted(database, tenant_id="globex")
    accepted(database)
    assert listed(database, before=theirs) == [before]
