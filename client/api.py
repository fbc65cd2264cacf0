"""The API's JSON as it came: what the command line shows and keeps, and what measurements measure.

All HTTP is `claimcheck.client`'s; this leaves out its models, so that nothing is lost or changed on the way.
"""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Self, cast

import httpx
from claimcheck.client import ClaimcheckError, Client, Retries, Unreachable, calls
from claimcheck.client.jsontext import loads
from claimcheck.client.models import Link, UploadTarget
from claimcheck.client.rounds import Rounds
from claimcheck.client.settings import TIMEOUT
from claimcheck.client.transfers import Source

from client.shapes import FINAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from client.shapes import Job, JobList, Json, Ticket, Trail

LONGEST_WAIT = calls.LONGEST_WAIT


class Api:
    """The API at `url`, with the rights of `key`. Raises ValueError for what is no address.

    What says when to come again is tried until `patience` seconds are over; each submission has an
    idempotency key.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        patience: float = 60.0,
        sleep: Callable[[float], object] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._sleep = sleep
        self._http = httpx.Client(transport=transport, timeout=TIMEOUT)
        # Somebody sits before it: what does not say that it will pass is told soon.
        retries = Retries(attempts=3, connecting=2, told=20, total=patience)
        self.client = Client(url, key, retries=retries, http=self._http, sleep=sleep)
        self.url = self.client.base_url

    def __enter__(self) -> Self:
        """Use it as a context manager to close its connections."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def submit(
        self, task: str, body: Json, idempotency_key: str | None = None, cancel_after: str | None = None
    ) -> Ticket:
        """Hand in a document for `task`; the ticket comes back at once."""
        call = calls.submit(task, body, idempotency_key=idempotency_key, cancel_after=cancel_after)
        return cast("Ticket", self.client.json(call))

    def announce(self, name: str, media_type: str, size: int, sha256: str) -> Json:
        """Say which bytes will be uploaded; `upload` of the answer says where, null where they are known."""
        return self._object(calls.announce(media_type, size, sha256, name))

    def get_document(self, document_id: str) -> Json:
        """A document: whether its bytes have arrived, and where they go if not."""
        return self._object(calls.document(document_id))

    def upload(self, target: Json, content: Iterable[bytes]) -> None:
        """Put bytes where `upload` of a document says."""
        self.client.put(UploadTarget.model_validate(target), Source(io.BytesIO(b"".join(content)), None))

    def get(self, job_id: str) -> Job:
        """The job; a result that did not fit the answer is fetched from where that says, as `poll` does."""
        return cast("Job", self._object(calls.job_now(job_id)))

    def poll(
        self, job_id: str, etag: str | None = None, wait: float | None = None
    ) -> tuple[Job | None, str | None]:
        """The job and its ETag; None for the job where it is still the one that `etag` names."""
        answer = self.client.answer(calls.job(job_id, etag=etag, wait=wait))
        if answer.status == 304:
            return None, etag
        return cast("Job", self.client.resolved(loads(answer.content))), answer.headers.get("etag")

    def list(
        self,
        status: str | None = None,
        task: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> JobList:
        """One page of jobs, newest first; `next_cursor` leads to the next page."""
        call = calls.jobs(status=status, task=task, limit=limit, cursor=cursor)
        return cast("JobList", self._object(call))

    def events(self, job_id: str) -> Trail:
        """The job's trail, every number as it was sent, ready for `trail.verify`."""
        return cast("Trail", self._object(calls.trail(job_id)))

    def document(self, job_id: str) -> str:
        """The text that the offsets of evidence point into. Raises Damaged where a link leads to another."""
        said = self._object(calls.text(job_id))
        link = said.get("text_link")
        return self.client.fetch(Link.model_validate(link)).decode() if link else str(said["text"])

    def cancel(self, job_id: str) -> Job:
        """Cancel the job; a job that is final stays as it is."""
        return cast("Job", self._object(calls.cancel(job_id)))

    def redrive(self, job_id: str) -> Job:
        """Put a failed job back; it starts over with all of its attempts. A limit that forbids it is said."""
        return cast("Job", self._object(calls.redrive(job_id)))

    def delete(self, job_id: str) -> None:
        """Delete a job with all that it holds, for good; its trail stays. One that is open is cancelled."""
        self.client.delete(job_id)

    def limits(self) -> Json:
        """The tenant's limits, and how much of each is used."""
        return self._object(calls.limits())

    def webhook_secrets(self) -> tuple[str, ...]:
        """The live secrets that sign webhooks, newest first."""
        shown = self._object(calls.webhook_secrets()).get("secrets")
        if not isinstance(shown, list) or not all(isinstance(each, dict) for each in shown):
            raise Unreachable(f"{self.url} showed no webhook secrets: is this the address of Claimcheck?")
        return tuple(str(each.get("secret")) for each in shown)

    def wait(
        self,
        job_id: str,
        on_change: Callable[[Job], object] | None = None,
        *,
        step: float = LONGEST_WAIT,
    ) -> Job:
        """Long-poll, `step` seconds at a time, until the job is final; `on_change` sees each new state."""
        rounds = Rounds(time.monotonic(), None)
        while True:
            rounds.call(job_id, time.monotonic())
            job, rounds.etag = self.poll(job_id, rounds.etag, step if rounds.etag else None)
            if job is not None:
                if on_change is not None:
                    on_change(job)
                if job["status"] in FINAL:
                    return job
            self._sleep(rounds.rest(time.monotonic()))

    def json(
        self, method: str, path: str, *, json: Json | None = None, params: dict[str, str] | None = None
    ) -> Json:
        """The JSON object that a call answers with, whatever call it is."""
        return self._object(
            calls.Call(method, path, _unread, params=params or {}, body=json, repeatable=method == "GET")
        )

    def _object(self, call: calls.Call[object]) -> Json:
        return cast("Json", self.client.json(call))


def healthy(url: str) -> bool:
    """Whether Claimcheck answers at `url`; needs no key."""
    try:
        with Client(url, "", retries=None, timeout=5.0) as client:
            return client.answer(calls.health()).is_success
    except (ClaimcheckError, ValueError):
        return False


segment = calls.segment


def _unread(_: object) -> None:
    """Its JSON is what is asked for."""
