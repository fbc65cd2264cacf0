"""Commands about jobs that were handed in: get, list, events, verify, cancel, redrive, delete."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer reads it)
from typing import TYPE_CHECKING, Annotated

import typer
from claimcheck.client import ApiProblem, Gone, WaitTimedOut, trail
from claimcheck.client.errors import LIMITS
from rich.console import Console

from client import exported, render, rows, submission
from client.commanding import with_api, without_api
from client.completion import job_ids
from client.connection import connect
from client.exits import EXIT_FAILED
from client.options import DEFAULT_DATA, As, AsJson, Data, JobId, Key, ProfileName, TaskName, Url, chosen
from client.outputs import printed
from client.shapes import FINAL
from client.terminal import tell
from client.watch import Watched, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.api import Api
    from client.shapes import Job, Json

_UNANSWERED = frozenset({"failed", "cancelled"})
_PAGE = 100


@with_api
def get(
    api: Api,
    job_id: JobId,
    *,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until it is final.")] = False,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="With --wait: end with code 4 after so long.")
    ] = None,
    output: As = None,
    as_json: AsJson = False,
) -> None:
    """Show a job and its answer; with --wait once it is final, and code 1 where it failed."""
    if timeout is not None and not wait:
        raise submission.Unusable("--timeout goes with --wait")
    job = _waited(api, job_id, timeout) if wait else api.get(job_id)
    row = rows.of_job(job)
    printed(
        chosen(output, as_json=as_json),
        view=lambda: render.job_view(job),
        whole=job,
        lines=[job],
        columns=rows.columns([row]),
        rows=lambda: [row],
    )
    if wait and job["status"] in _UNANSWERED:
        raise typer.Exit(EXIT_FAILED)


@with_api
def list_jobs(
    api: Api,
    *,
    status: Annotated[str | None, typer.Option(help="Only jobs in this status.")] = None,
    task: Annotated[TaskName | None, typer.Option("--task", "-t", help="Only jobs of this task.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many, newest first.")] = 20,
    every: Annotated[bool, typer.Option("--all", help="All of them, however many.")] = False,
    output: As = None,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    page: Json
    if every:
        page = {"jobs": list(_every(api, status, task)), "next_cursor": None}
    else:
        page = dict(api.list(status=status, task=task, limit=limit))
    printed(
        chosen(output, as_json=as_json),
        view=lambda: render.jobs_view(page["jobs"]),
        whole=page,
        lines=page["jobs"],
        columns=rows.LISTED,
        rows=lambda: [rows.of_job(job) for job in page["jobs"]],
    )
    if not page["jobs"]:
        typer.echo("no job", err=True)


@with_api
def events(api: Api, job_id: JobId, *, output: As = None, as_json: AsJson = False) -> None:
    """Show everything that happened to a job."""
    found = api.events(job_id)
    printed(
        chosen(output, as_json=as_json),
        view=lambda: render.trail_view(found),
        whole=found,
        lines=found["events"],
        columns=rows.EVENTS,
        rows=lambda: [dict(each) for each in found["events"]],
    )


@without_api
def verify(
    job_id: Annotated[
        str | None, typer.Argument(metavar="JOB", help="The job's id.", autocompletion=job_ids)
    ] = None,
    *,
    files: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="JOB.json TRAIL.json", help="Check files that `--json` gave, offline."),
    ] = None,
    export: Annotated[Path | None, typer.Option(metavar="DIR", help="Check an export, offline.")] = None,
    profile: ProfileName = None,
    url: Url = None,
    key: Key = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Check a job's hash chain; names the event that breaks it."""
    if [job_id, files, export].count(None) != 2:
        raise submission.Unusable("verify needs a JOB, or --files JOB.json TRAIL.json, or --export DIR")
    if export is not None:
        _verify_export(export)
        return
    if files is not None:
        job, found = (submission.json_object(str(file)) for file in files)
    else:
        with connect(url, key, data, profile=profile) as api:
            job, found = _job_and_trail(api, str(job_id))
    findings = trail.verify(job, found)
    if not findings:
        typer.echo(f"ok: {len(found['events'])} events, chain intact")
        return
    for finding in findings:
        tell(f"broken: {finding}")
    raise typer.Exit(EXIT_FAILED)


@with_api
def cancel(api: Api, job_id: JobId) -> None:
    """Cancel a job; one that is final stays as it is."""
    job = api.cancel(job_id)
    typer.echo(f"{job['job_id']} {job['status']}")


@with_api
def delete(
    api: Api,
    job_id: Annotated[
        list[str], typer.Argument(metavar="JOB...", help="The jobs' ids.", autocompletion=job_ids)
    ],
) -> None:
    """Delete jobs with their documents and answers, for good; their trails stay and verify."""
    for each in job_id:
        api.delete(each)
        typer.echo(f"{each} deleted")


@with_api
def redrive(
    api: Api,
    job_id: Annotated[
        str | None, typer.Argument(metavar="JOB", help="The job's id.", autocompletion=job_ids)
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every failed job, oldest first.")] = False,
) -> None:
    """Put failed jobs back, as many as your limits allow; each starts over, and its trail says so."""
    if (job_id is None) != every:
        raise submission.Unusable("redrive needs a JOB, or --all")
    # Read to the end before any of them moves.
    failed = (
        [job_id] if job_id is not None else [each["job_id"] for each in _every(api, "failed", None)][::-1]
    )
    for done, each in enumerate(failed):
        try:
            typer.echo(f"{each} {api.redrive(each)['status']}")
        except ApiProblem as problem:
            if problem.code not in LIMITS:
                raise
            tell(f"{done} put back, {len(failed) - done} left: {problem.detail}")
            raise typer.Exit(EXIT_FAILED) from None
    if not failed:
        typer.echo("no job is failed", err=True)


def _waited(api: Api, job_id: str, timeout: float | None) -> Job:
    """The job, once it is final; its states are told on the way."""
    watched = Watched(job_id, "", "")
    watched.look(api)
    if watched.job is not None and watched.job["status"] not in FINAL:
        watched.task = watched.job["task"]
        watch(api, [watched], Console(stderr=True), timeout)
    if watched.job is None or watched.job["status"] not in FINAL:
        raise WaitTimedOut(job_id, timeout or 0)
    return watched.job


def _every(api: Api, status: str | None, task: str | None) -> Iterator[Job]:
    cursor: str | None = None
    while True:
        page = api.list(status=status, task=task, limit=_PAGE, cursor=cursor)
        yield from page["jobs"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _verify_export(directory: Path) -> None:
    jobs = broken = 0
    for job_id, findings in exported.verified(directory):
        jobs += 1
        broken += bool(findings)
        for finding in findings:
            tell(f"broken: {job_id}: {finding}")
    if broken:
        raise typer.Exit(EXIT_FAILED)
    typer.echo(f"ok: {jobs} jobs, every chain intact")


def _job_and_trail(api: Api, job_id: str) -> tuple[Json, Json]:
    """Both, of one moment: a job may move between the two requests, but not for ever."""
    for _ in range(5):
        found: Json = dict(api.events(job_id))
        try:
            job: Json = dict(api.get(job_id))
        except Gone:
            found = dict(api.events(job_id))
            return dict(trail.purged_job(job_id, found)), found
        if found.get("events") and found["events"][-1].get("status") == job["status"]:
            break
    return job, found
