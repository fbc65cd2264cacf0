"""`claimcheck submit` and `claimcheck estimate`: what is asked of files, and what it would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from claimcheck.client import ApiProblem, calls
from claimcheck.client.jsontext import compact, pretty
from rich.console import Console

from client import render, render_account, rows, submission, upload
from client.batch import Batch, Item, Request
from client.called_as import command
from client.commanding import with_api
from client.exits import EXIT_FAILED, EXIT_TIMED_OUT, EXIT_USAGE, stops_everything
from client.inputs import expanded, readable
from client.journal import Journal
from client.options import As, AsJson, Fallback, Output, Priority, TaskName, chosen
from client.outputs import printed, table
from client.progress import Shown
from client.terminal import show, show_json, tell

if TYPE_CHECKING:
    from client.api import Api
    from client.inputs import Inputs
    from client.shapes import Json

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...", help="Files, folders, patterns in quotes; - is standard input.", show_default=False
    ),
]
Task = Annotated[TaskName, typer.Option("--task", "-t", help="What to do with each.", show_default=False)]
FieldNames = Annotated[
    list[str] | None, typer.Option("--field", metavar="NAME", help="extract: a field's name; repeatable.")
]
FieldsFile = Annotated[
    str | None, typer.Option("--fields", metavar="FILE", help="extract: JSON list of fields, or a schema.")
]
SchemaFile = Annotated[str | None, typer.Option("--schema", metavar="FILE", help="extract: a JSON Schema.")]
Criteria = Annotated[
    list[str] | None, typer.Option("--criterion", metavar="TEXT", help="evaluate: a criterion; repeatable.")
]
CriteriaFile = Annotated[
    str | None, typer.Option("--criteria", metavar="FILE", help="evaluate: JSON list, or text, one a line.")
]
Soon = Annotated[
    Priority | None, typer.Option(help="economy: half the price, within a day.", show_default=False)
]


@with_api
def submit(
    api: Api,
    paths: Paths,
    *,
    task: Task,
    field: FieldNames = None,
    fields: FieldsFile = None,
    schema: SchemaFile = None,
    criterion: Criteria = None,
    criteria: CriteriaFile = None,
    focus: Annotated[str | None, typer.Option(metavar="TEXT", help="summarise: what to look at.")] = None,
    priority: Soon = None,
    economy_fallback: Annotated[
        Fallback | None, typer.Option(help="economy: after a day without it.", show_default=False)
    ] = None,
    max_cost_usd: Annotated[
        float | None, typer.Option(metavar="USD", help="The most that each may cost.")
    ] = None,
    cancel_after: Annotated[
        str | None, typer.Option(metavar="TIME", help="Cancel what is not final by then: 90s, 15m, 2h.")
    ] = None,
    webhook: Annotated[
        str | None, typer.Option(metavar="URL", help="Address to call when a job is final.")
    ] = None,
    metadata: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Your own, given back with the job.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait for the answers and show them.")] = False,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="With --wait: end with code 4 after so long.")
    ] = None,
    concurrency: Annotated[
        int,
        typer.Option("--concurrency", "-c", min=1, max=1000, help="How many are under way at once."),
    ] = 8,
    again: Annotated[
        bool, typer.Option("--again", help="New jobs also for what was handed in before.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="New jobs for what was handed in before and failed.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Tell nothing on the way.")] = False,
    output: As = None,
    as_json: AsJson = False,
) -> None:
    """Hand in documents: files, folders, patterns. Prints the tickets, or the answers with --wait.

    The same files with the same request are handed in once: a second run, after Ctrl-C or a kill, takes up
    the jobs of the first.
    """
    if timeout is not None and not wait:
        raise submission.Unusable("--timeout goes with --wait")
    inputs = expanded(paths)
    asked = _asked(
        task,
        field=field,
        fields=fields,
        schema=schema,
        criterion=criterion,
        criteria=criteria,
        focus=focus,
    )
    if webhook is not None:
        asked["webhook_url"] = webhook
    if max_cost_usd is not None:
        asked["max_cost_usd"] = max_cost_usd
    asked |= submission.urgency(priority, economy_fallback) | submission.metadata(metadata or [])
    submission.check(asked)
    form = chosen(output, as_json=as_json)
    request = Request(task, asked, cancel_after, again=again, retry_failed=retry_failed)
    console = Console(stderr=True)
    stream = form is Output.JSONL and not inputs.one
    with Journal() as journal:
        shown = Shown(console, len(inputs.files), wait=wait, quiet=quiet or (inputs.one and not wait))
        batch = Batch(
            api,
            journal,
            request,
            inputs.files,
            wait=wait,
            concurrency=concurrency,
            on_change=lambda item: _changed(shown, item, stream=stream, wait=wait),
        )
        in_time = _run(batch, shown, timeout)
    names = submission.names_of(asked)
    _print(batch.items, inputs, form, names, wait=wait)
    if not in_time:
        left = sum(item.job is None or item.phase not in rows.FINAL for item in batch.items)
        typer.echo(f"timed out with {left} not final: run the same command again to go on", err=True)
        raise typer.Exit(EXIT_TIMED_OUT)
    if any(item.failed for item in batch.items):
        refused = inputs.one and batch.items[0].problem is not None
        raise typer.Exit(EXIT_USAGE if refused else EXIT_FAILED)


@with_api
def estimate(
    api: Api,
    paths: Paths,
    *,
    task: Task,
    field: FieldNames = None,
    fields: FieldsFile = None,
    schema: SchemaFile = None,
    criterion: Criteria = None,
    criteria: CriteriaFile = None,
    questions: Annotated[
        int | None, typer.Option(min=1, help="How many fields or criteria, instead of naming them.")
    ] = None,
    priority: Soon = None,
    output: As = None,
    as_json: AsJson = False,
) -> None:
    """What files would cost, before any of them is handed in: likely, and at most."""
    if questions is None and task is not TaskName.SUMMARISE:
        asked = _asked(
            task, field=field, fields=fields, schema=schema, criterion=criterion, criteria=criteria
        )
        questions = len(asked.get("criteria") or submission.names_of(asked)) or 1
    inputs = expanded(paths)
    found, skipped = [], 0
    for file in inputs.files:
        try:
            call = calls.estimate(task, upload.measured(file), questions=questions, priority=priority)
            found.append({"file": readable(file), **api.client.json(call)})
        except (submission.Unusable, ApiProblem) as error:
            if inputs.one or (isinstance(error, ApiProblem) and stops_everything(error)):
                raise
            skipped += 1
            tell(f"left out: {error}")
    total = {end: sum(float(each["cost_usd"][end] or 0) for each in found) for end in ("likely", "most")}
    printed(
        chosen(output, as_json=as_json),
        view=lambda: render_account.estimates_view(found, total),
        whole={"files": found, "cost_usd": total},
        lines=found,
        columns=("file", "model", "calls", "input_tokens", "output_tokens", "likely_usd", "most_usd"),
        rows=lambda: [_estimated(each) for each in found],
    )
    if skipped:
        raise typer.Exit(EXIT_FAILED)


def _asked(
    task: TaskName,
    *,
    field: list[str] | None,
    fields: str | None,
    schema: str | None,
    criterion: list[str] | None,
    criteria: str | None,
    focus: str | None = None,
) -> Json:
    """What the options ask of a document. Raises Unusable where they do not fit."""
    given = {"extract": bool(field or fields or schema), "evaluate": bool(criterion or criteria)}
    given["summarise"] = focus is not None
    for other, is_given in given.items():
        if is_given and other != task:
            raise submission.Unusable(f"the options of {other} do not fit --task {task}: leave them out")
    if task is TaskName.EXTRACT:
        if schema is not None and (field or fields):
            raise submission.Unusable("--schema stands alone: leave out --field and --fields")
        return submission.schema(schema) if schema else submission.extraction(field or [], fields)
    if task is TaskName.EVALUATE:
        return submission.criteria(criterion or [], criteria)
    return {} if focus is None else {"focus": focus}


def _run(batch: Batch, shown: Shown, timeout: float | None) -> bool:
    """Work through the batch; what breaks off is told with how to go on."""
    try:
        with shown:
            return batch.run(timeout)
    except BaseException:
        done = sum(item.job_id is not None for item in batch.items)
        if len(batch.items) > 1 or done:
            said = f"{done} of {len(batch.items)} handed in; run the same command again to go on"
            typer.echo(said, err=True)
        raise


def _changed(shown: Shown, item: Item, *, stream: bool, wait: bool) -> None:
    shown.changed(item)
    ended = item.phase in rows.FINAL if wait else item.job_id is not None
    if stream and (ended or item.problem) and not item.printed:
        item.printed = True
        show_json(compact(_object(item)))


def _object(item: Item) -> Json:
    made: Json = {"file": item.file, "job_id": item.job_id, "status": item.status}
    if item.problem is not None:
        made["problem"] = item.problem
    if item.job is not None:
        made["job"] = item.job
    return made


def _print(items: list[Item], inputs: Inputs, form: Output, names: list[str], *, wait: bool) -> None:
    """The answers; without --wait the tickets."""
    if inputs.one and form in (Output.TABLE, Output.JSON):
        _print_one(items[0], form, names, wait=wait)
        return
    if form is Output.JSONL and not inputs.one:
        return  # each was printed when it ended
    if form is Output.TABLE and not wait:
        for item in items:
            if item.job_id is not None:
                typer.echo(f"{item.job_id}  {render.plain(item.file)}")
        return
    made = [rows.of_job(item.job or _bare(item), item.file, item.problem) for item in items]
    if form is Output.CSV:
        typer.echo(table(rows.columns(made, names), made), nl=False)
        return
    printed(
        form,
        view=lambda: render.batch_view(made, names),
        whole=[_object(item) for item in items],
        lines=[_object(item) for item in items],
        columns=(),
        rows=list,
    )


def _print_one(item: Item, form: Output, names: list[str], *, wait: bool) -> None:
    if item.problem is not None:
        tell(f"error: {item.problem}")
        return
    if form is Output.JSON:
        show_json(pretty(item.job if item.job is not None else _bare(item)))
    elif wait and item.job is not None:
        show(render.job_view(item.job, names))
    else:
        typer.echo(item.job_id)
        said = "handed in before; --again makes a new job" if item.before else "accepted"
        typer.echo(f"{said}; see it with: {command('get')} {item.job_id}", err=True)


def _bare(item: Item) -> Json:
    return {"job_id": item.job_id, "status": item.status}


def _estimated(each: Json) -> dict[str, Any]:
    most = {name: each[name]["most"] for name in ("calls", "input_tokens", "output_tokens")}
    cost = {"likely_usd": each["cost_usd"]["likely"], "most_usd": each["cost_usd"]["most"]}
    return {"file": each["file"], "model": each["model"], **most, **cost}
