"""Ringing for jobs. Each is committed before: where its doorbell cannot be rung, sweep rings it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.failures import UnavailableError
from claimcheck.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.usecases.ports import Queue


def ring(jobs_queue: Queue, tenant_id: str, job_id: str, *, delay_s: float = 0) -> None:
    """Ring for one job, `delay_s` seconds from now. Raises nothing for a queue out of reach."""
    try:
        jobs_queue.send({"job_id": job_id}, group=tenant_id, delay_s=delay_s)
    except UnavailableError as error:
        count(metrics.DOORBELLS_NOT_RUNG)
        logger().warning("doorbell not rung", extra={"job_id": job_id, "reason": str(error)})


def ring_all(
    jobs_queue: Queue, bells: Sequence[tuple[str, str]], *, delays_s: Sequence[float] | None = None
) -> None:
    """Ring for (job id, tenant id) pairs, each after its delay in seconds. Raises nothing where one fails."""
    if not bells:
        return
    messages = [({"job_id": job_id}, tenant_id) for job_id, tenant_id in bells]
    refused = jobs_queue.send_all(messages, delays_s=delays_s)
    if refused:
        count(metrics.DOORBELLS_NOT_RUNG, refused)
