"""The HTTP interface of DESIGN section 3, against the running system."""

from __future__ import annotations

import base64
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest
from claimcheck.client.errors import ApiProblem
from standardwebhooks.webhooks import Webhook

from client.connection import read_up
from tests.contract.documented import CheckedTransport
from tests.integration.offline.control import Server
from tests.integration.services.observed import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.api import Api
    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

TEXT = (
    "Master Services Agreement. The monthly base fee is EUR 18,400. "
    "This Agreement is governed by the laws of Ireland. "
    "The Provider shall keep all personal data confidential."
)
UNKNOWN_KEY = f"ck_{'0' * 12}_{'a' * 43}"
DOCUMENT = {"text": TEXT, "name": "agreement.txt"}
BODIES: dict[str, dict[str, Any]] = {
    "summarise": {"document": DOCUMENT, "focus": "fees"},
    "extract": {"document": DOCUMENT, "fields": ["governing law", {"name": "base fee", "type": "money"}]},
    "evaluate": {"document": DOCUMENT, "criteria": ["The Provider shall keep personal data confidential"]},
}


@pytest.fixture
def http(system: Running) -> Iterator[httpx.Client]:
    """Plain HTTP with the tenant's key; every answer is held to the API's document."""
    with httpx.Client(
        base_url=system.url,
        headers={"Authorization": f"Bearer {system.key}"},
        timeout=60,
        trust_env=False,
        transport=CheckedTransport(system.url),
    ) as client:
        yield client


def finished(http: httpx.Client, job_id: str) -> dict[str, Any]:
    """The job once it is final."""
    for _ in range(6):
        job: dict[str, Any] = http.get(f"/jobs/{job_id}", headers={"Prefer": "wait=20"}).json()
        if job["status"] not in {"pending", "running"}:
            return job
    raise AssertionError(f"job {job_id} stays {job['status']}")


@pytest.mark.parametrize("task", list(BODIES))
def test_each_task_ends_completed_with_exact_evidence(http: httpx.Client, task: str) -> None:
    """A ticket leads to a completed job whose quotes stand in the document at their offsets."""
    ticket = http.post(f"/jobs/{task}", json=BODIES[task])
    assert ticket.status_code == 202
    assert ticket.headers["location"] == ticket.json()["links"]["self"]
    job = finished(http, ticket.json()["job_id"])
    assert job["status"] == "completed", job
    assert job["usage"]["model"] == "offline"
    text = http.get(f"/jobs/{job['job_id']}/document").json()["text"]
    quotes = [each for each in _evidence(job) if each["status"] == "exact"]
    assert quotes
    assert all(text[each["start"] : each["end"]] == each["quote"] for each in quotes)


def _evidence(job: dict[str, Any]) -> list[dict[str, Any]]:
    result = job["result"]
    groups = {
        "summarise": lambda: [point["evidence"] for point in result["key_points"]],
        "extract": lambda: list(result["evidence"].values()),
        "evaluate": lambda: [each["evidence"] for each in result["criteria"]],
    }[job["task"]]()
    return [each for group in groups for each in group]


