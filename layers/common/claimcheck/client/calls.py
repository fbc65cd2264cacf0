"""Every call of the API as a value: what is sent, and how its answer is read. No I/O."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from claimcheck.client import jsontext, models
from claimcheck.client.answers import Answer, body, modelled
from claimcheck.client.errors import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

T_co = TypeVar("T_co", covariant=True)
Json = dict[str, Any]
AnyJob = models.Job[models.Result]
LONGEST_WAIT = 20
"""Seconds that the API lets a request wait (`Prefer: wait=N`)."""


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """A request and what its answer is read as.

    `repeatable`: sending it twice does no more than once. `not_awaited`: codes of refusals that are raised
    at once. `waits`: seconds that the service may take on top of the usual.
    """

    method: str
    path: str
    read: Callable[[Answer], T_co]
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json | None = None
    repeatable: bool = True
    not_awaited: frozenset[str] = frozenset()
    waits: float = 0.0

    def as_json(self) -> Call[Any]:
        """The same call, read as the JSON that came, numbers as they were written; None for nothing."""
        return replace(self, read=_json)


def segment(text: str) -> str:
    """An id is one path segment, whatever was given: `../health` must not become another call."""
    return quote(text, safe="").replace(".", "%2E")


def submit(
    task: str, asked: Json, *, idempotency_key: str | None = None, cancel_after: str | None = None
) -> Call[models.Ticket]:
    """Hand in a document for `task`. It always has an idempotency key, so that it can be repeated."""
    headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
    if cancel_after is not None:
        headers["Cancel-After"] = cancel_after
    return Call(
        "POST", f"/jobs/{segment(task)}", modelled(models.Ticket), headers=headers, body=asked, waits=0
    )


def job(job_id: str, *, etag: str | None = None, wait: float | None = None) -> Call[AnyJob | None]:
    """A job, when it is final or after `wait` seconds (20 at most); None while it is the one of `etag`."""
    headers, waits = {}, 0
    if etag is not None:
        headers["If-None-Match"] = etag
    if wait is not None:
        waits = max(1, min(LONGEST_WAIT, round(wait)))
        headers["Prefer"] = f"wait={waits}"
    return Call("GET", f"/jobs/{segment(job_id)}", _job_or_none, headers=headers, waits=waits)


def job_now(job_id: str) -> Call[AnyJob]:
    """A job as it is."""
    return Call("GET", f"/jobs/{segment(job_id)}", modelled(AnyJob))


def jobs(
    *, status: str | None = None, task: str | None = None, limit: int | None = None, cursor: str | None = None
) -> Call[models.JobList]:
    """A page of jobs, newest first."""
    asked = {"status": status, "task": task, "limit": limit, "cursor": cursor}
    return Call("GET", "/jobs", modelled(models.JobList), params=_given(asked))


def trail(job_id: str) -> Call[models.Trail]:
    """What happened to a job."""
    return Call("GET", f"/jobs/{segment(job_id)}/events", modelled(models.Trail))


def text(job_id: str) -> Call[models.DocumentText]:
    """The text that the offsets of a job's evidence point into."""
    return Call("GET", f"/jobs/{segment(job_id)}/document", modelled(models.DocumentText))


def cancel(job_id: str) -> Call[AnyJob]:
    """Cancel a job; a final one stays what it is."""
    return Call("POST", f"/jobs/{segment(job_id)}/cancel", modelled(AnyJob))


def redrive(job_id: str) -> Call[AnyJob]:
    """Put a failed job back. A limit that forbids it is raised at once: room may come tomorrow."""
    path = f"/jobs/{segment(job_id)}/redrive"
    return Call("POST", path, modelled(AnyJob), repeatable=False, not_awaited=LIMITS)


def delete_job(job_id: str) -> Call[None]:
    """Delete a job with all that it holds."""
    return Call("DELETE", f"/jobs/{segment(job_id)}", _nothing)


def announce(media_type: str, size: int, sha256: str, name: str | None = None) -> Call[models.Document]:
    """Say which bytes will be uploaded; `upload` of the answer says where, None where they are known."""
    said = {"name": name, "media_type": media_type, "bytes": size, "sha256": sha256}
    said = {each: value for each, value in said.items() if value is not None}
    return Call("POST", "/documents", modelled(models.Document), body=said)


