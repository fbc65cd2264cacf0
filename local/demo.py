"""`claimcheck demo`: four documents through the three tasks, shown as they go.

It uses the system that runs on the data directory, or starts one and stops it again.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from claimcheck.client import ClaimcheckError
from rich.console import Console
from rich.rule import Rule

from client.api import Api, healthy
from client.called_as import command
from client.connection import read_up
from client.options import DEFAULT_DATA
from client.render import OFFLINE_NOTICE, job_view, plain
from client.submission import names_of
from client.watch import Watched, watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from client.shapes import Evidence, Job, Json

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PLAN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("services-contract", ("summarise", "extract", "evaluate")),
    ("loan-application", ("extract", "evaluate")),
    ("insurance-claim", ("evaluate", "extract")),
    ("annual-report", ("summarise", "extract")),
)
FLOW = """\
A document goes to POST /jobs/TASK; a ticket comes back at once.
The job is a row in PostgreSQL; an SQS message only rings the bell for it.
A worker reads the document and asks the model, which must quote; code looks every quote up.
GET /jobs/ID gives the answer with its evidence; GET /jobs/ID/events the trail, a chain of hashes."""
UP = (sys.executable, "-c", "from local.cli import main; main()", "up")
_START_SECONDS = 180.0
_STOP_SECONDS = 15.0


class CannotStart(Exception):  # noqa: N818 - says what is the case
    """The system did not start; the message says why, in the words of `claimcheck up`."""


class Running(NamedTuple):
    """The system the demo talks to; `process` is None where it ran before."""

    url: str
    key: str
    process: subprocess.Popen[bytes] | None


def register(app: typer.Typer) -> None:
    """Add `demo` to `app`."""
    app.command()(demo)


def demo(
    *,
    data: Annotated[Path, typer.Option("--data", help="Where the system keeps its data.")] = DEFAULT_DATA,
    model: Annotated[str | None, typer.Option(help="offline or anthropic, for a new system.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the system running at the end.")] = False,
) -> None:
    """Put sample documents through the three tasks and show the answers with their quotes."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, 120))
    try:
        with _terminated_as_interrupt(), _system(data, model, console, keep=keep) as system:
            sound = _run(system, data, console)
    except (CannotStart, ClaimcheckError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(3) from error
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)
        raise typer.Exit(130) from None
    raise typer.Exit(0 if sound else 1)


def unsupported(job: Job) -> list[str]:
    """The answered items of a job that no exact quote supports; empty where all are."""
    result: Json = job.get("result") or {}
    items: list[tuple[str, Sequence[Evidence]]] = []
    for name, value in (result.get("fields") or {}).items():
        if value is not None:
            items.append((name, result["evidence"].get(name) or []))
    items += [
        (item["id"], item["evidence"])
        for item in result.get("criteria") or []
        if item["basis"] != "not_mentioned"  # nothing can be quoted of what is not there
    ]
    items += [(point["text"], point["evidence"]) for point in result.get("key_points") or []]
    return [name for name, found in items if not any(quote["status"] == "exact" for quote in found)]


def evidence_of(job: Job) -> list[Evidence]:
    """Every quote of a job's answer."""
    result: Json = job.get("result") or {}
    found = list((result.get("evidence") or {}).values())
    found += [item["evidence"] for item in result.get("criteria") or []]
    found += [point["evidence"] for point in result.get("key_points") or []]
    return [quote for quotes in found for quote in quotes]


def _run(system: Running, data: Path, console: Console) -> bool:
    """Submit, follow, show; whether every job completed and every answered item stands on an exact quote."""
    console.print(plain(FLOW), Rule(style="dim"), sep="\n")
    with Api(system.url, system.key) as api:
        watched = [_submitted(api, name, task) for name, tasks in PLAN for task in tasks]
        jobs = watch(api, watched, console)
    for entry, job in zip(watched, jobs, strict=True):
        console.print()
        console.print(Rule(plain(f"{entry.document}: {entry.task}"), align="left"))
        console.print(job_view(job, entry.asked))
    console.print()
    sound = _summary(jobs, console)
    _hints(system, data, jobs[0]["job_id"], console)
    return sound


def _submitted(api: Api, name: str, task: str) -> Watched:
    body = _body(name, task)
    return Watched(api.submit(task, body)["job_id"], task, name, names_of(body))


