"""The client's commands, from `submit` to `redrive`, with `listen` and `webhooks` from modules of their own.

Exit codes: 0 done, 1 a job failed or a trail is broken, 2 wrong use, 3 cannot reach or authorise.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 (typer reads it)
from typing import TYPE_CHECKING, Annotated

import typer
from claimcheck.client import jsontext, trail
from claimcheck.client.errors import LIMITS, ApiProblem
from claimcheck.client.requests import INLINE_BYTES
from rich.console import Console

from client import exported, render, submission, upload, webhook_commands
from client.called_as import command
from client.connection import connect
from client.exits import EXIT_FAILED, one_line_errors
from client.listen import listen
from client.options import DEFAULT_DATA, AsJson, Data, Fallback, JobId, Key, Priority, Url
from client.terminal import show
from client.watch import Watched, watch

if TYPE_CHECKING:
    from client.api import Api
    from client.shapes import Json


class TaskName(StrEnum):
    """The tasks that this command knows how to ask for."""

    SUMMARISE = "summarise"
    EXTRACT = "extract"
    EVALUATE = "evaluate"


def register(app: typer.Typer) -> None:
    """Add the client's commands to `app`."""
    app.command()(submit)
    app.command()(get)
    app.command("list")(list_jobs)
    app.command()(events)
    app.command()(verify)
    app.command()(cancel)
    app.command()(redrive)
    app.command()(delete)
    app.command()(limits)
    app.command()(listen)
    app.add_typer(webhook_commands.app, name="webhooks")


