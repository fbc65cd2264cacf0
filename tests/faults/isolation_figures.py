"""What came of bursts to many receivers, counted."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from claimcheck.webhooks.standing import Widths

from tests.faults.receivers import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.database import Questions
    from tests.faults.receivers import Receivers

_ENDS = """
SELECT id::text AS id, extract(epoch FROM completed_at)::float8 AS completed_at FROM jobs
WHERE id = ANY (%(ids)s::uuid[])
"""
_LOGS = """
SELECT 'msg_' || d.id AS message_id, d.job_id::text AS job_id, d.status, d.attempt,
  (SELECT coalesce(array_agg(a.attempt ORDER BY a.attempt), '{}') FROM delivery_attempts a
    WHERE a.delivery_id = d.id) AS logged,
  (SELECT count(*) FROM delivery_attempts a WHERE a.delivery_id = d.id AND a.lost) AS lost
FROM deliveries d WHERE d.job_id = ANY (%(ids)s::uuid[])
"""
_DISABLED = "SELECT count(*) AS n FROM webhook_addresses WHERE disabled_at IS NOT NULL"


@dataclass(slots=True)
class Phase:
    """How long the healthy receivers waited, in seconds from the job's end to the POST's arrival."""

    jobs: int
    waited: int  # deliveries that were measured
    p50_s: float
    p99_s: float
    longest_s: float
    seconds: float
    load: tuple[float, float]  # the machine's one-minute load when the phase began and ended

    @classmethod
    def of(cls, waits: Sequence[float], jobs: int, seconds: float, load: tuple[float, float]) -> Self:
        """Of what was measured; ranks are the nearest."""
        ranked = sorted(waits)
        p50, p99, longest = (round(ranked[math.ceil(share * len(ranked)) - 1], 3) for share in (0.5, 0.99, 1))
        return cls(jobs, len(ranked), p50, p99, longest, round(seconds, 1), load)


@dataclass(slots=True)
class Figures:
    """The figures of one run. Those of the first block have to be zero."""

    seed: int
    missing: int = 0  # jobs of which no webhook arrived that the public library verifies
    undelivered: int = 0  # deliveries that are not `delivered` in the end
    refused: int = 0  # POSTs that the public library does not verify
    two_ids: int = 0  # jobs whose event came under more than one webhook-id
    unlogged: int = 0  # deliveries that arrived more often than their log has attempts
    holes: int = 0  # deliveries whose log lacks an attempt
    disabled: int = 0  # addresses
    too_many: int = 0  # receivers that had more calls at once than their width
    jobs: int = 0
    posts: int = 0
    again: int = 0  # POSTs of an event that its receiver had answered with 204 before
    lost: int = 0  # attempts whose outcome never came back; the log says so
    moved_on: int = 0  # attempts whose five minutes were not waited for
    most_at_once: dict[str, int] = field(default_factory=dict)  # calls, at one receiver, by what it was
    kills: dict[str, int] = field(default_factory=dict)
    recovered_s: list[float] = field(default_factory=list)
    phases: dict[str, Phase] = field(default_factory=dict)

    def broken(self) -> list[str]:
        """The names of the figures that are not as they have to be; the waits are judged by who measures."""
        zero = ("missing", "undelivered", "refused", "two_ids", "unlogged", "holes", "disabled", "too_many")
        return [f"{name} = {getattr(self, name)}" for name in zero if getattr(self, name)]


def waits_s(questions: Questions, receivers: Receivers, job_ids: Sequence[str]) -> list[float]:
    """From each job's end to the first arrival of its webhook at a healthy receiver."""
    calls = receivers.by_job()
    waits = []
    for row in questions.rows(_ENDS, {"ids": list(job_ids)}):
        came = calls.get(row["id"])
        if came and came[0].kind is Kind.HEALTHY:
            waits.append(came[0].arrived_at - row["completed_at"])
    return waits


def examine(questions: Questions, receivers: Receivers, job_ids: Sequence[str], figures: Figures) -> None:
    """Count what has come of these jobs."""
    calls = receivers.by_job()
    figures.jobs = len(job_ids)
    figures.posts = sum(map(len, calls.values()))
    figures.missing = sum(not any(call.genuine for call in calls.get(job_id, ())) for job_id in job_ids)
    for came in calls.values():
        figures.refused += sum(not call.genuine for call in came)
        figures.two_ids += len({call.message_id for call in came}) > 1
        figures.again += max(0, sum(call.answer == 204 for call in came) - 1)
    rows = questions.rows(_LOGS, {"ids": list(job_ids)})
    posted = Counter(call.message_id for came in calls.values() for call in came)
    figures.undelivered = len(job_ids) - sum(row["status"] == "delivered" for row in rows)
    for row in rows:
        figures.holes += row["logged"] != list(range(1, row["attempt"] + 1))
        figures.unlogged += posted[row["message_id"]] > len(row["logged"])
        figures.lost += row["lost"]
    figures.disabled = questions.rows(_DISABLED)[0]["n"]
    widest = max(Widths().prompt, Widths().new, Widths().slow)
    for origin in receivers.origins:
        figures.too_many += any(most > widest for most in origin.most.values())
        for kind, most in origin.most.items():
            figures.most_at_once[kind] = max(figures.most_at_once.get(kind, 0), most)
