"""process: a model that is down is left alone, and tried by one job at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.functions.documents import numbered

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

OPENS_AFTER = 5


@pytest.fixture
def jobs(stage: Stage, model: ModelGate) -> list[str]:
    """Jobs whose calls all failed, as many as it takes to open the circuit."""
    stage.override(ECONOMY_BATCHES="false")
    model.faults.fault("status", status=500, times=None)
    found = [stage.accept(**numbered(number)) for number in range(OPENS_AFTER)]
    assert stage.work(*found) == []
    return found


def test_a_model_that_is_down_is_not_called(
    stage: Stage, model: ModelGate, rows: Rows, jobs: list[str]
) -> None:
    """A further job is put off without a call, without an attempt, and with a doorbell for later."""
    stage.received("JobsQueue")
    further = stage.accept(**numbered(17))
    stage.received("JobsQueue")
    assert stage.work(further) == []
    job = rows.job(further)
    assert (job["status"], job["attempt"], job["failures"]) == ("pending", 0, 0)
    assert job["delay_s"] > 0
    assert len(model.calls) == OPENS_AFTER
    assert stage.delayed("JobsQueue") >= 1


def test_another_model_is_called(stage: Stage, model: ModelGate, jobs: list[str]) -> None:
    """The circuit is one model's: a job of the other priority is done."""
    model.faults.control("DELETE", "/faults")
    economy = stage.accept(**numbered(17), priority="economy")
    assert stage.work(economy) == []
    assert stage.read(economy)["status"] == "completed"


def test_one_job_tries_again(stage: Stage, model: ModelGate, rows: Rows, jobs: list[str]) -> None:
    """When its time has come one call goes out, however many jobs are due; its success lets all go on."""
    model.faults.control("DELETE", "/faults")
    rows.run("UPDATE model_circuits SET retry_at = now()")
    rows.make_due()
    assert stage.work(*jobs) == []
    assert len(model.calls) == OPENS_AFTER + 1
    rows.make_due()
    assert stage.work(*jobs) == []
    assert {stage.read(job)["status"] for job in jobs} == {"completed"}


def test_a_throttled_model_is_not_down(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """However often it asks us to wait, the circuit stays closed."""
    model.faults.fault("status", status=529, times=OPENS_AFTER + 1)
    jobs = [stage.accept(**numbered(number)) for number in range(OPENS_AFTER + 1)]
    stage.work(*jobs)
    rows.make_due()
    assert stage.work(*jobs) == []
    assert {stage.read(job)["status"] for job in jobs} == {"completed"}