def test_etag_gives_304(http: httpx.Client) -> None:
    """A job asked for again with its ETag is answered by 304 and no body."""
    job_id = http.post("/jobs/summarise", json=BODIES["summarise"]).json()["job_id"]
    finished(http, job_id)
    tag = http.get(f"/jobs/{job_id}").headers["etag"]
    again = http.get(f"/jobs/{job_id}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_list_pages_newest_first(http: httpx.Client) -> None:
    """A list is newest first, and its cursor leads to the page after."""
    ids = [http.post("/jobs/summarise", json=BODIES["summarise"]).json()["job_id"] for _ in range(3)]
    first = http.get("/jobs", params={"limit": 2}).json()
    assert [job["job_id"] for job in first["jobs"]] == [ids[2], ids[1]]
    second = http.get("/jobs", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert second["jobs"][0]["job_id"] == ids[0]


def test_cancel_is_idempotent(http: httpx.Client, system: Running) -> None:
    """A job is cancelled while its model call is under way; again, and after the call, it stays so."""
    text = f"File {uuid.uuid4()}. The monthly fee is EUR 400."
    model = Server(read_up(system.data)["services"]["model"])
    model.fault("delay", match=text, seconds=8)
    job_id = http.post("/jobs/summarise", json={"document": {"text": text}}).json()["job_id"]

    def job() -> dict[str, Any]:
        found: dict[str, Any] = http.get(f"/jobs/{job_id}").json()
        return found

    def under_way() -> bool:
        calls = model.control("GET", "/calls")["calls"]
        return any((call["fault"], call["status"]) == ("delay", None) for call in calls)

    wait_for("the model call", under_way)
    assert job()["status"] == "running"
    first = http.post(f"/jobs/{job_id}/cancel")
    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    assert http.post(f"/jobs/{job_id}/cancel").json() == first.json()
    wait_for("the call's end", lambda: job()["usage"]["calls"] == 1)
    after = http.post(f"/jobs/{job_id}/cancel").json()
    assert (after["status"], after["result"], after["completed_at"]) == (
        "cancelled",
        None,
        first.json()["completed_at"],
    )
    events = http.get(f"/jobs/{job_id}/events").json()["events"]
    assert [event["type"] for event in events] == ["accepted", "claimed", "cancelled"]
    done = http.post("/jobs/summarise", json=BODIES["summarise"]).json()["job_id"]
    assert finished(http, done)["status"] == "completed"
    assert http.post(f"/jobs/{done}/cancel").json()["status"] == "completed"


def test_a_pdf_is_read_with_its_pages(http: httpx.Client) -> None:
    """A PDF with a text layer is answered with the page of each quote."""
    content = base64.b64encode(_pdf("The governing law of this Agreement is the law of Ireland.")).decode()
    body = {"document": {"base64": content, "media_type": "application/pdf"}, "fields": ["governing law"]}
    job = finished(http, http.post("/jobs/extract", json=body).json()["job_id"])
    assert job["status"] == "completed", job
    assert job["result"]["coverage"]["pages"] == 1
    assert [each["page"] for each in _evidence(job)] == [1]


def test_a_webhook_arrives_signed(http: httpx.Client, receiver: Receiver) -> None:
    """The final state is posted with a signature that the public library accepts, and is logged."""
    body = {**BODIES["summarise"], "webhook_url": receiver.url, "metadata": {"case": "7"}}
    job_id = http.post("/jobs/summarise", json=body).json()["job_id"]
    headers, content = receiver.next()
    secret = http.get("/webhook-secret").json()["secrets"][0]["secret"]
    event = Webhook(secret).verify(content, headers)
    assert event["type"] == "job.completed"
    assert event["data"]["job_id"] == job_id
    assert event["data"]["metadata"] == {"case": "7"}

    def log() -> dict[str, Any]:
        delivery: dict[str, Any] = http.get(f"/jobs/{job_id}/deliveries").json()["deliveries"][0]
        return delivery

    wait_for("the delivery's outcome", lambda: log()["status"] == "delivered")
    assert [attempt["status_code"] for attempt in log()["attempts"]] == [204]


def test_problem_answers(http: httpx.Client) -> None:
    """Each refusal is a problem document with its status, code and request id."""
    unknown = "/jobs/01a20bf9-f05b-7f80-ac6d-f19c9f28eddf"
    cases = [
        (http.post("/jobs/translate", json={}), 404, "task_unknown"),
        (http.post("/jobs/extract", content=b"{"), 400, "json_malformed"),
        (http.post("/jobs/extract", json={"document": {}, "fields": ["a"]}), 422, "fields_invalid"),
        (http.post("/jobs/extract", content=b" " * 5_000_001), 413, "body_too_large"),
        (http.post("/jobs/extract", content=b" " * 10_500_000), 413, "body_too_large"),
        (http.get(unknown), 404, "job_not_found"),
        (http.post(f"{unknown}/cancel"), 404, "job_not_found"),
        (http.get("/jobs", params={"limit": "many"}), 400, "query_invalid"),
        (http.get("/jobs", headers={"Authorization": ""}), 401, "key_missing"),
        (http.get("/jobs", headers={"Authorization": "Bearer x"}), 401, "key_missing"),
        (
            http.get("/jobs", headers={"Authorization": f"Bearer ck_{'0' * 12}_{'a' * 43}"}),
            403,
            "key_refused",
        ),
        (http.get("/nothing"), 404, "route_not_found"),
    ]
    for answer, status, code in cases:
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.request.url
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"]


def test_a_refused_request_leaves_nothing(http: httpx.Client, system: Running) -> None:
    """After a refused request the database has as many jobs and documents as before."""

    def rows() -> tuple[int, int]:
        with psycopg.connect(read_up(system.data)["database_url"]) as connection:
            found = connection.execute(
                "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM documents)"
            ).fetchone()
            assert found is not None
            return found[0], found[1]

    before = rows()
    assert http.post("/jobs/extract", json={"document": DOCUMENT, "fields": []}).status_code == 422
    assert rows() == before


def test_the_client_names_the_field(api: Api) -> None:
    """The Python client raises a refusal with the pointer of the field at fault."""
    with pytest.raises(ApiProblem) as caught:
        api.submit("extract", {"document": DOCUMENT, "fields": ["a", "a"]})
    assert caught.value.errors[0].pointer.startswith("/fields")


class Receiver:
    """A customer's webhook receiver on this machine."""

    def __init__(self) -> None:
        self._got: list[tuple[dict[str, str], bytes]] = []
        got = self._got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def next(self) -> tuple[dict[str, str], bytes]:
        """Serve one call and return its headers and body."""
        self.server.timeout = 60
        self.server.handle_request()
        assert self._got, "no webhook came"
        return self._got.pop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers 204; it serves one call at a time, on demand."""
    one = Receiver()
    yield one
    one.server.server_close()


def _pdf(text: str) -> bytes:
    """A one-page PDF with a text layer, written by hand."""
    stream = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
        + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    )
