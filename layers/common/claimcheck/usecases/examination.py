"""The state of one examination: what was asked, what came back, what is missing."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from claimcheck.aside import WEIGHTY
from claimcheck.failures import JobFailure
from claimcheck.parts import Entry, Ledger
from claimcheck.tasks.base import MAX_ANSWER_TOKENS
from claimcheck.tasks.source import IMAGE_MARK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.documents.text import DocumentText
    from claimcheck.evidence import Citation
    from claimcheck.parts import Part
    from claimcheck.parts.ledger import State
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.tasks.base import Prompt, Task
    from claimcheck.usecases.shown import Shown


class Ask(Protocol):
    """Puts one question about what is shown."""

    async def __call__(self, prompt: Prompt, shown: Shown) -> dict[str, Any]:
        """The answer, valid against the prompt's schema. Raises JobFailure, LeaseLostError, StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """What one answer says of one part, by item."""

    part: Part
    group: tuple[str, ...]
    findings: Mapping[str, Any]
    missing: list[Citation]


@dataclass(slots=True)
class Examination:
    """One attempt at one job. It ends early with the first failure after which the job is tried again."""

    job: ClaimedJob
    task: Task[Any, Any]
    params: Any
    document: DocumentText
    at_once: int
    total: int = 1
    done: int = 0
    answers: list[PartAnswer] = field(default_factory=list)
    stopped: Exception | None = None
    parked: JobFailure | None = None
    groups: list[tuple[str, ...]] = field(init=False)
    ledger: Ledger = field(init=False)
    parts: asyncio.Semaphore = field(init=False)
    calls: asyncio.Semaphore = field(init=False)
    _first_failure: JobFailure | None = None
    _summed_up: Any = None
    _roomy: set[tuple[Part, tuple[str, ...]]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.groups = self.task.groups(self.params)
        self.ledger = Ledger(self.document)
        self.parts = asyncio.Semaphore(self.at_once)
        self.calls = asyncio.Semaphore(self.at_once)

    @property
    def weight(self) -> int:
        """Characters that the work is on; a caller's schema, which takes long to check, counts as many."""
        return WEIGHTY if self.job.params.get("schema") else len(self.document.text)

    def narrowed(self, group: tuple[str, ...]) -> Any:
        """The parameters for some items only."""
        return self.task.narrowed(self.params, group)

    def prompts(self) -> list[Prompt]:
        """What is asked about the whole document, question by question."""
        width = len(self.groups[0])
        return [self.task.prompt(self.narrowed(group), width) for group in self.groups]

    def prompt(self, part: Part, group: tuple[str, ...]) -> Prompt:
        """What is asked about one part, with notes on what is shown of the document."""
        asked = self.task.prompt(self.narrowed(group), len(self.groups[0]))
        notes = []
        if (part.shown, part.end) != (0, len(self.document.text)):
            notes.append(self._part_note(part))
        seen = [page for page in part.image_pages if page not in self.ledger.unseen]
        if seen:
            notes.append(
                "Some pages are shown as images. Begin a quote that you read off an image with its page, as "
                f"{IMAGE_MARK.format(page=seen[0])}."
            )
        if (part, group) in self._roomy:
            asked = replace(asked, max_tokens=MAX_ANSWER_TOKENS)
        return asked.noting(*notes)

    def wants_more_room(self, part: Part, group: tuple[str, ...]) -> bool:
        """Whether a question about one item, whose answer was too long, gets more room; once."""
        question = (part, group)
        if len(group) > 1 or question in self._roomy:
            return False
        if self.prompt(part, group).max_tokens >= MAX_ANSWER_TOKENS:
            return False
        self._roomy.add(question)
        return True

    def _part_note(self, part: Part) -> str:
        """Which part it is. Answers about it are put together with those about the others by our code."""
        share = f"characters {part.shown + 1} to {part.end} of {len(self.document.text)}"
        first, last = self.document.page_of(part.start), self.document.page_of(max(part.start, part.end - 1))
        if first is not None:
            share += f", pages {first} to {last} of {self.document.pages}"
        return (
            f"You see one part of a long document: {share}. Answer from this part alone; "
            "what it does not say, another part may."
        )

    def stop(self, error: Exception) -> None:
        """No further call is begun; the first reason counts. Waiting for a batch keeps none from it."""
        if isinstance(error, JobFailure) and error.code == "batched":
            self.parked = error
        else:
            self.stopped = self.stopped or error

    def answered(self, answer: PartAnswer) -> None:
        """A question about a part has its answer."""
        self.answers.append(answer)
        self.ledger.entries.append(Entry(answer.part, answer.group))

    def failed(self, part: Part, group: tuple[str, ...], failure: JobFailure) -> None:
        """A question about a part has none, for good."""
        self._first_failure = self._first_failure or failure
        state: State = "truncated" if failure.code == "answer_truncated" else "failed"
        self.ledger.entries.append(Entry(part, group, state, failure.code))

    def failure(self) -> JobFailure:
        """Why nothing was answered. Raises LookupError where something was."""
        if self._first_failure is None:
            raise LookupError("no question failed")
        return self._first_failure

    def missing(self) -> list[Citation]:
        """The quotes that were not found, as they stand in the findings."""
        found = {id(citation): citation for answer in self.answers for citation in answer.missing}
        return list(found.values())

    def findings(self) -> dict[str, list[Any]]:
        """What was said of each item, in the order of the document."""
        found: dict[str, list[Any]] = {}
        for answer in sorted(self.answers, key=lambda each: (each.part.start, each.part.end)):
            for item, finding in answer.findings.items():
                found.setdefault(item, []).append(finding)
        return found

    def sum_up(self, finding: Any) -> None:
        """One finding in place of all: what the parts said, put together by the model."""
        self._summed_up = finding

    def incomplete(self) -> frozenset[str]:
        """The items of which a part of the document was not asked."""
        if self.ledger.never_shown():
            return frozenset(self.task.items(self.params))
        return frozenset(item for entry in self.ledger.failed for item in entry.asked)

    def result(self) -> dict[str, Any]:
        """The public result of all findings, with its coverage."""
        coverage = self.ledger.coverage()
        findings = self.findings()
        if self._summed_up is not None:
            findings = {item: [self._summed_up] for item in findings}
        result = self.task.merge(self.params, findings, self.incomplete())
        noticed = [asdict(finding) for finding in self.document.findings]
        if noticed:
            result["warnings"] = [*result.get("warnings", []), *noticed]
        return {**result, "coverage": coverage}
