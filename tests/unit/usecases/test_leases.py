"""Leases are kept while work goes on; a lost one is let go, and nobody is interrupted for it."""

from __future__ import annotations

import asyncio

import pytest
from claimcheck.store.faults import StoreError

from tests.unit.usecases.claimed_jobs import claimed
from tests.unit.usecases.counted import counted
from tests.unit.usecases.lease_table import HEARTBEAT_S, LeaseTable, work
from tests.unit.usecases.virtual_time import now, run


def test_a_lease_is_extended_while_work_goes_on() -> None:
    """Every heartbeat extends the lease of the job's attempt, from the first interval to the last."""
    table = LeaseTable(("a", 3))
    assert run(lambda: work(table.leases(), claimed("a", attempt=3), 50)) == 50
    assert table.beats == [(at, {("a", 3)}) for at in (15, 30, 45)]


def test_all_jobs_share_one_heartbeat() -> None:
    """However many jobs are held, a heartbeat is one statement for all of them."""
    table = LeaseTable(("a", 1), ("b", 2), ("c", 3))

    async def main() -> None:
        leases = table.leases()
        jobs = [claimed(name, attempt=attempt) for name, attempt in table.held]
        await asyncio.gather(*(work(leases, job, 20) for job in jobs))

    run(main)
    assert table.beats == [(15, table.held)]


def test_short_work_needs_no_heartbeat() -> None:
    """Work that ends before the first interval extends nothing."""
    table = LeaseTable(("a", 1))
    run(lambda: work(table.leases(), claimed("a"), 14))
    assert table.beats == []


def test_a_lost_lease_interrupts_nobody() -> None:
    """The job that is no longer ours works on to its end, as does the other: its call is paid for."""
    table = LeaseTable(("b", 1))

    async def main() -> list[float]:
        leases = table.leases()
        return list(await asyncio.gather(work(leases, claimed("a"), 100), work(leases, claimed("b"), 100)))

    assert run(main) == [100, 100]
    assert counted("LeasesLost") == 1


def test_a_lost_lease_is_not_asked_for_again() -> None:
    """After the heartbeat that finds it lost, a job is left to whoever has it now; the other is kept."""
    table = LeaseTable(("b", 1))

    async def main() -> None:
        leases = table.leases()
        await asyncio.gather(work(leases, claimed("a"), 50), work(leases, claimed("b"), 50))

    run(main)
    assert table.beats == [(15, {("a", 1), ("b", 1)}), (30, {("b", 1)}), (45, {("b", 1)})]


def test_a_lost_job_is_looked_at_for_its_deadline() -> None:
    """A job may be lost because its deadline has passed: then it ends with the heartbeat that finds it so."""
    table = LeaseTable(("b", 1))

    async def main() -> None:
        leases = table.leases()
        jobs = [claimed(name) for name in ("a", "b", "c")]
        await asyncio.gather(*(work(leases, job, 50) for job in jobs))

    run(main)
    assert [(at, sorted(ids)) for at, ids in table.ended] == [(15, ["a", "c"])]


def test_a_job_that_ended_during_the_heartbeat_is_not_lost() -> None:
    """A job that was finished while the database was asked is no longer held there, and was not lost."""
    table = LeaseTable()

    async def main() -> None:
        leases = table.leases()
        async with leases.held(claimed("a")):
            async with leases.held(claimed("b")):
                beat = asyncio.create_task(leases._extend({("a", 1): None, ("b", 1): None}))
            await beat

    run(main)
    assert counted("LeasesLost") == 1
    assert table.ended == [(0, ["a"])]


def test_a_job_taken_after_a_loss_is_kept() -> None:
    """The end of work on a lost job does not end the heartbeat of what was taken meanwhile."""
    table = LeaseTable(("b", 1))

    async def main() -> None:
        leases = table.leases()
        lost = asyncio.create_task(work(leases, claimed("a"), 40))
        await asyncio.sleep(20)
        await work(leases, claimed("b"), 80)
        await lost

    run(main)
    assert [at for at, asked in table.beats if ("b", 1) in asked] == [30, 45, 60, 75, 90]


