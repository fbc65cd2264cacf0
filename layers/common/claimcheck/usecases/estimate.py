"""What a job is going to use, before it is handed in: by the code that cuts documents and plans calls.

`likely` is what such a job uses as a rule. `most` is what it does not exceed where no question has to be put
a second time: the text as dense as any, each answer as long as it may be, each quote asked for again.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.failures import PermanentFailure
from claimcheck.model.prices import UnknownPriceError, cost_usd, worst_case_usd
from claimcheck.model.types import Usage
from claimcheck.parts import part_counts
from claimcheck.parts.cutting import OVERLAP_CHARS
from claimcheck.parts.tokens import DENSEST_TOKENS, IMAGE_TOKENS, PROSE_TOKENS, tokens_in
from claimcheck.refusals import FieldError
from claimcheck.tasks import TASKS
from claimcheck.tasks.estimate import parse_estimate
from claimcheck.tasks.one_format import in_one_format
from claimcheck.tasks.requote import REQUOTE_MOST, requote_prompt
from claimcheck.tasks.submission import fields_invalid
from claimcheck.usecases.prefixes import LEAST_TOKENS
from claimcheck.usecases.rooms import rooms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.documents.sizes import Held
    from claimcheck.parts import Room
    from claimcheck.settings import EstimateSettings
    from claimcheck.tasks.base import Digest, Prompt, Task
    from claimcheck.tasks.estimate import EstimateRequest
    from claimcheck.usecases.rooms import Rooms

_CHARS_A_TOKEN = 4.0  # of English, as the model counts: what is planned with is rather too many
_IMAGE_TOKENS = 2_300  # an A4 page at the size that is sent
# What an answer has for each thing that was asked, and besides: the offline stand-in's (docs/usage.md).
_ANSWERED = {"summarise": 600, "extract": 35, "evaluate": 90}
_ANSWER_FRAME = 20
_OVERHEAD_TOKENS = 1_000  # as `weighing` has it: the schema as the API presents it, and the turn's frame
_FIELD = "a field with a name of middling length"
_CRITERION = "What the document is to say, in a sentence of about this length, with its conditions."


@dataclass(frozen=True, slots=True)
class _Call:
    """One call: tokens that nobody shares, those that calls share, and those of its answer."""

    own: int
    shared: int
    answer: int
    writes: bool = False
    cached: bool = False

    @property
    def usage(self) -> Usage:
        """As the API would count it."""
        if not self.cached:
            return Usage(self.own + self.shared, output_tokens=self.answer)
        if self.writes:
            return Usage(self.own, cache_write_tokens=self.shared, output_tokens=self.answer)
        return Usage(self.own, cache_read_tokens=self.shared, output_tokens=self.answer)


class Estimate:
    """Reckons, and leaves nothing behind: it sees no document and asks nobody."""

    def __init__(self, settings: EstimateSettings) -> None:
        self._settings = settings

    def __call__(self, body: bytes) -> dict[str, Any]:
        """The estimate for a request's body. Raises InvalidRequest, also where a job would have no room."""
        request = parse_estimate(body)
        economy = request.priority == "economy"
        model = self._settings.model_economy if economy else self._settings.model_standard
        batched = economy and self._settings.economy_batches
        task = TASKS[request.task]
        params = task.params(_asked(request))
        prompts = [
            task.prompt(task.narrowed(params, group), len(task.groups(params)[0]))
            for group in task.groups(params)
        ]
        try:
            plan = _Plan(task, params, prompts, rooms(self._settings.context_tokens, prompts))
        except PermanentFailure as failure:  # as the job itself would fail
            raise fields_invalid([FieldError("/questions", f"is too many: {failure}")]) from None
        extent = request.document.extent
        likely, parts = plan.likely(extent.likely, cached=not batched)
        most = plan.most(extent.most)
        return {
            "model": model,
            "calls": _pair(len(likely), len(most)),
            "input_tokens": _pair(
                sum(call.own + call.shared for call in likely), sum(call.own for call in most)
            ),
            "output_tokens": _pair(sum(call.answer for call in likely), sum(call.answer for call in most)),
            # A batch that is given up is asked for at the full price, where the job says so.
            "cost_usd": _pair(_cost(model, likely, batched=batched), _most_cost(model, most)),
            "basis": _basis(parts, len(prompts), batched=batched),
        }


