"""A job whose lease ran out may come back to the same environment, while its older attempt still works."""

from __future__ import annotations

import asyncio

from tests.unit.usecases.claimed_jobs import claimed
from tests.unit.usecases.counted import counted
from tests.unit.usecases.lease_table import LeaseTable, work
from tests.unit.usecases.virtual_time import run


async def _both(table: LeaseTable) -> tuple[float, float]:
    """Attempt 1 works for 100 s; after 10 s attempt 2 of the same job begins and works for 150 s."""
    leases = table.leases()
    older = asyncio.create_task(work(leases, claimed("a", attempt=1), 100))
    await asyncio.sleep(10)
    newer = asyncio.create_task(work(leases, claimed("a", attempt=2), 150))
    return await older, await newer


def test_the_older_attempt_is_let_go() -> None:
    """The attempt that lost its lease is asked for once and works on, while the next one is kept."""
    table = LeaseTable(("a", 2))
    older, _ = run(lambda: _both(table))
    assert older == 100
    assert [at for at, asked in table.beats if ("a", 1) in asked] == [15]
    assert counted("LeasesLost") == 1


def test_the_newer_attempt_is_kept_to_its_end() -> None:
    """The end of the older attempt neither stops the newer one's heartbeat nor breaks its end."""
    table = LeaseTable(("a", 2))
    _, newer = run(lambda: _both(table))
    assert newer == 160
    assert [at for at, asked in table.beats if ("a", 2) in asked] == list(range(15, 160, 15))
