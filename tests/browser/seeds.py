"""What the pages are shown with: a job of each kind, webhooks that arrived or failed, and enough to page."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx

from client.connection import read_up

if TYPE_CHECKING:
    from client.api import Api
    from tests.e2e.conftest import Running

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MANY = 27  # jobs beside the named ones: with them more than a page of the list
FINAL_WITHIN_S = 60
CUT = "which cannot be answered: every answer to it is cut off"
READ_OFF = "read off the picture"


@dataclass(frozen=True, slots=True)
class Seeds:
    """The ids of finished jobs."""

    text: str  # extract of a Markdown text, with a webhook that arrived
    pdf: str  # extract of a PDF
    heavy: str  # extract of a PDF whose bytes lie in the bucket, not in the database
    playbook: str  # evaluate of the same PDF
    scan: str  # extract of a scan with recognised words
    picture: str  # extract of a scan without words: evidence `image`
    summary: str
    unproven: str  # one quote that was not found, one that was found but for its writing
    partial: str
    failed: str  # a damaged PDF, with a webhook that nobody takes
    receiver: str  # the address of the receiver


class Model:
    """The offline model's controls."""

    def __init__(self, system: Running) -> None:
        self._address = str(read_up(system.data)["services"]["model"])

    def fault(self, match: str, times: int | None = 1, **fault: Any) -> None:
        """The next `times` calls whose question or document holds `match` end so."""
        body = {"match": match, "times": times, "fault": fault}
        httpx.post(f"{self._address}/faults", json=body, timeout=10).raise_for_status()

    def dictate(self, match: str, answer: dict[str, Any]) -> None:
        """The next call whose question holds `match` is answered so."""
        self.fault(match, kind="answer", message=json.dumps(answer))

    def clear(self) -> None:
        """Forget what was asked for and has not been met."""
        httpx.delete(f"{self._address}/faults", timeout=10).raise_for_status()


class Receiver:
    """Takes webhooks on loopback: 204 at every path but `/broken`, which answers 500."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(500 if self.path.startswith("/broken") else 204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""


def asked(name: str) -> list[dict[str, Any]]:
    """A set of questions of examples/, as `contract-review.fields`."""
    questions: list[dict[str, Any]] = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return questions


def document(name: str) -> dict[str, str]:
    """A sample document as a submission takes it."""
    path = EXAMPLES / name
    if path.suffix == ".pdf":
        content = base64.b64encode(path.read_bytes()).decode("ascii")
        return {"base64": content, "media_type": "application/pdf", "name": name}
    return {"text": path.read_text(encoding="utf-8"), "name": name}


def heavy(comment_bytes: int) -> bytes:
    """The contract as PDF with a comment of about that size before its table of objects."""
    body = (EXAMPLES / "services-contract.pdf").read_bytes()
    table, start = body.rindex(b"xref\n0"), body.rindex(b"startxref")
    comment = b"%" + b"claimcheck " * (comment_bytes // 11) + b"\n"
    end = b"startxref\n%d\n%%%%EOF\n" % (table + len(comment))
    return body[:table] + comment + body[table:start] + end


def _heavy() -> dict[str, str]:
    encoded = base64.b64encode(heavy(300_000)).decode("ascii")
    return {"base64": encoded, "media_type": "application/pdf", "name": "services-contract-heavy.pdf"}


def sown(api: Api, model: Model, receiver: Receiver) -> Seeds:
    """Hand everything in and wait for it."""
    _dictate(model)
    broken = base64.b64encode(b"%PDF-1.4 damaged").decode("ascii")
    contract, review = document("services-contract.pdf"), asked("contract-review.fields")
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "failed": (
            "extract",
            {
                "document": {"base64": broken, "media_type": "application/pdf", "name": "damaged.pdf"},
                "fields": ["governing law"],
                "webhook_url": f"{receiver.url}/broken",
            },
        ),
        "partial": (
            "extract",
            {
                "document": document("services-contract.md"),
                "fields": ["governing law", {"name": "warranty", "description": f"The warranty, {CUT}"}],
            },
        ),
        "picture": (
            "extract",
            {
                "document": document("plumbers-report-scan.pdf"),
                "fields": [
                    {"name": "report_number", "description": f"The number, {READ_OFF}"},
                    {"name": "total", "type": "money"},
                ],
            },
        ),
        "unproven": (
            "evaluate",
            {
                "document": document("loan-application.md"),
                "criteria": [
                    {"id": "normalised", "criterion": "The company has 34 employees (dictated)."},
                    {"id": "invented", "criterion": "A second guarantee is given (dictated)."},
                ],
            },
        ),
        "scan": (
            "extract",
            {
                "document": document("insurance-claim-scan.pdf"),
                "fields": asked("insurance-claim-triage.fields"),
            },
        ),
        "summary": ("summarise", {"document": document("annual-report.md"), "focus": "profit and outlook"}),
        "playbook": ("evaluate", {"document": contract, "criteria": asked("contract-review.criteria")}),
        "heavy": ("extract", {"document": _heavy(), "fields": review}),
        "pdf": ("extract", {"document": contract, "fields": review}),
        "text": (
            "extract",
            {
                "document": document("services-contract.md"),
                "fields": review,
                "webhook_url": f"{receiver.url}/contracts",
                "metadata": {"contract": "MSA-2026-0417"},
            },
        ),
    }
    for number in range(MANY):
        note = {"text": f"Note {number}. The parties met on 3 May 2026.", "name": f"note-{number:02}.txt"}
        bodies[f"note {number}"] = ("summarise", {"document": note})
    # Two at a time, each to its end: many at once would have as many environments started for them.
    notes = [name for name in bodies if name.startswith("note")]
    named = [name for name in bodies if name not in notes]
    with ThreadPoolExecutor(2) as pool:
        ended: dict[str, tuple[str, str]] = {}
        for names in (notes, named):  # the named ones last, so that they lead the list
            ended |= dict(zip(names, pool.map(lambda name: _done(api, *bodies[name]), names), strict=True))
    expected = {"failed": "failed", "partial": "partial"}
    assert {name: status for name, (_, status) in ended.items()} == {
        name: expected.get(name, "completed") for name in bodies
    }
    model.clear()
    return Seeds(**{name: ended[name][0] for name in named}, receiver=receiver.url)


def _dictate(model: Model) -> None:
    """Answers that the stand-in would not give."""
    model.fault(CUT, None, kind="truncate")
    number, total = "[page 1] Report number: BHS-0119-26", "[page 1] Total £280.20"
    picture = [
        {"field": "f1", "value": "BHS-0119-26", "quotes": [number]},
        {"field": "f2", "value": "GBP 280.20", "quotes": [total]},
    ]
    model.dictate(READ_OFF, {"answers": picture})
    reasoning = "Said by a test."
    verdicts = [
        ("c1", "NUMBER OF EMPLOYEES: 34"),
        ("c2", "Edwin Fennimore gives a second personal guarantee of GBP 900,000."),
    ]
    said = [
        {"criterion": c, "verdict": "pass", "basis": "stated", "reasoning": reasoning, "quotes": [quote]}
        for c, quote in verdicts
    ]
    model.dictate("(dictated)", {"verdicts": said})


def _done(api: Api, task: str, body: dict[str, Any]) -> tuple[str, str]:
    """A job's id and how it ended."""
    job_id = api.submit(task, body)["job_id"]
    return job_id, api.wait(job_id)["status"]