def submit(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Text or PDF; - reads standard input.")],
    *,
    task: Annotated[TaskName, typer.Option("--task", help="What to do with it.")],
    field: Annotated[list[str] | None, typer.Option("--field", help="extract: a field's name.")] = None,
    fields: Annotated[str | None, typer.Option(help="extract: JSON list of fields, or a schema.")] = None,
    criterion: Annotated[list[str] | None, typer.Option("--criterion", help="evaluate: a criterion.")] = None,
    criteria: Annotated[str | None, typer.Option(help="evaluate: JSON list, or text, one a line.")] = None,
    focus: Annotated[str | None, typer.Option(help="summarise: what to look at.")] = None,
    priority: Annotated[Priority | None, typer.Option(help="economy: half the price, within a day.")] = None,
    economy_fallback: Annotated[
        Fallback | None, typer.Option(help="economy: after a day without it.")
    ] = None,
    webhook: Annotated[str | None, typer.Option(help="Address to call when the job is final.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the answer and show it.")] = False,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Hand in a document; prints the ticket, or the answer with --wait."""
    with one_line_errors(), connect(url, key, data) as api:
        asked = {"extract": bool(field or fields), "evaluate": bool(criterion or criteria)}
        asked["summarise"] = focus is not None
        for other, given in asked.items():
            if given and other != task:
                raise submission.Unusable(f"the options of {other} do not fit --task {task}: leave them out")
        body: Json = {}
        if task is TaskName.EXTRACT:
            body |= submission.extraction(field or [], fields)
        elif task is TaskName.EVALUATE:
            body |= submission.criteria(criterion or [], criteria)
        elif focus is not None:
            body["focus"] = focus
        if webhook is not None:
            body["webhook_url"] = webhook
        body |= submission.urgency(priority, economy_fallback)
        body["document"] = _document(api, file)
        ticket = api.submit(task, body)
        if wait:
            name, names = str(body["document"]["name"]), submission.names_of(body)
            watched = Watched(ticket["job_id"], task, name, names, ticket["status"])
            _finish(api, watched, as_json=as_json)
        elif as_json:
            typer.echo(jsontext.pretty(ticket))
        else:
            typer.echo(ticket["job_id"])
            typer.echo(f"accepted; see it with: {command('get')} {ticket['job_id']}", err=True)


def get(
    job_id: JobId, as_json: AsJson = False, url: Url = None, key: Key = None, data: Data = DEFAULT_DATA
) -> None:
    """Show a job and its answer."""
    with one_line_errors(), connect(url, key, data) as api:
        job = api.get(job_id)
        if as_json:
            typer.echo(jsontext.pretty(job))
        else:
            show(render.job_view(job))


def list_jobs(
    *,
    status: Annotated[str | None, typer.Option(help="Only jobs in this status.")] = None,
    task: Annotated[TaskName | None, typer.Option(help="Only jobs of this task.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """List jobs, newest first."""
    with one_line_errors(), connect(url, key, data) as api:
        page = api.list(status=status, task=task, limit=limit)
        if as_json:
            typer.echo(jsontext.pretty(page))
        else:
            show(render.jobs_view(page["jobs"]))


def events(
    job_id: JobId, as_json: AsJson = False, url: Url = None, key: Key = None, data: Data = DEFAULT_DATA
) -> None:
    """Show everything that happened to a job."""
    with one_line_errors(), connect(url, key, data) as api:
        found = api.events(job_id)
        if as_json:
            typer.echo(jsontext.pretty(found))
        else:
            show(render.trail_view(found))


def verify(
    job_id: Annotated[str | None, typer.Argument(metavar="JOB", help="The job's id.")] = None,
    *,
    files: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="JOB.json TRAIL.json", help="Check files that `--json` gave, offline."),
    ] = None,
    export: Annotated[Path | None, typer.Option(metavar="DIR", help="Check an export, offline.")] = None,
    url: Url = None,
    key: Key = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Check a job's hash chain; names the event that breaks it."""
    with one_line_errors():
        if [job_id, files, export].count(None) != 2:
            raise submission.Unusable("verify needs a JOB, or --files JOB.json TRAIL.json, or --export DIR")
        if export is not None:
            _verify_export(export)
            return
        if files is not None:
            job, found = (submission.json_object(str(file)) for file in files)
        else:
            with connect(url, key, data) as api:
                job, found = _job_and_trail(api, str(job_id))
        findings = trail.verify(job, found)
    if not findings:
        typer.echo(f"ok: {len(found['events'])} events, chain intact")
        return
    for finding in findings:
        typer.echo(f"broken: {finding}", err=True)
    raise typer.Exit(EXIT_FAILED)


def _verify_export(directory: Path) -> None:
    jobs = broken = 0
    for job_id, findings in exported.verified(directory):
        jobs += 1
        broken += bool(findings)
        for finding in findings:
            typer.echo(f"broken: {job_id}: {finding}", err=True)
    if broken:
        raise typer.Exit(EXIT_FAILED)
    typer.echo(f"ok: {jobs} jobs, every chain intact")


def cancel(job_id: JobId, url: Url = None, key: Key = None, data: Data = DEFAULT_DATA) -> None:
    """Cancel a job; one that is final stays as it is."""
    with one_line_errors(), connect(url, key, data) as api:
        job = api.cancel(job_id)
        typer.echo(f"{job['job_id']} {job['status']}")


def delete(
    job_ids: Annotated[list[str], typer.Argument(metavar="JOB...", help="The jobs' ids.")],
    url: Url = None,
    key: Key = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Delete jobs with their documents and answers, for good; their trails stay and verify."""
    with one_line_errors(), connect(url, key, data) as api:
        for each in job_ids:
            api.delete(each)
            typer.echo(f"{each} deleted")


def redrive(
    job_id: Annotated[str | None, typer.Argument(metavar="JOB", help="The job's id.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every failed job, oldest first.")] = False,
    url: Url = None,
    key: Key = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Put failed jobs back, as many as your limits allow; each starts over, and its trail says so."""
    with one_line_errors(), connect(url, key, data) as api:
        if (job_id is None) != every:
            raise submission.Unusable("redrive needs a JOB, or --all")
        failed = [str(job_id)] if job_id is not None else _failed(api)
        for done, each in enumerate(failed):
            try:
                typer.echo(f"{each} {api.redrive(each)['status']}")
            except ApiProblem as problem:
                if problem.code not in LIMITS:
                    raise
                typer.echo(f"{done} put back, {len(failed) - done} left: {problem.detail}", err=True)
                raise typer.Exit(EXIT_FAILED) from None
        if not failed:
            typer.echo("no job is failed", err=True)


def limits(as_json: AsJson = False, url: Url = None, key: Key = None, data: Data = DEFAULT_DATA) -> None:
    """Show what you may have at once, and how much of it is used."""
    with one_line_errors(), connect(url, key, data) as api:
        found = api.limits()
        if as_json:
            typer.echo(jsontext.pretty(found))
        else:
            show(render.limits_view(found))


def _document(api: Api, file: str) -> Json:
    """What a request may hold goes along with it; a larger file is uploaded first."""
    with upload.opened(file) as source:
        if source.size > INLINE_BYTES:
            return upload.handed_in(api, source)
        return submission.document(str(source.name), source.read())


def _failed(api: Api) -> list[str]:
    """The ids of all failed jobs, oldest first; read to the end before any of them moves."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = api.list(status="failed", limit=100, cursor=cursor)
        found += [job["job_id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found[::-1]


def _job_and_trail(api: Api, job_id: str) -> tuple[Json, Json]:
    """Both, of one moment: a job may move between the two requests, but not for ever."""
    for _ in range(5):
        found: Json = dict(api.events(job_id))
        try:
            job: Json = dict(api.get(job_id))
        except ApiProblem as problem:
            if problem.code != "purged":
                raise
            found = dict(api.events(job_id))
            return dict(trail.purged_job(job_id, found)), found
        if found.get("events") and found["events"][-1].get("status") == job["status"]:
            break
    return job, found


def _finish(api: Api, watched: Watched, *, as_json: bool) -> None:
    """Follow one job on stderr, then print its answer on stdout."""
    (job,) = watch(api, [watched], Console(stderr=True))
    if as_json:
        typer.echo(jsontext.pretty(job))
    else:
        show(render.job_view(job, watched.asked))
    if job["status"] in {"failed", "cancelled"}:
        raise typer.Exit(EXIT_FAILED)
