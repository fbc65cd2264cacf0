"""What the database says of one tenant's jobs, compared with what the model says."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, LiteralString

from claimcheck.client.jsontext import loads
from claimcheck.client.trail import verify
from claimcheck.jobs.states import FINAL, TRANSITIONS, Status
from claimcheck.store.reading import get_job, get_trail

from tests.integration.store.traces import traces_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import psycopg
    from claimcheck.store.connection import Database

    from tests.integration.machine.job_model import Circuit, Job

_JOBS: LiteralString = """
SELECT id::text AS job_id, status, attempt, failures, waits, lost_leases, cost_usd, calls,
  (SELECT coalesce(sum(cost_usd), 0) FROM model_calls WHERE job_id = jobs.id) AS paid,
  (SELECT count(*) FROM model_calls WHERE job_id = jobs.id AND rejected) AS rejected,
  available_at <= now() AS due, rung_at < now() - interval '1 d' AS quiet,
  coalesce(lease_expires_at <= now(), false) AS lease_out, coalesce(cancel_at <= now(), false) AS overdue,
  cancel_at IS NOT NULL AS deadline,
  accepted_at < now() - interval '1 d' AS old, document_until IS NOT NULL AS awaits,
  coalesce(document_until <= now(), false) AS late
FROM jobs WHERE tenant_id = %s
"""
_EVENTS: LiteralString = """
SELECT job_id::text, type, status, attempt FROM job_events
WHERE job_id IN (SELECT id FROM jobs WHERE tenant_id = %s) ORDER BY job_id, seq
"""
_DELIVERIES: LiteralString = (
    "SELECT job_id::text, event_type FROM deliveries WHERE tenant_id = %s ORDER BY id"
)
_CIRCUITS: LiteralString = """
SELECT model, failures, openings, opened_at IS NOT NULL, coalesce(retry_at <= now(), false), probe_job::text
FROM model_circuits WHERE model = ANY (%s)
"""


class Rows:
    """Looks behind the product's back, and moves time there."""

    def __init__(self, database: Database, sql: psycopg.Connection[Any]) -> None:
        self._database = database
        self._sql = sql
        self._verified: dict[str, tuple[str, int]] = {}

    def change(self, statement: LiteralString, *params: object) -> None:
        """Change something, as time would."""
        self._sql.execute(statement, params)

    @contextmanager
    def unchanged(self, job: Job) -> Iterator[None]:
        """Nothing of a job changes in the block."""
        before = traces_of(self._sql, job.job_id)
        yield
        assert traces_of(self._sql, job.job_id) == before

    def check(self, tenant: str, jobs: Sequence[Job], circuits: Mapping[str, Circuit]) -> None:
        """Everything that must hold between any two steps."""
        for model, *found in self._sql.execute(_CIRCUITS, [list(circuits)]).fetchall():
            circuit = circuits[model]
            expected = (
                circuit.failures,
                circuit.openings,
                circuit.opened,
                circuit.probe_due,
                circuit.probe_job,
            )
            assert tuple(found) == expected
        rows = {row[0]: row[1:] for row in self._sql.execute(_JOBS, [tenant]).fetchall()}
        events, deliveries = self._grouped(_EVENTS, tenant), self._grouped(_DELIVERIES, tenant)
        assert rows.keys() == {job.job_id for job in jobs}
        for job in jobs:
            ended = sum(call.ending is not None for call in job.calls)
            counted = (job.status, job.attempt, job.failures, job.waits, job.lost_leases, job.cost, ended)
            rejected = sum(call.rejected for call in job.calls)
            times: tuple[bool, ...] = (job.due, job.quiet, job.lease_out, job.overdue, job.deadline, job.old)
            times += (job.awaits is not None, job.late)
            assert rows[job.job_id] == (*counted, job.cost, rejected, *times)
            assert events[job.job_id] == job.events
            assert deliveries[job.job_id] == [(each,) for each in job.deliveries]
            _check_events(job, [Status(status) for _, status, _ in events[job.job_id]])
            self._check_shown(tenant, job)

    def _grouped(self, query: LiteralString, tenant: str) -> dict[str, list[tuple[Any, ...]]]:
        groups: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for job_id, *values in self._sql.execute(query, [tenant]).fetchall():
            groups[job_id].append(tuple(values))
        return groups

    def _check_shown(self, tenant: str, job: Job) -> None:
        """What the owner sees, where it differs from what was seen last."""
        view = get_job(self._database, tenant, job.job_id)
        assert view is not None
        usage = json.loads(view.body)["usage"]
        assert usage["unknown_calls"] == job.unknown_calls
        assert Decimal(str(usage["cost_usd"])) == job.cost
        seen = (view.version, len(job.events))
        if self._verified.get(job.job_id) != seen:
            trail = get_trail(self._database, tenant, job.job_id)
            assert trail is not None
            assert verify(loads(view.body), loads(trail)) == []
            self._verified[job.job_id] = seen


def _check_events(job: Job, statuses: Sequence[Status]) -> None:
    assert statuses[-1] == job.status
    ends = sum(status in FINAL for status in statuses)
    assert ends == job.redrives + (1 if job.final else 0)
    for before, after in pairwise(statuses):
        assert before == after or after in TRANSITIONS[before]
