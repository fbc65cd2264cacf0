"""Nothing of a customer's and no secret is in anything that the running system logs, whatever happens."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from bench.memory_watch import workers_of
from client.connection import read_up
from tests.architecture.alarms import ROOT, template
from tests.e2e.canaries import Canaries, everything, forms
from tests.e2e.conftest import COMMAND, start
from tests.integration.functions.otlp_receiver import Collector
from tests.integration.functions.receiver import Receiver
from tests.integration.offline.control import Server
from tests.integration.services.observed import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("canaries")]

FINAL = {"completed", "partial", "failed", "cancelled"}
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 400},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "malformed"},
    {"kind": "schema"},
    {"kind": "truncate"},
    {"kind": "refusal"},
    {"kind": "reset"},
]


@dataclass
class Run:
    """A running system, its canaries, and what was asked of it."""

    system: Running
    said: Path
    canaries: Canaries
    receiver: Receiver
    collector: Collector
    jobs: dict[str, str] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Any:
        """A request as a caller sends it; a body that is no JSON goes as it is."""
        content = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
        headers["Authorization"] = f"Bearer {self.system.key}" if key is None else key
        return httpx.request(method, f"{self.system.url}{path}", content=content, headers=headers, timeout=30)

    def submit(self, name: str, task: str, **body: Any) -> str:
        """A job with canaries in all that a caller may write."""
        new = self.canaries.new
        body.setdefault("document", {"text": self.text(name), "name": new(f"name of {name}")})
        body.setdefault("metadata", {new(f"metadata key of {name}"): new(f"metadata of {name}")})
        answer = self.call(
            "POST",
            f"/jobs/{task}",
            body,
            **{"Idempotency-Key": self.canaries.plain(f"Idempotency-Key of {name}")},
        )
        assert answer.status_code == 202, answer.text
        self.jobs[name] = str(answer.json()["job_id"])
        return self.jobs[name]

    def text(self, name: str) -> str:
        """A document's text; the model's answer quotes it."""
        word = self.canaries.plain(f"text of {name}")
        return f"The {word} fee is EUR 400. {self.canaries.new(f'more text of {name}')} is agreed.\n"

    def hook(self, name: str) -> str:
        """A webhook's address with a secret in its query."""
        return f"{self.receiver.url}?token={self.canaries.plain(f'query of the webhook of {name}')}"

    def status(self, name: str) -> str:
        """What a job is."""
        return str(self.call("GET", f"/jobs/{self.jobs[name]}").json()["status"])

    def administrator(self) -> psycopg.Connection[Any]:
        """The embedded server's own user, who may change what it logs."""
        url = read_up(self.system.data)["database_url"]
        password = (self.system.data / "postgres.password").read_text().strip()
        return psycopg.connect(url, user="postgres", password=password, autocommit=True)

    def logged(self) -> dict[str, str]:
        """Everything, by file; the traces that were sent are one more."""
        sent = b"".join(self.collector.requests).decode(errors="replace")
        return {**everything(self.system.data, self.said), "/traces": sent}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The system after all that may happen to it, still running."""
    directory = tmp_path_factory.mktemp("canaries")
    collector, receiver = Collector(), Receiver()
    chosen = ("LogLevel=DEBUG", "Tracing=otlp", f"TracingEndpoint={collector.url}")
    parameters = [word for each in chosen for word in ("--parameter", each)]
    process, system = start(directory, "--allow-loopback-webhooks", *parameters)
    driven = Run(system, directory / "up.err", Canaries(), receiver, collector)
    try:
        receiver.answer = driven.canaries.new("receiver's answer").encode()
        _keep_secrets(driven)
        for play in (_goes_well, _fails, _is_refused, _is_broken, _meets_the_database):
            play(driven)
        yield driven
    finally:
        process.terminate()
        process.wait(20)
        receiver.close()
        collector.close()


def _keep_secrets(run: Run) -> None:
    """What the system made for itself, and a key that the operator makes."""
    keep = run.canaries.keep
    keep("API key", run.system.key)
    keep("secret part of the API key", run.system.key.split("_", 2)[2])
    for name in ("postgres.password",):
        keep(name, (run.system.data / name).read_text().strip())
    (secret,) = run.call("GET", "/webhook-secret").json()["secrets"]
    keep("webhook secret", secret["secret"].removeprefix("whsec_"))
    (rotated, *_) = run.call("POST", "/webhook-secret/rotate").json()["secrets"]
    keep("rotated webhook secret", rotated["secret"].removeprefix("whsec_"))
    asked = [COMMAND, "keys", "create", "--tenant", "local", "--json", "--data", str(run.system.data)]
    made = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout
    key = re.findall(r"ck_[0-9a-z]+_[\w-]{20,}", made)[0]
    keep("key made by the operator", key)
    assert run.call("GET", "/jobs", key=f"Bearer {key}").status_code == 200


def _goes_well(run: Run) -> None:
    """Each task, a document of each kind, an upload, webhooks that arrive and that do not."""
    new = run.canaries.new
    run.submit("summary", "summarise", focus=new("focus"), webhook_url=run.hook("summary"))
    named = [{"name": run.canaries.plain("field"), "description": new("description")}]
    page = f"<p>{run.text('page')}</p>".encode()
    document = {"base64": base64.b64encode(page).decode(), "media_type": "text/html"}
    run.submit("page", "extract", document=document, fields=named, webhook_url=run.hook("page"))
    criteria = [{"id": run.canaries.plain("criterion's id"), "criterion": new("criterion")}]
    run.submit("checked", "evaluate", criteria=criteria)
    content = run.text("upload").encode()
    digest = hashlib.sha256(content).hexdigest()
    said = {"name": new("uploaded name"), "media_type": "text/plain", "bytes": len(content), "sha256": digest}
    announced = run.call("POST", "/documents", said).json()
    target = announced["upload"]
    httpx.request(
        target["method"], target["url"], content=content, headers=target["headers"]
    ).raise_for_status()
    run.submit("upload", "summarise", document={"document_id": announced["document_id"]})
    _wait(run, "summary", "page", "checked", "upload")
    wait_for("two webhooks", lambda: len(run.receiver.posts) >= 2)
    run.receiver.status = 500
    run.submit("unheard", "summarise", webhook_url=run.hook("unheard"))
    run.submit("nowhere", "summarise", webhook_url=f"http://127.0.0.1:9/{run.canaries.plain('dead end')}")
    _wait(run, "unheard", "nowhere")
    wait_for("a third webhook", lambda: len(run.receiver.posts) >= 3)
    for name in run.jobs:
        for part in ("", "/events", "/document", "/deliveries"):
            assert run.call("GET", f"/jobs/{run.jobs[name]}{part}").status_code == 200
    run.call("DELETE", f"/jobs/{run.jobs['page']}")


def _fails(run: Run) -> None:
    """The model's errors and unusable answers quote the document; a damaged file; a worker that is killed."""
    model = Server(read_up(run.system.data)["services"]["model"])
    for number, fault in enumerate(FAULTS):
        name = f"fault {number}"
        text = run.text(name)
        word = run.canaries.values[f"text of {name}"]
        message = run.canaries.new(f"model's error {number}")
        model.fault(match=word, times=None, **{"message": message, **fault})
        run.submit(name, "summarise", document={"text": text})
    torn = b"%PDF-1.7\n" + run.text("damaged file").encode()
    document = {"base64": base64.b64encode(torn).decode(), "media_type": "application/pdf"}
    run.submit("damaged", "summarise", document=document)
    _wait(run, "fault 0", "fault 6", "damaged")
    assert {run.status(name) for name in ("fault 0", "fault 6", "damaged")} == {"failed"}
    text = run.text("killed")
    model.fault("hang", match=run.canaries.values["text of killed"])
    run.submit("killed", "summarise", document={"text": text})
    wait_for("a call", lambda: run.status("killed") == "running")
    database_url = read_up(run.system.data)["database_url"]
    workers = workers_of("claimcheck-ProcessFunction", database_url)
    assert workers
    for worker in workers:
        worker.kill()