def _body(name: str, task: str) -> Json:
    """The sample document with what is asked of it."""
    try:
        text = (EXAMPLES / f"{name}.md").read_text(encoding="utf-8")
        body: Json = {"document": {"text": text, "name": f"{name}.md"}}
        asked = {"extract": "fields", "evaluate": "criteria"}.get(task)
        if asked is not None:
            body[asked] = json.loads((EXAMPLES / f"{name}.{asked}.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise CannotStart(f"cannot read {error.filename}: run it from a clone") from error
    return body


def _summary(jobs: Sequence[Job], console: Console) -> bool:
    completed = sum(job["status"] == "completed" for job in jobs)
    counts = dict.fromkeys(("exact", "normalised", "not_found"), 0)
    for job in jobs:
        for quote in evidence_of(job):
            counts[quote["status"]] += 1
    usages: list[dict[str, Any]] = [job.get("usage") or {} for job in jobs]
    cost = sum(float(usage.get("cost_usd") or 0) for usage in usages)
    models = sorted({str(usage["model"]) for usage in usages if usage.get("model")})
    line = (
        f"{completed} of {len(jobs)} jobs completed · evidence: {counts['exact']} exact, "
        f"{counts['normalised']} normalised, {counts['not_found']} not found · "
        f"cost ${cost:.4f} · model {', '.join(models) or 'none'}"
    )
    loose = [f"{job['job_id']}: {item}" for job in jobs for item in unsupported(job)]
    sound = completed == len(jobs) and not loose
    console.print(plain(line, "bold green" if sound else "bold red"))
    if "offline" in models:
        console.print(plain(f"All of this was {OFFLINE_NOTICE}.", "yellow"))
    for item in loose:
        console.print(plain(f"no exact quote supports {item}", "red"))
    return sound


def _hints(system: Running, data: Path, job_id: str, console: Console) -> None:
    where = "" if data == DEFAULT_DATA else f" --data {data}"
    lines = (
        f"Look closer while it runs ({command('up')}, or {command('demo --keep')}):",
        f"  {command(f'get {job_id}{where}')}",
        f"  {command(f'verify {job_id}{where}')}",
        f"  {command(f'submit FILE --task summarise --wait{where}')}",
        f'  curl -H "Authorization: Bearer {system.key}" {system.url}/jobs/{job_id}',
    )
    for line in lines:
        console.print(plain(line, "dim"), soft_wrap=True)


@contextmanager
def _system(data: Path, model: str | None, console: Console, *, keep: bool) -> Iterator[Running]:
    """The running system, or one of our own, which ends with the block unless it is to be kept."""
    up = read_up(data)
    if up.get("url") and up.get("key") and healthy(str(up["url"])):
        console.print(plain(f"using the system at {up['url']} (model {up.get('model')})"), soft_wrap=True)
        if model is not None and model != up.get("model"):
            console.print(
                plain(f"--model {model} is not used: stop it first with {command('down')}", "yellow")
            )
        yield Running(str(up["url"]), str(up["key"]), None)
        return
    console.print(plain(f"starting the system in {data} …"))
    system = _start(data, model)
    try:
        console.print(plain(f"ready at {system.url}"))
        yield system
    except BaseException:
        # Whoever interrupts the demo wants it gone; --keep is for a demo that ended well.
        _stop(system.process)
        raise
    if keep:
        console.print(plain(f"still running; stop it with: {command('down')}"))
    else:
        _stop(system.process)


def _start(data: Path, model: str | None, program: Sequence[str] = UP) -> Running:
    """Start `claimcheck up` in a session of its own, so that Ctrl-C reaches it through us, in order."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = data / "demo-up.log"
    command = [*program, "--port", str(_free_port()), "--data", str(data)]
    if model is not None:
        command += ["--model", model]
    # A file rather than a pipe: a system that is kept must be able to write after we are gone.
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    try:
        return _ready(process, log)
    except BaseException:
        _stop(process)
        raise


def _ready(process: subprocess.Popen[bytes], log: Path) -> Running:
    """Wait for the line `ready URL key KEY`."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        ended = process.poll() is not None
        # Only whole lines count: the last one may still be on its way.
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        for line in lines:
            words = line.split()
            if line.endswith("\n") and len(words) >= 4 and words[0] == "ready" and words[2] == "key":
                return Running(words[1], words[3], process)
        if ended:
            said = " ".join("".join(lines[-5:]).split()) or f"it ended with code {process.returncode}"
            raise CannotStart(f"claimcheck up did not start: {said}")
        if time.monotonic() > deadline:
            raise CannotStart(f"claimcheck up was not ready after {_START_SECONDS:.0f} s: see {log}")
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes] | None) -> None:
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        # It leads its own process group, so its children go with it.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _terminated_as_interrupt() -> Iterator[None]:
    """A polite kill ends the demo as Ctrl-C does: by way of the code that stops the system."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
