"""Each client against the running system: Python in both kinds, TypeScript, the command line as a process."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import uuid
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.client import Client, Criterion, Field, Forbidden, Invalid, NotFound, verify_webhook
from claimcheck.client.models import EvaluateResult, ExtractResult, JobEvent, SummariseResult

from tests.e2e.conftest import COMMAND
from tests.unit.client.standin import Answer, StandIn, script
from tests.unit.python_client.driven import Kind
from toolchain import node
from toolchain.processes import CannotGoOnError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
TEXT = "Effective as of 1 May 2027. The monthly fee is EUR 400. It is governed by the laws of Ireland."
FILES = 16
NOBODY = "ck_000000000000_" + "A" * 43


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest, system: Running) -> Iterator[Any]:
    """The Python client, with the local key."""
    with Kind(request.param)(system.url, system.key) as made:
        yield made


def test_each_task_from_python(client: Any) -> None:
    """Handed in, waited for, read as what its task gives, listed, and verified."""
    fields = ["governing law", Field("monthly fee", "money")]
    handles = [
        client.summarise(TEXT, focus="money", metadata={"case": 7}),
        client.extract(TEXT, fields=fields),
        client.extract(TEXT, schema={"type": "object", "properties": {"governing law": {"type": "string"}}}),
        client.evaluate(
            TEXT, criteria=["The monthly fee is stated", Criterion("Liability is capped", "cap")]
        ),
    ]
    summary, extracted, by_schema, evaluated = (handle.wait(timeout=60) for handle in handles)
    assert [job.status for job in (summary, extracted, by_schema, evaluated)] == ["completed"] * 4
    assert isinstance(summary.answer(), SummariseResult)
    assert summary.metadata == {"case": 7}
    assert isinstance(extracted.answer(), ExtractResult)
    assert (
        extracted.answer().fields["governing law"] == by_schema.answer().fields["governing law"] == "Ireland"
    )
    (quote,) = extracted.answer().evidence["governing law"]
    assert TEXT[quote.start : quote.end] == quote.quote
    assert isinstance(evaluated.answer(), EvaluateResult)
    assert [each.id for each in evaluated.answer().criteria] == ["c1", "cap"]
    listed = [job.job_id for job in client.jobs(task="extract", page=2)]
    assert {extracted.job_id, by_schema.job_id} <= set(listed)
    assert not {summary.job_id, evaluated.job_id} & set(listed)
    for handle in handles:
        assert handle.verify() == []
        assert handle.trail().events[-1].type == "completed"
        assert handle.text().text == TEXT


def test_a_large_file_from_python(client: Any, tmp_path: Path) -> None:
    """Uploaded by itself, once for the same bytes; what was handed in comes back byte for byte."""
    file = tmp_path / "large.txt"
    file.write_text(f"{uuid.uuid4()} The monthly fee is EUR 400. " * 50_000)
    heard: list[tuple[int, int]] = []
    document = client.upload(file, on_progress=lambda *at: heard.append(at))
    assert heard[-1] == (file.stat().st_size, file.stat().st_size)
    handle = client.extract(document, fields=["monthly fee"], cancel_after="10m")
    again = client.extract(file, fields=["monthly fee"])
    job = handle.wait(timeout=120)
    assert client.upload(file).upload is None
    assert job.status == "completed", job.error
    assert handle.text().chars == file.stat().st_size
    assert client.original(job.job_id) == file.read_bytes()
    assert client.document(document.document_id).status == "read"
    assert again.cancel().final


def test_refusals_from_python(system: Running, client: Any) -> None:
    """Each as an error of its kind: fields with pointers, what is not there, a key that is none."""
    with pytest.raises(Invalid) as caught:
        client.extract(TEXT, fields=["a", "a"])
    assert (caught.value.code, caught.value.errors[0].pointer) == ("fields_invalid", "/fields/1/name")
    assert caught.value.request_id
    with pytest.raises(NotFound):
        client.get(str(uuid.uuid4()))
    handle = client.summarise(TEXT)
    handle.wait(60)
    handle.delete()
    with pytest.raises(Exception, match="410"):
        handle.get()
    assert handle.verify() == []
    with Client(system.url, NOBODY, retries=None) as stranger, pytest.raises(Forbidden):
        stranger.limits()


def test_the_account_from_python(client: Any) -> None:
    """Limits, usage, an estimate, events, health and the API's own document."""
    assert client.limits().jobs_in_flight.limit > 0
    client.summarise(TEXT).wait(60)
    report = client.usage()
    assert sum(day.jobs for day in report.days) > 0
    estimate = client.estimate("extract", characters=len(TEXT), questions=2)
    assert estimate.calls.likely == 1
    assert (estimate.cost_usd.likely or 0) <= (estimate.cost_usd.most or 0)
    assert {"key.created", "tenant.created"} & {event.type for event in client.events()}
    assert client.health().status == "ok"
    assert "/jobs/extract" in client.openapi()["paths"]


