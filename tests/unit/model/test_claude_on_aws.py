"""Claude Platform on AWS: calls are signed with the role's credentials, and there is no key."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from botocore.credentials import Credentials
from claimcheck.failures import UnavailableError
from claimcheck.model.claude import Claude, on_aws
from claimcheck.model.types import Answer, CallFailedError

from tests.unit.model.conversations import QUESTION, error, message
from tests.unit.model.messages_server import Asked, MessagesServer, Reply
from tests.unit.signatures import signature_over

ACCESS_KEY, SECRET, TOKEN = "AKIDEXAMPLE", "a-secret-of-the-role", "a-session-token"
WORKSPACE = "wrkspc_0123456789"
_ROLE = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": TOKEN,
    "AWS_REGION": "eu-central-1",
}


def converse(turn: Reply) -> tuple[Answer | CallFailedError, list[Asked], str]:
    """Ask once as a function with a role does; what came of it, what was sent, and where to."""

    async def main() -> tuple[Answer | CallFailedError, list[Asked], str]:
        async with MessagesServer(turn) as server:
            with pytest.MonkeyPatch.context() as patch:
                for name, value in {**_ROLE, "ANTHROPIC_AWS_BASE_URL": server.url}.items():
                    patch.setenv(name, value)
                patch.setenv("NO_PROXY", "127.0.0.1")
                patch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-somebody-else")
                claude = Claude(on_aws(WORKSPACE))
                try:
                    return await claude.ask(QUESTION), server.asked, server.url
                except CallFailedError as failed:
                    return failed, server.asked, server.url

    return asyncio.run(main())


def _signature_over(request: Asked, url: str, names: list[str], *, body: bytes) -> str:
    method, path, _ = request.line.split(" ")
    assert method == "POST"
    role = Credentials(ACCESS_KEY, SECRET, TOKEN)
    return signature_over(
        request.headers, names, body, url=url + path, service="aws-external-anthropic", credentials=role
    )


def test_a_call_is_signed_by_the_role() -> None:
    """The signature holds over what arrived, is of the service and region, and names the workspace."""
    outcome, (request,), url = converse(Reply(body=message("{}")))
    assert isinstance(outcome, Answer)
    assert request.line == "POST /v1/messages HTTP/1.1"
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})",
        request.headers["authorization"],
    )
    assert found is not None
    day = request.headers["x-amz-date"][:8]
    assert found[1] == f"{ACCESS_KEY}/{day}/eu-central-1/aws-external-anthropic/aws4_request"
    names = found[2].split(";")
    assert {"anthropic-workspace-id", "host", "x-amz-date", "x-amz-security-token"} <= set(names)
    assert request.headers["anthropic-workspace-id"] == WORKSPACE
    assert _signature_over(request, url, names, body=request.content) == found[3]
    assert _signature_over(request, url, names, body=request.content + b" ") != found[3]


def test_no_key_is_sent() -> None:
    """Whatever key the environment holds is none of this way's."""
    _, (request,), _ = converse(Reply(body=message("{}")))
    assert "x-api-key" not in request.headers
    assert "sk-ant" not in json.dumps(request.headers)


@pytest.mark.parametrize(("status", "code"), [(403, "model_forbidden"), (429, "model_throttled")])
def test_refusals_mean_what_they_mean_elsewhere(status: int, code: str) -> None:
    """A role without the right, or too many calls: the job waits, and the call is known to be unpaid."""
    outcome, asked, _ = converse(error("permission_error", status))
    assert isinstance(outcome, CallFailedError)
    assert (outcome.failure.code, outcome.outcome_known, len(asked)) == (code, True, 1)


def test_without_credentials_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no role, the job waits; the SDK's own error would have ended it."""
    for name in (*_ROLE, "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(UnavailableError):
        asyncio.run(Claude(on_aws(WORKSPACE)).ready())
