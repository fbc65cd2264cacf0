"""Jobs: handed in, waited for, looked into."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack, cast

from claimcheck.client import calls, requests
from claimcheck.client.answers import validated
from claimcheck.client.asynchronous.documents import AsyncDocuments
from claimcheck.client.errors import Gone, WaitTimedOut
from claimcheck.client.jsontext import loads
from claimcheck.client.models import EvaluateResult, ExtractResult, Job, Result, SummariseResult
from claimcheck.client.rounds import Rounds
from claimcheck.client.trail import Finding, purged_job, verify

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from claimcheck.client import models
    from claimcheck.client.requests import Criterion, DocumentInput, Field, SubmitOptions

R_co = TypeVar("R_co", bound=Result, covariant=True)


class AsyncJobs(AsyncDocuments):
    """Every call about jobs."""

    async def summarise(
        self, document: DocumentInput, *, focus: str | None = None, **options: Unpack[SubmitOptions]
    ) -> AsyncJobHandle[SummariseResult]:
        """Have a document summarised; `focus` says in words what the reader cares about."""
        asked = {} if focus is None else {"focus": focus}
        return cast(
            "AsyncJobHandle[SummariseResult]", await self._handed_in("summarise", document, asked, options)
        )

    async def extract(
        self,
        document: DocumentInput,
        *,
        fields: Sequence[str | Field | Mapping[str, Any]] | None = None,
        schema: Mapping[str, Any] | None = None,
        **options: Unpack[SubmitOptions],
    ) -> AsyncJobHandle[ExtractResult]:
        """Have fields extracted: a list of them, or those of a JSON Schema.

        Raises ValueError unless it is given one of both.
        """
        if (fields is None) == (schema is None):
            raise ValueError("extract takes either fields or a schema")
        asked = {"schema": schema} if fields is None else {"fields": requests.fields(fields)}
        return cast(
            "AsyncJobHandle[ExtractResult]", await self._handed_in("extract", document, asked, options)
        )

    async def evaluate(
        self,
        document: DocumentInput,
        *,
        criteria: Sequence[str | Criterion | Mapping[str, Any]],
        **options: Unpack[SubmitOptions],
    ) -> AsyncJobHandle[EvaluateResult]:
        """Hold a document to criteria; each passes or fails."""
        asked = {"criteria": requests.criteria(criteria)}
        return cast(
            "AsyncJobHandle[EvaluateResult]", await self._handed_in("evaluate", document, asked, options)
        )

    async def submit(
        self,
        task: str,
        body: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        cancel_after: str | None = None,
    ) -> AsyncJobHandle[Result]:
        """Hand in a request as the API's document describes it, of any task."""
        call = calls.submit(task, dict(body), idempotency_key=idempotency_key, cancel_after=cancel_after)
        ticket = await self.send(call)
        return AsyncJobHandle(self, ticket.job_id, ticket)

    def job(self, job_id: str) -> AsyncJobHandle[Result]:
        """A handle of a job that was handed in before. Nothing is asked."""
        return AsyncJobHandle(self, job_id)

    async def get(self, job_id: str) -> Job[Result]:
        """A job as it is now; a result that did not fit the answer is fetched from where that says."""
        return await self._whole(await self.send(calls.job_now(job_id)))

    async def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        on_change: Callable[[Job[Result]], object] | None = None,
    ) -> Job[Result]:
        """Wait until a job is final, by long polls; `on_change` sees each new state.

        Raises WaitTimedOut after `timeout` seconds (None: as long as it takes), and what any call raises.
        """
        rounds = Rounds(time.monotonic(), timeout)
        while True:
            call = rounds.call(job_id, time.monotonic())
            answer = await self.answer(call, within=rounds.left(time.monotonic()))
            seen = call.read(answer)
            if seen is not None:
                rounds.etag = answer.headers.get("etag")
                job = await self._whole(seen)
                if on_change is not None:
                    on_change(job)
                if job.final:
                    return job
            if rounds.is_over(time.monotonic()):
                raise WaitTimedOut(job_id, timeout or 0)
            await self._sleep(rounds.rest(time.monotonic()))

    async def jobs(
        self, *, status: str | None = None, task: str | None = None, page: int = 100
    ) -> AsyncIterator[models.ListedJob]:
        """Your jobs, newest first, `page` at a time as they are needed."""
        cursor: str | None = None
        while True:
            found = await self.send(calls.jobs(status=status, task=task, limit=page, cursor=cursor))
            for each in found.jobs:
                yield each
            cursor = found.next_cursor
            if cursor is None:
                return

    async def trail(self, job_id: str) -> models.Trail:
        """What happened to a job, with its hashes."""
        return await self.send(calls.trail(job_id))

    async def verify(self, job_id: str) -> list[Finding]:
        """Everything that is wrong with a job's trail, recomputed here; empty where its chain is intact."""
        # A job may move between the two requests, but not for ever.
        for _ in range(5):
            said = await self.json(calls.trail(job_id))
            try:
                job = await self.json(calls.job_now(job_id))
            except Gone:
                said = await self.json(calls.trail(job_id))
                return verify(purged_job(job_id, said), said)
            if said.get("events") and said["events"][-1].get("status") == job.get("status"):
                break
        return verify(job, said)

    async def text(self, job_id: str) -> models.DocumentText:
        """The text that offsets of evidence point into, fetched where it did not fit the answer."""
        said = await self.send(calls.text(job_id))
        if said.text_link is None:
            return said
        content = await self.fetch(said.text_link)
        return said.model_copy(update={"text": content.decode(), "text_link": None})

    async def original(self, job_id: str) -> bytes | None:
        """The bytes that were handed in, held to their SHA-256; None until they have arrived."""
        original = (await self.send(calls.text(job_id))).original
        return None if original is None else await self.fetch(original)

    async def cancel(self, job_id: str) -> Job[Result]:
        """Cancel a job; a final one stays what it is."""
        return await self._whole(await self.send(calls.cancel(job_id)))

    async def redrive(self, job_id: str) -> Job[Result]:
        """Put a failed job back; it starts over with all of its attempts."""
        return await self.send(calls.redrive(job_id))

    async def delete(self, job_id: str) -> None:
        """Delete a job with all that it holds, for good; its trail stays. One that is open is cancelled."""
        await self.send(calls.delete_job(job_id))

    async def _handed_in(
        self, task: str, document: DocumentInput, asked: Mapping[str, Any], options: SubmitOptions
    ) -> AsyncJobHandle[Result]:
        body = {"document": await self._document(document), **asked, **requests.options(options)}
        return await self.submit(
            task,
            body,
            idempotency_key=options.get("idempotency_key"),
            cancel_after=options.get("cancel_after"),
        )

    async def _whole(self, job: Job[Result]) -> Job[Result]:
        if job.result_link is None:
            return job
        said = job.model_dump(exclude={"result_link"})
        said["result"] = loads(await self.fetch(job.result_link))
        return validated(Job[Result], said, self.base_url)