def test_a_webhook_is_verified_from_python(client: Any) -> None:
    """The event that a receiver gets is the job's, and comes from nobody else."""
    with StandIn(script(Answer(204))) as receiver:
        handle = client.extract(TEXT, fields=["governing law"], webhook_url=f"{receiver.url}/hook")
        handle.wait(60)
        delivery = _delivered(handle)
        asked = receiver.asked[0]
    event = verify_webhook(asked.content, asked.headers, client.webhook_secrets().values())
    assert isinstance(event, JobEvent)
    assert event.data.job_id == handle.id
    assert isinstance(event.data.result, ExtractResult)
    assert delivery.event == event.type == "job.completed"
    with StandIn(script(Answer(204))) as receiver:
        assert client.test_webhook(f"{receiver.url}/test").status == "delivered"


def test_the_documentations_example_runs(
    system: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first program of docs/python-client.md, as it stands there, on documents of these names."""
    page = (Path(__file__).parents[2] / "docs" / "python-client.md").read_text(encoding="utf-8")
    program = page.split("```python\n")[1].partition("```")[0]
    for name in ("contract.pdf", "claim.docx"):
        (tmp_path / name).write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    assert "https://….example/prod" in program
    exec(program.replace("https://….example/prod", system.url), {"key": system.key})  # noqa: S102
    assert "governing law Ireland ['It is governed by the laws of Ireland.']" in capsys.readouterr().out


def _delivered(handle: Any) -> Any:
    from tests.integration.services.observed import wait_for

    wait_for("the webhook", lambda: handle.deliveries().deliveries[0].status == "delivered")
    return handle.deliveries().deliveries[0]


@pytest.fixture(scope="module")
def library() -> Path:
    """The TypeScript client as it is built for its users. Skipped where npm's packages cannot be had."""
    try:
        node._install()
        subprocess.run(
            [*node._command(), "run", "--silent", "build", "--workspace", "client"],
            cwd=node.WEB,
            env=node._surroundings(),
            check=True,
            timeout=120,
        )
    except CannotGoOnError as problem:
        pytest.skip(str(problem))
    return node.WEB / "client" / "dist"


def test_every_flow_from_typescript(system: Running, library: Path) -> None:
    """Under Node, with the built package: tasks, waiting, lists, events, uploads, refusals, webhooks."""
    program = Path(__file__).with_name("typescript_client.mjs")
    done = subprocess.run(
        [str(node._node()), str(program), str(library), system.url, system.key],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for task in ("summarise", "extract", "evaluate"):
        assert told[task] == {"status": "completed", "last": "completed"}
    assert told["fields"] == {"governing law": "Ireland", "monthly fee": {"amount": 400, "currency": "EUR"}}
    assert told["quote"].startswith("It is governed by the laws of Ireland.")
    assert told["verdicts"] == [["c1", "pass"], ["cap", "fail"]]
    assert told["metadata"] == {"of": "typescript"}
    assert told["trail"] == ["accepted", "claimed", "completed"]
    assert told["upload"] == {"bytes": 28 * 150_000, "digest": True, "same": True}
    assert told["cancelled"] in {"cancelled", "completed"}
    assert told["refused"] == [True, 422, "fields_invalid", "/fields/1/name"]
    assert told["stranger"] == 403
    assert (told["limits"], told["usage"], told["estimate"]) == (True, True, 1)
    assert (told["listed"], told["text"]) == (True, True)
    assert (told["webhook"], told["altered"]) == ("job.completed", True)


class CommandLine:
    """`claimcheck` as a process, with a home of its own."""

    def __init__(self, system: Running, home: Path) -> None:
        self._environ = {**os.environ, "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        self._data = str(system.data)

    def __call__(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.words(*words),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=self._environ,
        )

    def words(self, *words: str) -> list[str]:
        """What a shell would start."""
        return [COMMAND, *words, *(() if words[0] == "profiles" else ("--data", self._data))]

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A command under way, its stderr to be read."""
        process = subprocess.Popen(
            self.words(*words),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environ,
            # Whoever is started in a shell's background ignores Ctrl-C, and so do its children.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (no threads here)
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()


@pytest.fixture
def command(system: Running, tmp_path: Path) -> CommandLine:
    """The command line."""
    return CommandLine(system, tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Documents that no other test has."""
    made = tmp_path / "documents"
    made.mkdir()
    for number in range(FILES):
        (made / f"{number:02}.txt").write_text(f"{uuid.uuid4()}. The monthly fee is EUR {number}.")
    return made


def ended_after(process: subprocess.Popen[str], lines: int, how: signal.Signals) -> int:
    """End a command once it has told of so many changes; its exit code."""
    assert process.stderr is not None
    for _ in range(lines):
        assert process.stderr.readline()
    process.send_signal(how)
    process.stderr.read()
    return process.wait(30)


def test_a_folder_is_handed_in_once_whatever_ends_the_command(
    api: Any, command: CommandLine, folder: Path
) -> None:
    """Ctrl-C, kill -9, then a run to the end: a job for each file and no other, every answer there."""
    run = str(uuid.uuid4())
    words = (
        "submit",
        str(folder),
        "--task",
        "extract",
        "--field",
        "monthly fee",
        "--metadata",
        f"run={run}",
        "-w",
    )
    for how, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
        with command.started(*words, "--concurrency", "4") as process:
            assert ended_after(process, 5, how) == code
    done = command(*words, "--output", "csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [row["file"] for row in rows] == sorted(str(path) for path in folder.iterdir())
    assert [row["answer.monthly fee"] for row in rows] == [f"EUR {number}" for number in range(FILES)]
    assert done.stderr.count("handed in before") >= 4
    mine = [job["job_id"] for job in every_job(api) if (job.get("metadata") or {}).get("run") == run]
    assert sorted(mine) == sorted(row["job_id"] for row in rows)


def every_job(api: Any) -> Iterator[Any]:
    """All jobs of the tenant."""
    cursor = None
    while True:
        page = api.list(limit=100, cursor=cursor)
        yield from page["jobs"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def test_the_commands_about_a_job(command: CommandLine, folder: Path) -> None:
    """Handed in, waited for, shown in every form, listed, verified; a wrong id is code 2."""
    handed = command("submit", str(folder / "01.txt"), "--task", "summarise")
    job_id = handed.stdout.strip()
    assert json.loads(command("get", job_id, "--wait", "--json").stdout)["status"] == "completed"
    (row,) = csv.DictReader(command("get", job_id, "-o", "csv").stdout.splitlines())
    assert (row["status"], row["job_id"]) == ("completed", job_id)
    events = [
        json.loads(line)["type"] for line in command("events", job_id, "-o", "jsonl").stdout.splitlines()
    ]
    assert events == ["accepted", "claimed", "completed"]
    assert command("verify", job_id).stdout == "ok: 3 events, chain intact\n"
    listed = command("list", "--task", "summarise", "-o", "jsonl").stdout.splitlines()
    assert job_id in [json.loads(line)["job_id"] for line in listed]
    assert "summarise" in command("usage").stdout
    estimate = command("estimate", str(folder), "--task", "summarise", "--json")
    assert len(json.loads(estimate.stdout)["files"]) == FILES
    wrong = command("get", str(uuid.uuid4()))
    assert (wrong.returncode, wrong.stderr) == (2, "error: 404 Not Found: There is no such job.\n")
    misused = command("submit", "--task", "summarise")
    assert (misused.returncode, misused.stderr.count("\n")) == (2, 1)


def test_a_profile_leads_to_the_system(system: Running, command: CommandLine) -> None:
    """Its key comes from standard input, is tried, and is used from then on; completion offers its name."""
    added = command("profiles", "add", "here", "--url", system.url, "--use", stdin=f"{system.key}\n")
    assert added.returncode == 0, added.stderr
    assert system.key not in added.stdout + added.stderr + command("profiles", "list").stdout
    wrong = command("profiles", "add", "wrong", "--url", system.url, stdin=f"{NOBODY}\n")
    assert wrong.returncode == 3
    asked = subprocess.run(
        [COMMAND],
        env={
            **command._environ,
            "_CLAIMCHECK_COMPLETE": "complete_bash",
            "COMP_WORDS": "claimcheck list --profile h",
            "COMP_CWORD": "3",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert asked.stdout.split() == ["here"]
    listed = subprocess.run(
        [COMMAND, "list", "--limit", "1"],
        env=command._environ,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert listed.returncode == 0, listed.stderr
