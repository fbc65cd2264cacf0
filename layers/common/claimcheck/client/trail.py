"""Verify a job's trail offline: who holds the job and its events needs nothing of ours to check them.

Each event's hash covers its content and the hash of the event before it, so altering, removing or
reordering one breaks the chain at a place that can be named.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from claimcheck.client.jsontext import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FINAL = frozenset({"completed", "partial", "failed", "cancelled"})
ZERO_HASH = "0" * 64
_ANSWERED = frozenset({"completed", "partial"})
# An event may also leave the status as it is: a ring, progress, a delivery.
_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"running", "failed", "cancelled"}),
    "running": frozenset({"pending"}) | FINAL,
    "failed": frozenset({"pending"}),  # put back by its owner, and by nobody else: event `redriven`
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `seq` names the event, None means the trail or the job as a whole."""

    seq: int | None
    why: str

    def __str__(self) -> str:
        return self.why if self.seq is None else f"event {self.seq}: {self.why}"


def event_hash(job_id: str, event: Mapping[str, Any]) -> str:
    """The hash that `event` must have, from its content and its `prev_hash`."""
    lines = (
        event["prev_hash"],
        job_id,
        canonical(event["seq"]),
        event["at"],
        event["type"],
        event["status"],
        canonical(event["attempt"]),
        canonical(event["detail"]),
    )
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def digest(key: str, value: Any) -> str:
    """The keyed digest of a JSON value; `key` is the trail's `digest_key`, in hex."""
    return hashlib.sha256(bytes.fromhex(key) + canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def purged_job(job_id: str, trail: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is known of a job that the API does not show any more (410 `purged`), to verify its trail with.

    Its status is not known apart from the trail, so it is the trail's own.
    """
    events = trail.get("events")
    last = events[-1] if isinstance(events, list) and events else None
    status = last.get("status") if isinstance(last, dict) else None
    return {"job_id": job_id, "status": status, "purged": True}


def verify(job: Mapping[str, Any], trail: Mapping[str, Any]) -> list[Finding]:
    """Everything that is wrong with the trail, or between it and the job; empty where all is well.

    Both must be parsed with `jsontext.loads`. Whatever they hold, this raises nothing.
    """
    events = trail.get("events")
    if not isinstance(events, list) or not events:
        return [Finding(None, "the trail has no events")]
    findings: list[Finding] = []
    job_id = trail.get("job_id")
    if job_id != job.get("job_id"):
        findings.append(Finding(None, f"the trail belongs to job {job_id}, not to {job.get('job_id')}"))
    for position, event in enumerate(events, start=1):
        wrong = _shape(event)
        if wrong is not None:
            # What follows an event that cannot be read cannot be judged.
            return [*findings, Finding(_seq(event, position), wrong)]
    findings += _chain(str(job_id), events)
    findings += _transitions(events)
    findings += _row(job, events)
    findings += _answer(job, trail, events)
    findings += _purge(job, trail, events)
    return findings


def _seq(event: Any, position: int) -> int:
    seq = event.get("seq") if isinstance(event, dict) else None
    return seq if isinstance(seq, int) else position


def _shape(event: Any) -> str | None:
    if not isinstance(event, dict):
        return "is no JSON object"
    kinds: dict[str, type] = dict.fromkeys(("at", "type", "status", "prev_hash", "hash"), str)
    kinds |= {"seq": int, "attempt": int, "detail": dict}
    for name, kind in kinds.items():
        if not isinstance(event.get(name), kind) or isinstance(event[name], bool):
            return f"{name} is missing or of the wrong kind"
    return None


def _chain(job_id: str, events: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    expected, previous = 1, ZERO_HASH
    for event in events:
        seq = event["seq"]
        if seq != expected:
            yield Finding(seq, f"gap in the numbering: {expected} was expected here")
        if event["prev_hash"] != previous:
            before = "the start of the chain" if expected == 1 else "the event before it"
            yield Finding(seq, f"link to {before} is broken: prev_hash is not its hash")
        if event["hash"] != event_hash(job_id, event):
            yield Finding(seq, "hash differs from its content: the event was altered")
        expected, previous = seq + 1, event["hash"]


def _transitions(events: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    if events[0]["status"] != "pending":
        yield Finding(events[0]["seq"], f"a job starts as pending, not as {events[0]['status']}")
    for before, event in pairwise(events):
        old, new = before["status"], event["status"]
        may = new in _MOVES.get(old, frozenset()) and (old != "failed" or event["type"] == "redriven")
        if new != old and not may:
            yield Finding(event["seq"], f"a job cannot go from {old} to {new}")


def _row(job: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    last = events[-1]
    if job.get("status") != last["status"]:
        yield Finding(
            last["seq"], f"the job says {job.get('status')}, but its trail ends with {last['status']}"
        )


def _purge(
    job: Mapping[str, Any], trail: Mapping[str, Any], events: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    """A deletion is the last event; what it deleted is not there any more."""
    purged = [event["seq"] for event in events if event["type"] == "purged"]
    if not purged:
        if job.get("purged"):
            yield Finding(None, "the job was deleted, but no event records it")
        return
    if purged != [events[-1]["seq"]]:
        yield Finding(purged[0], "the job was deleted here, but its trail goes on")
    if trail.get("digest_key") is not None:
        yield Finding(None, "digest_key is there although the job was deleted")
    if job.get("result") is not None or job.get("metadata"):
        yield Finding(None, "the job shows content although it was deleted")


def _answer(
    job: Mapping[str, Any], trail: Mapping[str, Any], events: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    """Whether the job's result is the one whose digest was recorded when it was stored."""
    result, key = job.get("result"), trail.get("digest_key")
    recorded = [event for event in events if event["type"] in _ANSWERED]
    if not recorded:
        if result is not None:
            yield Finding(None, "the job shows a result, but no event records one")
        return
    if key is None:
        # Deleted content took its key along: the digest stays, but says nothing any more.
        if result is not None:
            yield Finding(None, "digest_key is missing although the job shows a result")
        return
    event = recorded[-1]
    try:
        wanted = digest(str(key), result)
    except ValueError:
        yield Finding(None, "digest_key is not hexadecimal")
        return
    if result is None:
        yield Finding(event["seq"], "the event records a result, but the job shows none")
    elif event["detail"].get("result_digest") != wanted:
        yield Finding(event["seq"], "result altered: its digest is not the one recorded here")
