"""The states of a job and the ways between them (docs/states.md draws them)."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a job stands."""

    PENDING = "pending"  # accepted, or waiting for its next attempt
    RUNNING = "running"  # a worker holds its lease
    COMPLETED = "completed"  # answered, the whole document read
    PARTIAL = "partial"  # answered, with gaps that the answer lists
    FAILED = "failed"  # given up; `error` says why
    CANCELLED = "cancelled"  # the caller's wish


FINAL = frozenset({Status.COMPLETED, Status.PARTIAL, Status.FAILED, Status.CANCELLED})

# The trigger `jobs_transition` holds the same table where the rows are. No worker leaves a final state; a
# failed job is put back by its owner's own call (redrive) and by nothing else.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.RUNNING, Status.FAILED, Status.CANCELLED}),
    Status.RUNNING: frozenset(
        {Status.PENDING, Status.COMPLETED, Status.PARTIAL, Status.FAILED, Status.CANCELLED}
    ),
    Status.COMPLETED: frozenset(),
    Status.PARTIAL: frozenset(),
    Status.FAILED: frozenset({Status.PENDING}),
    Status.CANCELLED: frozenset(),
}