@dataclass(frozen=True, slots=True)
class _Plan:
    """The calls of a job, as `examine` makes them."""

    task: Task[Any, Any]
    params: Any
    prompts: Sequence[Prompt]
    rooms: Rooms

    def likely(self, held: Held, *, cached: bool) -> tuple[list[_Call], int]:
        """The calls of a job that goes as most do, and in how many parts it reads its document."""
        planned = round(held.chars * PROSE_TOKENS) + held.images * IMAGE_TOKENS
        parts, _ = part_counts(planned, held.images, *self.rooms)
        chars = held.chars + (parts - 1) * OVERLAP_CHARS
        shown = round((chars / _CHARS_A_TOKEN + held.images * _IMAGE_TOKENS) / parts)
        cached = cached and len(self.prompts) > 1 and planned / parts >= LEAST_TOKENS
        calls = []
        for number, (prompt, answer) in enumerate(zip(self.prompts, self._answers, strict=True)):
            asked = in_one_format(prompt) if cached else prompt
            own = round(_written(asked) / _CHARS_A_TOKEN)
            calls += [_Call(own, shown, answer, number == 0, cached)] * parts
        digest = self.task.digest
        if digest is not None and parts > 1:
            prompt = digest.prompt(self.params)
            answer = self._answers[0]
            read = parts * answer // 3  # what the parts' answers say, without their quotes
            calls.append(_Call(round(_written(prompt) / _CHARS_A_TOKEN), read, answer))
        return calls, parts

    @property
    def _answers(self) -> list[int]:
        """Tokens of an answer to each question."""
        each = _ANSWERED[self.task.name]
        return [_ANSWER_FRAME + each * len(group) for group in self.task.groups(self.params)]

    def most(self, held: Held) -> list[_Call]:
        """The calls of a job whose every call takes as much as it can."""
        tokens = round(held.chars * DENSEST_TOKENS) + held.images * IMAGE_TOKENS
        _, parts = part_counts(tokens, held.images, *self.rooms)
        overlaps = round((parts - 1) * OVERLAP_CHARS * DENSEST_TOKENS)
        shown = -(-(tokens + overlaps) // parts)
        calls: list[_Call] = []
        for prompt in self.prompts:
            calls += [_Call(_most_written(prompt) + shown, 0, prompt.max_tokens)] * parts
        calls.append(_requoting(tokens, sum(call.answer for call in calls)))
        if self.task.digest is not None and parts > 1:
            calls += _digesting(self.task.digest, self.params, parts, self.rooms.even)
        return calls


def _requoting(document_tokens: int, answer_tokens: int) -> _Call:
    """All quotes not found at once: passages around as much as the answers could quote."""
    quoted = min(answer_tokens * _CHARS_A_TOKEN, REQUOTE_MOST * 2_000)
    prompt = requote_prompt(["q"] * REQUOTE_MOST)
    passages = round((6 * quoted + REQUOTE_MOST * 800) * DENSEST_TOKENS)
    asked = _most_written(prompt) + round(quoted * DENSEST_TOKENS)
    return _Call(asked + min(document_tokens, passages), 0, prompt.max_tokens)


def _digesting(digest: Digest[Any, Any], params: Any, parts: int, room: Room) -> list[_Call]:
    """Level by level, as `digest` makes them, of findings that are as long as may be asked for."""
    prompt = digest.prompt(params)
    at_once = max(2, room.tokens // (2 * prompt.max_tokens))
    calls: list[_Call] = []
    while parts > 1:
        level = -(-parts // at_once)
        read = -(-parts * prompt.max_tokens // level)
        calls += [_Call(_most_written(prompt) + read, 0, prompt.max_tokens)] * level
        parts = level
    return calls


def _asked(request: EstimateRequest) -> dict[str, Any]:
    """Parameters of as many questions, each of middling length."""
    numbers = range(1, request.questions + 1)
    if request.task == "extract":
        return {"fields": [{"name": f"{_FIELD} {number}"} for number in numbers]}
    if request.task == "evaluate":
        return {"criteria": [{"id": f"c{number}", "criterion": _CRITERION} for number in numbers]}
    return {}


def _written(prompt: Prompt) -> int:
    """Characters that a question has beside the document."""
    return len(prompt.system) + len(prompt.instruction) + len(json.dumps(prompt.schema))


def _most_written(prompt: Prompt) -> int:
    """Tokens that a question has beside the document, rather too many, in whichever form it is put."""
    forms = [prompt, in_one_format(prompt)] if prompt.request["task"] in TASKS else [prompt]
    texts = [form.system + form.instruction + json.dumps(form.schema) for form in forms]
    return max(map(tokens_in, texts)) + _OVERHEAD_TOKENS


def _cost(model: str, calls: Sequence[_Call], *, batched: bool) -> float | None:
    try:
        alike = Counter(calls)  # hundreds of thousands of calls are of a few kinds
        each = (count * cost_usd(model, call.usage, batched=batched) for call, count in alike.items())
        return round(sum(each), 6)
    except UnknownPriceError:
        return None


def _most_cost(model: str, calls: Sequence[_Call]) -> float | None:
    try:
        each = (
            count * worst_case_usd(model, input_tokens=call.own, max_tokens=call.answer)
            for call, count in Counter(calls).items()
        )
        return round(sum(each), 6)
    except UnknownPriceError:
        return None


def _pair(likely: float | None, most: float | None) -> dict[str, float | None]:
    """What is likely is never said to be more than the most."""
    if likely is not None and most is not None:
        likely = min(likely, most)
    return {"likely": likely, "most": most}


def _basis(parts: int, questions: int, *, batched: bool) -> str:
    read = "in one part" if parts == 1 else f"in {parts} parts"
    asked = "one question" if questions == 1 else f"{questions} questions"
    price = " at the price of a batch" if batched else ""
    return (
        f"Likely: about four characters a token, the document read {read}, {asked} about each{price}; "
        "most: the densest text and the longest answers, as long as no question has to be put a second time."
    )
