"""A burst of jobs over the real interface, by callers who do not give up before they have a ticket."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = 8
PACE_S = 0.08  # between two submissions: the burst outlasts the first faults
_PATIENCE_S = 180.0
_TRY_AGAIN = frozenset({409, 429, 500, 502, 503, 504})


@dataclass(slots=True)
class Sent:
    """One job of ours. Its document is its own, so that the model server can count by document."""

    number: int
    task: str
    text: str
    key: str
    failing_with: str | None = None  # the code with which it has to end; None: it has to be completed
    webhook_url: str | None = None  # where the burst's own is not meant
    job_id: str | None = None
    tries: int = 0

    @property
    def document_key(self) -> str:
        """The name under which the model server counts."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def body(self, webhook_url: str) -> dict[str, Any]:
        """What is submitted."""
        body: dict[str, Any] = {"document": {"text": self.text, "name": f"{self.key}.txt"}}
        body |= {"webhook_url": self.webhook_url or webhook_url, "metadata": {"key": self.key}}
        if self.task == "extract":
            body["fields"] = ["annual_fee", {"name": "start_date", "type": "date"}]
        return body


class Burst:
    """`count` jobs, each with an idempotency key; `name` makes them different from all others.

    `marked`: every fourth document holds this word, and its job has to fail with the code `failing_with`.
    """

    def __init__(
        self,
        name: str,
        count: int,
        *,
        url: str,
        key: str,
        webhook_url: str,
        marked: str | None = None,
        failing_with: str | None = None,
        pace_s: float = PACE_S,
    ) -> None:
        self._pace_s = pace_s
        self.jobs = [_job(name, number, marked, failing_with) for number in range(count)]
        self._webhook_url = webhook_url
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=httpx.Timeout(30.0, connect=5.0)
        )
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="burst")
        self._sending: list[Future[None]] = []
        self._feeder = threading.Thread(target=self._feed)

    def submit(self, number: int) -> str:
        """Submit one job and say its ticket."""
        self._submit(self.jobs[number])
        return str(self.jobs[number].job_id)

    def first(self, final: Callable[[str], bool]) -> None:
        """Submit the first job and wait until it is final: from then on the system is warm."""
        self._submit(self.jobs[0])
        deadline = time.monotonic() + _PATIENCE_S
        while not final(str(self.jobs[0].job_id)):
            if time.monotonic() > deadline:
                raise TimeoutError("the first job of the burst does not come to its end")
            time.sleep(0.05)

    def start(self) -> None:
        """Submit the others (all, where there was no first), in threads."""
        self._feeder.start()

    def join(self) -> None:
        """Wait until every job has its ticket. Raises what kept one from it."""
        if self._feeder.ident is not None:
            self._feeder.join()
        for sending in self._sending:
            sending.result()

    def close(self) -> None:
        """Let go of threads and connections."""
        if self._feeder.ident is not None:
            self._feeder.join()
        self._pool.shutdown(cancel_futures=True)
        self._http.close()

    def accepted(self) -> list[str]:
        """The ids of the jobs for which a 202 was seen."""
        return [job.job_id for job in self.jobs if job.job_id is not None]

    def _feed(self) -> None:
        for job in self.jobs:
            if job.job_id is None:
                self._sending.append(self._pool.submit(self._submit, job))
                time.sleep(self._pace_s)

    def _submit(self, job: Sent) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        body, headers = job.body(self._webhook_url), {"Idempotency-Key": job.key}
        while True:
            job.tries += 1
            try:
                answer = self._http.post(f"/jobs/{job.task}", json=body, headers=headers)
            except httpx.TransportError as error:
                said = repr(error)
            else:
                if answer.status_code == 202:
                    job.job_id = answer.json()["job_id"]
                    return
                said = f"{answer.status_code} {answer.text}"
                if answer.status_code not in _TRY_AGAIN:
                    raise RuntimeError(f"job {job.number} was refused: {said}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"job {job.number} got no ticket: {said}")
            time.sleep(0.2)


def _job(name: str, number: int, marked: str | None, failing_with: str | None) -> Sent:
    text = (
        f"Service agreement {name}-{number} between Alder Ltd and Birch GmbH.\n"
        f"The annual fee is EUR {1000 + number}.00, payable in advance.\n"
        f"The agreement starts on 2026-0{number % 9 + 1}-15 and runs for {number % 7 + 2} years.\n"
        f"Either party may end it with {30 + number % 60} days written notice."
    )
    chosen = marked is not None and number % 4 == 1
    if chosen:
        text += f"\nReference: {marked}."
    task = ("summarise", "extract")[number % 2]
    return Sent(number, task, text, f"{name}-{number}", failing_with if chosen else None)
