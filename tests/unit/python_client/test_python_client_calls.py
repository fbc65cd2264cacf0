"""The Python client against a server on loopback, in both of its kinds."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from claimcheck.client import (
    ApiProblem,
    Bytes,
    ClaimcheckError,
    Client,
    Criterion,
    Damaged,
    Field,
    Gone,
    Invalid,
    JobFailed,
    LimitReached,
    NotFound,
    Retries,
    ServiceFault,
    StorageRefused,
    Text,
    Throttled,
    UnexpectedAnswer,
    Unreachable,
    Uploaded,
    WaitTimedOut,
    calls,
    jsontext,
)
from claimcheck.client.errors import FieldFault
from claimcheck.client.models import ExtractResult

from openapi import examples
from tests.unit.client.standin import Answer, Asked, StandIn, script

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.python_client.driven import Kind

TICKET = Answer(202, examples.TICKET)
JOB: dict[str, Any] = examples.JOB
ID = JOB["job_id"]
DOCUMENT = {
    "document_id": "d-1",
    "status": "waiting",
    "name": "a.txt",
    "media_type": "text/plain",
    "bytes": 5,
    "sha256": "0" * 64,
    "created_at": "2026-11-30T00:00:00Z",
    "stored_at": None,
    "upload_until": None,
    "links": {},
    "upload": None,
}


def at(status: str, **more: Any) -> dict[str, Any]:
    """The job in a state."""
    return {**JOB, "status": status, "result": None, **more}


def uploading(server: list[StandIn], put: Callable[[], Answer]) -> Callable[[Asked], Answer]:
    """Answers announcements with an address of the same server, and uploads with what `put` says."""

    def answer(asked: Asked) -> Answer:
        if asked.method == "PUT":
            return put()
        if asked.path == "/documents":
            headers = {"Content-Length": str(asked.body["bytes"]), "x-amz-checksum-sha256": "c"}
            target = {"url": f"{server[0].url}/put?X-Amz-Signature=s", "method": "PUT", "headers": headers}
            target["expires_at"] = "2026-11-30T01:00:00Z"
            return Answer(201, {**DOCUMENT, "upload": target})
        return TICKET

    return answer


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("plain", {"text": "plain"}),
        (Text("plain", "a.md"), {"text": "plain", "name": "a.md"}),
        (Bytes("\ufeffgrößer".encode(), "a.txt"), {"text": "größer", "name": "a.txt"}),
        (Bytes(b"%PDF-", "a"), {"base64": "JVBERi0=", "media_type": "application/pdf", "name": "a"}),
        (Bytes(b"\xff\xfe\x00"), {"base64": "//4A", "media_type": "application/octet-stream"}),
        (Bytes(b"a,b", None, "text/csv"), {"base64": "YSxi", "media_type": "text/csv"}),
        (Uploaded("d-1"), {"document_id": "d-1"}),
    ],
    ids=["str", "text", "bytes of text", "pdf", "unknown", "typed", "uploaded"],
)
def test_a_document_goes_as_what_it_is(client_of: Kind, given: Any, sent: dict[str, str]) -> None:
    """Text as text, other bytes as base64 with what they are called, an uploaded one by its id."""
    with StandIn(script(TICKET)) as server, client_of(server.url, "ck_1") as client:
        client.summarise(given)
    assert server.asked[0].body == {"document": sent}


def test_each_task_is_asked_as_the_document_says(client_of: Kind, tmp_path: Path) -> None:
    """Fields, schemas, criteria and options become the body; deadlines and keys become headers."""
    file = tmp_path / "a.md"
    file.write_text("§ 1", encoding="utf-8")
    with StandIn(script(TICKET)) as server, client_of(f"{server.url}/prod/", "ck_1") as client:
        client.summarise(file, focus="money", metadata={"case": 7}, priority="economy")
        client.extract("a", fields=["x", Field("y", "money"), {"name": "z"}], cancel_after="90s")
        client.extract("a", schema={"type": "object"}, idempotency_key="mine")
        client.evaluate("a", criteria=["c", Criterion("d", "i")], max_cost_usd=0.5)
        with pytest.raises(ValueError, match="either fields or a schema"):
            client.extract("a")
    first, second, third, fourth = server.asked
    assert [asked.path for asked in server.asked] == [
        "/prod/jobs/summarise",
        *["/prod/jobs/extract"] * 2,
        "/prod/jobs/evaluate",
    ]
    document = {"text": "§ 1", "name": "a.md"}
    more = {"metadata": {"case": 7}, "priority": "economy"}
    assert first.body == {"document": document, "focus": "money", **more}
    assert second.body["fields"] == ["x", {"name": "y", "type": "money"}, {"name": "z"}]
    assert (second.headers["cancel-after"], third.headers["idempotency-key"]) == ("90s", "mine")
    assert third.body == {"document": {"text": "a"}, "schema": {"type": "object"}}
    assert fourth.body["criteria"] == ["c", {"criterion": "d", "id": "i"}]
    assert fourth.body["max_cost_usd"] == 0.5
    assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer ck_1"}
    assert first.headers["user-agent"].startswith("claimcheck-python/")
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 4


def test_a_submission_that_is_sent_again_is_the_same(client_of: Kind) -> None:
    """After 503 and 429: the same key, the same body, and the pause that was asked for."""
    answers = script(
        Answer(503, {}, {"Retry-After": "2"}),
        Answer(429, {"code": "throttled"}, {"Retry-After": "1"}),
        TICKET,
    )
    slept: list[float] = []
    with StandIn(answers) as server, client_of(server.url, "k", sleep=slept.append) as client:
        assert client.summarise("a").id == examples.TICKET["job_id"]
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 1
    assert len(server.asked) == 3
    assert 2 <= slept[0] < 3
    assert 1 <= slept[1] < 2


def test_waiting_asks_with_what_it_has(client_of: Kind) -> None:
    """Each round names the version that was seen; new states alone are told."""
    states = [
        Answer(200, at("pending"), {"ETag": '"1"'}),
        Answer(304),
        Answer(200, at("running"), {"ETag": '"2"'}),
        Answer(200, JOB, {"ETag": '"3"'}),
    ]
    seen: list[str] = []
    with StandIn(script(*states)) as server, client_of(server.url, "k", sleep=lambda _: None) as client:
        job = client.job(ID).wait(60, on_change=lambda job: seen.append(job.status))
    assert isinstance(job.answer(), ExtractResult)
    assert job.answer().fields == JOB["result"]["fields"]
    assert seen == ["pending", "running", "completed"]
    asked = [(each.headers.get("if-none-match"), each.headers.get("prefer")) for each in server.asked]
    assert asked == [(None, None), ('"1"', "wait=20"), ('"1"', "wait=20"), ('"2"', "wait=20")]


def test_waiting_is_not_prolonged_by_what_is_tried_again(client_of: Kind) -> None:
    """A pause that the time of the wait has no room for is not begun."""
    slept: list[float] = []
    away = Answer(503, {"title": "Away"}, {"Retry-After": "30"})
    with (
        StandIn(script(away)) as server,
        client_of(server.url, "k", sleep=slept.append) as c,
        pytest.raises(ServiceFault),
    ):
        c.wait(ID, timeout=5)
    assert (slept, len(server.asked)) == ([], 1)


def test_waiting_ends_in_time(client_of: Kind) -> None:
    """WaitTimedOut names the job; the last look is not held open."""
    with (
        StandIn(script(Answer(200, at("running"), {"ETag": '"1"'}))) as server,
        client_of(server.url, "k") as c,
        pytest.raises(WaitTimedOut, match=f"job {ID} is not final after 0.4 s") as caught,
    ):
        c.wait(ID, timeout=0.4)
    assert caught.value.job_id == ID
    assert [each.headers.get("prefer") for each in server.asked] == [None, "wait=1", None]


def test_a_job_without_a_result_says_why(client_of: Kind) -> None:
    """`answer()` raises what the job failed of."""
    error = {"code": "refused", "message": "Claude declined", "retryable": False, "attempts": 1}
    with (
        StandIn(script(Answer(200, at("failed", error=error)))) as server,
        client_of(server.url, "k") as client,
    ):
        job = client.get(ID)
    with pytest.raises(JobFailed, match="is failed: refused: Claude declined"):
        job.answer()


def test_a_long_result_is_fetched_without_the_key(client_of: Kind) -> None:
    """From where the job says, and read as what its task gives."""
    server: list[StandIn] = []

    def answer(asked: Asked) -> Answer:
        if asked.path == "/result":
            return Answer(200, JOB["result"])
        return Answer(200, at("completed", result_link={"url": f"{server[0].url}/result", "expires_s": 9}))

    with StandIn(answer) as standin, client_of(standin.url, "ck_1") as client:
        server.append(standin)
        job = client.get(ID)
    assert job.result == ExtractResult.model_validate(JOB["result"])
    assert job.result_link is None
    assert "authorization" not in standin.asked[1].headers


def test_a_text_from_a_link_is_held_to_its_digest(client_of: Kind) -> None:
    """Damaged where the storage gives another one."""
    server: list[StandIn] = []
    digests = [hashlib.sha256(b"the text").hexdigest(), "0" * 64]

    def answer(asked: Asked) -> Answer:
        if asked.path == "/text":
            return Answer(200, b"the text")
        link = {"url": f"{server[0].url}/text", "expires_s": 9, "sha256": digests.pop(0)}
        members = {"document_id": "d", "name": None, "media_type": "text/plain", "chars": 8}
        rest = {"page_starts": None, "image_pages": None, "text": None, "text_link": link}
        return Answer(200, {**members, **rest})

    with StandIn(answer) as standin, client_of(standin.url, "k") as client:
        server.append(standin)
        assert client.text(ID).text == "the text"
        with pytest.raises(Damaged, match="8 bytes that do not have the SHA-256 0000"):
            client.text(ID)


def test_the_original_is_fetched_from_its_address_or_lies_in_it(client_of: Kind) -> None:
    """Held to its digest either way; what was altered is refused, and what has not arrived is None."""
    digest = hashlib.sha256(b"a b").hexdigest()
    server: list[StandIn] = []
    addresses = ["data:text/plain;base64,YSBi", "data:text/plain,a%20b", "/file", "data:,a%20c", None]

    def answer(asked: Asked) -> Answer:
        if asked.path == "/file":
            return Answer(200, b"a b")
        address = addresses.pop(0)
        members = {"document_id": "d", "name": None, "media_type": "text/plain", "chars": None}
        rest: dict[str, Any] = {"page_starts": None, "image_pages": None, "text": None, "original": None}
        if address is not None:
            url = f"{server[0].url}{address}" if address.startswith("/") else address
            said = {"url": url, "media_type": "text/plain", "bytes": 3, "sha256": digest, "name": None}
            rest["original"] = {**said, "expires_at": None}
        return Answer(200, {**members, **rest})

    with StandIn(answer) as standin, client_of(standin.url, "k") as client:
        server.append(standin)
        assert [client.original(ID) for _ in range(3)] == [b"a b"] * 3
        with pytest.raises(Damaged):
            client.original(ID)
        assert client.original(ID) is None


def test_a_large_file_is_uploaded_first(client_of: Kind, tmp_path: Path) -> None:
    """Announced with its digest, put without the key, named by its id and by its own name."""
    file = tmp_path / "large.txt"
    content = b"a word " * 500_000
    file.write_bytes(content)
    server: list[StandIn] = []
    with StandIn(uploading(server, lambda: Answer(200))) as standin, client_of(standin.url, "ck_1") as client:
        server.append(standin)
        client.summarise(file)
    announced, put, submitted = standin.asked
    digest = hashlib.sha256(content).hexdigest()
    said = {"name": "large.txt", "media_type": "text/plain", "bytes": len(content), "sha256": digest}
    assert announced.body == said
    assert (put.content, put.headers["x-amz-checksum-sha256"]) == (content, "c")
    assert "authorization" not in put.headers
    assert submitted.body == {"document": {"document_id": "d-1", "name": "large.txt"}}


@pytest.mark.parametrize("document", ["ä" * 1_500_001, Text("ä" * 1_500_001)], ids=["str", "Text"])
def test_a_long_text_is_uploaded_first(client_of: Kind, document: str | Text) -> None:
    """As a file of its bytes would be."""
    server: list[StandIn] = []
    with StandIn(uploading(server, lambda: Answer(200))) as standin, client_of(standin.url, "k") as client:
        server.append(standin)
        client.summarise(document)
    announced, put, submitted = standin.asked
    assert (announced.body["media_type"], announced.body["bytes"]) == ("text/plain", 3_000_002)
    assert put.content.decode() == "ä" * 1_500_001
    assert submitted.body["document"]["document_id"] == "d-1"


def test_an_upload_that_breaks_is_sent_again_from_its_start(client_of: Kind) -> None:
    """Progress is told from zero again; a refusal is told at once."""
    outcomes = [Answer(0), Answer(200), Answer(400, b"<Error><Code>BadDigest</Code></Error>")]
    server: list[StandIn] = []
    heard: list[tuple[int, int]] = []
    with (
        StandIn(uploading(server, lambda: outcomes.pop(0))) as standin,
        client_of(standin.url, "k") as client,
    ):
        server.append(standin)
        client.upload(io.BytesIO(b"hello"), name="a", on_progress=lambda *at: heard.append(at))
        with pytest.raises(StorageRefused, match="refused the upload: 400 BadDigest"):
            client.upload(b"hello")
    assert [asked.content for asked in standin.asked if asked.method == "PUT"] == [b"hello"] * 3
    assert heard == [(5, 5)] * 2


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "job_not_found", NotFound),
        (410, "purged", Gone),
        (429, "too_many_tests", Throttled),
        (429, "spend_limit", LimitReached),
        (500, "internal", ServiceFault),
        (418, "new", ApiProblem),
    ],
)
def test_a_refusal_is_an_error_of_its_kind(
    client_of: Kind, status: int, code: str, kind: type[ApiProblem]
) -> None:
    """By status and code; with what the API says."""
    said = {"title": "No", "detail": "because", "code": code, "request_id": "r-1"}
    answer = Answer(status, said, {"Retry-After": "70"})
    with (
        StandIn(script(answer)) as server,
        client_of(server.url, "k", retries=None) as client,
        pytest.raises(kind) as caught,
    ):
        client.get(ID)
    problem = caught.value
    assert type(problem) is kind
    assert (problem.status, problem.code, problem.request_id, problem.retry_after) == (
        status,
        code,
        "r-1",
        70.0,
    )
    assert isinstance(problem, ClaimcheckError)


def test_faults_of_fields_are_pointed_at(client_of: Kind) -> None:
    """Pointer and detail of each, in one line as well."""
    errors = [{"pointer": "/fields/0", "detail": "is empty"}]
    said = {"title": "Unprocessable Content", "detail": "one", "code": "fields_invalid", "errors": errors}
    with (
        StandIn(script(Answer(422, said))) as server,
        client_of(server.url, "k") as client,
        pytest.raises(Invalid) as caught,
    ):
        client.summarise("")
    assert caught.value.errors == (FieldFault("/fields/0", "is empty"),)
    assert str(caught.value) == "422 Unprocessable Content: one (/fields/0 is empty)"


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", {"message": "Forbidden"}], ids=["html", "list", "gateway"]
)
def test_a_refusal_of_something_in_between_is_one_as_well(client_of: Kind, body: Any) -> None:
    """With its status, and the code `http_error`."""
    with (
        StandIn(script(Answer(403, body))) as server,
        client_of(server.url, "k") as client,
        pytest.raises(ApiProblem, match=r"^403 ") as caught,
    ):
        client.limits()
    assert caught.value.code == "http_error"


@pytest.mark.parametrize("body", [b"hello", b"\xff", b"[" * 100_000], ids=["text", "bytes", "deep"])
def test_another_service_at_the_address_is_told_apart(client_of: Kind, body: bytes) -> None:
    """What is no JSON does not come from Claimcheck."""
    with (
        StandIn(script(Answer(200, body))) as server,
        client_of(server.url, "k") as client,
        pytest.raises(Unreachable, match="is this the address of Claimcheck"),
    ):
        client.get(ID)


def test_json_of_another_service_is_unexpected(client_of: Kind) -> None:
    """The message names the place, and repeats nothing of what was answered."""
    with (
        StandIn(script(Answer(200, {"job_id": ["s3cret"]}))) as server,
        client_of(server.url, "k") as client,
        pytest.raises(UnexpectedAnswer, match="did not answer with a Job") as caught,
    ):
        client.get(ID)
    assert "s3cret" not in str(caught.value)


def test_nobody_at_the_address_is_unreachable(client_of: Kind) -> None:
    """Tried as often as `connecting` says; the request was not sent."""
    slept: list[float] = []
    with StandIn(script(TICKET)) as server:
        url = server.url
    with (
        client_of(url, "k", sleep=slept.append, retries=Retries(connecting=3)) as client,
        pytest.raises(Unreachable, match=f"cannot connect to {url}") as caught,
    ):
        client.limits()
    assert (len(slept), caught.value.sent) == (2, False)


def test_what_cannot_be_repeated_is_sent_once(client_of: Kind) -> None:
    """A new secret is not taken twice because an answer was lost; what was refused before the act is."""
    behind = Answer(503, {"code": "schema_behind"}, {"Retry-After": "0"})
    answers = script(behind, Answer(0), Answer(200, {"secrets": []}))
    with StandIn(answers) as server, client_of(server.url, "k", sleep=lambda _: None) as client:
        with pytest.raises(Unreachable, match="lost the connection"):
            client.rotate_webhook_secret()
        assert len(server.asked) == 2
        assert client.rotate_webhook_secret().secrets == []


def test_an_id_is_one_segment(client_of: Kind) -> None:
    """`../health` does not become another call."""
    with StandIn(script(Answer(404, {"title": "No"}))) as server, client_of(server.url, "k") as client:
        for each in ("../health", "a/b", "ü?x=1"):
            with pytest.raises(NotFound):
                client.get(each)
    assert [asked.path for asked in server.asked] == [
        "/jobs/%2E%2E%2Fhealth",
        "/jobs/a%2Fb",
        "/jobs/%C3%BC%3Fx%3D1",
    ]


def test_a_client_of_ones_own_stays_open_and_is_used() -> None:
    """Its transport is the way of calls and of uploads; closing ours does not close it."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.method == "PUT":
            return httpx.Response(200)
        upload = {"url": "https://bucket.example/a", "method": "PUT", "headers": {"Content-Length": "1"}}
        return httpx.Response(
            201, json={**DOCUMENT, "upload": {**upload, "expires_at": "2026-11-30T00:00:00Z"}}
        )

    with httpx.Client(transport=httpx.MockTransport(answer), timeout=7) as own:
        with Client("https://api.example/prod", "k", http=own) as client:
            client.upload(b"a")
        assert not own.is_closed
    assert [str(each.url) for each in asked] == [
        "https://api.example/prod/documents",
        "https://bucket.example/a",
    ]
    assert asked[0].extensions["timeout"]["read"] == 7


def test_a_held_call_has_the_time_it_is_held() -> None:
    """A read that takes as long as the wait is not taken for a hanging service."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        status = "running" if len(asked) == 1 else "completed"
        return httpx.Response(200, json={**JOB, "status": status}, headers={"ETag": '"1"'})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    with Client("https://api.example", "k", http=http, timeout=5, sleep=lambda _: None) as client:
        client.wait(ID)
    assert [each.extensions["timeout"]["read"] for each in asked] == [5, 25]


def test_json_is_given_as_it_came(client_of: Kind) -> None:
    """For what compares hashes: numbers keep how they were written."""
    with (
        StandIn(script(Answer(200, b'{"a": 12.50, "b": 1e2}'))) as server,
        client_of(server.url, "k") as client,
    ):
        assert jsontext.canonical(client.json(calls.limits())) == '{"a": 12.50, "b": 100}'
        assert json.loads(jsontext.written({"a": "ü", "b": [1.5]})) == {"a": "ü", "b": [1.5]}
