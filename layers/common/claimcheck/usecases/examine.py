"""A whole document asked about: in one call where it fits, else in parts, and one result made of all answers.

What is paid for stays: an answer about a part is found again by its question when the job is tried again, so
a retry asks for the unfinished parts only.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from claimcheck.failures import JobFailure, PermanentFailure, RetryableFailure, UnavailableError
from claimcheck.parts import Room, cut, halves
from claimcheck.parts.tokens import tokens_in
from claimcheck.store.faults import StoreError
from claimcheck.store.jobs import set_progress
from claimcheck.tasks import TASKS
from claimcheck.tasks.source import Source
from claimcheck.telemetry import count, logger, places_of
from claimcheck.usecases.digest import digested
from claimcheck.usecases.examination import Examination, Reading
from claimcheck.usecases.second_look import look_again
from claimcheck.usecases.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence

    from claimcheck.documents.render import PageImage
    from claimcheck.documents.text import DocumentText
    from claimcheck.parts import Part
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.tasks.base import Prompt
    from claimcheck.usecases.answer import Answerer

_AT_ONCE = 4  # parts of one job, and calls about them: other jobs want their share of the model's rate
_OVERHEAD_TOKENS = 2_000  # the system prompt, the schema as the API presents it, the turn's frame
_LEAST_S = 20.0  # a call that has less time than this is left to the next attempt
_SPLITS = 4  # times that one question is made smaller


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt may do: the model, until when (the loop's time, seconds), and whether it is the last.

    `ends` says whether a failure would be the job's end: then what was answered is given, with its gaps.
    `render` makes images of pages; it raises JobFailure or UnavailableError.
    """

    model: str
    until: float
    ends: Callable[[JobFailure], bool]
    render: Callable[[Sequence[int]], Awaitable[list[PageImage]]]


class Examine:
    """Asks all that a job asks, of all of its document. `context_tokens` is what the model can hold."""

    def __init__(self, database: DatabaseThread, answerer: Answerer, *, context_tokens: int) -> None:
        self._database = database
        self._answerer = answerer
        self._context_tokens = context_tokens

    async def __call__(self, job: ClaimedJob, document: DocumentText, attempt: Attempt) -> dict[str, Any]:
        """The public result with its coverage.

        Raises JobFailure where nothing was answered or the job is to be tried again; LeaseLostError,
        StoreError. Calls under way are waited for before that: they are paid for, and are found again.
        """
        task = TASKS[job.task]
        run = Examination(job, task, task.params(job.params), document, _AT_ONCE)
        room = Room(self._context_tokens - _OVERHEAD_TOKENS - max(map(_weight, run.prompts())))
        if room.tokens <= 0:
            raise PermanentFailure("document_too_long", "What is asked leaves no room for a document.")
        return await _Interview(run, attempt, self._database, self._answerer).result(room)


@dataclass(frozen=True, slots=True)
class _View:
    """What is shown of the document, and what answers about it are checked against."""

    part: Part
    shown: Shown
    source: Source


_Smaller = list[tuple["Part", tuple[str, ...]]]


