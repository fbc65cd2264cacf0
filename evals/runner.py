"""Puts documents through the API, several at a time, and keeps in the journal what came out."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

from claimcheck.client.errors import ApiProblem

from client.shapes import FINAL
from evals.examples import Outcome
from evals.journal import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from client.api import Api
    from client.shapes import Job
    from evals.budget import Budget
    from evals.examples import Example, Outcomes, TaskName
    from evals.journal import Journal, Key

POLL_S = 5  # how long a request for a job is held open: so late is Ctrl-C obeyed
_BUSY_S = 0.25  # what lies between two requests at least, where the wait is not honoured
# Answers that say something about the whole service, not about one document.
_SERVICE = frozenset({401, 403, 429})


class Stopped(Exception):  # noqa: N818 - says what is the case
    """The run is being stopped; what is under way stays submitted."""


class Runner:
    """Makes the jobs of a run that are not final yet."""

    def __init__(
        self,
        api: Api,
        journal: Journal,
        budget: Budget,
        *,
        max_cost_usd: float,
        concurrency: int,
        on_document: Callable[[Example, Sequence[Outcome]], object] = lambda _example, _outcomes: None,
    ) -> None:
        self._api = api
        self._journal = journal
        self._budget = budget
        self._max_cost_usd = max_cost_usd
        self._concurrency = concurrency
        self._on_document = on_document
        self._stopping = threading.Event()

    def run(self, examples: Sequence[Example]) -> bool:
        """Work through `examples` in their order; False where the budget did not reach to the end.

        Raises what makes the whole run impossible (client.api.Unreachable, ApiProblem, Damaged), once the
        documents under way have been left in an orderly state.
        """
        with ThreadPoolExecutor(self._concurrency) as pool:
            futures = [pool.submit(self._document, example) for example in examples]
            try:
                ended = [future.result() for future in as_completed(futures)]
            except BaseException:
                self._stopping.set()
                self._budget.stop()
                for future in futures:
                    future.cancel()
                raise
        return all(ended)

    def _document(self, example: Example) -> bool:
        keys: dict[TaskName, Key] = {task: key_of(example, task) for task in example.questions}
        missing = [task for task in keys if self._journal.final(keys[task]) is None]
        if not missing:
            return True
        worst, cost = self._max_cost_usd * len(missing), 0.0
        if self._stopping.is_set() or not self._budget.reserve(worst):
            return False
        try:
            tickets = {task: self._submit(example, task, keys[task]) for task in missing}
            outcomes = []
            for task, ticket in tickets.items():
                outcome = ticket if isinstance(ticket, Outcome) else self._wait(example, ticket)
                self._journal.ended(keys[task], outcome)
                cost += outcome.cost_usd
                outcomes.append(outcome)
            self._on_document(example, outcomes)
        finally:
            self._budget.settle(worst, cost)
        return True

    def _submit(self, example: Example, task: TaskName, key: Key) -> str | Outcome:
        """The job's id, or the outcome where the API refuses the document."""
        assert self._journal.run is not None  # noqa: S101 - an open journal has one
        known = self._journal.ticket(key)
        if known is not None and self._is_there(known):
            return known
        body = {
            "document": {"text": example.text, "name": example.id},
            **example.questions[task],
            "max_cost_usd": self._max_cost_usd,
            "metadata": {"evals": self._journal.run.set, "document": example.id},
        }
        idempotency_key = self._journal.run.idempotency_key(key, self._max_cost_usd)
        try:
            ticket = self._api.submit(task, body, idempotency_key)
        except ApiProblem as problem:
            if problem.status >= 500 or problem.status in _SERVICE:
                raise
            return Outcome("refused", error={"code": problem.code, "message": str(problem)})
        self._journal.submitted(key, ticket["job_id"])
        return ticket["job_id"]

    def _is_there(self, job_id: str) -> bool:
        """Whether the API knows the job: its database may be another one than at the time."""
        try:
            self._api.get(job_id)
        except ApiProblem as problem:
            if problem.status != 404:
                raise
            return False
        return True

    def _wait(self, example: Example, job_id: str) -> Outcome:
        etag: str | None = None
        while not self._stopping.is_set():
            asked_at = time.monotonic()
            job, etag = self._api.poll(job_id, etag, POLL_S)
            if job is not None and job["status"] in FINAL:
                return self._outcome(example, job)
            if time.monotonic() - asked_at < _BUSY_S:
                self._stopping.wait(_BUSY_S)
        raise Stopped

    def _outcome(self, example: Example, job: Job) -> Outcome:
        result = job.get("result")
        same = result is None or self._api.document(job["job_id"]) == example.text
        error = job.get("error")
        return Outcome(
            job["status"],
            result,
            dict(error) if error else None,
            job.get("usage") or {},
            job["created_at"],
            job.get("completed_at"),
            same_text=same,
            job_id=job["job_id"],
        )


def outcomes_of(example: Example, journal: Journal) -> Outcomes | None:
    """The final jobs of a document; None where one of them is missing."""
    found = {task: journal.final(key_of(example, task)) for task in example.questions}
    return {task: outcome for task, outcome in found.items() if outcome} if all(found.values()) else None
