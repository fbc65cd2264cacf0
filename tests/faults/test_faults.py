"""The most telling faults, with one seed each, on one running system for each kind of database.

`python -m tests.faults` runs all of them, with more jobs and several seeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.scenarios import SCENARIOS, prove
from tests.faults.template import LEASE_S
from tests.faults.trial import ground

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.trial import Ground

JOBS = 40
SEED = 7

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("faults")]


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A system with a PostgreSQL of its own."""
    with ground(tmp_path_factory.mktemp("inside"), lease_s=LEASE_S) as ready:
        yield ready


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A system whose PostgreSQL outlives it."""
    with ground(tmp_path_factory.mktemp("outside"), outside_database=True, lease_s=LEASE_S) as ready:
        yield ready


def holds(name: str, ready: Ground) -> None:
    """Run one scenario and check every figure."""
    figures = prove(SCENARIOS[name], ready, seed=SEED, jobs=JOBS)
    assert figures.accepted == JOBS
    assert figures.broken() == [], figures


def test_jobs_of_killed_workers_are_done_once_by_others(inside: Ground) -> None:
    """kill -9 of single workers loses no job, ends none twice, and hides no payment."""
    holds("environment", inside)


def test_a_worker_that_slept_past_its_lease_writes_nothing(inside: Ground) -> None:
    """What a paused worker brings after its jobs were done by others is refused by the fence."""
    holds("paused", inside)


def test_doorbells_too_many_start_nothing_twice(inside: Ground) -> None:
    """Shuffled, delayed duplicates of every doorbell cost no second model call and no second end."""
    holds("duplicates", inside)


def test_lost_queues_cost_time_and_no_job(inside: Ground) -> None:
    """When the queues lose every message, sweep rings again, and each webhook arrives."""
    holds("queues", inside)


def test_a_killed_database_keeps_what_it_confirmed(inside: Ground) -> None:
    """kill -9 of PostgreSQL: accepted jobs are there after its recovery and come to their one end."""
    holds("database", inside)


def test_an_overloaded_model_fails_no_job(inside: Ground) -> None:
    """A storm of 529 delays jobs, fails none and costs nothing."""
    holds("model-529", inside)


def test_the_system_goes_on_after_all_but_the_database_was_killed(outside: Ground) -> None:
    """kill -9 of `up`, the queues and all workers; the next `up` finishes what was accepted."""
    holds("all-but-database", outside)
