"""What is no proper request, byte by byte: a problem answer, and never a fault of ours."""

from __future__ import annotations

import gzip
import json
import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

GOOD = b'{"document": {"text": "The fee is EUR 4."}}'
JOB = b"/jobs/01a20bf9-f05b-7f80-ac6d-f19c9f28eddf"


def _with(member: bytes) -> bytes:
    return GOOD[:-1] + b", " + member + b"}"


def _call(
    system: Running, method: bytes, path: bytes, header: bytes = b"", body: bytes = b""
) -> tuple[int, str]:
    """The status and the problem's code (or "") that these bytes are answered with."""
    host, port = system.url.removeprefix("http://").split(":")
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: api", b"Connection: close"]
    lines += [b"Content-Length: %d" % len(body), *([header] if header else [])]
    if not header.startswith(b"Authorization"):
        lines.append(b"Authorization: Bearer " + system.key.encode())
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, content = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    if status >= 400:
        assert b"application/problem+json" in head, head
    return status, str(json.loads(content).get("code", "")) if content else ""


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "TRACE"])
def test_a_method_that_a_path_does_not_have_is_no_route(system: Running, method: str) -> None:
    """API Gateway knows no 405: it has no such method there."""
    status, code = _call(system, method.encode(), b"/jobs")
    assert status == 404
    assert code == ("" if method == "HEAD" else "route_not_found")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (b"/jobs/%00", 404, "job_not_found"),
        (b"/jobs/%zz", 404, "job_not_found"),
        (b"/jobs/%ff%fe", 404, "job_not_found"),
        (b"/jobs/%22x", 404, "job_not_found"),
        (JOB + b"%0a", 404, "route_not_found"),
        (b"/jobs/" + b"a" * 5000, 404, "job_not_found"),
        (b"/jobs?task=%00", 400, "query_invalid"),
        (b"/jobs?task=%ff", 400, "query_invalid"),
        (b"/jobs?task=", 400, "query_invalid"),
        (b"/jobs?status=%00", 400, "query_invalid"),
        (b"/jobs?cursor=%00", 400, "query_invalid"),
        (b"/jobs?limit=%D9%A3", 400, "query_invalid"),
        (b"/jobs?limit=1&limit=x", 400, "query_invalid"),
        (b"//jobs", 404, "route_not_found"),
        (b"/JOBS", 404, "route_not_found"),
    ],
    ids=str,
)
def test_an_odd_path_is_answered(system: Running, path: bytes, status: int, code: str) -> None:
    """What cannot be an id, a parameter or a path is none."""
    assert _call(system, b"GET", path) == (status, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"document": {"text": "a\\u0000"}}', 422, "fields_invalid"),
        (b'{"document": {"text": "a\\ud800"}}', 422, "fields_invalid"),
        (b'{"document": {"text": "a\x00"}}', 400, "json_malformed"),
        (GOOD.decode().encode("utf-16"), 400, "json_malformed"),
        (gzip.compress(GOOD, mtime=0), 400, "json_malformed"),
        (_with(b'"focus": "a", "focus": "b"'), 400, "json_malformed"),
        (_with(b'"max_cost_usd": 1e999'), 400, "json_malformed"),
        (_with(b'"max_cost_usd": 1e-400'), 422, "fields_invalid"),
        (_with(b'"metadata": {"a": NaN}'), 400, "json_malformed"),
        (_with(b'"metadata": {"a": ' + b"9" * 5000 + b"}"), 400, "json_malformed"),
        (_with(b'"metadata": {"a": ' + b"[" * 99 + b"]" * 99 + b"}"), 400, "json_malformed"),
        (_with(b'"metadata": {"a\\u0000": 1}'), 422, "fields_invalid"),
        (b"[" * 200_000, 400, "json_malformed"),
        (b"null", 422, "fields_invalid"),
        (b"", 400, "json_malformed"),
    ],
    ids=lambda part: str(part)[:40] if isinstance(part, bytes) else "",
)
def test_an_odd_body_is_refused(system: Running, body: bytes, status: int, code: str) -> None:
    """Nothing that two readers might read in two ways is taken, and nothing that cannot be stored."""
    assert _call(system, b"POST", b"/jobs/summarise", b"Content-Type: application/json", body) == (
        status,
        code,
    )


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (b"Idempotency-Key: \xff", 400, "query_invalid"),
        (b"Idempotency-Key: \xc3\xa9", 400, "query_invalid"),
        (b"Idempotency-Key:", 400, "query_invalid"),
        (b"Cancel-After: \xd9\xa3s", 400, "query_invalid"),
        (b"Cancel-After: 169h", 400, "query_invalid"),
        (b"Content-Type: \xff\xfe", 202, ""),
        (b"Content-Type: text/xml; charset=utf-16", 202, ""),
        (b"Accept: application/xml", 202, ""),
        (b"Authorization: Bearer \xff", 401, "key_missing"),
        (b"Authorization: Basic Zm9vOmJhcg==", 401, "key_missing"),
        (b"Authorization:", 401, "key_missing"),
    ],
    ids=str,
)
def test_an_odd_header_is_answered(system: Running, header: bytes, status: int, code: str) -> None:
    """Bytes that are no ASCII are no key; what a body is called makes no difference."""
    assert _call(system, b"POST", b"/jobs/summarise", header, GOOD) == (status, code)
