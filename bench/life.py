"""What one job costs the database: log, commits, processor time, and updates that write no index."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

from bench.handlers import quiet
from bench.measuring import Count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.growing.operations import Operations
    from bench.growing.place import Place

SIZES = (10_000,)
JOBS = 2_000
HEARTBEATS = 3
"""Of a job of 30 s: one is due after a third of the lease, which is 25 s."""
_MOST_COMMITS, _LEAST_HOT = 6, 0.5
_MOST_LOG, _MOST_LOG_OF_MILLIONS = 24_000, 48_000
"""Bytes. Where indexes are large, more of their pages are logged as a whole after each checkpoint."""
_AT_ONCE, _WIDTH = (
    50,
    10,
)  # jobs that are running, and those of one environment, whose heartbeat is one statement
_COUNTED: LiteralString = """
SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS log, w.wal_fpi::float8 AS pages,
  w.wal_records::float8 AS records, d.xact_commit::float8 AS commits, t.n_tup_upd::float8 AS updates,
  t.n_tup_hot_upd::float8 AS hot
FROM pg_stat_wal w, pg_stat_database d, pg_stat_user_tables t
WHERE d.datname = current_database() AND t.relname = 'jobs'
"""


def run(
    rounds: int | None = None, *, sizes: Sequence[int] | None = None, data: Path | None = None
) -> list[Count]:
    """Averages over `rounds` jobs: submitted, claimed, kept alive, called for and finished."""
    from bench.growing.place import places

    with places(sorted(sizes or SIZES), data) as found:
        return [count for place in found for count in _measured(place, rounds or JOBS)]


def _measured(place: Place, jobs: int) -> list[Count]:
    from bench.growing.operations import Operations

    operations = Operations(place)
    with contextlib.closing(operations), quiet():
        _lives(operations, _AT_ONCE)
        operations.settle()
        before = _counted(place)
        _lives(operations, jobs)
        operations.settle()
        after = _counted(place)
    each = {name: (after[name] - before[name]) / jobs for name in before}
    size = f"{place.size:,} jobs"
    most = _MOST_LOG if place.size < 1_000_000 else _MOST_LOG_OF_MILLIONS
    hot = each["hot"] / each["updates"]
    notes = [
        f"{each['records']:.0f} records, {each['pages']:.2f} of them whole pages",
        f"{each['updates']:.1f} updates of its row, {hot:.0%} of them in its page without an index",
        f"{each['cpu_s'] * 1000:.2f} ms of processor time in PostgreSQL",
    ]
    return [
        Count(f"log a job, {size}", each["log"], most, notes, "bytes"),
        Count(f"commits a job, {size}", each["commits"], _MOST_COMMITS, (), ""),
        Count(f"updates that write indexes, {size}", 1 - hot, 1 - _LEAST_HOT, (), "of all"),
    ]


def _lives(operations: Operations, jobs: int) -> None:
    """As many at once as one environment has, so that heartbeats are of several, as there."""
    steps = [operations.submit(), operations.claim()]
    beat, last = operations.heartbeat(width=_WIDTH), [operations.call(), operations.finish()]
    for _ in range(jobs // _AT_ONCE):
        for step in steps:
            for _ in range(_AT_ONCE):
                step()
        for _ in range(HEARTBEATS * _AT_ONCE // _WIDTH):
            beat()
        for step in last:
            for _ in range(_AT_ONCE):
                step()


def _counted(place: Place) -> dict[str, float]:
    """The server's counters, and the seconds that its processes have worked."""
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(place.admin_url, autocommit=True, row_factory=dict_row) as admin:
        row: dict[str, Any] | None = admin.execute(_COUNTED).fetchone()
        pids = admin.execute("SELECT pid FROM pg_stat_activity").fetchall()
    if row is None:
        raise LookupError("the server counts nothing")
    return {**row, "cpu_s": sum(_worked_s(found["pid"]) for found in pids)}


def _worked_s(pid: int) -> float:
    """Seconds of processor time of a process, 0 where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
