"""What has to hold when the dust has settled, counted."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from claimcheck.client import trail

from client.api import Api
from tests.faults.template import LEASE_S, QUIET_S, SWEEP_S

if TYPE_CHECKING:
    from tests.faults.trial import Trial

SETTLE_S = 420.0
_TOLERATED_S = (
    150.0  # Standard Webhooks' libraries allow 300 s; half of it is for what receivers' clocks are off
)
# A webhook without an outcome is due again five minutes after it was planned. That time is not waited for:
# it is moved on for those that have been silent for as long as any repair here takes.
_SILENT_S = LEASE_S + QUIET_S + SWEEP_S
_MOVE_ON = """
UPDATE deliveries SET next_attempt_at = now(),
  in_flight_until = CASE WHEN in_flight_until IS NOT NULL THEN now() END
WHERE status = 'pending' AND attempt > 0 AND job_id = ANY (%(ids)s::uuid[])
  AND next_attempt_at BETWEEN now() + interval '10 seconds'
    AND now() + interval '5 minutes' - make_interval(secs => %(silent_s)s)
RETURNING id
"""
_UNSETTLED = """
SELECT count(*) FILTER (WHERE completed_at IS NULL) AS jobs, (SELECT count(*) FROM deliveries
  WHERE job_id = ANY (%(ids)s::uuid[]) AND status = 'pending') AS deliveries
FROM jobs WHERE id = ANY (%(ids)s::uuid[])
"""
_JOBS = """
SELECT j.id::text AS id, j.status, j.attempt, j.error ->> 'code' AS code, j.cost_usd,
  extract(epoch FROM j.created_at)::float8 AS created_at,
  extract(epoch FROM j.completed_at)::float8 AS completed_at,
  (SELECT array_agg(e.status ORDER BY e.seq) FROM job_events e
    WHERE e.job_id = j.id AND e.type IN ('completed', 'partial', 'failed', 'cancelled')) AS ends,
  (SELECT count(*) FROM model_calls c WHERE c.job_id = j.id
    AND (c.answer IS NOT NULL OR c.outcome_unknown OR c.finished_at IS NULL)) AS told,
  (SELECT count(*) FROM model_calls c WHERE c.job_id = j.id
    AND (c.outcome_unknown OR c.finished_at IS NULL)) AS unknown,
  (SELECT count(*) FROM model_calls c WHERE c.job_id = j.id AND c.outcome = 'model_timeout') AS timeouts,
  (SELECT coalesce(sum(c.cost_usd), 0) FROM model_calls c WHERE c.job_id = j.id) AS paid_usd
FROM jobs j WHERE j.id = ANY (%(ids)s::uuid[])
"""
# Calls whose worker was still at it when its lease ran out: it was silent, though nobody had killed it.
_OVERTAKEN = """
SELECT count(DISTINCT c.id) AS n FROM job_events e
JOIN model_calls c ON c.job_id = e.job_id AND c.attempt = e.attempt
WHERE e.job_id = ANY (%(ids)s::uuid[]) AND e.type = 'lease_expired' AND c.id <> ALL (%(hit)s::uuid[])
  AND (c.finished_at IS NULL OR c.finished_at > e.at)
"""
# When the job of a call that was hit was due again, and when it was taken up.
_RESUMED = """
SELECT c.id::text AS id,
  extract(epoch FROM min(e.at) FILTER (WHERE e.type = 'lease_expired' AND e.attempt = c.attempt)) AS due,
  extract(epoch FROM min(e.at) FILTER (WHERE e.type = 'claimed' AND e.attempt > c.attempt)) AS taken_up
