"""Jobs as rows: what CSV has for each task. docs/cli.md has the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from client.render import place
from client.shapes import FINAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from client.shapes import Job, Json

__all__ = ["EVENTS", "FINAL", "LISTED", "USAGE", "columns", "of_job", "of_usage"]

JOB = (
    "file",
    "job_id",
    "task",
    "status",
    "error",
    "created_at",
    "completed_at",
    "model",
    "calls",
    "cost_usd",
)
LISTED = (
    *("job_id", "task", "status", "error", "attempt", "priority", "created_at", "started_at", "completed_at"),
    *("model", "calls", "input_tokens", "output_tokens", "cost_usd"),
)
EVENTS = ("seq", "at", "type", "status", "attempt", "detail", "prev_hash", "hash")
USAGE = (
    *("day", "task", "jobs", "completed", "partial", "failed", "cancelled", "waiting"),
    *("seconds_median", "seconds_p95", "calls", "input_tokens", "cache_read_tokens", "cache_write_tokens"),
    *("output_tokens", "cost_usd"),
)


def of_job(job: Job | Json, file: str | None = None, problem: str | None = None) -> dict[str, Any]:
    """A job with its answer as one row."""
    usage = job.get("usage") or {}
    error = job.get("error") or {}
    row: dict[str, Any] = {**job, **{name: usage.get(name) for name in LISTED[-5:]}}
    row |= {"file": file, "error": problem or error.get("code")}
    result: Json = job.get("result") or {}
    row |= {f"answer.{name}": value for name, value in _answers(result)}
    return row


def columns(rows: Iterable[Mapping[str, Any]], asked: Sequence[str] = ()) -> list[str]:
    """The columns of jobs: what all have, then answers in the order of `asked`, the rest as they come."""
    wanted = [f"answer.{name}" for name in asked]
    found = dict.fromkeys(name for row in rows for name in row if name.startswith("answer."))
    ordered: list[str] = []
    for name in dict.fromkeys([*wanted, *(each for each in found if not each.endswith(".quote"))]):
        ordered += [name, *([f"{name}.quote"] if f"{name}.quote" in found else [])]
    return [*JOB, *ordered]


def of_usage(days: Iterable[Json]) -> Iterable[Json]:
    """The days of a report, each as one row."""
    for day in days:
        seconds = day.get("seconds") or {}
        yield {**day, "seconds_median": seconds.get("median"), "seconds_p95": seconds.get("p95")}


def _answers(result: Json) -> Iterable[tuple[str, Any]]:
    """Name and value of each answer, with its first quote where it has one."""
    evidence = result.get("evidence") or {}
    for name, value in (result.get("fields") or {}).items():
        yield name, value
        yield from _quoted(name, evidence.get(name))
    for each in result.get("criteria") or []:
        yield each["id"], each["verdict"]
        yield from _quoted(each["id"], each.get("evidence"))
    if "overview" in result:
        yield "overview", result["overview"]
        points = [f"• {point['text']}" for point in result.get("key_points") or []]
        yield "key_points", "\n".join(points)


def _quoted(name: str, evidence: Sequence[Any] | None) -> Iterable[tuple[str, str]]:
    if evidence:
        first = evidence[0]
        at = place(first)
        yield f"{name}.quote", f"“{first['quote']}” ({first['status']}{', ' + at if at else ''})"