class _Interview:
    """One attempt's questions."""

    def __init__(
        self, run: Examination, attempt: Attempt, database: DatabaseThread, answerer: Answerer
    ) -> None:
        self._run = run
        self._attempt = attempt
        self._database = database
        self._answerer = answerer

    async def result(self, room: Room) -> dict[str, Any]:
        run = self._run
        parts = await asyncio.to_thread(cut, run.document, room)
        digest = run.task.digest is not None and len(parts) > 1
        run.total = len(parts) * len(run.groups) + digest
        await self._progress()
        await _all(self._ask_about(part, run.groups, 0) for part in parts)
        if run.stopped is not None:
            raise run.stopped
        if not run.readings:
            raise run.failure()
        await look_again(run, self._ask)
        if digest:
            await digested(run, self._ask, room.tokens, self._attempt.ends)
        return await asyncio.to_thread(run.result)

    async def _ask(self, prompt: Prompt, shown: Shown) -> dict[str, Any]:
        """One answer. Raises JobFailure: `continued` where the time that is left is too short for one."""
        run = self._run
        async with run.calls:
            left_s = self._attempt.until - asyncio.get_running_loop().time()
            if left_s < _LEAST_S and run.asked:
                raise RetryableFailure(
                    "continued", "The attempt's time is up; the next one goes on from here."
                )
            run.asked += 1
            return await self._answerer.ask(
                run.job, prompt, shown, model=self._attempt.model, timeout_s=max(1.0, left_s)
            )

    async def _ask_about(self, part: Part, groups: Sequence[tuple[str, ...]], splits: int) -> None:
        """All questions about one part: the first one writes the cache that the others read."""
        run = self._run
        again: dict[Part, list[tuple[str, ...]]] = {}
        async with run.parts:
            if run.stopped is None:
                view = await self._view(part, shared=len(groups) > 1)
                first = await self._question(view, groups[0], splits)
                others = await _all(self._question(view, group, splits) for group in groups[1:])
                for smaller, group in [each for asked in (first, *others) for each in asked]:
                    again.setdefault(smaller, []).append(group)
        await _all(self._ask_about(smaller, together, splits + 1) for smaller, together in again.items())

    async def _view(self, part: Part, *, shared: bool) -> _View:
        document, name = self._run.document, self._run.job.document.name
        images = await self._images(part)
        if not images:
            part = replace(part, image_pages=())
        source = await asyncio.to_thread(Source.of, document, part)
        return _View(part, Shown(document.text[part.shown : part.end], name, images, shared), source)

    async def _question(self, view: _View, group: tuple[str, ...], splits: int) -> _Smaller:
        """Ask one question; gives the smaller ones that take its place, where it was too large."""
        run, part = self._run, view.part
        if run.stopped is not None:
            return []
        try:
            answer = await self._ask(run.prompt(part, group), view.shown)
            findings = await asyncio.to_thread(run.task.read, run.narrowed(group), answer, view.source)
        except JobFailure as failure:
            smaller = _smaller(run, failure, part, group) if splits < _SPLITS else []
            if len(smaller) > 1:
                run.total += len(smaller) - 1
                return smaller
            if failure.retryable and not self._attempt.ends(failure):
                run.stop(failure)
                return []
            run.failed(part, group, failure)
        except Exception as error:  # noqa: BLE001 (the calls under way come to their end first)
            run.stop(error)
            return []
        else:
            run.answered(Reading(part, group, findings, view.source))
        run.done += 1
        await self._progress()
        return []

    async def _images(self, part: Part) -> list[PageImage]:
        """The part's page images. Those that cannot be made are gaps; what they show is not read."""
        if not part.image_pages:
            return []
        try:
            return await self._attempt.render(part.image_pages)
        except JobFailure as error:
            failure = error
        except UnavailableError as error:
            failure = RetryableFailure("storage_unavailable", str(error))
        if failure.retryable and not self._attempt.ends(failure):
            self._run.stop(failure)
        self._run.ledger.unseen |= dict.fromkeys(part.image_pages, failure.code)
        return []

    async def _progress(self) -> None:
        """It only informs: where it cannot be written, the work goes on. A single call has none to tell."""
        run, job = self._run, self._run.job
        if run.total == 1:
            return
        try:
            await self._database.run(set_progress, job.job_id, job.attempt, done=run.done, total=run.total)
        except StoreError as error:
            count("ProgressNotWritten")
            logger().warning("progress not written", extra={"error": places_of(error)})


def _smaller(run: Examination, failure: JobFailure, part: Part, group: tuple[str, ...]) -> _Smaller:
    """What is asked instead of a question whose answer, or whose document, was too long."""
    if failure.code == "answer_truncated" and len(group) > 1:
        middle = len(group) // 2
        return [(part, group[:middle]), (part, group[middle:])]
    if failure.code in {"answer_truncated", "document_too_long"}:
        return [(half, group) for half in halves(run.document, part)]
    return []


def _weight(prompt: Prompt) -> int:
    return tokens_in(prompt.instruction) + prompt.max_tokens


async def _all(work: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """All of it at once, and all of it to its end; then the first exception, where there is one."""
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return outcomes