FROM model_calls c JOIN job_events e ON e.job_id = c.job_id
WHERE c.id = ANY (%(hit)s::uuid[]) GROUP BY c.id
"""
_DOUBLED = """
SELECT count(*) - count(DISTINCT metadata ->> 'key') AS n FROM jobs WHERE metadata ->> 'key' = ANY (%(keys)s)
"""


@dataclass(slots=True)
class Figures:
    """The figures of one run. All but the last block have to be zero."""

    scenario: str
    seed: int
    accepted: int = 0
    lost: int = 0  # a ticket without a job
    doubled: int = 0  # jobs beyond one for an idempotency key
    stuck: int = 0  # neither final in time
    ends: int = 0  # jobs with another number of final events than one, or another one than the row's
    trails: int = 0  # trails that do not verify
    unmeant: int = 0  # jobs with another end than the fault allows
    webhooks_missing: int = 0
    webhooks_of_two: int = 0  # jobs whose webhooks tell of more than one end
    webhooks_refused: int = (
        0  # signed at a time that is more than half of what receivers' libraries allow off
    )
    paid_again: int = 0  # calls beyond a job's first that nothing spoiled: at most in_flight + overtaken
    untold: int = 0  # calls that the job's usage does not tell of, and jobs whose cost does not add up
    in_flight: int = 0  # at the kills
    overtaken: int = 0  # in flight when a worker was silent past its lease, or too late: a starved machine
    paid: int = 0  # all calls that may have cost money
    webhooks: int = 0  # all that arrived; at least one for each job
    moved_on: int = 0  # webhooks whose five minutes were not waited for
    # From the end of a kill's fault (`up` is ready) until the jobs that it hit were due again, and
    # taken up; and from the last fault's end until all jobs accepted before it were final.
    due_s: list[float] = field(default_factory=list)
    resumed_s: list[float] = field(default_factory=list)
    recovery_s: float = 0.0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def broken(self) -> list[str]:
        """The names of the figures that are not as they have to be."""
        zero = ("lost", "doubled", "stuck", "ends", "trails", "unmeant", "webhooks_missing",
                "webhooks_of_two", "webhooks_refused", "untold")  # fmt: skip
        found = [f"{name} = {getattr(self, name)}" for name in zero if getattr(self, name)]
        if self.paid_again > self.in_flight + self.overtaken:
            found.append(f"paid_again = {self.paid_again}, in flight {self.in_flight} + {self.overtaken}")
        return found


def settle(trial: Trial, *, move_on: bool = True) -> int:
    """Wait until every job is final and every webhook delivered; says how many webhooks were moved on.

    It ends after seven minutes in any case: what is left then is counted.
    """
    ids, moved = trial.burst.accepted(), 0
    questions = trial.system.questions
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        left = questions.rows(_UNSETTLED, {"ids": ids})[0]
        if not left["jobs"] and not left["deliveries"]:
            break
        if move_on and not left["jobs"]:
            moved += len(questions.rows(_MOVE_ON, {"ids": ids, "silent_s": _SILENT_S}))
        time.sleep(0.1)
    return moved


def examine(trial: Trial, figures: Figures) -> Figures:
    """Fill in what has come of a settled trial."""
    jobs = {job.job_id: job for job in trial.burst.jobs if job.job_id is not None}
    params = {"ids": list(jobs), "keys": [job.key for job in trial.burst.jobs]}
    rows = trial.system.questions.rows(_JOBS, params)
    figures.accepted = len(jobs)
    figures.lost = len(jobs) - len(rows)
    figures.doubled = trial.system.questions.rows(_DOUBLED, params)[0]["n"]
    figures.stuck = sum(row["completed_at"] is None for row in rows)
    figures.in_flight = len(trial.in_flight)
    hit = {**params, "hit": list(trial.in_flight)}
    figures.overtaken = trial.system.questions.rows(_OVERTAKEN, hit)[0]["n"]
    for row in trial.system.questions.rows(_RESUMED, hit):
        over_at = trial.hits[row["id"]] or trial.ended_at
        if row["due"] is not None:
            figures.due_s.append(max(0.0, float(row["due"]) - over_at))
        if row["taken_up"] is not None:
            figures.resumed_s.append(max(0.0, float(row["taken_up"]) - over_at))
    figures.notes = trial.notes
    for row in rows:
        expected = ("completed", None) if (code := jobs[row["id"]].failing_with) is None else ("failed", code)
        figures.ends += row["ends"] != [row["status"]]
        unmeant = row["completed_at"] is not None and (row["status"], row["code"]) != expected
        figures.unmeant += unmeant
        if unmeant:
            figures.notes.append(f"{row['id']} {row['status']} {row['code']}")
    before = [row["completed_at"] for row in rows if row["created_at"] <= trial.ended_at]
    figures.recovery_s = max([end - trial.ended_at for end in before if end is not None], default=0.0)
    figures.recovery_s = max(figures.recovery_s, 0.0)
    _webhooks(trial, figures, rows)
    _money(trial, figures, rows)
    _read(trial, figures, rows)
    return figures


def _webhooks(trial: Trial, figures: Figures, rows: list[dict[str, Any]]) -> None:
    posts = trial.ground.receiver.by_job()
    for row in rows:
        came = posts.get(row["id"], [])
        figures.webhooks_refused += sum(abs(post.clock_s) > _TOLERATED_S for post in came)
        figures.webhooks += len(came)
        if row["completed_at"] is not None:
            figures.webhooks_missing += not any(post.event == f"job.{row['status']}" for post in came)
        figures.webhooks_of_two += len({(post.event, post.message_id) for post in came}) > 1


def _money(trial: Trial, figures: Figures, rows: list[dict[str, Any]]) -> None:
    asked, jobs = trial.ground.model.asked(), {job.job_id: job for job in trial.burst.jobs}
    for row in rows:
        calls = asked.get(jobs[row["id"]].document_key)
        if calls is None:
            figures.unmeant += row["status"] == "completed"  # an answer without a question
            continue
        figures.paid += calls.paid
        figures.paid_again += max(0, calls.answered + calls.broken_off - 1)
        # Those that we gave up, late as they were: more than the ones that the fault kept from answering.
        figures.overtaken += min(calls.answered + calls.broken_off, max(0, row["timeouts"] - calls.spoiled))
        if calls.paid > row["told"]:
            figures.untold += calls.paid - row["told"]
            figures.notes.append(f"{row['id']} paid {calls.paid}, told {row['told']}")


def _read(trial: Trial, figures: Figures, rows: list[dict[str, Any]]) -> None:
    """What the interface shows: the trail verifies, and usage says what the calls' rows say."""
    with Api(trial.system.url, trial.system.key) as api:
        for row in rows:
            job = api.get(row["id"])
            findings = trail.verify(job, api.events(row["id"]))
            figures.trails += bool(findings)
            figures.notes += [f"{row['id']}: {finding}" for finding in findings]
            usage: Any = job["usage"]
            told = (usage["unknown_calls"], round(float(usage["cost_usd"]), 6))
            if told != (row["unknown"], round(float(row["paid_usd"]), 6)):
                figures.untold += 1
                figures.notes.append(f"{row['id']} usage {usage}, rows {row['unknown']} {row['paid_usd']}")
