"""A month of jobs that is past its time, deleted as sweep does it, while others go on handing in.

Tickets are taken in turn with and without a deletion under way, on the same database, from several clients.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, LiteralString

from bench.growing.rows import DAYS, KEPT_DAYS
from bench.handlers import quiet
from bench.measuring import Count, Outcome, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bench.growing.place import Place

    Batch = Callable[[], int]

SIZES = (1_000_000,)
AIM = 2.0
TURNS = 10
TURN_S = 5.0
CLIENTS = 2
LONGEST_WAIT_S = 0.5
MONTH_DAYS = 30
A_SWEEP_S = 7.5
"""So many seconds of each minute a sweep deletes rows at most; as many more are the bucket's."""
_WAITING: LiteralString = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0)::float8 FROM pg_locks
WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
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


def _contents(place: Place) -> Batch:
    """A batch of jobs that are overdue when thirty days less are kept than the database has."""
    from claimcheck.store.purging import overdue_jobs, purge_overdue

    days, database = KEPT_DAYS - MONTH_DAYS, place.database("worker")

    def once() -> int:
        found = purge_overdue(database, overdue_jobs(database, days=days, limit=25), days=days)
        return sum(each.error is None for each in found)

    return once


def _rows(place: Place) -> Batch:
    """A batch of rows that were emptied in the first months of all."""
    from claimcheck.store.purging import forget_rows

    database = place.database("worker")
    return lambda: forget_rows(database, days=DAYS - KEPT_DAYS - 2 * MONTH_DAYS, limit=200)


def _measured(
    place: Place, what: str, make: Callable[[Place], Batch], month: int, turns: int
) -> list[Outcome | Count]:
    batch = make(place)
    batch()
    waits: dict[bool, list[float]] = {True: [], False: []}
    batches: list[tuple[int, float]] = []
    with _watched(place) as longest, _clients(place) as hand_in:
        hand_in(2.0)
        for _ in range(turns):
            for deleting in (False, True):
                with _going_on(batch, batches) if deleting else contextlib.nullcontext():
                    waits[deleting] += hand_in(TURN_S)
    deleted, seconds = sum(count for count, _ in batches), sum(took for _, took in batches)
    with_it, without = (Sample("ticket", waits[deleting]) for deleting in (True, False))
    rate, sweep_h = deleted / seconds, month / (deleted / seconds) / A_SWEEP_S / 60
    notes = [
        f"{name}: {len(each.ms):,} tickets, median {each.median:.2f} ms, p99 {each.quantile(0.99):.2f} ms"
        for name, each in (("with it", with_it), ("without", without))
    ]
    notes += [
        f"{deleted:,} deleted in {seconds:.0f} s, {rate:,.0f} a second",
        f"a month has {month:,}: {month / rate / 60:.1f} min without a pause, {sweep_h:.1f} h by sweeps",
    ]
    p99 = [Sample("p99", [each.quantile(0.99)]) for each in (with_it, without)]
    transactions = Sample("transactions", [took * 1000 for _, took in batches])
    longest_ms = max(transactions.ms)
    held = f"a batch takes {transactions.median:.0f} ms, the longest of {len(batches):,} {longest_ms:.0f} ms"
    return [
        Outcome(
            f"p99 of a ticket while {what} are deleted, of {place.size:,}", p99[0], p99[1], AIM, notes=notes
        ),
        Count(f"longest wait for a lock, {what}", longest[0], LONGEST_WAIT_S, [held], "s"),
    ]


@contextlib.contextmanager
def _going_on(batch: Batch, batches: list[tuple[int, float]]) -> Iterator[None]:
    """Batch after batch, as one sweep does."""
    stop = threading.Event()

    def go_on() -> None:
        while not stop.is_set():
            began = time.perf_counter()
            count = batch()
            batches.append((count, time.perf_counter() - began))
            if not count:
                return

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def _clients(place: Place) -> Iterator[Callable[[float], list[float]]]:
    """Hands in for so many seconds, each client one ticket after the other; how long each took, in ms."""
    from bench.growing.operations import Operations

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


@contextlib.contextmanager
def _watched(place: Place) -> Iterator[list[float]]:
    """The longest time that anybody has waited for a lock, looked at fifty times a second."""
    import psycopg

    stop, longest = threading.Event(), [0.0]

    def watch() -> None:
        with psycopg.connect(place.admin_url, autocommit=True) as connection:
            while not stop.wait(0.02):
                row: Any = connection.execute(_WAITING).fetchone()
                longest[0] = max(longest[0], row[0])

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield longest
    finally:
        stop.set()
        thread.join()
