"""Findings of many parts made into one by the model, level by level; without it where it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.failures import JobFailure
from claimcheck.parts.tokens import tokens_in
from claimcheck.telemetry import count, logger, metrics
from claimcheck.usecases.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from claimcheck.tasks.base import Digest
    from claimcheck.usecases.examination import Ask, Examination


async def digested(run: Examination, ask: Ask, room_tokens: int, ends: Callable[[JobFailure], bool]) -> None:
    """Sum up what the parts said. A failure that will not pass leaves them one after the other.

    Raises JobFailure for one that may pass (`ends` says it does not): what the parts said is paid for, and is
    there for the next attempt.
    """
    digest = run.task.digest
    if digest is None:
        return
    findings: list[Any] = [each for said in run.findings().values() for each in said]
    while len(findings) > 1:
        batches = _batches(findings, digest.text, room_tokens)
        try:
            findings = await _level(run, digest, ask, batches)
        except JobFailure as failure:
            if failure.retryable and not ends(failure):
                raise
            count(metrics.DIGESTS_FAILED)
            logger().warning("parts left as they are", extra={"job_id": run.job.job_id, "code": failure.code})
            findings = [digest.joined(findings)]
    run.sum_up(findings[0])


async def _level(
    run: Examination, digest: Digest[Any, Any], ask: Ask, batches: Sequence[Sequence[Any]]
) -> list[Any]:
    """What waits for a batch of the model's API does not keep the others from waiting with it."""
    findings: list[Any] = []
    parked: JobFailure | None = None
    for batch in batches:
        try:
            findings.append(await _one(run, digest, ask, batch))
        except JobFailure as failure:
            if failure.code != "batched":
                raise
            parked = failure
    if parked is not None:
        raise parked
    return findings


async def _one(run: Examination, digest: Digest[Any, Any], ask: Ask, batch: Sequence[Any]) -> Any:
    if len(batch) == 1:
        return batch[0]
    answer = await ask(digest.prompt(run.params), Shown(digest.text(batch)))
    return digest.read(answer, batch)


def _batches(
    findings: Sequence[Any], text: Callable[[Sequence[Any]], str], room_tokens: int
) -> list[list[Any]]:
    """As many of them together as fit, two at least: each level has fewer than the one before."""
    batches: list[list[Any]] = [[]]
    size = 0
    for each in findings:
        weight = tokens_in(text([each]))
        if len(batches[-1]) >= 2 and size + weight > room_tokens:
            batches.append([])
            size = 0
        batches[-1].append(each)
        size += weight
    return batches
