"""The body of a submission is accepted whole or refused with pointers to what is wrong."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from claimcheck.refusals import InvalidRequest, UnknownTask
from claimcheck.tasks import TASKS
from claimcheck.tasks.submission import ParsedRequest, parse_request, pointer
from claimcheck.webhooks.endpoint import Rules
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tasks.concluding import asked
from tests.unit.webhooks.guard_table import ALLOWED, LITERAL, RESOLVED, SYNTAX, Row

DOCUMENT = {"text": "The net profit was EUR 5."}
LOCAL = Rules(allow_loopback=True)


def parse(task: str, **fields: Any) -> ParsedRequest:
    return parse_request(task, json.dumps({"document": DOCUMENT, **fields}).encode())


def refused(task: str, body: bytes | dict[str, Any]) -> InvalidRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(InvalidRequest) as caught:
        parse_request(task, raw)
    return caught.value


def pointers(task: str, **fields: Any) -> list[str]:
    return [error.pointer for error in refused(task, {"document": DOCUMENT, **fields}).errors]


def test_a_full_request_comes_back_in_parts() -> None:
    """Shared fields and the task's own part are told apart; the own part is ready for JSON."""
    parsed = parse(
        "summarise",
        focus="profit",
        webhook_url="https://example.org/hook",
        metadata={"case": [1, None]},
        max_cost_usd=1,
        priority="economy",
    )
    assert parsed.params == {"focus": "profit"}
    assert parsed.metadata == {"case": [1, None]}
    assert (parsed.webhook_url, parsed.max_cost_usd, parsed.priority) == (
        "https://example.org/hook",
        1.0,
        "economy",
    )
    assert parsed.document.content() == (b"The net profit was EUR 5.", "text/plain")


def test_base64_documents_give_their_bytes() -> None:
    """A base64 document gives its decoded bytes and its media type."""
    source = {"base64": base64.b64encode(b"%PDF-").decode(), "media_type": "application/pdf", "name": "a.pdf"}
    assert parse("summarise", document=source).document.content() == (b"%PDF-", "application/pdf")


def test_an_unknown_task_is_told_apart() -> None:
    """A task that does not exist is UnknownTask, whatever the body is, and names those that exist."""
    with pytest.raises(UnknownTask) as caught:
        parse_request("translate", b"{")
    assert caught.value.known == ("summarise", "extract", "evaluate")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff{}",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b"1" * 5000,
        b"[" * 100_000,
        b"[" * 500 + b"]" * 500,
    ],
)
def test_what_is_no_json_is_400(body: bytes) -> None:
    """Malformed JSON, duplicate keys, NaN, invalid UTF-8 and bottomless nesting are 400 json_malformed."""
    error = refused("summarise", body)
    assert (error.status, error.code, error.errors) == (400, "json_malformed", ())


@pytest.mark.parametrize(
    ("document", "at"),
    [
        (None, "/document"),
        ("text", "/document"),
        ({}, "/document"),
        ({"text": "a", "document_id": "019a0000-0000-7000-8000-000000000000"}, "/document"),
        ({"text": " \n"}, "/document/text"),
        ({"text": 5}, "/document/text"),
        ({"text": "a\x00b"}, "/document/text"),
        ({"text": "a\ud800"}, "/document/text"),
        ({"base64": "aGk="}, "/document"),
        ({"base64": "a*k=", "media_type": "text/plain"}, "/document/base64"),
        ({"base64": "", "media_type": "text/plain"}, "/document/base64"),
        ({"base64": "aGk=", "media_type": "image/x-icon"}, "/document/media_type"),
        ({"text": "a", "media_type": "text/plain"}, "/document"),
        ({"document_id": "none"}, "/document/document_id"),
        ({"text": "a", "url": "x"}, "/document/url"),
        ({"text": "a", "name": ""}, "/document/name"),
    ],
)
def test_bad_documents_are_pointed_at(document: Any, at: str) -> None:
    """Every fault of the document source has its pointer."""
    assert pointers("summarise", document=document) == [at]


@pytest.mark.parametrize("row", [*LITERAL, *SYNTAX], ids=lambda row: row.name)
def test_webhooks_are_refused_by_their_form(row: Row) -> None:
    """What the guard refuses without a resolver is refused here in the same words, with its pointer."""
    (error,) = refused("summarise", {"document": DOCUMENT, "webhook_url": row.url}).errors
    assert error.pointer == "/webhook_url"
    assert error.detail.startswith(row.refused) or "NUL" in error.detail


@pytest.mark.parametrize("row", [*ALLOWED, *RESOLVED], ids=lambda row: row.name)
def test_webhooks_are_not_resolved(row: Row) -> None:
    """A name is taken as it is written: where it leads is asked at each attempt, and not here."""
    assert parse("summarise", webhook_url=row.url).webhook_url == row.url


def test_webhook_ports_are_those_of_the_deployment() -> None:
    """A port is taken where the deployment allows it, and the runtime's own ports nowhere."""
    rules = Rules(ports=frozenset({7443, 9001}))
    body = json.dumps({"document": DOCUMENT, "webhook_url": "https://example.org:7443/"}).encode()
    assert parse_request("summarise", body, webhook_rules=rules).webhook_url == "https://example.org:7443/"
    for port in (443, 9001):
        with pytest.raises(InvalidRequest):
            parse_request("summarise", body.replace(b"7443", str(port).encode()), webhook_rules=rules)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/x", "http://localhost/x", "http://[::1]:1/x"])