def _is_refused(run: Run) -> None:
    """4xx of every kind, with a canary in what is refused."""
    new, plain = run.canaries.new, run.canaries.plain
    refused = [
        run.call("POST", "/jobs/summarise", f'{{"document": {new("broken JSON")}'),
        run.call("POST", "/jobs/summarise", {"document": {"text": new("refused text")}, new("member"): 1}),
        run.call("POST", "/jobs/extract", {"document": {"text": "x"}, "fields": [new("twice")] * 2}),
        run.call("POST", f"/jobs/{plain('task')}", {}),
        run.call("POST", "/jobs/summarise", {"document": {"base64": plain("bytes"), "media_type": "a/b"}}),
        run.call(
            "POST",
            "/jobs/summarise",
            {"document": {"text": "x"}, "webhook_url": f"http://canary.example/{plain('refused webhook')}"},
        ),
        run.call("POST", "/jobs/summarise", {"document": {"text": "x"}}, **{"Cancel-After": plain("time")}),
        run.call("GET", f"/jobs/{plain('id in a path')}"),
        run.call("GET", f"/jobs?status={plain('query')}"),
        run.call("GET", f"/{plain('route')}"),
        run.call("GET", "/jobs", key=f"Bearer ck_{uuid.uuid4().hex[:12]}_{plain('unknown key')}"),
        run.call("GET", "/jobs", key=f"Bearer {plain('malformed key')}"),
        run.call("GET", "/jobs", key=f"Basic {plain('other scheme')}"),
        run.call("POST", "/documents", {"name": new("refused name"), "media_type": plain("type")}),
    ]
    assert [answer.status_code for answer in refused if not 400 <= answer.status_code < 500] == []


