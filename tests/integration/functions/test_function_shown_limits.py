"""GET /limits: what a tenant may have at once, and what is used of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.documented import faults
from tests.integration.functions.recorded import api_call, post_document
from tests.integration.functions.test_function_limits import BODY, UPLOAD, limit, problem

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage


def shown(stage: Stage, tenant: str = "acme") -> dict[str, Any]:
    """What the call answers, which is what the API's document says."""
    answer = stage.call("status", api_call("GET", "/limits", tenant=tenant))
    assert answer["statusCode"] == 200, answer
    assert answer["multiValueHeaders"]["Cache-Control"] == ["no-store"]
    found: dict[str, Any] = json.loads(answer["body"])
    assert faults("/components/schemas/Limits", found) == []
    return found


def throttled(stage: Stage, **told: Any) -> None:
    """What `claimcheck tenants throttle` tells once API Gateway knows the numbers."""
    assert "result" in stage.call("operator", {"command": "tenants.planned", "tenant": "acme", **told})


def test_who_has_no_limits_is_shown_the_deployments(stage: Stage) -> None:
    """Each is the parameter's value, and nothing of it is used."""
    stage.override(
        LIMIT_JOBS_IN_FLIGHT="7",
        LIMIT_USD_PER_DAY="2.5",
        LIMIT_DOCUMENT_BYTES="1000",
        LIMIT_REQUESTS_PER_SECOND="0.5",
        LIMIT_REQUESTS_BURST="3",
    )
    found = shown(stage)
    resets_at = found["usd_per_day"].pop("resets_at")
    assert found == {
        "jobs_in_flight": {"limit": 7, "used": 0},
        "usd_per_day": {"limit": 2.5, "used": 0, "reserved": 0},
        "document_bytes": {"limit": 1000},
        "requests": {"per_second": 0.5, "burst": 3, "shared": True},
    }
    left = datetime.fromisoformat(resets_at) - datetime.now(UTC)
    assert resets_at.endswith("T00:00:00.000000Z")
    assert timedelta(minutes=-1) < left <= timedelta(days=1)


def test_own_limits_are_those_that_refuse(stage: Stage) -> None:
    """What is shown is what the next request is held against."""
    limit(stage, jobs_in_flight=1, document_bytes=1_000_000, usd_per_day=0.25)
    stage.accept(**BODY)
    found = shown(stage)
    assert found["jobs_in_flight"] == {"limit": 1, "used": 1}
    assert found["document_bytes"] == {"limit": 1_000_000}
    assert found["usd_per_day"]["limit"] == 0.25
    assert problem(stage.call("submit", api_call("POST", "/jobs/extract", BODY)))[1] == "tenant_busy"
    assert problem(stage.call("documents", post_document(UPLOAD)))[1] == "document_too_large"


def test_what_nobody_may_upload_is_no_limit(stage: Stage) -> None:
    """A limit above the deployment's largest upload is shown as that."""
    stage.override(MAX_UPLOAD_BYTES="5000")
    limit(stage, document_bytes=9_000)
    assert shown(stage)["document_bytes"] == {"limit": 5_000}


def test_jobs_that_are_final_are_in_flight_no_more(stage: Stage) -> None:
    """Pending and running ones are counted."""
    done, _open = stage.accept(**BODY), stage.accept(**BODY)
    assert shown(stage)["jobs_in_flight"]["used"] == 2
    stage.work(done)
    assert stage.read(done)["status"] == "completed"
    assert shown(stage)["jobs_in_flight"]["used"] == 1


def test_todays_money_is_shown(stage: Stage, rows: Rows) -> None:
    """What was spent and what is reserved on this day; yesterday's is over."""
    spent = "INSERT INTO tenant_spend VALUES ('acme', (now() AT TIME ZONE 'UTC')::date - %s, %s, %s)"
    rows.run(spent, [1, 9, 9])
    rows.run(spent, [0, 0.25, 0.125])
    money = shown(stage)["usd_per_day"]
    assert (money["used"], money["reserved"]) == (0.25, 0.125)


def test_nothing_of_another_tenant_is_counted(stage: Stage, rows: Rows) -> None:
    """Its jobs, its money and its limits are its own."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    rows.run("INSERT INTO tenant_spend VALUES ('acme', (now() AT TIME ZONE 'UTC')::date, 3, 1)")
    limit(stage, jobs_in_flight=5)
    throttled(stage, planned=True, rate=20, burst=40)
    stage.accept(**BODY)
    theirs = shown(stage, tenant="globex")
    assert theirs["jobs_in_flight"]["used"] == theirs["usd_per_day"]["used"] == 0
    assert theirs["jobs_in_flight"]["limit"] != 5
    assert theirs["requests"]["shared"] is True


@pytest.mark.parametrize(
    ("told", "since", "requests"),
    [
        pytest.param({"planned": True, "rate": 20, "burst": 40}, "3 minutes", (20, 40, False), id="own"),
        pytest.param({"planned": True, "rate": 20, "burst": 40}, "1 minute", (100, 200, True), id="not yet"),
        pytest.param({"planned": True}, "3 minutes", (100, 200, False), id="the deployment's, by itself"),
        pytest.param({"planned": False}, "3 minutes", (100, 200, True), id="on the way to others"),
    ],
)
def test_requests_are_counted_as_the_authorizer_says(
    stage: Stage, rows: Rows, told: dict[str, Any], since: str, requests: tuple[float, int, bool]
) -> None:
    """Numbers of its own hold once the tenant's usage key has been known for two minutes."""
    stage.override(LIMIT_REQUESTS_PER_SECOND="100", LIMIT_REQUESTS_BURST="200")
    throttled(stage, planned=True, rate=1, burst=1)
    throttled(stage, **told)
    rows.run("UPDATE tenants SET planned_at = planned_at - %s::interval", [since])
    found = shown(stage)["requests"]
    assert (found["per_second"], found["burst"], found["shared"]) == requests
