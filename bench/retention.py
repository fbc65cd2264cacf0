"""A month of jobs that is past its time, deleted as sweep does it, while others go on handing in.

Tickets are taken in turn with and without a deletion under way, on the same database, from several clients.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, LiteralString

from bench.ground import TENANT
from bench.growing.rows import DAYS, KEPT_DAYS
from bench.handlers import quiet
from bench.measuring import Count, Outcome, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bench.growing.place import Place

    Deletion = Callable[[float], int]

SIZES = (1_000_000,)
AIM = 2.0
TURNS = 10
TURN_S = 5.0
CLIENTS = 2
LONGEST_WAIT_S = 0.5
LONGEST_HELD_S = 5.0
"""The lock timeout of functions: who waits for longer gives up."""
MONTH_DAYS = 30
A_SWEEP_S = 15.0
"""So many seconds of each minute a sweep deletes rows at most; as many more are the bucket's."""
_WAITING: LiteralString = """
SELECT
  (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0)
    FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE NOT granted AND datname = current_database())::float8,
  (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
    WHERE usename = 'claimcheck_worker' AND state <> 'idle' AND datname = current_database())::float8
"""


def run(
    rounds: int | None = None, *, sizes: Sequence[int] | None = None, data: Path | None = None
) -> list[Outcome | Count]:
    """`rounds` turns of five seconds each way: a month's content, then rows that were emptied long ago."""
    from bench.growing.place import places

    with contextlib.ExitStack() as stack:
        *_, largest = stack.enter_context(places(sorted(sizes or SIZES), data))
        stack.enter_context(quiet())
        month = largest.size * MONTH_DAYS // DAYS
        return [
            *_measured(largest, "content of jobs", _contents, month, rounds or TURNS),
            *_measured(largest, "rows of jobs and documents", _rows, 2 * month, rounds or TURNS),
        ]


def _contents(place: Place) -> Deletion:
    """What is overdue when thirty days less are kept than the database has: a month."""
    from claimcheck.usecases.tidy import Tidy

    tidy = Tidy(place.database("worker"), retention_days=KEPT_DAYS - MONTH_DAYS)
    return lambda until: tidy(until=until).jobs_expired


def _rows(place: Place) -> Deletion:
    """Rows that were emptied in the first months of all; no content is overdue."""
    from claimcheck.usecases.tidy import Tidy

    days = DAYS - KEPT_DAYS - 2 * MONTH_DAYS
    tidy = Tidy(place.database("worker"), retention_days=10 * DAYS, row_retention_days=days)
    return lambda until: tidy(until=until).rows


def _measured(
    place: Place, what: str, make: Callable[[Place], Deletion], month: int, turns: int
) -> list[Outcome | Count]:
    delete = make(place)
    waits: dict[bool, list[float]] = {True: [], False: []}
    deleted: list[int] = []
    with _watched(place) as longest, _clients(place) as hand_in:
        hand_in(2.0)
        for _ in range(turns):
            for deleting in (False, True):
                with _going_on(delete, deleted) if deleting else contextlib.nullcontext():
                    waits[deleting] += hand_in(TURN_S)
    with_it, without = (Sample("ticket", waits[deleting]) for deleting in (True, False))
    rate = sum(deleted) / turns / TURN_S
    notes = [
        f"{name}: {len(each.ms):,} tickets, median {each.median:.2f} ms, p99 {each.quantile(0.99):.2f} ms"
        for name, each in (("with it", with_it), ("without", without))
    ]
    notes += [
        f"{sum(deleted):,} deleted, {rate:,.0f} a second",
        f"a month has {month:,}: {month / rate / 60:.0f} min, swept {month / rate / A_SWEEP_S / 60:.1f} h",
    ]
    p99 = [Sample("p99", [each.quantile(0.99)]) for each in (with_it, without)]
    return [
        Outcome(
            f"p99 of a ticket while {what} are deleted, of {place.size:,}", p99[0], p99[1], AIM, notes=notes
        ),
        Count(f"longest wait for a lock, {what}", longest.wait_s, LONGEST_WAIT_S, (), "s"),
        Count(f"longest transaction, {what}", longest.transaction_s, LONGEST_HELD_S, (), "s"),
    ]


@contextlib.contextmanager
def _going_on(delete: Deletion, deleted: list[int]) -> Iterator[None]:
    """As one sweep does it, for a turn."""
    until = time.monotonic() + TURN_S
    thread = threading.Thread(target=lambda: deleted.append(delete(until)))
    thread.start()
    yield
    thread.join()


@contextlib.contextmanager
def _clients(place: Place) -> Iterator[Callable[[float], list[float]]]:
    """Hands in for so many seconds, each client one ticket after the other; how long each took, in ms."""
    from bench.growing.operations import Operations

    began = datetime.now(UTC)
    everybody = [Operations(place) for _ in range(CLIENTS)]
    submits = [each.submit() for each in everybody]

    def hand_in(seconds: float) -> list[float]:
        taken: list[float] = []
        until = time.monotonic() + seconds

        def one(submit: Callable[[], object]) -> None:
            while time.monotonic() < until:
                began = time.perf_counter()
                submit()
                taken.append((time.perf_counter() - began) * 1000)
                time.sleep(0.005)

        threads = [threading.Thread(target=one, args=[submit]) for submit in submits]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return taken

    try:
        yield hand_in
    finally:
        for each in everybody:
            each.close()
        _end_all(place, began)


def _end_all(place: Place, began: datetime) -> None:
    """What was handed in is nobody's burden: it would stay in flight for those who measure here next."""
    import psycopg

    with psycopg.connect(place.owner_url) as connection:
        connection.execute(
            "UPDATE jobs SET status = 'cancelled', completed_at = now()"
            " WHERE tenant_id = %s AND status = 'pending' AND created_at >= %s",
            [TENANT, began],
        )


@dataclass
class _Longest:
    """Of what was seen, in seconds."""

    wait_s: float = 0.0
    transaction_s: float = 0.0


@contextlib.contextmanager
def _watched(place: Place) -> Iterator[_Longest]:
    """How long anybody waited for a lock, and a worker's transaction held its own: fifty looks a second."""
    import psycopg

    stop, longest = threading.Event(), _Longest()

    def watch() -> None:
        with psycopg.connect(place.admin_url, autocommit=True) as connection:
            while not stop.wait(0.02):
                row: Any = connection.execute(_WAITING).fetchone()
                longest.wait_s = max(longest.wait_s, row[0])
                longest.transaction_s = max(longest.transaction_s, row[1])

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield longest
    finally:
        stop.set()
        thread.join()
