"""The rate governor: no call of a model before there is room for it (docs/rates.md)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from claimcheck.failures import RetryableFailure
from claimcheck.rates import NO_LIMITS, Allowance, Amounts, Learnt, Ratios, added
from claimcheck.store.faults import StoreError
from claimcheck.store.rates import claim_rate
from claimcheck.telemetry import count, metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from claimcheck.model.types import Usage
    from claimcheck.rates import Told, Wanted
    from claimcheck.store.rates import Claimed
    from claimcheck.store.thread import DatabaseThread

_AHEAD_S = 5.0  # how long what was claimed ahead may be used
_UNLIMITED_S = 10.0  # how long nobody asks again for a model of which no limit is known
_PATIENCE_S = 2.0  # that a job waits before it makes place for others
_PATIENCE_MIDWAY_S = 15.0  # one that has begun: its document would have to be read again
_LEAST_S = 0.05  # between two questions
_JOBS_KNOWN = 1_000


@dataclass(slots=True)
class Admission:
    """Room for one call, which waited `waited_s` seconds for it. To be ended once the call has."""

    wanted: Wanted
    estimate: Amounts
    waited_s: float = 0.0
    taken: Amounts | None = None
    told: Told | None = None
    answered: bool = False

    def ended(self, usage: Usage, told: Told | None) -> None:
        """The call was answered: what it used, and what the API said of its limits."""
        self.taken, self.told, self.answered = taken_by(usage), told, True

    def failed(self, told: Told | None, *, unknown: bool) -> None:
        """It was not. What a call took whose end nobody saw (`unknown`), is taken for what was expected."""
        self.taken, self.told = (self.estimate if unknown else Amounts(1)), told


@dataclass(slots=True)
class _Desk:
    """What this environment knows of one model, and has to tell of it."""

    ceilings: Amounts | None
    ratios: Ratios = field(default_factory=Ratios)
    allowance: Allowance = field(default_factory=Allowance)
    back: Amounts = field(default_factory=Amounts)
    learnt: Learnt = field(default_factory=Learnt)
    told: Told | None = None
    told_at: float = 0.0
    limited: bool = False
    waiting: list[_Waiting] = field(default_factory=list)
    claiming: asyncio.Task[None] | None = None


@dataclass(slots=True, eq=False)
class _Waiting:
    """A call that waits for the answer to a claim: seconds, or None and in how many to ask again."""

    wanted: Wanted
    cost: Amounts
    first: bool
    answer: asyncio.Future[tuple[float | None, float]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def as_asked(self) -> tuple[float, float, bool]:
        return self.cost.input_tokens or 0, self.cost.output_tokens or 0, self.first


class Governor:
    """One an environment. Calls that wait at the same moment are one claim; nobody writes a row for a call.

    `ceilings`: limits that the operator set, by model.
    """

    def __init__(self, database: DatabaseThread, *, ceilings: Mapping[str, Amounts] | None = None) -> None:
        self._database = database
        self._ceilings = ceilings or {}
        self._desks: dict[str, _Desk] = {}
        self._begun: OrderedDict[str, None] = OrderedDict()

    @contextlib.asynccontextmanager
    async def admitted(self, wanted: Wanted) -> AsyncIterator[Admission]:
        """Hold room for a call while the block runs, waiting for it before.

        Raises RetryableFailure (`model_paced`) where that takes longer than a job should keep others waiting;
        StoreError. A block that ends without a word of the call has not made it: its room is given back.
        """
        desk = self._desks.setdefault(wanted.model, _Desk(self._ceilings.get(wanted.model)))
        admission = await self._admit(desk, wanted)
        try:
            yield admission
        finally:
            await self._ended(desk, admission)

    async def _ended(self, desk: _Desk, admission: Admission) -> None:
        taken, told = admission.taken or Amounts(), admission.told
        desk.back = added(added(desk.back, admission.estimate), taken, times=-1)
        if admission.answered:
            desk.learnt.add(admission.wanted, taken)
        if told is None or not told.says_something:
            return
        desk.told, desk.told_at = told, _now()
        if told.blocked_s is not None or not desk.limited:
            # Others have to know at once that the API refuses, or that there are limits at all.
            with contextlib.suppress(StoreError):
                await self._claim(admission.wanted.model, desk, {})

    async def _admit(self, desk: _Desk, wanted: Wanted) -> Admission:
        started = _now()
        cost = desk.ratios.estimate(wanted)
        midway = self._has_begun(wanted.job_id)
        if desk.allowance.take(cost, started):
            return Admission(wanted, cost)
        wait_s = await self._promised(desk, _Waiting(wanted, cost, first=not midway), started)
        try:
            await asyncio.sleep(wait_s)
        except asyncio.CancelledError:
            desk.back = added(desk.back, cost)
            raise
        waited_s = _now() - started
        count(metrics.RATE_SECONDS, waited_s, of=wanted.model)
        return Admission(wanted, cost, waited_s)

    async def _promised(self, desk: _Desk, waiting: _Waiting, started: float) -> float:
        """In how many seconds the call may go. Raises RetryableFailure where nobody can say that soon."""
        until = started + (_PATIENCE_S if waiting.first else _PATIENCE_MIDWAY_S)
        while True:
            wait_s, again_s = await self._asked(desk, waiting)
            if wait_s is not None:
                return wait_s
            if _now() + again_s > until:
                self._begun.pop(waiting.wanted.job_id, None)
                raise RetryableFailure("model_paced", "The model's rate is used up for now.", delay=again_s)
            await asyncio.sleep(max(_LEAST_S, again_s))
            waiting = _Waiting(waiting.wanted, waiting.cost, waiting.first)

    async def _asked(self, desk: _Desk, waiting: _Waiting) -> tuple[float | None, float]:
        """The answer of the next claim; whoever comes first makes it, for all that have come by then."""
        loop = asyncio.get_running_loop()
        desk.waiting.append(waiting)
        if desk.claiming is None or desk.claiming.done():
            desk.claiming = loop.create_task(self._serve(waiting.wanted.model, desk))
        try:
            return await waiting.answer
        except asyncio.CancelledError:
            if waiting in desk.waiting:
                desk.waiting.remove(waiting)
            raise

    async def _serve(self, model: str, desk: _Desk) -> None:
        """Claim after claim, until nobody waits."""
        while desk.waiting:
            served, desk.waiting = _by_tenant(desk.waiting), []
            try:
                claimed = await self._claim(model, desk, served)
            except BaseException as error:
                for each in itertools.chain(*served.values()):
                    if not each.answer.done():
                        each.answer.set_exception(error)
                if not isinstance(error, Exception):
                    raise
                continue
            for calls, waits in zip(served.values(), claimed.waits, strict=True):
                for each, wait_s in zip(calls, waits, strict=True):
                    if not each.answer.done():
                        each.answer.set_result((wait_s, claimed.again_s))
                    elif wait_s is not None:  # whoever asked has gone meanwhile
                        desk.back = added(desk.back, each.cost)

    async def _claim(self, model: str, desk: _Desk, served: Mapping[str, Sequence[_Waiting]]) -> Claimed:
        now = _now()
        if served or now >= desk.allowance.until:
            desk.back = added(desk.back, desk.allowance.give_back())
        back, learnt, told = desk.back, desk.learnt, desk.told
        desk.back, desk.learnt, desk.told = Amounts(), Learnt(), None
        count(metrics.RATE_CLAIMS)
        try:
            claimed = await self._database.surely(
                claim_rate,
                model,
                [(tenant, [each.as_asked for each in calls]) for tenant, calls in served.items()],
                ceilings=desk.ceilings,
                back=back,
                learnt=learnt,
                told=told,
                age_s=now - desk.told_at,
            )
        except StoreError:
            desk.back = added(desk.back, back)
            raise
        if served:
            left, for_s = (claimed.ahead, _AHEAD_S) if claimed.limited else (NO_LIMITS, _UNLIMITED_S)
            desk.allowance = Allowance(left, _now() + for_s)
        elif claimed.limited and not desk.limited:
            desk.allowance = Allowance()
        desk.limited = claimed.limited
        desk.ratios = Ratios(claimed.input_ratio, claimed.output_ratio)
        return claimed

    def _has_begun(self, job_id: str) -> bool:
        """Whether the job has had a call here: such a one is not sent away as easily."""
        known = job_id in self._begun
        self._begun[job_id] = None
        if len(self._begun) > _JOBS_KNOWN:
            self._begun.popitem(last=False)
        return known


def taken_by(usage: Usage) -> Amounts:
    """What a call took of the limits: tokens that the cache served do not count."""
    return Amounts(1, usage.input_tokens + usage.cache_write_tokens, usage.output_tokens)


def _by_tenant(waiting: Sequence[_Waiting]) -> dict[str, list[_Waiting]]:
    """The calls of each tenant, in the order in which they came; who has few goes first."""
    found: dict[str, list[_Waiting]] = {}
    for each in waiting:
        found.setdefault(each.wanted.tenant_id, []).append(each)
    return dict(sorted(found.items(), key=lambda item: len(item[1])))


def _now() -> float:
    return asyncio.get_running_loop().time()
