"""A function's handler in this process, as its warm environment has it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.ground import TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_FUNCTIONS = Path(__file__).resolve().parents[1] / "functions"


class LambdaContext:
    """What the runtime client tells a handler about an invocation."""

    function_name = "bench"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"
    aws_request_id = "8f1f3f0e-3c1a-4f0e-9f70-3f0d2b5c1f11"

    def get_remaining_time_in_millis(self) -> int:
        """Plenty."""
        return 15_000


def load(name: str) -> ModuleType:
    """`functions/NAME/app.py` afresh: its next event connects to what the environment names now."""
    from claimcheck.bootstrap import answering

    getattr(answering, name).cache_clear()
    spec = importlib.util.spec_from_file_location(f"bench_{name}_app", _FUNCTIONS / name / "app.py")
    if spec is None or spec.loader is None:
        raise RuntimeError(f"there is no function {name}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """What handlers print is written, line by line as in Lambda, and kept by nobody."""
    with (
        Path(os.devnull).open("w", buffering=1, encoding="utf-8") as nothing,
        contextlib.redirect_stdout(nothing),
    ):
        yield


def event(method: str, resource: str, identifier: str, body: str | None = None) -> dict[str, Any]:
    """A REST proxy event with what a client and API Gateway usually send; `identifier` fills `{id}`."""
    path = resource.replace("{id}", identifier)
    request_id = str(uuid.uuid4())
    headers = {
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Authorization": "Bearer ck_000000000000_0000000000000000000000000000000000000000000",
        "Content-Type": "application/json",
        "Host": "api.example.com",
        "User-Agent": "python-httpx/0.28.1",
        "X-Amzn-Trace-Id": "Root=1-6743a1b2-0123456789abcdef01234567",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"id": identifier},
        "stageVariables": None,
        "requestContext": {
            "resourceId": "abc123",
            "resourcePath": resource,
            "httpMethod": method,
            "requestTime": "24/Nov/2026:05:00:00 +0000",
            "path": path,
            "accountId": "000000000000",
            "protocol": "HTTP/1.1",
            "stage": "v1",
            "requestTimeEpoch": 1795496400000,
            "requestId": request_id,
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "python-httpx/0.28.1"},
            "domainName": "api.example.com",
            "apiId": "local",
            "authorizer": {
                "principalId": TENANT,
                "tenant_id": TENANT,
                "scopes": "jobs:write jobs:read admin",
                "integrationLatency": 0,
            },
        },
        "body": body,
        "isBase64Encoded": False,
    }


def checked(answer: Any, status: int) -> dict[str, Any]:
    """A handler's answer. Raises RuntimeError for another status: a refusal is quick and proves nothing."""
    if not isinstance(answer, dict) or answer.get("statusCode") != status:
        raise RuntimeError(f"expected {status}, got {str(answer)[:300]}")
    return answer
