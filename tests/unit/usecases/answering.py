"""One question by the Answerer, with a model and a database that a test writes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError
from claimcheck.model.types import Answer, CallFailedError, Question, Usage
from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.tasks.base import Prompt
from claimcheck.usecases.answer import Answerer
from claimcheck.usecases.shown import Shown

from tests.unit.usecases.claimed_jobs import claimed
from tests.unit.usecases.scripted_database import InlineThread, ScriptedDatabase
from tests.unit.usecases.unhurried import Unhurried

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claimcheck.documents.render import PageImage
    from claimcheck.store.calls import Paid
    from claimcheck.store.jobs import ClaimedJob

    from tests.unit.usecases.scripted_database import Rows

MODEL = "claude-sonnet-5-5"
SCHEMA = {"type": "object", "properties": {"overview": {"type": "string"}}, "required": ["overview"]}
MAX_TOKENS = 1_000


def answer(text: str = '{"overview": "ü"}', **more: Any) -> Answer:
    """A usable answer, or one that differs in what is named."""
    fields: dict[str, Any] = {"stop": "end_turn", "usage": Usage(), "model": MODEL, "request_id": "req_1"}
    return Answer(text, **{**fields, **more})


@dataclass
class ScriptedModel:
    """Answers every question the same, or fails; keeps what it was asked. `away`: it cannot be made ready."""

    outcome: Answer | CallFailedError
    away: bool = False
    asked: list[Question] = field(default_factory=list)
    readied: int = 0

    async def ready(self) -> None:
        self.readied += 1
        if self.away:
            raise UnavailableError("the secret could not be read (ThrottlingException)")

    async def ask(self, question: Question) -> Answer:
        self.asked.append(question)
        if isinstance(self.outcome, CallFailedError):
            raise self.outcome
        return self.outcome


class Asking:
    """An Answerer with all that is around it.

    `fenced`: the job's lease is lost. `paid`: an earlier attempt's call to it. `cap` and `spent`
    are what the database knows of the job's money. `cuts`: statements of a kind that lose their connection,
    after they were carried out. `waited_s`: how long calls wait for room in the model's rate.
    """

    def __init__(
        self,
        outcome: Answer | CallFailedError | None = None,
        *,
        fenced: bool = False,
        away: bool = False,
        paid: Paid | None = None,
        cap: float | None = None,
        spent: float = 0.0,
        cuts: int = 0,
        waited_s: float = 0.0,
    ) -> None:
        self.model = ScriptedModel(outcome or answer(), away=away)
        self._fenced = fenced
        self._paid = paid
        self._cap = cap
        self._spent = spent
        self._cuts = {"begin_call": cuts, "end_call": cuts, "reject_answer": cuts}
        self.database = ScriptedDatabase(
            find_paid=[],
            begin_call=self._begin,
            end_call=lambda _: self._cut("end_call"),
            reject_answer=lambda _: self._cut("reject_answer"),
        )
        thread = InlineThread(self.database, pauses_s=(0.0, 0.0, 0.0))
        self.governor = Unhurried(waited_s=waited_s)
        self._answerer = Answerer(thread, self.model, governor=self.governor)

    def _cut(self, query: str) -> Rows:
        if self._cuts[query]:
            self._cuts[query] -= 1
            raise DatabaseUnavailableError("the database call failed (connection lost)")
        return []

    def _begin(self, params: Mapping[str, Any]) -> Rows:
        """As `begin_model_call` does: the fence first, then what is paid, then what the cap leaves."""
        self._cut("begin_call")
        if self._fenced:
            return []
        row: dict[str, Any] = {
            "paid_id": None,
            "answer": None,
            "outcome": None,
            "over_cap": False,
            "over_day": None,
            "resets_s": None,
            "again": False,
        }
        if self._paid is not None:
            paid = self._paid
            return [{**row, "paid_id": paid.call_id, "answer": paid.answer, "outcome": paid.outcome}]
        row["over_cap"] = self._cap is not None and self._spent + params["worst_usd"] > self._cap
        return [row]

    def ask(
        self,
        text: str = "The fee is EUR 5.",
        *,
        job: ClaimedJob | None = None,
        model: str = MODEL,
        instruction: str = "What does it say?",
        timeout_s: float = 30,
        least_s: float = 0,
        images: Sequence[PageImage] = (),
    ) -> dict[str, Any]:
        """Put one question about `text`."""
        prompt = Prompt("Answer about the document.", instruction, {"task": "none"}, SCHEMA, MAX_TOKENS)
        asked = job or claimed(max_cost_usd=self._cap)
        shown = Shown(text, asked.document.name, tuple(image.page for image in images), images)
        return asyncio.run(
            self._answerer.ask(asked, prompt, shown, model=model, timeout_s=timeout_s, least_s=least_s)
        )

    @property
    def statements(self) -> list[str]:
        """What was asked of the database, by name."""
        return [name for name, _ in self.database.calls]

    @property
    def noted(self) -> dict[str, Any]:
        """What was written before the call."""
        return self.database.params_of("begin_call")[-1]

    @property
    def recorded(self) -> dict[str, Any]:
        """What was written when the call had ended."""
        [params] = self.database.params_of("end_call")
        return params

    @property
    def rejected(self) -> list[str]:
        """The calls whose answers were called useless."""
        return [params["call_id"] for params in self.database.params_of("reject_answer")]
