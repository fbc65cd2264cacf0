"""An export of a tenant (`claimcheck export`), verified offline, one job at a time."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from claimcheck.client import jsontext
from claimcheck.client.trail import Finding, verify

from client.shapes import FINAL
from client.submission import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def verified(directory: Path) -> Iterator[tuple[str, list[Finding]]]:
    """Each job's id with what is wrong with its trail. Raises Unusable for what is no whole export."""
    jobs, trails = (_lines(directory / f"{name}.jsonl") for name in ("jobs", "trails"))
    for job, trail in zip_longest(jobs, trails):
        if job is None:  # accepted after the jobs had been written
            yield str(trail["job_id"]), verify({"job_id": trail["job_id"], **_end(trail)}, _keyless(trail))
        elif trail is None or trail.get("job_id") != job.get("job_id"):
            raise Unusable(f"{directory}: job {job.get('job_id')} has no trail at its place: export again")
        elif job.get("status") not in FINAL and job.get("status") != _end(trail)["status"]:
            # It moved on after it had been written: there is nothing to compare its end with.
            yield str(job["job_id"]), verify({**job, "result": None, **_end(trail)}, _keyless(trail))
        else:
            yield str(job["job_id"]), verify(job, trail)


def _end(trail: dict[str, Any]) -> dict[str, Any]:
    return {"status": trail["events"][-1]["status"] if trail.get("events") else None}


def _keyless(trail: dict[str, Any]) -> dict[str, Any]:
    return {**trail, "digest_key": None}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield jsontext.loads(line)
                except ValueError:
                    raise Unusable(
                        f"{path}, line {number}: is no JSON; the export may not be whole"
                    ) from None
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None
