"""The gate before the emulator: what a role does not allow is refused as AWS refuses it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aiohttp import web
from botocore.config import Config
from botocore.exceptions import ClientError

from local.permissions.calls import calls_of
from local.permissions.guard import Guard
from local.permissions.policy import Call, PolicyError, Role, Statement, matches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PLACE = {"region": "us-east-1", "account": "000000000000"}
QUEUE = "arn:aws:sqs:us-east-1:000000000000:jobs"
KEY = "arn:aws:kms:us-east-1:000000000000:key/one"


def role(*granted: tuple[str, str], keys: Mapping[str, str] | None = None) -> Role:
    statements = (Statement(f"s{n}", (action,), (on,)) for n, (action, on) in enumerate(granted))
    return Role(tuple(statements), keys or {})


def through(
    tmp_path: Path, granted: Role, call: Callable[[Any], Any], service: str, status: int = 200
) -> Any:
    """Make one call of boto3's through a gate before a server that answers everything with `status`."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"MessageId": "1", "MD5OfMessageBody": "0"}, status=status)

    async def run() -> Any:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        upstream = "http://{}:{}".format(*runner.addresses[0][:2])
        guard = Guard({"F": granted}, upstream=upstream, record=tmp_path / "calls.jsonl", **PLACE)
        await guard.start()
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
        settings = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        make: Any = session.client
        try:
            return await asyncio.to_thread(call, make(service, endpoint_url=guard.url("F"), config=settings))
        finally:
            await guard.close()
            await runner.cleanup()

    return asyncio.run(run())


def sending(sqs: Any) -> Any:
    # the answer's checksum is made up, and boto3 would notice
    sqs.meta.events.unregister("before-parameter-build.sqs.SendMessage")
    return sqs.send_message_batch(
        QueueUrl="http://127.0.0.1:1/000000000000/jobs", Entries=[{"Id": "1", "MessageBody": "x"}]
    )


def reading(s3: Any) -> Any:
    return s3.get_object(Bucket="documents", Key="a/b")


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_what_is_allowed_goes_through(tmp_path: Path) -> None:
    """A call that a statement allows reaches the emulator, and is on record with the statement."""
    through(tmp_path, role(("sqs:SendMessage", QUEUE)), sending, "sqs")
    line = json.loads((tmp_path / "calls.jsonl").read_text())
    assert line == {"function": "F", "action": "sqs:SendMessage", "resource": QUEUE, "statement": "s0"}


@pytest.mark.parametrize(
    "granted",
    [role(), role(("sqs:ReceiveMessage", QUEUE)), role(("sqs:SendMessage", QUEUE + "-dead"))],
    ids=["nothing", "another action", "another queue"],
)
def test_what_is_not_allowed_is_refused(granted: Role, tmp_path: Path) -> None:
    """Without a statement for the action on this very resource the caller gets AWS's refusal, on record."""
    with pytest.raises(ClientError) as error:
        through(tmp_path, granted, sending, "sqs")
    assert "AccessDenied" in code_of(error)
    assert json.loads((tmp_path / "calls.jsonl").read_text())["statement"] is None


def test_a_key_is_needed_where_something_lies_under_one(tmp_path: Path) -> None:
    """Sending to an encrypted queue without a right to its key is refused; with it, it goes through."""
    keys = {QUEUE: KEY}
    with pytest.raises(ClientError) as error:
        through(tmp_path, role(("sqs:SendMessage", QUEUE), keys=keys), sending, "sqs")
    assert "AccessDenied" in code_of(error)
    whole = (("sqs:SendMessage", QUEUE), ("kms:GenerateDataKey", KEY), ("kms:Decrypt", KEY))
    through(tmp_path, role(*whole, keys=keys), sending, "sqs")


@pytest.mark.parametrize(
    ("listing", "code"), [(False, "AccessDenied"), (True, "404")], ids=["may not", "may"]
)
def test_who_may_not_list_is_not_told_what_is_missing(listing: bool, code: str, tmp_path: Path) -> None:
    """S3 answers 403 for a key that does not exist to a caller that may not list the bucket."""
    granted = [("s3:GetObject", "arn:aws:s3:::documents/*")]
    granted += [("s3:ListBucket", "arn:aws:s3:::documents")] if listing else []
    with pytest.raises(ClientError) as error:
        through(tmp_path, role(*granted), reading, "s3", status=404)
    assert code_of(error) == code


@pytest.mark.parametrize(
    ("method", "url", "action"),
    [
        ("HEAD", "/documents/a/b", "s3:GetObject"),
        ("PUT", "/documents/a/b?X-Amz-Signature=1", "s3:PutObject"),
        ("DELETE", "/documents/a/b?versionId=1", "s3:DeleteObjectVersion"),
        ("GET", "/documents?list-type=2", "s3:ListBucket"),
        ("GET", "/documents?versions", "s3:ListBucketVersions"),
        ("POST", "/documents/a/b?uploads", "s3:PutObject"),
        ("GET", "/documents/a/b?tagging", "unknown:S3 GET ['tagging']"),
        ("GET", "/", "unknown:S3 GET /"),
    ],
)
def test_requests_to_s3(method: str, url: str, action: str) -> None:
    """A request is the action that IAM asks for; one that is not known is none that a policy could allow."""
    assert [call.action for call in calls_of(method, url, {}, b"", **PLACE)] == [action]


def test_a_list_of_deletions() -> None:
    """Each key of a list of deletions has to be allowed by itself."""
    body = (
        b"<Delete><Object><Key>a</Key></Object><Object><Key>b</Key><VersionId>1</VersionId></Object></Delete>"
    )
    calls = calls_of("POST", "/documents?delete", {}, body, **PLACE)
    assert calls == [
        Call("s3:DeleteObject", "arn:aws:s3:::documents/a"),
        Call("s3:DeleteObjectVersion", "arn:aws:s3:::documents/b"),
    ]


def test_a_denial_wins() -> None:
    """What one statement forbids, no other allows."""
    forbidding = Statement("no", ("s3:*",), ("*",), allow=False)
    allowing = Statement("yes", ("s3:GetObject",), ("*",))
    call = Call("s3:GetObject", "arn:aws:s3:::documents/a")
    assert Role((allowing,)).judge(call) == allowing
    assert Role((allowing, forbidding)).judge(call) is None


def test_conditions() -> None:
    """A condition that is not met covers nothing; one that is not known is an error and no guess."""
    call = Call("kms:Decrypt", KEY, (("kms:ViaService", "sqs.us-east-1.amazonaws.com"),))
    met = {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}
    other = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    assert Statement("s", ("kms:Decrypt",), (KEY,), condition=met).covers(call)
    assert not Statement("s", ("kms:Decrypt",), (KEY,), condition=other).covers(call)
    with pytest.raises(PolicyError, match="IpAddress"):
        Statement("s", ("kms:Decrypt",), (KEY,), condition={"IpAddress": {}}).covers(call)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [("a*c", "abbc", True), ("a?c", "abbc", False), ("a.c", "abc", False), ("*", "", True)],
)
def test_wild_cards(pattern: str, text: str, fits: bool) -> None:
    """`*` is any characters, `?` is one, and a dot is a dot."""
    assert matches(pattern, text) is fits
