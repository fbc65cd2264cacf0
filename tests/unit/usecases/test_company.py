"""A job that is suspected of killing its worker works alone; all others share."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

import pytest
from claimcheck.usecases.company import Company
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.usecases.virtual_time import now, run


@dataclass
class Floor:
    """Who works beside whom, and when each began and ended."""

    company: Company = field(default_factory=Company)
    present: set[str] = field(default_factory=set)
    suspects: set[str] = field(default_factory=set)
    times: dict[str, tuple[float, float]] = field(default_factory=dict)

    async def job(self, name: str, *, at: float, seconds: float, alone: bool = False) -> None:
        """Come at a moment, and work for so long once there is a place."""
        await asyncio.sleep(at)
        async with self.company.of(alone=alone):
            assert not self.present if alone else not self.suspects
            began = now()
            self.present.add(name)
            if alone:
                self.suspects.add(name)
            try:
                await asyncio.sleep(seconds)
            finally:
                self.present.discard(name)
                self.suspects.discard(name)
                self.times[name] = began, now()


def test_jobs_share() -> None:
    """Jobs that nobody suspects wait for nobody."""
    floor = Floor()

    async def main() -> None:
        await asyncio.gather(*(floor.job(name, at=0, seconds=10) for name in "abc"))

    run(main)
    assert floor.times == dict.fromkeys("abc", (0, 10))


def test_a_suspect_waits_for_those_before_it() -> None:
    """A suspect begins when the last job that came before it has ended."""
    floor = Floor()

    async def main() -> None:
        others = floor.job("a", at=0, seconds=10), floor.job("b", at=0, seconds=20)
        await asyncio.gather(*others, floor.job("s", at=1, seconds=5, alone=True))

    run(main)
    assert floor.times["s"] == (20, 25)


def test_nobody_joins_a_suspect() -> None:
    """Who comes while a suspect works waits until it has ended."""
    floor = Floor()

    async def main() -> None:
        suspect = floor.job("s", at=0, seconds=30, alone=True)
        await asyncio.gather(suspect, floor.job("a", at=1, seconds=5), floor.job("b", at=2, seconds=5))

    run(main)
    assert floor.times == {"s": (0, 30), "a": (30, 35), "b": (30, 35)}


def test_who_comes_while_a_suspect_waits_goes_first() -> None:
    """A waiting suspect holds up nobody."""
    floor = Floor()

    async def main() -> None:
        suspect = floor.job("s", at=1, seconds=5, alone=True)
        await asyncio.gather(suspect, floor.job("a", at=0, seconds=10), floor.job("b", at=2, seconds=20))

    run(main)
    assert floor.times == {"a": (0, 10), "b": (2, 22), "s": (22, 27)}


def test_suspects_follow_one_another() -> None:
    """Two suspects never work side by side."""
    floor = Floor()

    async def main() -> None:
        await asyncio.gather(*(floor.job(name, at=0, seconds=10, alone=True) for name in "st"))

    run(main)
    assert sorted(floor.times.values()) == [(0, 10), (10, 20)]


@pytest.mark.parametrize("alone", [False, True])
def test_a_fault_gives_the_place_back(alone: bool) -> None:
    """Work that fails holds up nobody after it."""
    floor = Floor()

    async def main() -> None:
        with pytest.raises(KeyError):
            async with floor.company.of(alone=alone):
                raise KeyError("a")
        await floor.job("s", at=0, seconds=1, alone=True)
        await floor.job("a", at=0, seconds=1)

    run(main)
    assert floor.times == {"s": (0, 1), "a": (1, 2)}


def test_a_deadline_that_ends_the_wait_leaves_nothing_behind() -> None:
    """A suspect whose attempt ran out of time while it waited takes no place, then or later."""
    floor = Floor()

    async def main() -> None:
        other = asyncio.create_task(floor.job("a", at=0, seconds=10))
        await asyncio.sleep(1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5), floor.company.of(alone=True):
                raise AssertionError
        await other
        await asyncio.gather(floor.job("b", at=0, seconds=1), floor.job("c", at=0, seconds=1))
        await floor.job("s", at=0, seconds=1, alone=True)

    run(main)
    assert floor.times == {"a": (0, 10), "b": (10, 11), "c": (10, 11), "s": (11, 12)}


moments = st.integers(0, 20)
comers = st.lists(st.tuples(moments, moments, st.booleans(), st.none() | moments), max_size=8)


@given(comers)
def test_everybody_gets_a_place_and_no_suspect_has_company(
    jobs: list[tuple[int, int, bool, int | None]],
) -> None:
    """However jobs come and are broken off, all others end, and a suspect is alone for all of its time."""
    floor = Floor()

    async def one(name: str, at: int, seconds: int, alone: bool, patience: int | None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if patience is None else at + patience):
                await floor.job(name, at=at, seconds=seconds, alone=alone)

    async def main() -> None:
        await asyncio.gather(*(one(str(number), *job) for number, job in enumerate(jobs)))

    run(main)
    assert {str(number) for number, job in enumerate(jobs) if job[3] is None} <= floor.times.keys()
    assert (floor.present, floor.company._working) == (set(), 0)
