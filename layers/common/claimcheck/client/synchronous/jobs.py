# Made by toolchain/sync_client.py of asynchronous/jobs.py. Do not edit.
"""Jobs: handed in, waited for, looked into."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack, cast

from claimcheck.client import calls, requests
from claimcheck.client.answers import validated
from claimcheck.client.errors import Gone, WaitTimedOut
from claimcheck.client.jsontext import loads
from claimcheck.client.models import EvaluateResult, ExtractResult, Job, Result, SummariseResult
from claimcheck.client.rounds import Rounds
from claimcheck.client.synchronous.documents import Documents
from claimcheck.client.trail import Finding, purged_job, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from claimcheck.client import models
    from claimcheck.client.requests import Criterion, DocumentInput, Field, SubmitOptions

R_co = TypeVar("R_co", bound=Result, covariant=True)


class Jobs(Documents):
    """Every call about jobs."""

    def summarise(
        self, document: DocumentInput, *, focus: str | None = None, **options: Unpack[SubmitOptions]
    ) -> JobHandle[SummariseResult]:
        """Have a document summarised; `focus` says in words what the reader cares about."""
        asked = {} if focus is None else {"focus": focus}
        return cast("JobHandle[SummariseResult]", self._handed_in("summarise", document, asked, options))

    def extract(
        self,
        document: DocumentInput,
        *,
        fields: Sequence[str | Field | Mapping[str, Any]] | None = None,
        schema: Mapping[str, Any] | None = None,
        **options: Unpack[SubmitOptions],
    ) -> JobHandle[ExtractResult]:
        """Have fields extracted: a list of them, or those of a JSON Schema.

        Raises ValueError unless it is given one of both.
        """
        if (fields is None) == (schema is None):
            raise ValueError("extract takes either fields or a schema")
        asked = {"schema": schema} if fields is None else {"fields": requests.fields(fields)}
        return cast("JobHandle[ExtractResult]", self._handed_in("extract", document, asked, options))

    def evaluate(
        self,
        document: DocumentInput,
        *,
        criteria: Sequence[str | Criterion | Mapping[str, Any]],
        **options: Unpack[SubmitOptions],
    ) -> JobHandle[EvaluateResult]:
        """Hold a document to criteria; each passes or fails."""
        asked = {"criteria": requests.criteria(criteria)}
        return cast("JobHandle[EvaluateResult]", self._handed_in("evaluate", document, asked, options))

    def submit(
        self,
        task: str,
        body: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        cancel_after: str | None = None,
    ) -> JobHandle[Result]:
        """Hand in a request as the API's document describes it, of any task."""
        call = calls.submit(task, dict(body), idempotency_key=idempotency_key, cancel_after=cancel_after)
        ticket = self.send(call)
        return JobHandle(self, ticket.job_id, ticket)

    def job(self, job_id: str) -> JobHandle[Result]:
        """A handle of a job that was handed in before. Nothing is asked."""
        return JobHandle(self, job_id)

    def get(self, job_id: str) -> Job[Result]:
        """A job as it is now; a result that did not fit the answer is fetched from where that says."""
        return self._whole(self.send(calls.job_now(job_id)))

    def wait(
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
            answer = self.answer(call, within=rounds.left(time.monotonic()))
            seen = call.read(answer)
            if seen is not None:
                rounds.etag = answer.headers.get("etag")
                job = self._whole(seen)
                if on_change is not None:
                    on_change(job)
                if job.final:
                    return job
            if rounds.is_over(time.monotonic()):
                raise WaitTimedOut(job_id, timeout or 0)
            self._sleep(rounds.rest(time.monotonic()))

    def jobs(
        self, *, status: str | None = None, task: str | None = None, page: int = 100
    ) -> Iterator[models.ListedJob]:
        """Your jobs, newest first, `page` at a time as they are needed."""
        cursor: str | None = None
        while True:
            found = self.send(calls.jobs(status=status, task=task, limit=page, cursor=cursor))
            for each in found.jobs:
                yield each
            cursor = found.next_cursor
            if cursor is None:
                return

    def trail(self, job_id: str) -> models.Trail:
        """What happened to a job, with its hashes."""
        return self.send(calls.trail(job_id))

    def verify(self, job_id: str) -> list[Finding]:
        """Everything that is wrong with a job's trail, recomputed here; empty where its chain is intact."""
        # A job may move between the two requests, but not for ever.
        for _ in range(5):
            said = self.json(calls.trail(job_id))
            try:
                job = self.json(calls.job_now(job_id))
            except Gone:
                said = self.json(calls.trail(job_id))
                return verify(purged_job(job_id, said), said)
            if said.get("events") and said["events"][-1].get("status") == job.get("status"):
                break
        return verify(job, said)

    def text(self, job_id: str) -> models.DocumentText:
        """The text that offsets of evidence point into, fetched where it did not fit the answer."""
        said = self.send(calls.text(job_id))
        if said.text_link is None:
            return said
        content = self.fetch(said.text_link)
        return said.model_copy(update={"text": content.decode(), "text_link": None})

    def original(self, job_id: str) -> bytes | None:
        """The bytes that were handed in, held to their SHA-256; None until they have arrived."""
        original = (self.send(calls.text(job_id))).original
        return None if original is None else self.fetch(original)

    def cancel(self, job_id: str) -> Job[Result]:
        """Cancel a job; a final one stays what it is."""
        return self._whole(self.send(calls.cancel(job_id)))

    def redrive(self, job_id: str) -> Job[Result]:
        """Put a failed job back; it starts over with all of its attempts."""
        return self.send(calls.redrive(job_id))

    def delete(self, job_id: str) -> None:
        """Delete a job with all that it holds, for good; its trail stays. One that is open is cancelled."""
        self.send(calls.delete_job(job_id))

    def _handed_in(
        self, task: str, document: DocumentInput, asked: Mapping[str, Any], options: SubmitOptions
    ) -> JobHandle[Result]:
        body = {"document": self._document(document), **asked, **requests.options(options)}
        return self.submit(
            task,
            body,
            idempotency_key=options.get("idempotency_key"),
            cancel_after=options.get("cancel_after"),
        )

    def _whole(self, job: Job[Result]) -> Job[Result]:
        if job.result_link is None:
            return job
        said = job.model_dump(exclude={"result_link"})
        said["result"] = loads(self.fetch(job.result_link))
        return validated(Job[Result], said, self.base_url)


class JobHandle(Generic[R_co]):
    """A job that was handed in. `ticket` is None where the handle is of a job from before."""

    def __init__(self, client: Jobs, job_id: str, ticket: models.Ticket | None = None) -> None:
        self.id = job_id
        self.ticket = ticket
        self._client = client

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    def get(self) -> Job[R_co]:
        """The job as it is now."""
        return cast("Job[R_co]", self._client.get(self.id))

    def wait(
        self, timeout: float | None = None, *, on_change: Callable[[Job[Result]], object] | None = None
    ) -> Job[R_co]:
        """The job, once it is final. Raises WaitTimedOut after `timeout` seconds."""
        return cast("Job[R_co]", self._client.wait(self.id, timeout=timeout, on_change=on_change))

    def cancel(self) -> Job[R_co]:
        """Cancel it; a final one stays what it is."""
        return cast("Job[R_co]", self._client.cancel(self.id))

    def redrive(self) -> Job[R_co]:
        """Put it back where it has failed."""
        return cast("Job[R_co]", self._client.redrive(self.id))

    def trail(self) -> models.Trail:
        """What happened to it, with its hashes."""
        return self._client.trail(self.id)

    def verify(self) -> list[Finding]:
        """Everything that is wrong with its trail; empty where its chain is intact."""
        return self._client.verify(self.id)

    def text(self) -> models.DocumentText:
        """The text that offsets of its evidence point into."""
        return self._client.text(self.id)

    def deliveries(self) -> models.Deliveries:
        """Its webhooks with every attempt."""
        return self._client.send(calls.deliveries(self.id))

    def delete(self) -> None:
        """Delete it with all that it holds, for good."""
        self._client.delete(self.id)
