"""The HTTP client against a server on loopback."""

from __future__ import annotations

import hashlib
import socket

import pytest
from claimcheck.client.errors import ApiProblem, Damaged, StorageRefused, Unreachable

from client.api import Api
from tests.unit.client.standin import Answer, Asked, StandIn, job, script

TICKET = {"job_id": "0193-a", "status": "pending", "created_at": "…", "links": {}}


def test_submit_sends_key_body_and_an_idempotency_key() -> None:
    """A submission is authorised and carries an idempotency key of its own."""
    with StandIn(script(Answer(202, TICKET))) as server, Api(server.url, "ck_1") as api:
        assert api.submit("extract", {"fields": ["a"]})["job_id"] == "0193-a"
        api.submit("extract", {}, "mine")
    first, second = server.asked
    assert (first.method, first.path, first.body) == ("POST", "/jobs/extract", {"fields": ["a"]})
    assert first.headers["authorization"] == "Bearer ck_1"
    assert len(first.headers["idempotency-key"]) > 20
    assert second.headers["idempotency-key"] == "mine"


def test_a_submission_that_is_tried_again_keeps_its_idempotency_key() -> None:
    """After 503 the same submission is sent again, so that the service can tell that it is the same."""
    answers = script(Answer(503, {}, {"Retry-After": "2"}), Answer(202, TICKET))
    slept: list[float] = []
    with StandIn(answers) as server, Api(server.url, "k", sleep=slept.append) as api:
        api.submit("extract", {})
    assert 2 <= slept[0] < 3
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 1


def test_retry_after_beyond_our_patience_is_not_waited_for() -> None:
    """A server that asks for an hour gets its refusal reported instead."""
    slept: list[float] = []
    answer = Answer(429, {"title": "Too many requests"}, {"Retry-After": "3600"})
    with (
        StandIn(script(answer)) as server,
        Api(server.url, "k", sleep=slept.append) as api,
        pytest.raises(ApiProblem, match="429 Too many requests"),
    ):
        api.get("a")
    assert slept == []


def test_a_server_that_refuses_for_ever_is_given_up() -> None:
    """Even `Retry-After: 0` ends, once our patience is spent."""
    with (
        StandIn(script(Answer(503, {}, {"Retry-After": "0"}))) as server,
        Api(server.url, "k", sleep=lambda _: None, patience=2) as api,
        pytest.raises(ApiProblem),
    ):
        api.get("a")
    assert 1 < len(server.asked) < 25


