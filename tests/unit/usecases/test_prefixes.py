"""Calls that share a beginning wait for the one that writes it, never long, and never for nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.failures import RetryableFailure
from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.tasks import TASKS
from claimcheck.usecases.prefixes import LEAST_TOKENS, Prefix, Prefixes
from claimcheck.usecases.shown import Shown

from tests.unit.usecases.claimed_jobs import claimed
from tests.unit.usecases.scripted_database import InlineThread, ScriptedDatabase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.jobs import ClaimedJob

    from tests.unit.usecases.scripted_database import Rows

WAIT_S, GATHER_S = 0.2, 0.1
LONG = Shown("Nothing of this is asked for.\n" * LEAST_TOKENS)
PROMPTS = {
    "summarise": TASKS["summarise"].prompt(TASKS["summarise"].params({}), 1),
    "extract": TASKS["extract"].prompt(TASKS["extract"].params({"fields": [{"name": "fee"}]}), 1),
}


class Sharing:
    """A call's way through `Prefixes`; `roles` are what the database says, the last one on and on."""

    def __init__(self, *roles: str, away: bool = False) -> None:
        self._roles = list(roles)
        self._away = away
        self.slept = 0.0
        self.database = ScriptedDatabase(join_prefix=self._join, settle_prefix=self._settle)

    def _join(self, _params: Mapping[str, Any]) -> Rows:
        if self._away:
            raise DatabaseUnavailableError("the database call failed (connection lost)")
        return [{"role": self._roles.pop(0) if len(self._roles) > 1 else self._roles[0]}]

    def _settle(self, _params: Mapping[str, Any]) -> Rows:
        if self._away:
            raise DatabaseUnavailableError("the database call failed (connection lost)")
        return [{"done": ""}]

    def share(
        self,
        shown: Shown = LONG,
        *,
        job: ClaimedJob | None = None,
        task: str = "summarise",
        more: bool = False,
        most_s: float = 1_000.0,
        begins: bool = True,
        fails: bool = False,
    ) -> Prefix | None:
        """Join, and call: `begins` says whether an answer comes, `fails` whether the call then does."""

        async def call() -> Prefix | None:
            clock = asyncio.get_running_loop().time
            thread, started = InlineThread(self.database), clock()
            prefixes = Prefixes(thread, wait_s=WAIT_S, gather_s=GATHER_S, looks_s=(0.001, 0.002))
            async with prefixes.joined(
                job or claimed(), PROMPTS[task], shown, model="m", more=more, most_s=most_s
            ) as prefix:
                self.slept = clock() - started
                if prefix is not None and prefix.begun is not None and begins:
                    await prefix.begun()
                if fails:
                    raise RetryableFailure("model_error", "It failed.")
            return prefix

        return asyncio.run(call())

    @property
    def settled(self) -> list[bool]:
        """What was told of the writing: that it can be read, or that nothing came of it."""
        return [params["warm_s"] is not None for params in self.database.params_of("settle_prefix")]

    @property
    def digest(self) -> bytes:
        found: bytes = self.database.params_of("join_prefix")[-1]["prefix"]
        return found


def test_a_short_document_is_nothing_to_share() -> None:
    """What the API does not cache costs no statement and no wait."""
    sharing = Sharing("lead")
    assert sharing.share(Shown("The fee is EUR 5."), more=True) is None
    assert sharing.database.calls == []


def test_who_is_alone_shares_nothing() -> None:
    """A job with nobody beside it goes as ever, and at once."""
    sharing = Sharing("alone")
    assert sharing.share() is None
    assert [name for name, _ in sharing.database.calls] == ["join_prefix"]


def test_a_young_job_looks_twice_before_it_is_alone() -> None:
    """Jobs that are handed in one after the other begin together: the first one sees those behind it."""
    sharing = Sharing("alone", "lead")
    prefix = sharing.share(job=claimed(age_s=GATHER_S / 2))
    assert prefix is not None
    assert prefix.begun is not None
    assert sharing.slept >= GATHER_S / 2
    assert len(sharing.database.calls) == 3


def test_a_call_that_can_read_goes_at_once() -> None:
    """It shows the common beginning with its mark, and writes nothing down."""
    sharing = Sharing("warm")
    assert sharing.share() == Prefix()
    assert [name for name, _ in sharing.database.calls] == ["join_prefix"]


def test_who_leads_tells_when_the_answer_begins() -> None:
    """From then on others can read; the end of the call says nothing more."""
    sharing = Sharing("lead")
    assert sharing.share() is not None
    assert sharing.settled == [True]


@pytest.mark.parametrize("fails", [True, False])
def test_a_lead_without_an_answer_hands_over(fails: bool) -> None:
    """A call that failed, or was not made (its answer was paid for), leaves the writing to the next."""
    sharing = Sharing("lead")
    if fails:
        with pytest.raises(RetryableFailure):
            sharing.share(begins=False, fails=True)
    else:
        sharing.share(begins=False)
    assert sharing.settled == [False]


def test_a_call_that_fails_after_its_beginning_has_written() -> None:
    """What the API has begun to answer it has cached: others read it all the same."""
    sharing = Sharing("lead")
    with pytest.raises(RetryableFailure):
        sharing.share(fails=True)
    assert sharing.settled == [True]


def test_others_wait_for_the_one_that_writes() -> None:
    """They look again and again, and go as soon as there is something to read."""
    sharing = Sharing("wait", "wait", "wait", "warm")
    assert sharing.share() == Prefix()
    assert len(sharing.database.calls) == 4


def test_the_next_one_leads_where_the_first_came_to_nothing() -> None:
    """Somebody who waited finds that nobody writes any more."""
    prefix = Sharing("wait", "lead").share()
    assert prefix is not None
    assert prefix.begun is not None


@pytest.mark.parametrize(("most_s", "waited_s"), [(1_000.0, 0.2), (0.01, 0.01)])
def test_nobody_waits_for_long(most_s: float, waited_s: float) -> None:
    """Behind a slow call a call goes by itself, as without a cache; sooner in a short attempt."""
    sharing = Sharing("wait")
    assert sharing.share(most_s=most_s) is None
    assert sharing.slept >= waited_s


def test_without_a_database_a_call_goes_by_itself() -> None:
    """Sharing is worth no failure."""
    assert Sharing("lead", away=True).share() is None


def test_the_beginning_is_the_same_for_every_task_and_name_of_the_bytes() -> None:
    """What tells tasks apart comes after the document; a document's id is not shown."""
    one, other = Sharing("warm"), Sharing("warm")
    one.share(task="summarise")
    other.share(task="extract", job=claimed("job-2"))
    assert one.digest == other.digest
    assert len(one.digest) == 32


@pytest.mark.parametrize(
    "shown",
    [Shown(LONG.text + "!"), Shown(LONG.text, "a name"), Shown(LONG.text, None, (1,))],
    ids=["text", "title", "images"],
)
def test_another_beginning_is_another(shown: Shown) -> None:
    """To the letter, with its title and its images, as the API compares."""
    one, other = Sharing("warm"), Sharing("warm")
    one.share()
    other.share(shown)
    assert one.digest != other.digest
