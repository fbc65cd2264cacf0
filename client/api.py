"""A synchronous client of the Claimcheck API."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import quote

import httpx

from client import answers, jsontext
from client.called_as import command
from client.failures import ApiProblem, Unreachable
from client.shapes import FINAL
from client.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from client.shapes import Job, JobList, Json, Ticket, Trail

LONGEST_WAIT = 20  # seconds the API lets a request wait (`Prefer: wait=N`)
_TRY_AGAIN = frozenset({429, 503})
LIMITS = frozenset({"tenant_busy", "spend_limit"})
"""Codes of refusals by a limit of the tenant's: jobs in flight, US dollars a day."""


class Api:
    """The API at `url`, with the rights of `key`.

    429 and 503 are tried again after `Retry-After` until `patience` seconds have been spent waiting.
    Every submission carries an idempotency key, so that trying again cannot make a second job.
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
        self.url = url.rstrip("/")
        self._patience = patience
        self._sleep = sleep
        self._storage = Storage(transport)
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {key}", "User-Agent": "claimcheck-client"},
            timeout=httpx.Timeout(30.0, connect=5.0, read=LONGEST_WAIT + 15.0),
            transport=transport,
        )

    def __enter__(self) -> Self:
        """Use the client as a context manager to close its connections."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def submit(self, task: str, body: Json, idempotency_key: str | None = None) -> Ticket:
        """Hand in a document for `task`; the ticket comes back at once."""
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return cast("Ticket", self.json("POST", f"/jobs/{segment(task)}", headers=headers, json=body))

    def announce(self, name: str, media_type: str, size: int, sha256: str) -> Json:
        """Say which bytes will be uploaded; `upload` of the answer says where, null where they are known."""
        announced = {"name": name, "media_type": media_type, "bytes": size, "sha256": sha256}
        return self.json("POST", "/documents", json=announced)

    def get_document(self, document_id: str) -> Json:
        """A document: whether its bytes have arrived, and where they go if not."""
        return self.json("GET", f"/documents/{segment(document_id)}")

    def upload(self, target: Json, content: Iterable[bytes]) -> None:
        """Put bytes where `upload` of a document says."""
        self._storage.put(target, content)

    def get(self, job_id: str, wait: int | None = None) -> Job:
        """The job; with `wait`, when it is final or after that many seconds (at most 20).

        A result that did not fit the answer is fetched from where that says; so do `poll` and `wait`.
        """
        job, _ = self.poll(job_id, wait=wait)
        if job is None:
            raise ApiProblem(status=304, code="not_modified", title="Nothing was asked conditionally")
        return job

    def poll(
        self, job_id: str, etag: str | None = None, wait: float | None = None
    ) -> tuple[Job | None, str | None]:
        """The job and its ETag; None for the job where it is still the one that `etag` names."""
        headers = {}
        if etag is not None:
            headers["If-None-Match"] = etag
        if wait is not None:
            headers["Prefer"] = f"wait={max(1, min(LONGEST_WAIT, round(wait)))}"
        answer = self._send("GET", f"/jobs/{segment(job_id)}", headers=headers)
        if answer.status_code == 304:
            return None, etag
        return self._with_result(answers.body(answer)), answer.headers.get("ETag")

    def list(
        self,
        status: str | None = None,
        task: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> JobList:
        """One page of jobs, newest first; `next_cursor` leads to the next page."""
        asked = {"status": status, "task": task, "limit": limit, "cursor": cursor}
        params = {name: value for name, value in asked.items() if value is not None}
        return cast("JobList", self.json("GET", "/jobs", params=params))

    def events(self, job_id: str) -> Trail:
        """The job's trail, every number as it was sent, ready for `trail.verify`."""
        return cast("Trail", self.json("GET", f"/jobs/{segment(job_id)}/events"))

    def document(self, job_id: str) -> str:
        """The text that the offsets of evidence point into.

        Raises Damaged where a text that is fetched from a link is not the one that was read.
        """
        answer = self._send("GET", f"/jobs/{segment(job_id)}/document")
        if "json" not in answer.headers.get("Content-Type", ""):
            return answer.content.decode("utf-8")
        said = answers.body(answer)
        if said.get("text_link"):
            return self._storage.get(said["text_link"]).decode()
        return str(said["text"])

    def _with_result(self, job: Json) -> Job:
        """The job as if its result had fitted the answer, numbers as they were sent."""
        link = job.pop("result_link", None)
        if link:
            content = self._storage.get(link)
            try:
                job["result"] = jsontext.loads(content)
            except ValueError:
                raise Unreachable("what the result's link leads to is no JSON: try again") from None
        return cast("Job", job)

    def cancel(self, job_id: str) -> Job:
        """Cancel the job; a job that is final stays as it is."""
        return cast("Job", self.json("POST", f"/jobs/{segment(job_id)}/cancel"))

    def redrive(self, job_id: str) -> Job:
        """Put a failed job back; it starts over with all of its attempts.

        Where a limit forbids it, that is said at once: room for it may come in a minute, or tomorrow.
        """
        path = f"/jobs/{segment(job_id)}/redrive"
        return cast("Job", answers.body(self._send("POST", path, not_awaited=LIMITS)))

    def delete(self, job_id: str) -> None:
        """Delete a job with all that it holds, for good; its trail stays. One that is open is cancelled."""
        self._send("DELETE", f"/jobs/{segment(job_id)}")

    def limits(self) -> Json:
        """The tenant's limits, and how much of each is used."""
        return self.json("GET", "/limits")

    def webhook_secrets(self) -> tuple[str, ...]:
        """The live secrets that sign webhooks, newest first."""
        shown = self.json("GET", "/webhook-secret").get("secrets")
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
        job, etag = self.poll(job_id)
        while True:
            if job is not None:
                if on_change is not None:
                    on_change(job)
                if job["status"] in FINAL:
                    return job
            asked_at = time.monotonic()
            job, etag = self.poll(job_id, etag, step)
            # A proxy may drop the Prefer header: without a pause this would turn into a busy loop.
            if (job is None or job["status"] not in FINAL) and time.monotonic() - asked_at < 0.25:
                self._sleep(0.25)

    def json(self, method: str, path: str, **request: Any) -> Json:
        """The JSON object that a call answers with. Raises ApiProblem or Unreachable."""
        return answers.body(self._send(method, path, **request))

    def _send(
        self, method: str, path: str, *, not_awaited: Collection[str] = (), **request: Any
    ) -> httpx.Response:
        """The answer, once it is a success or 304; raises ApiProblem or Unreachable.

        Refusals with a code in `not_awaited` are raised at once.
        """
        left = self._patience
        while True:
            answer = self._once(method, path, **request)
            pause = answers.retry_after(answer) if answer.status_code in _TRY_AGAIN else None
            told = not_awaited and answers.problem(answer).code in not_awaited
            if pause is None or pause > left or told:
                break
            left -= max(pause, 0.5)  # a server that says "at once" for ever ends here too
            self._sleep(pause)
        if answer.is_success or answer.status_code == 304:
            return answer
        raise answers.problem(answer)

    def _once(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._http.request(method, self.url + path, **request)
        except httpx.ConnectError as error:
            raise Unreachable(
                f"cannot connect to {self.url}: is it running? Start it with: {command('up')}"
            ) from error
        except httpx.TimeoutException as error:
            raise Unreachable(f"{self.url} did not answer in time: try again, or look at its log") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Unreachable(
                f"{self.url!r} is no http address: give --url http://HOST:PORT or set CLAIMCHECK_URL"
            ) from error
        except httpx.HTTPError as error:
            raise Unreachable(f"lost the connection to {self.url} ({error}): try again") from error


def healthy(url: str) -> bool:
    """Whether Claimcheck answers at `url`; needs no key."""
    try:
        return httpx.get(f"{url.rstrip('/')}/health", timeout=5.0).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def segment(text: str) -> str:
    """An id is one path segment, whatever was typed: `../health` must not become another route."""
    return quote(text, safe="").replace(".", "%2E")