def test_a_heartbeat_that_fails_loses_nothing() -> None:
    """Where the database cannot answer, work goes on and the next heartbeat extends the lease."""
    table = LeaseTable(("a", 1), failures=2)
    assert run(lambda: work(table.leases(), claimed("a"), 50)) == 50
    assert [at for at, _ in table.beats] == [15, 30, 45]


@pytest.mark.parametrize("fault", [StoreError("refused"), KeyError("job_id"), RuntimeError("closed")])
def test_no_fault_ends_the_heartbeat(fault: Exception) -> None:
    """Whatever goes wrong at one heartbeat, the next one comes."""
    table = LeaseTable(("a", 1), failures=1, fault=fault)
    assert run(lambda: work(table.leases(), claimed("a"), 50)) == 50
    assert [at for at, _ in table.beats] == [15, 30, 45]
    assert counted("LeasesLost") == 0


def test_nothing_held_means_no_heartbeat() -> None:
    """After the last job no heartbeat runs, so a frozen environment owes nobody anything."""
    table = LeaseTable(("a", 1))

    async def main() -> int:
        await work(table.leases(), claimed("a"), 20)
        await asyncio.sleep(1000)
        return len(asyncio.all_tasks())

    assert run(main) == 1
    assert [at for at, _ in table.beats] == [15]


def test_making_leases_starts_nothing() -> None:
    """No heartbeat runs before the first job."""

    async def main() -> int:
        LeaseTable().leases()
        await asyncio.sleep(1000)
        return len(asyncio.all_tasks())

    assert run(main) == 1


def test_the_heartbeat_comes_back_with_the_next_job() -> None:
    """A job taken after a pause is kept like the first one."""
    table = LeaseTable(("a", 1), ("b", 1))

    async def main() -> None:
        leases = table.leases()
        await work(leases, claimed("a"), 20)
        await asyncio.sleep(80)
        await work(leases, claimed("b"), 20)

    run(main)
    assert table.beats == [(15, {("a", 1)}), (115, {("b", 1)})]


def test_a_heartbeat_runs_on_while_one_job_is_left() -> None:
    """The end of one job does not end the heartbeat of the other."""
    table = LeaseTable(("a", 1), ("b", 1))

    async def main() -> None:
        leases = table.leases()
        await asyncio.gather(work(leases, claimed("a"), 20), work(leases, claimed("b"), 50))

    run(main)
    assert table.beats == [(15, table.held), (30, {("b", 1)}), (45, {("b", 1)})]


def test_cancelling_from_outside_is_no_lost_lease() -> None:
    """Work that somebody else cancels is cancelled, and not called lost."""

    async def main() -> None:
        task = asyncio.create_task(work(LeaseTable(("a", 1)).leases(), claimed("a"), 100))
        await asyncio.sleep(1)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        run(main)


@pytest.mark.parametrize("deadline_s", [10.0, HEARTBEAT_S, 20.0])
def test_a_deadline_is_never_taken_for_a_lost_lease(deadline_s: float) -> None:
    """Before, at and after the heartbeat that finds the lease lost, the attempt's deadline is a deadline."""

    async def main() -> float:
        try:
            async with LeaseTable().leases().held(claimed("a")), asyncio.timeout(deadline_s):
                await asyncio.sleep(100)
        except TimeoutError:
            return now()
        raise AssertionError

    assert run(main) == deadline_s


def test_a_fault_in_the_work_comes_through() -> None:
    """An exception of the work is neither hidden nor changed, and its lease is let go."""
    table = LeaseTable(("a", 1))

    async def main() -> None:
        with pytest.raises(KeyError):
            async with table.leases().held(claimed("a")):
                raise KeyError("a")
        await asyncio.sleep(100)

    run(main)
    assert table.beats == []
