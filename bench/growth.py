"""A table that grows: the same requests with ten thousand, a million and ten million jobs in it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, LiteralString

from bench.handlers import quiet
from bench.measuring import Count, Outcome, in_turn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.growing.operations import Operations
    from bench.growing.place import Place
    from bench.measuring import Sample

SIZES = (10_000, 1_000_000)
AIM = 1.3
ROUNDS = 300
SWEEPS = 30
MOST_READ = 10_000
"""Rows of one table, or entries of one index, that a statement may read, however many there are: as many as
there are jobs in flight, or calls in an hour, here."""

# One after the other: what one has made, the next one uses.
_WRITING = ("submit", "claim", "heartbeat", "call", "finish")

_SMALL: LiteralString = "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples < %s"


def run(
    rounds: int | None = None, *, sizes: Sequence[int] | None = None, data: Path | None = None
) -> list[Outcome | Count]:
    """Every operation at each size against the smallest, and what each statement reads at the largest.

    `data`: where databases stay for another run; else they are made in a directory of their own and removed.
    """
    from bench.growing.operations import Operations
    from bench.growing.place import places

    with contextlib.ExitStack() as stack:
        found = stack.enter_context(places(sorted(sizes or SIZES), data))
        stack.enter_context(quiet())
        operations = [Operations(place) for place in found]
        for each in operations:
            stack.callback(each.close)
        return [*_timed(operations, rounds or ROUNDS), *_read(found[-1])]


def _timed(operations: Sequence[Operations], rounds: int) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for name in _WRITING:
        taken = in_turn({_size(each): getattr(each, name)() for each in operations}, rounds=rounds)
        outcomes += _outcomes(name, taken)
    reading = {_size(each): each.reading() for each in operations}
    for name in next(iter(reading.values())):
        taken = in_turn({size: things[name] for size, things in reading.items()}, rounds=rounds)
        outcomes += _outcomes(name, taken)
    sweeps = {_size(each): each.sweep() for each in operations}
    taken = in_turn(
        {size: sweep for size, (_, sweep) in sweeps.items()},
        rounds=min(rounds, SWEEPS),
        warm_up=3,
        before={size: due for size, (due, _) in sweeps.items()},
    )
    return outcomes + _outcomes("sweep", taken)


def _size(operations: Operations) -> str:
    return f"{operations.place.size:,}"


def _outcomes(name: str, taken: dict[str, Sample]) -> list[Outcome]:
    (_, smallest), *larger = taken.items()
    return [Outcome(f"{name}, {size} jobs", sample, smallest, AIM) for size, sample in larger]


def _read(place: Place) -> list[Count]:
    """What statements read of growing tables in the largest one: those of normal service, all of them."""
    import psycopg

    from bench.growing.statements import ELSEWHERE, names, read_in_service
    from bench.growing.world import world_of

    scanned: list[str] = []
    many: list[str] = []
    with psycopg.connect(place.admin_url, autocommit=True) as admin:
        world = world_of(admin)
        small = {name for (name,) in admin.execute(_SMALL, [MOST_READ]).fetchall()}
        service = [each for each in names() if each not in ELSEWHERE]
        for file, name in service:
            found = read_in_service(admin, world, file, name)
            whole = [table for table in found.scanned if table not in small]
            scanned += [f"{file}.{name} reads the whole of {table}" for table in whole]
            if found.most > MOST_READ:
                many.append(f"{file}.{name} reads {found.most:,} of {found.where}")
    return [
        Count(
            "statements that read a growing table sequentially",
            len(scanned),
            0,
            scanned,
            f"of {len(service)}",
        ),
        Count(f"that read more than {MOST_READ:,} rows or entries", len(many), 0, many, f"of {len(service)}"),
    ]
