"""What a failed question means, and what is asked in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.failures import JobFailure, RetryableFailure, UnavailableError
from claimcheck.parts import halves
from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.telemetry import logger, places_of
from claimcheck.usecases.leases import LeaseLostError

if TYPE_CHECKING:
    from claimcheck.parts import Part
    from claimcheck.usecases.examination import Examination

Smaller = list[tuple["Part", tuple[str, ...]]]
"""Questions: each about a part of the document, and the items that are asked for."""


def failure_of(error: Exception) -> JobFailure | None:
    """What an exception means for a question; None where the whole attempt has to end by it."""
    if isinstance(error, JobFailure):
        return error
    if isinstance(error, LeaseLostError | DatabaseUnavailableError):
        return None
    if isinstance(error, UnavailableError):
        return RetryableFailure("storage_unavailable", str(error))
    fields = {"error": places_of(error)}
    logger().error("a question failed by a fault of ours", extra=fields)
    return RetryableFailure("internal", f"A fault of ours ({type(error).__name__}).")


def out_of_time() -> RetryableFailure:
    """No call is begun that the attempt's time is too short for."""
    return RetryableFailure("continued", "The attempt's time is up; the next goes on from here.")


def smaller_questions(run: Examination, failure: JobFailure, part: Part, group: tuple[str, ...]) -> Smaller:
    """What is asked instead of a question whose answer, or whose document, was too long."""
    if failure.code == "answer_truncated" and len(group) > 1:
        middle = len(group) // 2
        return [(part, group[:middle]), (part, group[middle:])]
    if failure.code in {"answer_truncated", "document_too_long"}:
        return [(half, group) for half in halves(run.document, part)]
    return []