class AsyncJobHandle(Generic[R_co]):
    """A job that was handed in. `ticket` is None where the handle is of a job from before."""

    def __init__(self, client: AsyncJobs, job_id: str, ticket: models.Ticket | None = None) -> None:
        self.id = job_id
        self.ticket = ticket
        self._client = client

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    async def get(self) -> Job[R_co]:
        """The job as it is now."""
        return cast("Job[R_co]", await self._client.get(self.id))

    async def wait(
        self, timeout: float | None = None, *, on_change: Callable[[Job[Result]], object] | None = None
    ) -> Job[R_co]:
        """The job, once it is final. Raises WaitTimedOut after `timeout` seconds."""
        return cast("Job[R_co]", await self._client.wait(self.id, timeout=timeout, on_change=on_change))

    async def cancel(self) -> Job[R_co]:
        """Cancel it; a final one stays what it is."""
        return cast("Job[R_co]", await self._client.cancel(self.id))

    async def redrive(self) -> Job[R_co]:
        """Put it back where it has failed."""
        return cast("Job[R_co]", await self._client.redrive(self.id))

    async def trail(self) -> models.Trail:
        """What happened to it, with its hashes."""
        return await self._client.trail(self.id)

    async def verify(self) -> list[Finding]:
        """Everything that is wrong with its trail; empty where its chain is intact."""
        return await self._client.verify(self.id)

    async def text(self) -> models.DocumentText:
        """The text that offsets of its evidence point into."""
        return await self._client.text(self.id)

    async def deliveries(self) -> models.Deliveries:
        """Its webhooks with every attempt."""
        return await self._client.send(calls.deliveries(self.id))

    async def delete(self) -> None:
        """Delete it with all that it holds, for good."""
        await self._client.delete(self.id)
