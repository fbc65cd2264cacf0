"""schema: CloudFormation's request goes over Lambda's interface to migrate, and the answer to its address."""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from claimcheck.aws.cloudformation import CloudFormationAnswers
from claimcheck.failures import UnavailableError

from tests.integration.functions.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.functions.stage import Stage

MIGRATE = "claimcheck-migrate"
SIGNED = "/answer?X-Amz-Signature=canary"


class Aws:
    """Lambda's Invoke and CloudFormation's bucket on one port. `answers` are migrate's, in turn."""

    def __init__(self) -> None:
        self.answers: deque[tuple[Any, str | None]] = deque()
        self.refusals: deque[int] = deque()  # statuses that the bucket answers first
        self.invoked: list[tuple[str, str, Any]] = []
        self.put: list[tuple[str, str | None, Any]] = []
        aws = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                aws._invoke(self)

            def do_PUT(self) -> None:
                aws._keep(self)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _invoke(self, call: BaseHTTPRequestHandler) -> None:
        name = urlsplit(call.path).path.split("/")[3]
        kind = call.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        self.invoked.append((name, kind, _body(call)))
        if kind == "Event":
            _respond(call, 202)
            return
        payload, error = self.answers.popleft()
        _respond(call, 200, json.dumps(payload).encode(), {"X-Amz-Function-Error": error} if error else {})

    def _keep(self, call: BaseHTTPRequestHandler) -> None:
        body = _body(call)
        if self.refusals:
            _respond(call, self.refusals.popleft())
            return
        self.put.append((call.path, call.headers.get("Content-Type"), body))
        _respond(call, 200)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _body(call: BaseHTTPRequestHandler) -> Any:
    return json.loads(call.rfile.read(int(call.headers["Content-Length"])))


def _respond(
    call: BaseHTTPRequestHandler, status: int, body: bytes = b"", headers: dict[str, str] | None = None
) -> None:
    call.send_response(status)
    for name, value in (headers or {}).items():
        call.send_header(name, value)
    call.send_header("Content-Length", str(len(body)))
    call.end_headers()
    call.wfile.write(body)


@pytest.fixture
def aws() -> Iterator[Aws]:
    """What the gate speaks to."""
    started = Aws()
    yield started
    started.close()


@pytest.fixture
def gate(stage: Stage, aws: Aws) -> Stage:
    """The deployment, whose function schema finds Lambda at `aws`."""
    stage.override(MIGRATE_FUNCTION=MIGRATE, AWS_ENDPOINT_URL_LAMBDA=aws.url)
    return stage


def asked(aws: Aws, **changes: Any) -> dict[str, Any]:
    """CloudFormation's request."""
    return {**recorded("cloudformation-schema"), "ResponseURL": aws.url + SIGNED, **changes}


def test_what_migrate_says_is_answered(gate: Stage, aws: Aws) -> None:
    """migrate is called once with nothing, and the version is put to the address, without a media type."""
    aws.answers.append(({"version": "0012", "unfinished": None}, None))
    gate.call("schema", asked(aws))
    assert aws.invoked == [(MIGRATE, "RequestResponse", {})]
    ((path, media_type, answer),) = aws.put
    assert (path, media_type) == (SIGNED, "")
    assert (answer["Status"], answer["Data"], answer["PhysicalResourceId"]) == (
        "SUCCESS",
        {"Version": "0012"},
        "schema",
    )
    assert answer["RequestId"] == asked(aws)["RequestId"]


REASONS = [
    (
        {"errorType": "MigrationFailedError", "errorMessage": "Migration 0012 failed."},
        "Migration 0012 failed.",
    ),
    (
        {"errorMessage": "2026-11-29 r-1 Task timed out after 840.00 seconds"},
        "timed out after 840.00 seconds",
    ),
    ({"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited: signal: killed"}, "signal: killed"),
    ({"errorType": "Runtime.ImportModuleError", "errorMessage": "No module named 'app'"}, "No module named"),
    (
        {"errorType": "OperationalError", "errorMessage": "canary"},
        "The function failed with OperationalError.",
    ),
]


@pytest.mark.parametrize(
    ("payload", "reason"), REASONS, ids=["own", "timeout", "killed", "import", "foreign"]
)
def test_every_failure_is_answered(gate: Stage, aws: Aws, payload: Any, reason: str) -> None:
    """With what may be shown of it; where another library's text might quote something, its type alone."""
    aws.answers.append((payload, "Unhandled"))
    gate.call("schema", asked(aws))
    ((_, _, answer),) = aws.put
    assert answer["Status"] == "FAILED"
    assert reason in answer["Reason"]
    assert "canary" not in json.dumps(answer)


def test_it_calls_itself_for_another_round(gate: Stage, aws: Aws) -> None:
    """Asynchronously, with the whole request; CloudFormation is not answered yet."""
    aws.answers.append(({"version": "0011", "unfinished": "an index"}, None))
    gate.call("schema", asked(aws))
    (_, (name, kind, event)) = aws.invoked
    assert (name, kind) == ("claimcheck-SchemaFunction", "Event")
    assert {key: value for key, value in event.items() if key != "FirstAskedAt"} == asked(aws)
    assert aws.put == []


def test_a_bucket_that_fails_is_tried_again(gate: Stage, aws: Aws) -> None:
    """S3 answers 503 now and then."""
    aws.answers.append(({"version": "0012", "unfinished": None}, None))
    aws.refusals.append(503)
    gate.call("schema", asked(aws))
    assert [answer["Status"] for _, _, answer in aws.put] == ["SUCCESS"]
    assert "canary" not in gate.output.getvalue()  # the address is a credential


def test_an_answer_that_does_not_arrive_is_an_error(aws: Aws) -> None:
    """After four attempts: Lambda calls again then. The address, which is a credential, is not in it."""
    aws.refusals.extend([403] * 4)
    pauses: list[float] = []
    with pytest.raises(UnavailableError, match="answered 403") as raised:
        CloudFormationAnswers(sleep=pauses.append).send(aws.url + SIGNED, {})
    assert pauses == [1, 3, 6]
    assert "canary" not in str(raised.value)


def test_what_is_deployed_is_what_is_asked(gate: Stage, aws: Aws) -> None:
    """The recorded request is the template's: its properties are those of the resource Schema."""
    from local.intrinsics import read_yaml
    from tests.integration.functions.stage import ROOT

    properties = read_yaml(ROOT / "template.yaml")["Resources"]["Schema"]["Properties"]
    assert set(asked(aws)["ResourceProperties"]) == set(properties) - {"ServiceTimeout"}
