"""A whole document asked about: in one call where it fits, else in parts, and one result made of all answers.

What is paid for stays: an answer about a part is found again by its question when the job is tried again, so
a retry asks for the unfinished parts only.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.aside import WEIGHTY, aside
from claimcheck.failures import JobFailure, PermanentFailure
from claimcheck.parts import cut
from claimcheck.slots import Slots
from claimcheck.store.faults import StoreError
from claimcheck.store.jobs import set_progress
from claimcheck.tasks import TASKS
from claimcheck.tasks.source import Source
from claimcheck.telemetry import count, logger, metrics, places_of
from claimcheck.usecases.digest import digested
from claimcheck.usecases.examination import Examination, PartAnswer
from claimcheck.usecases.question_failures import failure_of, out_of_time, smaller_questions
from claimcheck.usecases.rooms import rooms
from claimcheck.usecases.second_look import look_again
from claimcheck.usecases.view import View

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence

    from claimcheck.documents.render import PageImage
    from claimcheck.documents.text import DocumentText
    from claimcheck.parts import Part, Room
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.tasks.base import Prompt
    from claimcheck.usecases.park import Answers
    from claimcheck.usecases.prefixes import Prefix, Prefixes
    from claimcheck.usecases.question_failures import Smaller
    from claimcheck.usecases.shown import Shown

_AT_ONCE = 4  # parts of one job, and calls about them: other jobs want their share of the model's rate
_IMAGES_AT_ONCE = 3  # parts with page images in this process, up to some 90 MB each: a 200 MB scan in 512 MiB
_START_S, _TOKENS_A_S = 30.0, 50.0  # what a call takes at least, and how fast a model writes
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

    def __init__(
        self, database: DatabaseThread, answerer: Answers, prefixes: Prefixes, *, context_tokens: int
    ) -> None:
        self._database = database
        self._answerer = answerer
        self._prefixes = prefixes
        self._context_tokens = context_tokens
        self._images = Slots(_IMAGES_AT_ONCE)

    async def __call__(self, job: ClaimedJob, document: DocumentText, attempt: Attempt) -> dict[str, Any]:
        """The public result with its coverage.

        Raises JobFailure where nothing was answered or the job is to be tried again; LeaseLostError,
        StoreError. Calls under way are waited for before that: they are paid for, and are found again.
        """
        task = TASKS[job.task]
        # A caller's schema is checked again, which takes up to a second.
        params = await aside(WEIGHTY if job.params.get("schema") else 0, task.params, job.params)
        run = Examination(job, task, params, document, _AT_ONCE)
        room = rooms(self._context_tokens, run.prompts())
        interview = _Interview(
            run,
            attempt,
            self._database,
            self._answerer,
            self._prefixes,
            images_at_once=self._images.here(),
        )
        return await interview.result(room.whole, room.even)


class _Interview:
    """One attempt's questions."""

    def __init__(
        self,
        run: Examination,
        attempt: Attempt,
        database: DatabaseThread,
        answerer: Answers,
        prefixes: Prefixes,
        *,
        images_at_once: asyncio.Semaphore,
    ) -> None:
        self._run = run
        self._attempt = attempt
        self._database = database
        self._answerer = answerer
        self._prefixes = prefixes
        self._images_at_once = images_at_once
        self._had_s = attempt.until - asyncio.get_running_loop().time()
        self._under_way = 0
        self._call_ended = asyncio.Event()

    async def result(self, room: Room, even: Room) -> dict[str, Any]:
        """What does not fit `room` is cut for `even`."""
        run = self._run
        parts = await aside(run.weight, cut, run.document, room, split=even)
        digest = run.task.digest is not None and len(parts) > 1
        run.total = len(parts) * len(run.groups) + digest
        await self._progress()
        await _all(self._ask_about(part, run.groups, 0) for part in parts)
        if ended := run.stopped or run.parked:
            raise ended
        if not run.answers:
            raise run.failure()
        await look_again(run, self._ask)
        if digest:
            await digested(run, self._ask, even.tokens, self._attempt.ends)
        return await aside(run.weight, run.result)

    async def _ask(self, prompt: Prompt, shown: Shown, prefix: Prefix | None = None) -> dict[str, Any]:
        """One answer. Raises JobFailure: `continued` where the time that is left is too short for one.

        Where only the calls under way leave too little of the cap, their end is waited for: each counts with
        its worst case until then.
        """
        while True:
            try:
                async with self._run.calls:
                    return await self._ask_now(prompt, shown, prefix)
            except PermanentFailure as failure:
                if failure.code != "cost_cap" or not (self._under_way or self._run.parked):
                    raise
                if not self._under_way and self._run.parked:
                    raise self._run.parked from None  # the others wait for a batch, and this one for them
            await self._call_ended.wait()

    async def _ask_now(self, prompt: Prompt, shown: Shown, prefix: Prefix | None) -> dict[str, Any]:
        left_s = self._attempt.until - asyncio.get_running_loop().time()
        # An attempt that is short as a whole must begin all the same: else none ever would.
        call_s = 0.0 if self._run.job.batched else _START_S + prompt.max_tokens / _TOKENS_A_S
        least_s = min(call_s, self._had_s / 2)
        if left_s < least_s:
            raise out_of_time()
        self._under_way += 1
        try:
            return await self._answerer.ask(
                self._run.job,
                prompt,
                shown,
                model=self._attempt.model,
                timeout_s=max(1.0, left_s),
                least_s=least_s,
                prefix=prefix,
            )
        finally:
            self._under_way -= 1
            self._call_ended.set()
            self._call_ended = asyncio.Event()

    async def _ask_about(self, part: Part, groups: Sequence[tuple[str, ...]], splits: int) -> None:
        """All questions about one part: the first one writes the cache that the others read."""
        run = self._run
        again: dict[Part, list[tuple[str, ...]]] = {}
        async with run.parts, self._images_at_once if part.image_pages else contextlib.nullcontext():
            if run.stopped is None:
                source = await aside(run.weight, Source.of, run.document, part)
                render, ends = self._attempt.render, self._attempt.ends
                view = View(run, part, source, render=render, ends=ends, shared=len(groups) > 1)
                first = await self._question(view, groups[0], splits)
                others = await _all(self._question(view, group, splits) for group in groups[1:])
                for smaller, group in [each for asked in (first, *others) for each in asked]:
                    again.setdefault(smaller, []).append(group)
        await _all(self._ask_about(smaller, together, splits + 1) for smaller, together in again.items())

    async def _question(self, view: View, group: tuple[str, ...], splits: int) -> Smaller:
        """Ask one question; gives the smaller ones that take its place, where it was too large."""
        run = self._run
        if run.stopped is not None:
            return []
        try:
            answer = await self._known(view, group) or await self._asked(view, group)
            narrowed = run.narrowed(group)
            findings = await aside(run.weight, run.task.read, narrowed, answer, view.source)
        except Exception as error:  # noqa: BLE001 (the calls under way come to their end first)
            failure = failure_of(error)
            if failure is None:
                run.stop(error)
                return []
            return await self._failed(view.part, group, splits, failure)
        return await self._answered(view, group, splits, findings)

    async def _known(self, view: View, group: tuple[str, ...]) -> dict[str, Any] | None:
        """What an earlier attempt paid for: to find that, nobody waits for images or for another's call."""
        if view.rendered and self._run.job.attempt == 1:
            return None
        prompt = self._run.prompt(view.part, group)
        return await self._answerer.paid(self._run.job, prompt, view.as_meant(), model=self._attempt.model)

    async def _asked(self, view: View, group: tuple[str, ...]) -> dict[str, Any]:
        shown = await view.shown()
        if shown.nothing and self._run.document.image_pages:
            raise PermanentFailure("document_empty", "Nothing of this part of the document could be shown.")
        run, model = self._run, self._attempt.model
        prompt = run.prompt(view.part, group)
        async with self._prefixes.joined(
            run.job, prompt, shown, model=model, more=view.shared, most_s=self._had_s / 4
        ) as prefix:
            return await self._ask(prompt, shown, prefix)

    async def _answered(
        self, view: View, group: tuple[str, ...], splits: int, findings: Mapping[str, Any]
    ) -> Smaller:
        """What the answer leaves out is asked for by itself; what is left out then as well is a gap."""
        run, part = self._run, view.part
        said = tuple(item for item in group if item in findings)
        left_out = tuple(item for item in group if item not in findings)
        if said:
            run.answered(PartAnswer(part, said, findings, view.source.missing))
        if left_out and said and splits < _SPLITS:
            run.total += 1
            await self._done()
            return [(part, left_out)]
        if left_out:
            run.failed(part, left_out, PermanentFailure("answer_incomplete", "The answer leaves items out."))
        await self._done()
        return []

    async def _failed(self, part: Part, group: tuple[str, ...], splits: int, failure: JobFailure) -> Smaller:
        run = self._run
        if failure.code == "answer_truncated" and run.wants_more_room(part, group):
            return [(part, group)]
        smaller = (
            await asyncio.to_thread(smaller_questions, run, failure, part, group) if splits < _SPLITS else []
        )
        if len(smaller) > 1:
            run.total += len(smaller) - 1
            return smaller
        if failure.retryable and not self._attempt.ends(failure):
            run.stop(failure)
            return []
        run.failed(part, group, failure)
        await self._done()
        return []

    async def _done(self) -> None:
        self._run.done += 1
        await self._progress()

    async def _progress(self) -> None:
        """It only informs: where it cannot be written, the work goes on. A single call has none to tell."""
        run, job = self._run, self._run.job
        if run.total == 1:
            return
        try:
            await self._database.run(set_progress, job.job_id, job.attempt, done=run.done, total=run.total)
        except StoreError as error:
            count(metrics.PROGRESS_NOT_WRITTEN)
            logger().warning("progress not written", extra={"error": places_of(error)})


async def _all(work: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """All of it at once, and all of it to its end; then the first exception, where there is one."""
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return outcomes