def _is_broken(run: Run) -> None:
    """5xx: PostgreSQL refuses a row, whose values are the customer's."""
    _refuse(run)


def _meets_the_database(run: Run) -> None:
    """Every connection is cut while requests come; the next ones find a new connection."""
    with run.administrator() as database:
        _cut_connections(database)
    answers = [run.call("POST", "/jobs/summarise", {"document": {"text": run.text("cut")}}) for _ in range(3)]
    assert {answer.status_code for answer in answers} <= {202, 500, 503}


def _cut_connections(database: psycopg.Connection[Any]) -> None:
    """Those of the functions, and wait until they are gone."""
    cut = "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'claimcheck%'"
    ended = [pid for pid, _ in database.execute(cut).fetchall()]
    left = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)"
    wait_for("cut connections", lambda: database.execute(left, [ended]).fetchone() == (0,))


def _refuse(run: Run) -> None:
    """Have the database refuse a submission: its error quotes the row, and its log may."""
    with run.administrator() as database:
        database.execute(
            "ALTER TABLE jobs ADD CONSTRAINT small CHECK (params::text NOT LIKE '%canary%') NOT VALID"
        )
        body = {"document": {"text": run.text("refused row")}, "focus": run.canaries.plain("refused focus")}
        answer = run.call("POST", "/jobs/summarise", body)
        database.execute("ALTER TABLE jobs DROP CONSTRAINT small")
    assert answer.status_code == 500, answer.text


def _wait(run: Run, *names: str) -> None:
    wait_for("final jobs", lambda: all(run.status(name) in FINAL for name in names))


def test_no_canary_is_in_anything_that_was_logged(run: Run) -> None:
    """Functions, gateway, emulator, model, database and `up` itself: in no form that a log may have."""
    logged = run.logged()
    assert len(run.canaries.values) > 60
    found = {path: run.canaries.found_in(text) for path, text in logged.items()}
    assert {path: leaks for path, leaks in found.items() if leaks} == {}


def test_what_was_searched_is_what_was_logged(run: Run) -> None:
    """Every function that was called wrote lines, and PostgreSQL told of the refused row."""
    logged = {path.rpartition("/")[2]: text for path, text in run.logged().items()}
    for function in (
        "Authorize",
        "Submit",
        "Documents",
        "Status",
        "Process",
        "Uploads",
        "Webhooks",
        "Notify",
    ):
        assert "REPORT RequestId" in logged[f"{function}Function.log"], function
    for function in ("Authorize", "Submit", "Status", "Process", "Notify", "Record"):
        assert '"function_request_id"' in logged[f"{function}Function.log"], function
    assert "violates check constraint" in logged["postgres.log"]
    assert "FROM accept_job(" in logged["postgres.log"]  # the statement, without its parameters
    assert "job worked on" in logged["ProcessFunction.log"]
    assert "signal: killed" in logged["ProcessFunction.log"]
    assert '"webhook posted"' in logged["NotifyFunction.log"]
    assert len(logged) > 12


