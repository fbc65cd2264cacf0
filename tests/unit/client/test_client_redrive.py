"""`claimcheck redrive`: one failed job, or all of them."""

from __future__ import annotations

import pytest

from tests.unit.client.standin import Answer, Asked, StandIn, job, script
from tests.unit.client.test_client_commands import run

PAGES = {
    None: {"jobs": [job("failed", job_id="3"), job("failed", job_id="2")], "next_cursor": "2"},
    "2": {"jobs": [job("failed", job_id="1")], "next_cursor": None},
}


def test_a_job_is_put_back_by_its_id() -> None:
    """The job's new status is printed."""
    with StandIn(script(Answer(200, job("pending")))) as server:
        assert run(server.url, "redrive", "0193-a").stdout == "0193-a pending\n"
        assert [(each.method, each.path) for each in server.asked] == [("POST", "/jobs/0193-a/redrive")]


def test_all_failed_jobs_are_put_back_oldest_first() -> None:
    """Every page is read before the first job moves, so that none is passed over."""

    def answer(asked: Asked) -> Answer:
        if asked.method == "POST":
            return Answer(200, job("pending"))
        return Answer(200, PAGES["2" if "cursor=2" in asked.path else None])

    with StandIn(answer) as server:
        result = run(server.url, "redrive", "--all")
        posts = [each.path for each in server.asked if each.method == "POST"]
    assert result.exit_code == 0
    assert posts == ["/jobs/1/redrive", "/jobs/2/redrive", "/jobs/3/redrive"]


@pytest.mark.parametrize("code", ["tenant_busy", "spend_limit"])
def test_as_many_as_the_limit_allows_are_put_back(code: str) -> None:
    """Those that are left are counted, with the reason; nobody waits for room, and it is no success."""
    detail = "You have 2 jobs in flight, which is your limit. Send it again when some are done."
    busy = Answer(429, {"title": "Too Many Requests", "code": code, "detail": detail}, {"Retry-After": "5"})

    def answer(asked: Asked) -> Answer:
        if asked.method == "POST":
            return Answer(200, job("pending")) if asked.path.startswith("/jobs/1/") else busy
        return Answer(200, PAGES["2" if "cursor=2" in asked.path else None])

    with StandIn(answer) as server:
        result = run(server.url, "redrive", "--all")
        posts = [each.path for each in server.asked if each.method == "POST"]
        one = run(server.url, "redrive", "2")
    assert (result.exit_code, result.stdout) == (1, "1 pending\n")
    assert result.stderr == f"1 put back, 2 left: {detail}\n"
    assert posts == ["/jobs/1/redrive", "/jobs/2/redrive"]
    assert (one.exit_code, one.stderr) == (1, f"0 put back, 1 left: {detail}\n")


def test_a_job_that_did_not_fail_stays_and_the_reason_is_told() -> None:
    """409 is wrong use: exit code 2, one line."""
    problem = {"title": "Conflict", "detail": "Only a failed job can be put back; this one is completed."}
    with StandIn(script(Answer(409, problem))) as server:
        result = run(server.url, "redrive", "0193-a")
    assert result.exit_code == 2
    assert "this one is completed" in result.stderr


def test_a_job_and_all_exclude_each_other() -> None:
    """Neither both nor none of them."""
    with StandIn(script(Answer(200, job()))) as server:
        assert run(server.url, "redrive").exit_code == 2
        assert run(server.url, "redrive", "0193-a", "--all").exit_code == 2
        assert server.asked == []