def test_retry_after_may_be_a_date() -> None:
    """A date in the past means: now."""
    slept: list[float] = []
    past = Answer(429, {}, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    with StandIn(script(past, Answer(200, job()))) as server, Api(server.url, "k", sleep=slept.append) as api:
        assert api.get("a")["status"] == "completed"
    assert 0 <= slept[0] < 0.2


def test_nobody_at_the_address_says_what_to_do() -> None:
    """A refused connection is one line that names the address and the command."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with Api(url, "k") as api, pytest.raises(Unreachable) as caught:
            api.get("a")
    assert str(caught.value) == f"cannot connect to {url}: is it running, and is this its address?"


def test_an_answer_that_is_no_json_is_unreachable() -> None:
    """Some other server at the address is told apart from ours."""
    with (
        StandIn(script(Answer(200, b"hello"))) as server,
        Api(server.url, "k") as api,
        pytest.raises(Unreachable, match="is this the address of Claimcheck"),
    ):
        api.get("a")


def test_wait_polls_with_its_etag_until_final() -> None:
    """Each poll names the state already seen; `on_change` hears of new states only."""
    states = [
        Answer(200, job("pending"), {"ETag": '"1"'}),
        Answer(304),
        Answer(200, job("running"), {"ETag": '"2"'}),
        Answer(200, job("completed"), {"ETag": '"3"'}),
    ]
    seen: list[str] = []
    with StandIn(script(*states)) as server, Api(server.url, "k", sleep=lambda _: None) as api:
        final = api.wait("a", lambda job: seen.append(job["status"]))
    assert final["status"] == "completed"
    assert seen == ["pending", "running", "completed"]
    asked = [(a.headers.get("if-none-match"), a.headers.get("prefer")) for a in server.asked]
    assert asked == [(None, None), ('"1"', "wait=20"), ('"1"', "wait=20"), ('"2"', "wait=20")]


def test_wait_does_not_spin_where_the_wait_is_ignored() -> None:
    """A proxy that answers at once, whatever was preferred, is polled with pauses."""
    slept: list[float] = []
    answers = script(Answer(200, job("pending")), Answer(200, job("running")), Answer(200, job()))
    with StandIn(answers) as server, Api(server.url, "k", sleep=slept.append) as api:
        api.wait("a")
    assert len(slept) == 2
    assert all(0.1 < pause <= 0.25 for pause in slept)


def test_list_asks_only_for_what_was_given() -> None:
    """Filters that were not given are not sent."""
    with (
        StandIn(script(Answer(200, {"jobs": [], "next_cursor": None}))) as server,
        Api(server.url, "k") as api,
    ):
        assert api.list(status="failed", limit=5)["jobs"] == []
    assert server.asked[0].path == "/jobs?status=failed&limit=5"


def linked(asked: Asked, *, content: bytes, status: int = 200) -> Answer:
    """An API whose results lie under an address of the same server."""
    if asked.path == "/bucket/result?sig=1":
        return Answer(status, content)
    url = f"http://{asked.headers['host']}/bucket/result?sig=1"
    return Answer(200, job(result_link={"url": url, "expires_s": 300}), {"ETag": '"1"'})


def test_a_result_that_is_linked_to_is_fetched() -> None:
    """`get` and `wait` give the job with its result, numbers as they were sent; the storage gets no key."""
    content = b'{"fields": {"x": 12.50}}'
    with StandIn(lambda asked: linked(asked, content=content)) as server, Api(server.url, "ck_1") as api:
        for found in (api.get("a"), api.wait("a")):
            assert "result_link" not in found
            assert found["result"] is not None
            assert found["result"]["fields"]["x"].text == "12.50"
    assert [asked.headers.get("authorization") for asked in server.asked] == ["Bearer ck_1", None] * 2


@pytest.mark.parametrize(
    ("content", "status", "what"),
    [(b"<Code>AccessDenied</Code>", 403, "AccessDenied"), (b'{"fields', 200, "answered with no JSON")],
)
def test_a_result_that_cannot_be_fetched_is_an_error(content: bytes, status: int, what: str) -> None:
    """A link that has expired, and a body that was cut, are errors that say so."""
    with (
        StandIn(lambda asked: linked(asked, content=content, status=status)) as server,
        Api(server.url, "k") as api,
        pytest.raises((StorageRefused, Unreachable), match=what),
    ):
        api.get("a")


def linked_text(asked: Asked, *, content: bytes, sha256: str | None) -> Answer:
    """An API whose texts lie under an address of the same server."""
    if asked.path == "/bucket/text":
        return Answer(200, content, {"Content-Type": "text/plain; charset=utf-8"})
    link = {"url": f"http://{asked.headers['host']}/bucket/text", "expires_s": 300, "sha256": sha256}
    members = {"document_id": "d", "name": None, "media_type": "text/plain", "chars": 5}
    rest = {"page_starts": None, "image_pages": None, "text": None, "text_link": link}
    return Answer(200, {**members, **rest})


DIGEST = hashlib.sha256("Größe".encode()).hexdigest()


@pytest.mark.parametrize("said", [DIGEST, None])
def test_a_text_that_is_linked_to_is_fetched(said: str | None) -> None:
    """Also one whose digest the API does not know."""

    def answer(asked: Asked) -> Answer:
        return linked_text(asked, content="Größe".encode(), sha256=said)

    with StandIn(answer) as server, Api(server.url, "k") as api:
        assert api.document("a") == "Größe"


@pytest.mark.parametrize("content", ["Grösse".encode(), b"", "Größe\n".encode()])
def test_another_text_than_was_read_is_refused(content: bytes) -> None:
    """Offsets point into the text that was read: another one is no answer, and the error says so."""

    def answer(asked: Asked) -> Answer:
        return linked_text(asked, content=content, sha256=DIGEST)

    with (
        StandIn(answer) as server,
        Api(server.url, "k") as api,
        pytest.raises(Damaged, match=f"{len(content)} bytes .* {DIGEST}.*try again") as caught,
    ):
        api.document("a")
    assert "Gr" not in str(caught.value)


@pytest.mark.parametrize("job_id", ["../health", "a/b", "a?b", "..", "é"])
def test_an_id_stays_one_segment_of_the_path(job_id: str) -> None:
    """Whatever was typed as an id asks for a job, never for another route."""
    with (
        StandIn(script(Answer(404, {"title": "No such job"}))) as server,
        Api(server.url, "k") as api,
        pytest.raises(ApiProblem),
    ):
        api.cancel(job_id)
    assert server.asked[0].path.startswith("/jobs/")
    assert server.asked[0].path.count("/") == 3
    assert server.asked[0].path.endswith("/cancel")


def test_numbers_of_a_result_keep_their_literal() -> None:
    """What digests are taken over survives the client."""

    def answer(_: Asked) -> Answer:
        return Answer(200, b'{"job_id": "a", "status": "completed", "result": {"x": 12.50}}')

    with StandIn(answer) as server, Api(server.url, "k") as api:
        result = api.get("a").get("result")
    assert result is not None
    assert result["x"].text == "12.50"
