"""`Prefer: wait`: a job is looked at until it is final or the time is up, never longer than 20 seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.refusals import JobNotFoundError
from claimcheck.usecases.read import Read
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.usecases.scripted_database import ScriptedDatabase

if TYPE_CHECKING:
    from collections.abc import Mapping

JOB = "0193f5a0-0000-7000-8000-000000000001"


class NoObjects:
    """Looking at a job needs no bucket."""

    def put(self, key: str, content: bytes, media_type: str) -> None:
        raise AssertionError

    def get(self, key: str) -> bytes:
        raise AssertionError

    def link(self, key: str, *, media_type: str, expires_s: int) -> str:
        raise AssertionError


class WatchedJob:
    """A job that changes at given seconds of a clock which sleeping and looking move on."""

    def __init__(self, *changes: tuple[float, str], look_s: float = 0.0, base: str = "") -> None:
        self.now = 1_000.0
        self.sleeps: list[float] = []
        self.looks = 0
        self._changes = [(self.now + at, status) for at, status in changes]
        self._look_s = look_s
        self._base = base
        database = ScriptedDatabase(find_job=self._look)
        self.read = Read(database, NoObjects(), answer_bytes=1_000, sleep=self._sleep, clock=lambda: self.now)

    def status(self, *, wait_s: float) -> str:
        return self.read.job("acme", JOB, wait_s=wait_s, base=self._base).status

    @property
    def waited(self) -> float:
        return self.now - 1_000.0

    def _sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.sleeps.append(seconds)
        self.now += seconds

    def _look(self, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        assert params == {"job_id": JOB, "tenant_id": "acme", "base": self._base, "most_bytes": 1_000}
        self.looks += 1
        self.now += self._look_s
        status = [status for at, status in self._changes if at <= self.now][-1]
        row = {"job_id": JOB, "status": status, "attempt": 1, "version": "1-1", "body": "{}"}
        return [] if status == "deleted" else [row | {"result_left_out": False}]


@pytest.mark.parametrize("status", ["pending", "running", "completed"])
def test_without_a_wish_to_wait_one_look_is_enough(status: str) -> None:
    """A call without `wait` looks once and sleeps never."""
    job = WatchedJob((0, status))
    assert job.status(wait_s=0) == status
    assert (job.looks, job.sleeps) == (1, [])


@pytest.mark.parametrize("status", ["completed", "partial", "failed", "cancelled"])
def test_a_final_job_is_not_waited_for(status: str) -> None:
    """Every final state answers at once, whatever the wait."""
    job = WatchedJob((0, status))
    assert job.status(wait_s=20) == status
    assert (job.looks, job.sleeps) == (1, [])


def test_the_answer_comes_soon_after_the_end() -> None:
    """A job that ends while it is waited for is answered within half a second of its end."""
    job = WatchedJob((0, "pending"), (1, "running"), (7, "completed"))
    assert job.status(wait_s=20) == "completed"
    assert 7 <= job.waited <= 7.5


def test_a_job_that_ends_at_once_is_answered_at_once() -> None:
    """The first looks are close together: a job done in 50 ms is answered in less than 100."""
    job = WatchedJob((0, "pending"), (0.05, "completed"))
    assert job.status(wait_s=20) == "completed"
    assert job.waited < 0.1


@given(st.floats(0.001, 20))
def test_a_wait_ends_when_it_is_over(wait_s: float) -> None:
    """A job that does not end is answered as it is when the time is up, not before and not after."""
    job = WatchedJob((0, "running"))
    assert job.status(wait_s=wait_s) == "running"
    assert job.waited == pytest.approx(wait_s, abs=1e-6)


@pytest.mark.parametrize("wait_s", [20, 21, 3600, 99_999, float("inf")])
def test_nobody_waits_longer_than_twenty_seconds(wait_s: float) -> None:
    """A longer wish counts as 20 seconds."""
    job = WatchedJob((0, "running"))
    job.status(wait_s=wait_s)
    assert job.waited == pytest.approx(20)


def test_a_wait_is_gentle_to_the_database() -> None:
    """Pauses only grow, to half a second: a wait of 20 seconds takes fewer than 60 looks."""
    job = WatchedJob((0, "running"))
    job.status(wait_s=20)
    assert job.sleeps[:-1] == sorted(job.sleeps[:-1])
    assert max(job.sleeps) == 0.5
    assert job.looks < 60


def test_a_slow_database_does_not_make_the_wait_longer() -> None:
    """Looks that take time count: the wait overruns by one look at most."""
    job = WatchedJob((0, "running"), look_s=3)
    job.status(wait_s=20)
    assert job.waited <= 23


@pytest.mark.parametrize("wait_s", [-1, -1e9])
def test_a_negative_wait_is_none(wait_s: float) -> None:
    """A wait below zero looks once."""
    job = WatchedJob((0, "running"))
    job.status(wait_s=wait_s)
    assert job.looks == 1


def test_every_look_asks_for_links_below_the_base() -> None:
    """The path below which the API is served goes to the database with each look, the last one too."""
    job = WatchedJob((0, "running"), (1, "completed"), base="/v1")
    assert job.status(wait_s=20) == "completed"
    assert job.looks > 1


def test_a_job_that_is_deleted_meanwhile_is_not_found() -> None:
    """A job that goes away while it is waited for is no longer there for the caller."""
    with pytest.raises(JobNotFoundError):
        WatchedJob((0, "running"), (1, "deleted")).status(wait_s=20)


@pytest.mark.parametrize(
    "job_id", ["", "1", "x" * 36, "0193f5a0", f"{JOB}0", f"{{{JOB}}}", f"urn:uuid:{JOB}", "' OR 1"]
)
def test_what_is_no_id_is_no_job(job_id: str) -> None:
    """A malformed id is not found, without asking the database."""
    job = WatchedJob((0, "running"))
    with pytest.raises(JobNotFoundError):
        job.read.job("acme", job_id)
    assert job.looks == 0
