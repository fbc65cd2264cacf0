"""What may happen to a system with canaries in it: it goes well, fails, is refused, broken and cut off."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import uuid
from typing import TYPE_CHECKING, Any

import httpx

from bench.memory_watch import workers_of
from client.connection import read_up
from tests.e2e.conftest import COMMAND
from tests.integration.offline.control import Server
from tests.integration.services.observed import wait_for

if TYPE_CHECKING:
    import psycopg

    from tests.e2e.canary_run import Run

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


def keep_secrets(run: Run) -> None:
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


def goes_well(run: Run) -> None:
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


def fails(run: Run) -> None:
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


def is_refused(run: Run) -> None:
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


def is_broken(run: Run) -> None:
    """5xx: PostgreSQL refuses a row, whose values are the customer's."""
    refuse(run)


def meets_the_database(run: Run) -> None:
    """Every connection is cut while requests come; the next ones find a new connection."""
    with run.administrator() as database:
        cut_connections(database)
    answers = [run.call("POST", "/jobs/summarise", {"document": {"text": run.text("cut")}}) for _ in range(3)]
    assert {answer.status_code for answer in answers} <= {202, 500, 503}


def cut_connections(database: psycopg.Connection[Any]) -> None:
    """Those of the functions, and wait until they are gone."""
    cut = "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'claimcheck%'"
    ended = [pid for pid, _ in database.execute(cut).fetchall()]
    left = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)"
    wait_for("cut connections", lambda: database.execute(left, [ended]).fetchone() == (0,))


def refuse(run: Run) -> None:
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
