"""status: what one tenant sees of another, and how jobs are listed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.functions.documents import EVALUATE, EXTRACT
from tests.integration.functions.recorded import (
    cancel_job,
    get_job,
    get_part,
    get_webhook_secret,
    list_jobs,
    reader_of,
)

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

UNKNOWN = "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"


def listed(stage: Stage, **query: str) -> dict[str, Any]:
    """A page of jobs."""
    answer = stage.call("status", list_jobs(**query))
    assert answer["statusCode"] == 200, answer
    page: dict[str, Any] = json.loads(answer["body"])
    assert set(page) == {"jobs", "next_cursor"}
    return page


def ids(page: dict[str, Any]) -> list[str]:
    """The ids of a page."""
    return [job["job_id"] for job in page["jobs"]]


def test_another_tenants_job_is_not_found(stage: Stage, rows: Rows) -> None:
    """Each call about it is answered as one about a job that does not exist, and changes nothing."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    job_id = stage.accept(**EXTRACT)
    stage.work(job_id)
    for event in (get_job, cancel_job):
        theirs = stage.call("status", event(job_id, tenant="globex"))
        nobodys = stage.call("status", event(UNKNOWN, tenant="globex"))
        assert (theirs["statusCode"], theirs["body"]) == (404, nobodys["body"])
    for part in ("events", "document", "deliveries"):
        asked = get_part(job_id, part, tenant="globex")
        assert stage.call(reader_of(asked), asked)["statusCode"] == 404
    assert stage.read(job_id)["status"] == "completed"


def test_a_waiting_job_of_another_tenant_is_not_cancelled(stage: Stage, rows: Rows) -> None:
    """The id alone gives no power over a job."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    job_id = stage.accept(**EXTRACT)
    assert stage.call("status", cancel_job(job_id, tenant="globex"))["statusCode"] == 404
    assert stage.read(job_id)["status"] == "pending"


def test_an_etag_opens_nothing(stage: Stage, rows: Rows) -> None:
    """If-None-Match: * on another tenant's job is 404 and not 304."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    job_id = stage.accept(**EXTRACT)
    event = get_job(job_id, tenant="globex", if_none_match="*")
    assert stage.call("status", event)["statusCode"] == 404


def test_each_tenant_has_its_own_webhook_secret(stage: Stage, rows: Rows) -> None:
    """Two tenants get two secrets."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    bodies = [
        stage.call("webhooks", get_webhook_secret(tenant=tenant))["body"] for tenant in ("acme", "globex")
    ]
    secrets = [json.loads(body)["secrets"][0]["secret"] for body in bodies]
    assert secrets[0] != secrets[1]


def test_the_newest_job_is_listed_first(stage: Stage) -> None:
    """Jobs come in the reverse order of their acceptance, without their results."""
    jobs = [stage.accept(**EXTRACT) for _ in range(3)]
    page = listed(stage)
    assert ids(page) == jobs[::-1]
    assert page["next_cursor"] is None
    assert all("result" not in job for job in page["jobs"])


def test_a_tenant_lists_only_its_own(stage: Stage, rows: Rows) -> None:
    """Another tenant's jobs are in no list."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    mine = stage.accept(**EXTRACT)
    stage.accept(tenant="globex", **EXTRACT)
    assert ids(listed(stage)) == [mine]


def test_no_jobs_are_an_empty_list(stage: Stage) -> None:
    """A tenant without jobs gets an empty page."""
    assert listed(stage) == {"jobs": [], "next_cursor": None}


def test_filters_narrow_the_list(stage: Stage) -> None:
    """By state, by task, and by both."""
    done, waiting = stage.accept(**EXTRACT), stage.accept(**EXTRACT)
    judged = stage.accept("evaluate", **EVALUATE)
    stage.work(done)
    assert ids(listed(stage, status="completed")) == [done]
    assert ids(listed(stage, task="evaluate")) == [judged]
    assert ids(listed(stage, status="pending", task="extract")) == [waiting]
    assert ids(listed(stage, status="failed")) == []


def test_the_cursor_leads_through_all_pages(stage: Stage) -> None:
    """Each job is on one page, also when others are accepted meanwhile."""
    jobs = [stage.accept(**EXTRACT) for _ in range(5)]
    first = listed(stage, limit="2")
    stage.accept(**EXTRACT)
    second = listed(stage, limit="2", cursor=first["next_cursor"])
    third = listed(stage, limit="2", cursor=second["next_cursor"])
    assert [*ids(first), *ids(second), *ids(third)] == jobs[::-1]
    assert third["next_cursor"] is None


def test_a_full_last_page_has_no_cursor(stage: Stage) -> None:
    """The cursor says that there is more, not that the page is full."""
    stage.accept(**EXTRACT)
    stage.accept(**EXTRACT)
    assert listed(stage, limit="2")["next_cursor"] is None
