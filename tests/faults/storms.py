"""Scenarios in which the model's API fails, in every way that it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.faults.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.faults.trial import Trial

MARK = "STORMY"
_OPENED = "SELECT count(*) AS n FROM model_circuits WHERE opened_at IS NOT NULL"
_RETRIES = """
SELECT count(*) AS n FROM job_events
WHERE job_id = ANY (%(ids)s::uuid[]) AND type = 'retry' AND detail ->> 'code' = %(code)s
"""


def passing(code: str, **fault: Any) -> Callable[[Trial], None]:
    """A storm that hits every call, for as long as it takes that half the burst's jobs have met it."""

    def storm(trial: Trial) -> None:
        wanted = len(trial.burst.jobs) // 2
        for _ in trial.moments(1):
            trial.ground.model.storm(fault)
            wait_for(f"{wanted} calls to be hit", lambda: trial.ground.model.hits() >= wanted)
            trial.ground.model.calm()
        _note(trial, code)

    return storm


def outage(code: str, **fault: Any) -> Callable[[Trial], None]:
    """The model is down: the storm lasts until its circuit has opened."""

    def storm(trial: Trial) -> None:
        for _ in trial.moments(1):
            trial.ground.model.storm(fault)
            wait_for("the circuit to open", lambda: trial.system.questions.rows(_OPENED)[0]["n"] > 0)
            trial.ground.model.calm()
        _note(trial, code)

    return storm


def chosen(fault: Mapping[str, Any]) -> Callable[[Trial], None]:
    """From the start, and only for the documents that hold MARK."""

    def storm(trial: Trial) -> None:
        trial.ground.model.storm(fault, match=MARK)
        for _ in trial.moments(1):
            pass

    return storm


def _note(trial: Trial, code: str) -> None:
    def retries() -> int:
        params = {"ids": trial.burst.accepted(), "code": code}
        return int(trial.system.questions.rows(_RETRIES, params)[0]["n"])

    wait_for(f"a retry because of {code}", lambda: retries() > 0)
    trial.notes.append(f"{trial.ground.model.hits()} calls hit, {retries()} retries by {code}")
