"""Cutting a run at its first boundary, at its second, and so on, until one ends by itself."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.faults.crash_invariants import jobs_of, paid_for, unknown_calls, wrong_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.faults.crash_deployment import Call, Deployment, Run

DONE = frozenset({"completed"})


def nobody_knows(run: Run) -> int:
    """Calls that a killed process had on record as begun, and not as ended."""
    return run.passed.count("after begin_call") - run.passed.count("after end_call")


def _never(_run: Run) -> int:
    return 0


@dataclass(frozen=True)
class Staged:
    """A run that can be cut, and what must come of it wherever it is.

    `order`: what is run (`queue` or `calls`). `again`: what a client does who got no answer. `ends`: by
    job, the states that it may end in; `completed` for all others. `jobs`: how many there are in the end.
    `useless`: paid answers that are of no use. `unknown`: calls whose outcome nobody knows.
    """

    order: Mapping[str, Any]
    again: Sequence[Call] = ()
    ends: Mapping[str, frozenset[str]] = field(default_factory=dict)
    jobs: Callable[[Run], int] = lambda _: 1
    useless: int = 0
    unknown: Callable[[Run], int] = _never


def every_crash(
    deployment: Deployment, prepare: Callable[[Deployment, str], Staged], *, lost: bool
) -> tuple[list[str], dict[str, list[str]]]:
    """All boundaries of a run, and what went wrong after a kill at each (and after none).

    The run is staged anew for a new tenant each time. `lost`: what lay in the queues is lost as well.
    """
    wrong: dict[str, list[str]] = {}
    for number in itertools.count():
        deployment.model.reset()
        deployment.receiver.posts.clear()
        tenant = deployment.tenant()
        staged = prepare(deployment, tenant)
        run = deployment.run(kill_at=number, **staged.order)
        if lost:
            deployment.cloud.lose_letters()
        found = list(_wrong_after(deployment, tenant, staged, run))
        if found:
            wrong[f"{number}: {run.last if run.killed else 'not killed'}"] = found
        if not run.killed:
            return list(run.passed), wrong
        if len(run.passed) <= number:  # of several that happen at once, all are told
            raise AssertionError(f"killed at {number}, but it passed {run.passed}")
    raise AssertionError  # there is no last number


def _wrong_after(deployment: Deployment, tenant: str, staged: Staged, run: Run) -> Iterator[str]:
    first, second = deployment.recover(*staged.again)
    jobs = jobs_of(deployment, tenant)
    if len(jobs) != staged.jobs(run):
        yield f"{len(jobs)} jobs instead of {staged.jobs(run)}"
    for answer in (*first, *second):
        if answer["statusCode"] >= 400 or json.loads(answer["body"])["job_id"] not in jobs:
            yield f"asked again, it answers {answer}"
    for job_id, status in jobs.items():
        yield from wrong_with(deployment, tenant, job_id)
        if status not in staged.ends.get(job_id, DONE):
            yield f"a job ended as {status} instead of {staged.ends.get(job_id, DONE)}"
    paid, unknown = paid_for(deployment), unknown_calls(deployment, tenant)
    if unknown != staged.unknown(run):
        yield f"unknown_calls is {unknown} instead of {staged.unknown(run)}"
    if paid > len(jobs) + staged.useless + unknown:
        yield f"{paid} answers paid for, of {len(jobs)} jobs and {unknown} unknown calls"
