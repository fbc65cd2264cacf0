"""Lambda's Invoke API on one machine, asked by boto3's own client."""

from __future__ import annotations

import asyncio
import contextlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from local.lambdas.invoke_api import InvokeApi
from tests.integration.local.conftest import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from mypy_boto3_lambda.client import LambdaClient

    from tests.integration.local.conftest import RunPool, WriteFunction

SECRET = ("local", "the-secret-of-up-json")
SOURCE = """
    import pathlib
    def handler(event, context):
        if "mark" in event:
            pathlib.Path(event["mark"]).write_text("was here")
        if event.get("fail"):
            raise ValueError("no good")
        return {"given": event}
"""


def client(url: str, secret: tuple[str, str] = SECRET) -> LambdaClient:
    """boto3's client, as `claimcheck keys` makes it."""
    return boto3.client(
        "lambda",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=secret[0],
        aws_secret_access_key=secret[1],
    )


def asker(api: InvokeApi) -> Callable[..., Awaitable[Any]]:
    """One invocation, in a thread of its own."""

    def invoke(**asked: Any) -> Any:
        return client(api.url).invoke(**asked)

    return partial(asyncio.to_thread, invoke)


@contextlib.asynccontextmanager
async def serving(write: WriteFunction, run_pool: RunPool) -> AsyncIterator[InvokeApi]:
    """The API of a system that has one function, `test-Sample`."""
    async with run_pool(write(SOURCE)) as pool:
        api = InvokeApi({"Sample": pool}, credentials=SECRET)
        await api.start()
        try:
            yield api
        finally:
            await api.close()


def test_what_boto3_gets(write_function: WriteFunction, run_pool: RunPool) -> None:
    """An answer; a function's error with 200 and FunctionError; the same by ARN and with a qualifier."""

    async def scenario() -> None:
        async with serving(write_function, run_pool) as api:
            ask = asker(api)
            arn = "arn:aws:lambda:us-east-1:000000000000:function:test-Sample"
            for name in ("test-Sample", arn, f"{arn}:$LATEST", "test-Sample:$LATEST"):
                answer = await ask(FunctionName=name, Payload='{"a": "ä"}'.encode())
                assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
                assert not answer.get("FunctionError")
                assert json.loads(answer["Payload"].read()) == {"given": {"a": "ä"}}
            failed = await ask(FunctionName="test-Sample", Payload=b'{"fail": true}')
            assert (failed["StatusCode"], failed["FunctionError"]) == (200, "Unhandled")
            error = json.loads(failed["Payload"].read())
            assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no good")
            assert json.loads((await ask(FunctionName="test-Sample", Payload=b""))["Payload"].read()) == {
                "given": {}
            }

    asyncio.run(scenario())


def test_other_invocation_types(write_function: WriteFunction, run_pool: RunPool, tmp_path: Any) -> None:
    """An event is taken with 202 and carried out afterwards; a dry run with 204, and does nothing."""

    async def scenario() -> None:
        async with serving(write_function, run_pool) as api:
            ask = asker(api)
            dry, real = tmp_path / "dry", tmp_path / "real"
            answer = await ask(
                FunctionName="test-Sample", InvocationType="DryRun", Payload=json.dumps({"mark": str(dry)})
            )
            assert answer["StatusCode"] == 204
            answer = await ask(
                FunctionName="test-Sample", InvocationType="Event", Payload=json.dumps({"mark": str(real)})
            )
            assert answer["StatusCode"] == 202
            await until(real.exists)
            assert not dry.exists()

    asyncio.run(scenario())


def test_what_is_refused(write_function: WriteFunction, run_pool: RunPool) -> None:
    """The errors that boto3's callers know: no such function or version, no JSON, too much."""
    table: list[tuple[dict[str, Any], str]] = [
        ({"FunctionName": "test-Other"}, "ResourceNotFoundException"),
        ({"FunctionName": "test-Sample", "Qualifier": "live"}, "ResourceNotFoundException"),
        ({"FunctionName": "test-Sample", "Payload": b"{"}, "InvalidRequestContentException"),
        (
            {"FunctionName": "test-Sample", "Payload": b'"' + b"x" * 6_291_456 + b'"'},
            "RequestTooLargeException",
        ),
    ]

    async def scenario() -> None:
        async with serving(write_function, run_pool) as api:
            for asked, code in table:
                with pytest.raises(ClientError) as caught:
                    await asyncio.to_thread(client(api.url).invoke, **asked)
                assert caught.value.response["Error"]["Code"] == code

    asyncio.run(scenario())


def test_only_who_holds_the_secret_may_invoke(
    write_function: WriteFunction, run_pool: RunPool, tmp_path: Any
) -> None:
    """Another secret, another name, no signature, and a signature over another body run nothing."""
    mark = tmp_path / "mark"
    event = json.dumps({"mark": str(mark)}).encode()

    async def scenario() -> None:
        async with serving(write_function, run_pool) as api:
            for secret in ((SECRET[0], "guessed"), ("other", SECRET[1])):
                with pytest.raises(ClientError, match="InvalidSignatureException"):
                    await asyncio.to_thread(
                        client(api.url, secret).invoke, FunctionName="test-Sample", Payload=event
                    )
            signed: list[dict[str, str]] = []
            honest = client(api.url)
            honest.meta.events.register(
                "before-send.lambda.Invoke",
                lambda request, **_: signed.append({k: _text(v) for k, v in request.headers.items()}),
            )
            await asyncio.to_thread(honest.invoke, FunctionName="test-Sample", Payload=b"{}")
            kept = {k: v for k, v in signed[0].items() if k.lower() != "content-length"}
            old = {**kept, "X-Amz-Date": "20200101T000000Z"}
            for headers in (
                {},
                {"Authorization": "Bearer x"},
                {"Authorization": "AWS4-HMAC-SHA256 x"},
                kept,
                old,
            ):
                assert await asyncio.to_thread(_status, api.url, headers, event) == 403
            assert not mark.exists()

    asyncio.run(scenario())


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _status(url: str, headers: dict[str, str], body: bytes) -> int:
    path = "/2015-03-31/functions/test-Sample/invocations"
    return httpx.post(f"{url}{path}", content=body, headers=headers, trust_env=False).status_code
