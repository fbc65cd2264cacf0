"""The version before works on the new schema, function by function, beside the new one and at once."""

from __future__ import annotations

import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.store.connection import Database
from claimcheck.usecases.keys import create_key

from tests.integration.compatibility.fleet import RELEASED
from tests.integration.compatibility.lives import FUNCTIONS
from tests.integration.functions.recorded import (
    api_call,
    authorization,
    doorbells,
    post_job,
    recorded,
)

if TYPE_CHECKING:
    from tests.integration.compatibility.lives import Lives
    from tests.integration.functions.model_gate import ModelGate

# Plackett and Burman's design of twelve runs: whichever two functions one takes, each of the four ways to
# give them versions is in three of these fleets.
_FIRST = "++-+++---+-"
DESIGN = [_FIRST[-turn:] + _FIRST[:-turn] for turn in range(11)] + ["-" * 11]


@pytest.fixture(scope="module")
def key(upgraded: str) -> str:
    """A key that the new version made."""
    database = Database(upgraded)
    try:
        return create_key(database, "acme")
    finally:
        database.close()


def test_there_is_a_version_before_this_one() -> None:
    """Without one, nothing here would be tested; what is kept of each is small."""
    assert RELEASED
    for archive in RELEASED:
        assert archive.stat().st_size < 1_000_000
        with zipfile.ZipFile(archive) as files:
            told = json.loads(files.read("released.json"))
            assert told["commit"] == archive.stem
            assert any(f"/versions/{told['schema']}_" in name for name in files.namelist())


def test_the_old_functions_are_the_old_ones(lives: Lives) -> None:
    """What runs as the version before says so itself: this one also tells which schema it needs."""
    shown = {
        version: json.loads(lives.fleet.call("status", recorded("api-get-health"), on=version)["body"])
        for version in ("old", "new")
    }
    assert shown["new"]["schema_needed"] == shown["new"]["schema"] == shown["old"]["schema"]
    assert shown["old"] != shown["new"]


@pytest.mark.parametrize("design", DESIGN)
def test_every_pair_of_functions_works_in_every_mixture(lives: Lives, design: str, key: str) -> None:
    """Five lives of jobs through all functions, some old (+), some new (-); both verify the trails."""
    lives.fleet.versions = {
        name: "old" if sign == "+" else "new" for name, sign in zip(FUNCTIONS, design, strict=True)
    }
    allowed = lives.fleet.call("authorize", authorization(f"Bearer {key}"))
    assert allowed["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert allowed["context"]["tenant_id"] == "acme"
    jobs = [lives.completed(), lives.cancelled(), lives.swept(), lives.redriven(), lives.uploaded()]
    for job_id in jobs:
        lives.verified(job_id)


def test_a_secret_that_one_version_made_signs_in_the_other(lives: Lives) -> None:
    """Both show the same secrets, also after a rotation by the old one."""
    shown = api_call("GET", "/webhook-secret")
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