def document(document_id: str) -> Call[models.Document]:
    """A document: whether its bytes have arrived, and where they go if not."""
    return Call("GET", f"/documents/{segment(document_id)}", modelled(models.Document))


def delete_document(document_id: str, *, jobs: bool = False) -> Call[None]:
    """Delete a document; with `jobs` those that name it as well."""
    path = f"/documents/{segment(document_id)}"
    return Call("DELETE", path, _nothing, params={"jobs": "true"} if jobs else {})


def deliveries(job_id: str) -> Call[models.Deliveries]:
    """A job's webhooks with every attempt."""
    return Call("GET", f"/jobs/{segment(job_id)}/deliveries", modelled(models.Deliveries))


def delivery(delivery_id: str) -> Call[models.Delivery]:
    """A webhook with every attempt."""
    return Call("GET", f"/deliveries/{segment(delivery_id)}", modelled(models.Delivery))


def replay(job_id: str, delivery_id: str) -> Call[models.Delivery]:
    """Send a webhook once more."""
    path = f"/jobs/{segment(job_id)}/deliveries/{segment(delivery_id)}/replay"
    return Call("POST", path, modelled(models.Delivery), repeatable=False)


def test_webhook(url: str) -> Call[models.Delivery]:
    """Have a signed sample sent; the answer comes when something has come of it, after 20 s at most."""
    return Call(
        "POST", "/webhook-test", modelled(models.Delivery), body={"url": url}, repeatable=False, waits=20
    )


test_webhook.__test__ = False  # type: ignore[attr-defined]  # no test of pytest's


def webhook_secrets() -> Call[models.WebhookSecrets]:
    """What signs your webhooks."""
    return Call("GET", "/webhook-secret", modelled(models.WebhookSecrets))


def rotate_webhook_secret() -> Call[models.WebhookSecrets]:
    """Take a new secret; the old one signs beside it for 24 h."""
    return Call("POST", "/webhook-secret/rotate", modelled(models.WebhookSecrets), repeatable=False)


def webhook_addresses() -> Call[models.WebhookAddresses]:
    """Addresses that fail or are disabled."""
    return Call("GET", "/webhook-addresses", modelled(models.WebhookAddresses))


def enable_webhook_address(url: str) -> Call[models.AddressEnabled]:
    """Send to a disabled address again."""
    path = "/webhook-addresses/enable"
    return Call("POST", path, modelled(models.AddressEnabled), body={"url": url}, repeatable=False)


def events(*, limit: int | None = None, cursor: str | None = None) -> Call[models.TenantEvents]:
    """A page of what happened to your keys, addresses, secrets and limits, newest first."""
    return Call(
        "GET", "/events", modelled(models.TenantEvents), params=_given({"limit": limit, "cursor": cursor})
    )


def limits() -> Call[models.Limits]:
    """Your limits, and how much of each is used."""
    return Call("GET", "/limits", modelled(models.Limits))


def usage(since: date | None = None, to: date | None = None) -> Call[models.UsageReport]:
    """Usage by day and task (UTC), of 93 days at most; the last 30 where nothing is given."""
    asked = {"from": since and since.isoformat(), "to": to and to.isoformat()}
    return Call("GET", "/usage", modelled(models.UsageReport), params=_given(asked))


def estimate(
    task: str, document: Json, *, questions: int | None = None, priority: str | None = None
) -> Call[models.Estimate]:
    """What a job would cost; `document` has `characters`, or `pages` or `bytes` with `media_type`."""
    asked = {"task": task, "document": document, "questions": questions, "priority": priority}
    said = {name: value for name, value in asked.items() if value is not None}
    return Call("POST", "/estimates", modelled(models.Estimate), body=said)


def health() -> Call[models.Health]:
    """Whether the service is alive; needs no key."""
    return Call("GET", "/health", modelled(models.Health))


def openapi() -> Call[Json]:
    """The API's own document; needs no key."""
    return Call("GET", "/openapi.json", body)


def _given(asked: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in asked.items() if value is not None}


def _job_or_none(answer: Answer) -> AnyJob | None:
    return None if answer.status == 304 else modelled(AnyJob)(answer)


def _nothing(_: Answer) -> None:
    return None


def _json(answer: Answer) -> Any:
    return body(answer, jsontext.loads) if answer.content else None
