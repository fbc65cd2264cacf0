"""The version before works on the new schema, function by function, beside the new one and at the same time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.store.connection import Database
from claimcheck.usecases.keys import create_key

from tests.integration.compatibility.fleet import RELEASED, Fleet
from tests.integration.compatibility.lives import FUNCTIONS, Lives
from tests.integration.functions.recorded import authorization, doorbells, post_job, webhooks_call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.integration.compatibility.fleet import Cloud, Host
    from tests.integration.conftest import Server
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.receiver import Receiver

# Plackett and Burman's design of twelve runs: whichever two functions one takes, each of the four ways to give
# them versions is in three of these fleets.
_FIRST = "++-+++---+-"
DESIGN = [_FIRST[-turn:] + _FIRST[:-turn] for turn in range(11)] + ["-" * 11]


@pytest.fixture(scope="module")
def database_url(server: Server) -> Iterator[str]:
    """One database of the new schema for all fleets."""
    url = server.migrated()
    yield url
    server.drop(url)


@pytest.fixture
def fleet(hosts: Mapping[str, Host], cloud: Cloud, gate: ModelGate, database_url: str) -> Fleet:
    """All functions of both versions; nothing is chosen yet."""
    for queue in ("JOBS", "DELIVERIES", "SLOW_DELIVERIES", "OUTCOMES"):
        cloud.taken(queue)
    environment = {
        **cloud.environment(),
        "ANTHROPIC_SECRET_ARN": "model",
        "WEBHOOK_KEY_SECRET_ARN": "webhooks",
        "MODEL_STANDARD": "claude-sonnet-5-5",
        "MODEL_ECONOMY": "claude-haiku-5-5",
        "ANTHROPIC_BASE_URL": gate.url,
        "CLAIMCHECK_ALLOW_LOOPBACK_WEBHOOKS": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "POWERTOOLS_SERVICE_NAME": "claimcheck",
        "POWERTOOLS_METRICS_NAMESPACE": "Claimcheck",
        "LAMBDA_TASK_ROOT": "/var/task",  # with it Powertools keeps to one event loop
    }
    return Fleet(hosts, cloud, environment, dict.fromkeys(hosts, database_url), default="new")


@pytest.fixture
def lives(fleet: Fleet, database_url: str, hook: Receiver) -> Iterator[Lives]:
    """What happens to jobs in that fleet."""
    with psycopg.connect(database_url, autocommit=True) as sql:
        yield Lives(fleet, sql, hook)


def test_there_is_a_version_before_this_one() -> None:
    """Without one, nothing here would be tested."""
    assert RELEASED


@pytest.mark.parametrize("design", DESIGN)
def test_every_pair_of_functions_works_in_every_mixture(lives: Lives, design: str, database_url: str) -> None:
    """Five lives of jobs through all functions, some old (+), some new (-); both versions verify the trails."""
    lives.fleet.versions = {
        name: "old" if sign == "+" else "new" for name, sign in zip(FUNCTIONS, design, strict=True)
    }
    database = Database(database_url)
    key = create_key(database, "acme")
    database.close()
    allowed = lives.fleet.call("authorize", authorization(f"Bearer {key}"))
    assert allowed["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert allowed["context"]["tenant_id"] == "acme"
    jobs = [lives.completed(), lives.cancelled(), lives.swept(), lives.redriven(), lives.uploaded()]
    for job_id in jobs:
        lives.verified(job_id)


def test_a_secret_that_one_version_made_signs_in_the_other(lives: Lives) -> None:
    """Both show the same secrets, also after a rotation by the old one."""
    shown = webhooks_call("GET", "/webhook-secret")
    first = [lives.fleet.call("webhooks", shown, on=version)["body"] for version in ("new", "old")]
    assert first[0] == first[1]


def test_a_ticket_is_one_whoever_gave_it(lives: Lives) -> None:
    """The same idempotency key and body, sent to both versions: one job."""
    event = post_job("extract", {"document": {"text": "A fee."}, "fields": ["fee"]}, idempotency_key="k-1")
    tickets = [
        json.loads(lives.fleet.call("submit", event, on=version)["body"]) for version in ("old", "new")
    ]
    assert tickets[0]["job_id"] == tickets[1]["job_id"]


def test_both_versions_at_once_do_each_job_once(lives: Lives, gate: ModelGate) -> None:
    """The same doorbells to both, and both sweeps meanwhile: one answer each, paid once."""
    fleet = lives.fleet
    jobs = [lives.submitted() for _ in range(6)]
    before = len(gate.calls)
    with ThreadPoolExecutor(4) as threads:
        calls: list[Any] = []
        for version in ("old", "new"):
            calls.append(threads.submit(fleet.call, "process", doorbells(*jobs), on=version))
            calls.append(threads.submit(fleet.call, "sweep", {}, on=version))
        answers = [call.result(60) for call in calls]
    assert [answer for answer in answers if "batchItemFailures" in answer] == [{"batchItemFailures": []}] * 2
    assert len(gate.calls) - before == len(jobs)
    for job_id in jobs:
        assert lives.status(job_id) == "completed"
        lives.verified(job_id)
