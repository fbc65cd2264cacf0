"""A whole examination, with a model that a test writes and calls that are remembered as the tables do."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from claimcheck.documents.render import PageImage
from claimcheck.documents.text import DocumentText
from claimcheck.failures import RetryableFailure
from claimcheck.model.types import Answer, CallFailedError, Question, Usage
from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.usecases.answer import Answerer
from claimcheck.usecases.examine import Attempt, Examine
from claimcheck.usecases.prefixes import Prefixes

from tests.unit.usecases.claimed_jobs import claimed
from tests.unit.usecases.scripted_database import InlineThread, ScriptedDatabase
from tests.unit.usecases.unhurried import Unhurried

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from claimcheck.failures import JobFailure

    from tests.unit.usecases.scripted_database import Rows

CONTEXT = 24_000  # tokens: a text of 200,000 characters makes a few parts

Reply = dict[str, Any] | str | CallFailedError


def failing(code: str, *, known: bool = True) -> CallFailedError:
    """A call that fails in a way that may pass."""
    return CallFailedError(RetryableFailure(code, "It failed."), outcome_known=known)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a test looks at it."""

    question: Question

    @property
    def document(self) -> str:
        """The text that was shown."""
        return "".join(
            str(block["source"]["data"]) for block in self.question.content if block["type"] == "document"
        )

    @property
    def instruction(self) -> str:
        return str(self.question.content[-1]["text"])

    @property
    def request(self) -> dict[str, Any]:
        """The request's line as JSON."""
        line = self.instruction.splitlines()[-1]
        found: dict[str, Any] = json.loads(line.removeprefix("<request>").removesuffix("</request>"))
        return found

    @property
    def pages(self) -> list[str]:
        """What stands before each image."""
        blocks = self.question.content
        return [str(one["text"]) for one, other in pairwise(blocks) if other["type"] == "image"]

    @property
    def cached(self) -> bool:
        return any("cache_control" in block for block in self.question.content)