def test_a_job_is_one_trace_through_real_processes(run: Run) -> None:
    """From the request to the webhook's outcome, each in a function of its own."""
    mine = [
        span
        for span in run.collector.spans()
        if span.attributes.get("claimcheck.job_id") == run.jobs["summary"]
    ]
    (attempt,) = [span for span in mine if span.name == "attempt summarise"]
    trace = [span for span in run.collector.spans() if span.trace_id == attempt.trace_id]
    assert {"POST /jobs/{id}", "POST webhook", "record outcome"} <= {span.name for span in trace}
    assert len({span.resource["faas.name"] for span in trace}) == 4
    (outcome,) = [span for span in trace if span.name == "record outcome"]
    assert outcome.resource["faas.name"].startswith("claimcheck-Record")


def test_every_line_of_a_job_has_its_ids(run: Run) -> None:
    """In real processes as well: each line about work on a job names the job, its tenant and the request."""
    about = ("job accepted", "job worked on", "attempt failed", "webhook posted", "webhook recorded")
    lines = [
        json.loads(line)
        for path, text in run.logged().items()
        if path.endswith("Function.log")
        for line in text.splitlines()
        if line.startswith("{") and '"level"' in line
    ]
    assert {line["message"] for line in lines} >= set(about)
    for line in lines:
        assert line["function_request_id"]
        if line["message"] in about:
            assert {"job_id", "tenant_id"} <= line.keys(), line["message"]
    accepted = {line["job_id"] for line in lines if line["message"] == "job accepted"}
    assert set(run.jobs.values()) <= accepted


@pytest.mark.parametrize("name", [name for name, _ in forms("abc")])
def test_a_leak_in_any_form_is_found(name: str) -> None:
    """The search finds a planted leak, wherever in a line it stands."""
    canaries = Canaries()
    secret = canaries.new("planted")
    written = dict(forms(secret))[name]
    planted = f'{{"message": "x {written} y"}}\n{{"other": "line"}}'
    assert [kind for kind, _, _ in canaries.found_in(planted)]
    assert canaries.found_in('{"message": "canary"}') == []


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_leak_inside_of_base64_is_found(before: str) -> None:
    """Encoded with what stands around it, at any offset."""
    canaries = Canaries()
    text = f"{before}{canaries.new('planted')} and more"
    assert canaries.found_in(base64.b64encode(text.encode()).decode())
    assert canaries.found_in(base64.urlsafe_b64encode(text.encode()).decode())


def test_a_leak_of_the_database_is_found(run: Run) -> None:
    """With other settings the refused statement's parameters are in its log, and the search sees them."""
    with run.administrator() as database:
        for role in ("claimcheck", "claimcheck_api"):
            if database.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                for setting in ("log_error_verbosity = 'default'", "log_parameter_max_length_on_error = -1"):
                    database.execute(f"ALTER ROLE {role} SET {setting}".encode())
        _cut_connections(database)
    run.canaries.values.clear()
    _refuse_until_logged(run)
    found = run.canaries.found_in((run.system.data / "logs" / "postgres.log").read_text(errors="replace"))
    assert "refused focus" in {kind for kind, _, _ in found}


def _refuse_until_logged(run: Run) -> None:
    """The first request after a cut connection may be answered 503."""
    for _ in range(3):
        try:
            _refuse(run)
        except AssertionError:
            continue
        return
    pytest.fail("the database refused nothing")


def test_the_database_on_aws_logs_as_little() -> None:
    """The parameter group of RDS has the settings under which the search found nothing."""
    from local.postgres import _SETTINGS

    group = template("infra/database.yaml")["Resources"]["Parameters"]["Properties"]["Parameters"]
    for name in ("log_error_verbosity", "log_parameter_max_length", "log_parameter_max_length_on_error"):
        assert str(group[name]) == _SETTINGS[name], name
    assert group.get("log_statement", "none") == "none"
    assert "log_min_error_statement" not in group or group["log_min_error_statement"] != "debug5"


def test_the_access_log_has_nothing_that_a_caller_writes() -> None:
    """API Gateway's format names ids, the route, the outcome and times; no path, query, header or body."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    (chosen,) = re.findall(r"^ +Format: '(.*)'$", text, re.MULTILINE)
    assert json.loads(chosen.replace("$context.status", "0"))
    assert set(re.findall(r"\$context\.([\w.]+)", chosen)) <= {
        "authorizer.tenant_id",
        "error.responseType",
        "httpMethod",
        "identity.sourceIp",
        "integrationLatency",
        "requestId",
        "requestTimeEpoch",
        "resourcePath",
        "responseLatency",
        "responseLength",
        "status",
    }
