"""The governor in one environment: who waits, for how long, and what is told to the database."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.failures import RetryableFailure
from claimcheck.model.types import Usage
from claimcheck.rates import Amounts, Told, Wanted
from claimcheck.store.faults import StoreError
from claimcheck.usecases.governor import Governor

from tests.unit.usecases import virtual_time
from tests.unit.usecases.scripted_database import InlineThread, ScriptedDatabase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tests.unit.usecases.scripted_database import Rows

MODEL = "claude-sonnet-5-5"
LIMITS = Amounts(600, 60_000, 6_000)


@dataclass
class Desk:
    """A governor and its database, which answers every claim as `answer` says, and keeps what it was told."""

    limited: bool = True
    wait: Callable[[int], float | None] = lambda _: 0.0  # by the number of the call
    ahead: tuple[float | None, ...] = (0, 0, 0)
    again_s: float = 0.0
    broken: bool = False
    told: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0

    def __post_init__(self) -> None:
        database = ScriptedDatabase(claim_rate=self._claim)
        self.governor = Governor(InlineThread(database), ceilings={MODEL: Amounts(60, None, None)})

    def _claim(self, params: Mapping[str, Any]) -> Rows:
        if self.broken:
            raise StoreError("the database refused the statement (XX000)")
        told = json.loads(params["told"])
        self.told.append(told)
        waits = []
        for _, calls in told.get("asks", []):
            waits.append([self.wait(self.calls + number) for number in range(len(calls))])
            self.calls += len(calls)
        answer = {"limited": self.limited, "waits": waits, "ahead": self.ahead, "again_s": self.again_s}
        return [{"answer": {**answer, "input_ratio": 0.5, "output_ratio": 0.1}}]

    async def call(
        self,
        job_id: str = "job",
        *,
        tenant: str = "acme",
        takes_s: float = 0.0,
        usage: Usage | None = None,
        told: Told | None = None,
    ) -> float:
        """One call that is answered, where `usage` is given; how long it waited."""
        async with self.governor.admitted(Wanted(MODEL, tenant, job_id, 1_000, 400)) as admission:
            await asyncio.sleep(takes_s)
            if usage is not None:
                admission.ended(usage, told)
            elif told is not None:
                admission.failed(told, unknown=False)
            return admission.waited_s

    @property
    def asked(self) -> list[list[Any]]:
        """What each claim asked for."""
        return [told["asks"] for told in self.told if "asks" in told]


def in_time(main: Callable[[], Awaitable[Any]]) -> Any:
    """Run in virtual time."""

    async def run() -> Any:
        return await main()

    return virtual_time.run(run)


def test_calls_that_wait_together_are_one_claim() -> None:
    """Of one tenant in one list; who has fewer calls comes first."""
    desk = Desk()

    async def main() -> None:
        many = [desk.call(f"job-{number}") for number in range(9)]
        await asyncio.gather(*many, desk.call("other", tenant="newcomer"))

    in_time(main)
    (asks,) = desk.asked
    assert [(tenant, len(calls)) for tenant, calls in asks] == [("newcomer", 1), ("acme", 9)]
    assert desk.told[0]["ceilings"] == [60, None, None]


def test_a_call_goes_when_it_was_promised_and_not_before() -> None:
    """The promised seconds are waited for in place, while other jobs go on."""
    desk = Desk(wait=lambda number: 0.4 * number)

    async def main() -> list[float]:
        return list(await asyncio.gather(*(desk.call(f"job-{number}") for number in range(3))))

    assert in_time(main) == pytest.approx([0.0, 0.4, 0.8])


def test_nobody_asks_while_what_was_claimed_ahead_lasts() -> None:
    """Two calls fit into it; the third one asks, and brings back what is left over."""
    desk = Desk(ahead=(2, 10_000, 10_000))

    async def main() -> None:
        for number in range(4):
            await desk.call(f"job-{number}", usage=Usage(input_tokens=500, output_tokens=40))

    in_time(main)
    assert len(desk.asked) == 2
    # The first call was taken for more than it took; with what is learnt, the others were not.
    assert desk.told[1]["back"] == [0, 500 + 10_000 - 1_000, 60 + 10_000 - 80]
    assert desk.told[1]["learnt"] == {
        "calls": 3, "estimated": 3_000, "input": 1_500, "allowed": 1_200, "output": 120,
    }  # fmt: skip


def test_what_was_claimed_ahead_does_not_last_for_ever() -> None:
    """After five seconds it is asked for anew, and the old one given back."""
    desk = Desk(ahead=(100, 10_000, 10_000))

    async def main() -> None:
        await desk.call("job-1")
        await asyncio.sleep(5.1)
        await desk.call("job-2")

    in_time(main)
    assert [told["back"][0] for told in desk.told] == [0, 101]


def test_where_no_limit_is_known_one_claim_is_enough_for_a_while() -> None:
    """Ten seconds without a question."""
    desk = Desk(limited=False)

    async def main() -> None:
        for number in range(50):
            await desk.call(f"job-{number}", usage=Usage())
            await asyncio.sleep(0.1)

    in_time(main)
    assert len(desk.told) == 1


def test_the_first_answer_that_tells_limits_is_told_at_once() -> None:
    """And what was free until then is not free any more."""
    desk = Desk(limited=False)
    told = Told(LIMITS, LIMITS)

    async def main() -> None:
        await desk.call("job-1")
        desk.limited = True
        await desk.call("job-2", usage=Usage(), told=told)
        await desk.call("job-3", usage=Usage(), told=told)

    in_time(main)
    assert [("asks" in each, each.get("seen", {}).get("limits")) for each in desk.told] == [
        (True, None),
        (False, list(LIMITS)),
        (True, None),
    ]


def test_a_refusal_is_told_at_once() -> None:
    """Others shall not be refused as well; the tokens of the call come back, the request does not."""
    desk = Desk()

    async def main() -> None:
        await desk.call(told=Told(blocked_s=3.0))

    in_time(main)
    assert desk.told[1]["seen"]["blocked_s"] == 3.0
    assert desk.told[1]["back"] == [0, 1_000, 100]
    assert "asks" not in desk.told[1]


def test_a_refusal_that_cannot_be_told_harms_nobody() -> None:
    """What became of the call counts: the database has its own way to say that it is away."""
    desk = Desk()

    async def main() -> None:
        async with desk.governor.admitted(Wanted(MODEL, "acme", "job", 1_000, 400)) as admission:
            desk.broken = True
            admission.failed(Told(blocked_s=3.0), unknown=False)

    in_time(main)


def test_a_call_whose_end_nobody_saw_gives_nothing_back() -> None:
    """It may well have taken what was expected."""
    desk = Desk()

    async def main() -> None:
        async with desk.governor.admitted(Wanted(MODEL, "acme", "job", 1_000, 400)) as admission:
            admission.failed(None, unknown=True)
        await desk.call("next")

    in_time(main)
    assert desk.told[1]["back"] == [0, 0, 0]


def test_a_call_that_was_not_made_gives_all_of_it_back() -> None:
    """An answer paid for earlier, a cap, a lost fence: no word of the call when its block ends."""
    desk = Desk()

    async def main() -> None:
        await desk.call("one")
        await desk.call("two")

    in_time(main)
    assert desk.told[1]["back"] == [1, 1_000, 100]


def test_a_job_that_would_wait_long_makes_place_for_others() -> None:
    """Where promises can be made again in a second it waits, where that takes three it goes into its line."""
    desk = Desk(wait=lambda number: None if number == 0 else 0.5, again_s=1.0)

    async def patient() -> tuple[float, float]:
        return await desk.call(), virtual_time.now()

    waited_s, at = in_time(patient)
    assert waited_s == pytest.approx(1.5)
    assert at == pytest.approx(1.5)
    desk = Desk(wait=lambda _: None, again_s=3.0)

    async def impatient() -> float:
        with pytest.raises(RetryableFailure, match="model_paced") as raised:
            await desk.call()
        assert not raised.value.charged
        return virtual_time.now()

    assert in_time(impatient) == 0


def test_a_job_that_has_begun_waits_longer() -> None:
    """Its document would have to be read again: it goes on asking for a quarter of a minute."""
    desk = Desk(wait=lambda number: 0.0 if number == 0 else None, again_s=3.0)

    async def main() -> float:
        await desk.call("job")
        with pytest.raises(RetryableFailure, match="model_paced"):
            await desk.call("job")
        return virtual_time.now()

    assert in_time(main) == pytest.approx(15.0)


def test_who_is_cancelled_while_it_waits_gives_its_promise_back() -> None:
    """A job past its deadline leaves no hole in the rate."""
    desk = Desk(wait=lambda number: 1.0 if number == 0 else 0.0)

    async def main() -> None:
        waiting = asyncio.create_task(desk.call("late"))
        await asyncio.sleep(0.5)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await desk.call("next")

    in_time(main)
    assert desk.told[1]["back"] == [1, 1_000, 400 * 0.25]


def test_a_claim_that_fails_fails_those_who_wait_and_nobody_else() -> None:
    """The next call asks again."""
    desk = Desk(broken=True)

    async def main() -> list[object]:
        outcomes = await asyncio.gather(*(desk.call(f"{n}") for n in range(3)), return_exceptions=True)
        desk.broken = False
        return [*outcomes, await desk.call("later")]

    *failed, went = in_time(main)
    assert all(isinstance(each, StoreError) for each in failed)
    assert went == 0


def test_what_could_not_be_told_is_told_with_the_next_claim() -> None:
    """What was left over of a call is not lost with a claim that fails."""
    desk = Desk()

    async def main() -> None:
        await desk.call("one", usage=Usage(input_tokens=600, output_tokens=50))
        desk.broken = True
        await asyncio.gather(desk.call("two"), return_exceptions=True)
        desk.broken = False
        await desk.call("three")

    in_time(main)
    assert desk.told[1]["back"] == [0, 400, 50]


class SlowThread(InlineThread):
    """A database that takes a second."""

    async def surely(self, *args: Any, **kwargs: Any) -> Any:
        """As it is, later."""
        await asyncio.sleep(1.0)
        return await super().surely(*args, **kwargs)


def test_what_is_promised_to_who_has_gone_comes_back() -> None:
    """A job whose time is up while its claim is under way leaves no hole either."""
    desk = Desk()
    desk.governor = Governor(SlowThread(ScriptedDatabase(claim_rate=desk._claim)))

    async def main() -> None:
        gone = asyncio.create_task(desk.call("gone"))
        await asyncio.sleep(0.5)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        await desk.call("next")

    in_time(main)
    assert desk.told[1]["back"] == [1, 1_000, 100]


def test_an_environment_that_was_frozen_goes_on_in_another_loop() -> None:
    """Lambda runs a loop for each batch: what is known outlives it, and nobody waits for one that is gone."""
    desk = Desk(ahead=(0, 0, 0))

    async def one() -> float:
        return await desk.call("job-1")

    async def other() -> float:
        return await desk.call("job-2")

    assert in_time(one) == 0
    assert in_time(other) == 0
    assert len(desk.asked) == 2
