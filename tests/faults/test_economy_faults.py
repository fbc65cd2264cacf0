"""The whole system with economy jobs: `economy` is killed amid its work, and nothing is paid twice."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from client.api import Api
from tests.faults.model import ModelServer
from tests.faults.system import System, send
from tests.faults.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("faults")]

JOBS = 8
FILLER = "Nothing of this is asked for.\n" * 2_000
PARAMETERS = {
    "ModelStandard": "claude-haiku-5-5",
    "EconomyWaitSeconds": "1",
    "EconomyLookSeconds": "1",
    "EconomySchedule": "rate(1 second)",
}


@pytest.fixture
def model(tmp_path: Path) -> Iterator[ModelServer]:
    """A model server that outlives the system, whose answers have a price."""
    server = ModelServer(tmp_path / "model", latency_ms=0, module="tests.faults.priced_model")
    yield server
    server.stop()


@pytest.fixture
def system(tmp_path_factory: pytest.TempPathFactory, model: ModelServer) -> Iterator[System]:
    """A running system that hurries."""
    running = System(
        tmp_path_factory.mktemp("economy"), model_url=model.url, lease_s=4.0, parameters=PARAMETERS
    )
    yield running
    running.stop()


def handed_in(api: Api, priority: str) -> list[str]:
    """Jobs about documents of their own, the same for each priority."""
    return [
        api.submit(
            "summarise",
            {"document": {"text": f"Claim {n}. The fee is EUR 4{n}.\n{FILLER}"}, "priority": priority},
        )["job_id"]
        for n in range(JOBS)
    ]


def test_economy_that_is_killed_pays_nothing_twice(system: System, model: ModelServer) -> None:
    """A batch whose name was lost, and a kill -9 amid results: each question is answered once, for half."""
    model.control("POST", "/batches/faults", {"at": "create", "kind": "lost"})
    model.control("POST", "/batches/faults", {"at": "results", "kind": "slow", "seconds": 0.25, "times": 2})
    with Api(system.url, system.key) as api:
        economy = handed_in(api, "economy")
        standard = handed_in(api, "standard")
        noted = "SELECT count(*) AS n FROM model_calls WHERE batch IS NOT NULL"
        wait_for("the first results", lambda: 0 < system.questions.number(noted) < JOBS)
        victims = system.functions("EconomyFunction")
        for victim in victims:
            send(victim, signal.SIGKILL)
        assert victims
        assert system.questions.number(noted) < JOBS
        jobs = [api.wait(job_id) for job_id in (*economy, *standard)]
    assert {job["status"] for job in jobs} == {"completed"}
    assert model.counted(batched=True) == model.counted(batched=False) == [1] * JOBS
    assert sum(_used(job, "unknown_calls") for job in jobs) == 0
    batched, called = (sum(_used(job, "cost_usd") for job in part) for part in (jobs[:JOBS], jobs[JOBS:]))
    assert batched > 0
    assert batched == pytest.approx(called / 2, abs=JOBS * 1e-6)  # a job's cost is kept to the microdollar


def _used(job: Any, name: str) -> float:
    return float(job["usage"][name])