def test_loopback_webhooks_need_leave(url: str) -> None:
    """http to this machine is accepted where the caller allows it, and nowhere else."""
    body = json.dumps({"document": DOCUMENT, "webhook_url": url}).encode()
    assert parse_request("summarise", body, webhook_rules=LOCAL).webhook_url == url
    other = body.replace(url.encode(), b"http://example.org/")
    with pytest.raises(InvalidRequest):
        parse_request("summarise", other, webhook_rules=LOCAL)


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"metadata": []}, "/metadata"),
        ({"metadata": {"x": "y" * 4096}}, "/metadata"),
        ({"metadata": {"a/b~": "\x00"}}, "/metadata/a~1b~0"),
        ({"max_cost_usd": 0}, "/max_cost_usd"),
        ({"max_cost_usd": "1"}, "/max_cost_usd"),
        ({"max_cost_usd": True}, "/max_cost_usd"),
        ({"priority": "urgent"}, "/priority"),
        ({"focus": 3}, "/focus"),
        ({"focus": "x" * 2001}, "/focus"),
        ({"focuss": "x"}, "/focuss"),
    ],
)
def test_bad_shared_fields_are_pointed_at(fields: dict[str, Any], at: str) -> None:
    """Every fault of a shared field has its pointer, escaped as RFC 6901 says."""
    assert pointers("summarise", **fields) == [at]


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({}, ""),
        ({"fields": []}, "/fields"),
        ({"fields": "a"}, "/fields"),
        ({"fields": [f"f{n}" for n in range(201)]}, "/fields"),
        ({"fields": ["a", 5]}, "/fields/1"),
        ({"fields": ["a", " "]}, "/fields/1/name"),
        ({"fields": ["a", "b", "a"]}, "/fields/2/name"),
        ({"fields": ["x" * 201]}, "/fields/0/name"),
        ({"fields": [{"name": "a", "type": "decimal"}]}, "/fields/0/type"),
        ({"fields": [{"type": "string"}]}, "/fields/0/name"),
        ({"fields": ["a"], "schema": {"type": "object", "properties": {"a": {}}}}, ""),
        ({"schema": {"type": "object", "properties": {"a": {"type": "text"}}}}, "/schema/properties/a/type"),
        ({"schema": {"type": "object", "properties": {}}}, "/schema/properties"),
        ({"schema": {"type": "string"}}, "/schema/type"),
        (
            {"schema": {"type": "object", "properties": {"a": {"$ref": "https://x/y"}}}},
            "/schema/properties/a/$ref",
        ),
        (
            {"schema": {"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}}},
            "/schema/properties/a/$ref",
        ),
    ],
)
def test_bad_fields_are_pointed_at(fields: dict[str, Any], at: str) -> None:
    """Every fault of an extract request has its pointer."""
    assert pointers("extract", **fields) == [at]


@pytest.mark.parametrize(
    ("criteria", "at"),
    [
        ([], "/criteria"),
        (["a"] * 201, "/criteria"),
        (["a", ""], "/criteria/1/criterion"),
        ([{"id": "", "criterion": "a"}], "/criteria/0/id"),
        ([{"id": "x", "criterion": "a"}, {"id": "x", "criterion": "b"}], "/criteria/1/id"),
        ([None], "/criteria/0"),
    ],
)
def test_bad_criteria_are_pointed_at(criteria: Any, at: str) -> None:
    """Every fault of an evaluate request has its pointer."""
    assert pointers("evaluate", criteria=criteria) == [at]


def test_names_come_back_as_given() -> None:
    """Field names keep their spaces, case and script."""
    names = [" net profit ", "净利润", "Prix (€)", "a/b~c"]
    assert [spec["name"] for spec in parse("extract", fields=names).params["fields"]] == names


def test_given_ids_are_kept_and_others_made() -> None:
    """A criterion without an id gets one by its place that no other has."""
    criteria = ["a", {"id": "c1", "criterion": "b"}]
    ids = [spec["id"] for spec in parse("evaluate", criteria=criteria).params["criteria"]]
    assert ids[1] == "c1"
    assert len(set(ids)) == 2


def test_errors_do_not_repeat_the_document() -> None:
    """No error message holds a word of what was sent."""
    error = refused(
        "summarise", {"document": {"text": ["zebra"], "document_id": "zebra"}, "priority": "zebra"}
    )
    assert "zebra" not in str(error) + json.dumps([each.as_json() for each in error.errors])


def test_an_endless_key_is_not_repeated() -> None:
    """A pointer stops before a key too long to be shown."""
    assert pointer(("metadata", "k" * 1000)) == "/metadata"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "document": JSON | st.fixed_dictionaries({"text": JSON}) | st.just(DOCUMENT),
        "webhook_url": JSON | st.text().map("https://".__add__),
        "metadata": JSON,
        "max_cost_usd": JSON,
        "priority": JSON,
        "focus": JSON,
        "fields": JSON | st.lists(JSON | st.text()),
        "schema": JSON | st.fixed_dictionaries({"type": st.just("object"), "properties": JSON}),
        "criteria": JSON | st.lists(JSON | st.text()),
    },
)


@given(task=st.sampled_from(list(TASKS)), value=JSON | REQUESTS)
def test_any_json_is_accepted_or_refused(task: str, value: Any) -> None:
    """Whatever JSON arrives, the outcome is a parsed request or InvalidRequest, and the first is storable."""
    try:
        parsed = parse_request(task, json.dumps(value).encode())
    except InvalidRequest:
        return
    again = json.loads(json.dumps([parsed.params, parsed.metadata], allow_nan=False))
    assert again == [parsed.params, parsed.metadata]
    assert asked(task, parsed.params).instruction.endswith("</request>")


@given(task=st.sampled_from(list(TASKS)), body=st.binary())
def test_any_bytes_are_accepted_or_refused(task: str, body: bytes) -> None:
    """No bytes raise anything but InvalidRequest."""
    with pytest.raises(InvalidRequest):
        parse_request(task, body)