def _in_its_form(reply: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """As the question's format has it: by itself, or as one task's of all."""
    properties = asked.question.schema["properties"]
    task = asked.request["task"]
    return {name: reply if name == task else None for name in properties} if task in properties else reply


class WrittenModel:
    """Answers as `reply` says, and counts how many calls are under way at once.

    None ends before `together` of them have been. Then each stays for some turns of the loop, so that more
    would be seen.
    """

    def __init__(self, reply: Callable[[Asked], Reply], together: int) -> None:
        self._reply = reply
        self._together = together
        self._enough = asyncio.Event()
        self.asked: list[Asked] = []
        self.under_way = self.most = self.ended = 0

    async def ready(self) -> None:
        """Always is."""

    async def ask(self, question: Question) -> Answer:
        asked = Asked(question)
        self.asked.append(asked)
        if question.begun is not None:
            await question.begun()
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if self.most >= self._together:
            self._enough.set()
        await self._enough.wait()
        for _ in range(100):
            await asyncio.sleep(0)
        self.under_way -= 1
        self.ended += 1
        reply = self._reply(asked)
        if isinstance(reply, CallFailedError):
            raise reply
        stop = reply if isinstance(reply, str) else "end_turn"
        text = "" if isinstance(reply, str) else json.dumps(_in_its_form(reply, asked))
        return Answer(text, stop, Usage(), question.model, "req_1")


@dataclass
class Examining:
    """An `Examine` with all that is around it. What was paid for is kept from one `run` to the next.

    `reply` gives the answer to a question, the word why the model stopped, or a failed call. `last`: no
    failure is followed by another attempt. `image` makes a page's image or raises.
    """

    reply: Callable[[Asked], Reply]
    task: str = "extract"
    params: dict[str, Any] = field(default_factory=lambda: {"fields": [{"name": "fee", "type": "string"}]})
    context: int = CONTEXT
    last: bool = False
    fenced_after: int = 1_000_000
    silent: bool = False  # progress cannot be written
    image: Callable[[int], PageImage] = lambda page: PageImage(page, "image/png", b"\x89PNG")
    rendered: list[Sequence[int]] = field(default_factory=list)
    progress: list[tuple[int, int]] = field(default_factory=list)
    time_s: float = 600.0
    together: int = 1
    cap_calls: int | None = None  # so many calls under way at once are what the cap leaves room for

    def __post_init__(self) -> None:
        self.model = WrittenModel(self.reply, self.together)
        self._paid: dict[bytes, tuple[str, str, str]] = {}
        self._open: dict[str, bytes] = {}
        self._begun = 0
        self._warm: set[bytes] = set()
        self.database = ScriptedDatabase(
            begin_call=self._begin,
            find_paid=self._find,
            end_call=self._end,
            reject_answer=self._reject,
            set_progress=self._progress,
            join_prefix=self._join,
            settle_prefix=self._settle,
        )

    def run(self, document: DocumentText | str) -> dict[str, Any]:
        """One attempt."""
        text = DocumentText(document) if isinstance(document, str) else document
        thread = InlineThread(self.database, pauses_s=(0.0,))
        prefixes = Prefixes(thread, wait_s=0.0)
        answerer = Answerer(thread, self.model, governor=Unhurried())
        examine = Examine(thread, answerer, prefixes, context_tokens=self.context)

        async def attempt() -> dict[str, Any]:
            return await examine(claimed(task=self.task, params=self.params), text, self._attempt())

        return asyncio.run(attempt())

    def _attempt(self) -> Attempt:
        until = asyncio.get_running_loop().time() + self.time_s
        return Attempt("claude-sonnet-5-5", until, self._ends, self._render)

    def _ends(self, failure: JobFailure) -> bool:
        return self.last or not failure.retryable

    async def _render(self, pages: Sequence[int]) -> list[PageImage]:
        self.rendered.append(pages)
        return [self.image(page) for page in pages]

    def _begin(self, params: Mapping[str, Any]) -> Rows:
        self._begun += 1
        if self._begun > self.fenced_after:
            return []
        row = {
            "paid_id": None,
            "answer": None,
            "outcome": None,
            "over_cap": False,
            "over_day": None,
            "resets_s": None,
            "again": False,
        }
        paid = self._paid.get(params["question_sha256"])
        if paid is not None:
            return [{**row, "paid_id": paid[0], "answer": paid[1], "outcome": paid[2]}]
        if self.cap_calls is not None and len(self._open) >= self.cap_calls:
            return [{**row, "over_cap": True, "over_day": None, "resets_s": None}]
        self._open[params["call_id"]] = params["question_sha256"]
        return [row]

    def _find(self, params: Mapping[str, Any]) -> Rows:
        paid = self._paid.get(params["question_sha256"])
        return [] if paid is None else [{"paid_id": paid[0], "answer": paid[1], "outcome": paid[2]}]

    def _end(self, params: Mapping[str, Any]) -> Rows:
        if params["answer"] is not None:
            kept = params["call_id"], params["answer"], params["outcome"]
            self._paid[self._open[params["call_id"]]] = kept
        del self._open[params["call_id"]]
        return []

    def _reject(self, params: Mapping[str, Any]) -> Rows:
        self._paid = {key: paid for key, paid in self._paid.items() if paid[0] != params["call_id"]}
        return []

    def _join(self, params: Mapping[str, Any]) -> Rows:
        """As the function does for a job that nobody shares with: its first call leads."""
        if params["prefix"] in self._warm:
            return [{"role": "warm"}]
        return [{"role": "lead" if params["more"] else "alone"}]

    def _settle(self, params: Mapping[str, Any]) -> Rows:
        if params["warm_s"] is not None:
            self._warm.add(params["prefix"])
        return []

    def _progress(self, params: Mapping[str, Any]) -> Rows:
        if self.silent:
            raise DatabaseUnavailableError("the database call failed (connection lost)")
        self.progress.append((params["done"], params["total"]))
        return [{"job_id": params["job_id"]}]


def fees(asked: Asked, **more: str) -> dict[str, Any]:
    """Every field that is asked for, with the line that begins with its name where the part has one."""
    answers = []
    for wanted in asked.request["fields"]:
        lines = [line for line in asked.document.splitlines() if line.startswith(f"{wanted['name']}:")]
        value = lines[0].partition(": ")[2] if lines else None
        quotes = [more.get(wanted["name"], lines[0])] if lines else []
        answers.append({"field": wanted["id"], "value": value, "quotes": quotes})
    return {"answers": answers}


def long(*lines: str) -> str:
    """A text of about 200,000 characters in which `lines` stand far from each other."""
    filler = [
        f"Paragraph {at} says what has been said often, in as many words as this.\n" for at in range(2_600)
    ]
    step = len(filler) // (len(lines) + 1)
    for at, line in enumerate(lines, start=1):
        filler[at * step] = f"{line}\n"
    return "\n".join(filler)
