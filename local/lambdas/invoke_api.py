"""Lambda's Invoke API on the loopback interface, for boto3's own client.

What IAM is on AWS is a signature here (Signature Version 4) with a secret that `up.json` holds: neither a web
page that posts to this port nor another user of this machine can invoke anything.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from local.lambdas.invocation import PoolClosed, RequestTooLarge, TooManyRequests
from local.lambdas.runtime_api import MAX_PAYLOAD_BYTES
from local.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.lambdas.invocation import Invocation
    from local.lambdas.pool import FunctionPool

_THROTTLED_AFTER_S = 5.0
_CLOCK_SKEW_S = 300


class _Refused(Exception):  # noqa: N818 (an answer)
    """An error that the service itself answers with: `kind` is its name for it."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


class InvokeApi:
    """Serves `POST /2015-03-31/functions/NAME/invocations` for the functions of one system."""

    def __init__(self, pools: Mapping[str, FunctionPool], *, credentials: tuple[str, str]) -> None:
        self._pools = {pool.function.name: pool for pool in pools.values()}
        self._credentials = credentials
        self._runner: web.AppRunner | None = None
        self._events: set[asyncio.Task[Invocation]] = set()
        self.url = ""

    async def start(self) -> None:
        """Listen on a free port; `url` is set from then on."""
        app = web.Application(client_max_size=2 * MAX_PAYLOAD_BYTES)
        app.router.add_post("/2015-03-31/functions/{name}/invocations", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, 0).start()
        self.url = f"http://{LOOPBACK}:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop listening; what is under way is cut off after half a second."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        for event in self._events:
            event.cancel()

    async def _serve(self, request: web.Request) -> web.Response:
        try:
            return await self._invoke(request)
        except _Refused as refusal:
            return _error(refusal.status, refusal.kind, str(refusal))
        except TooManyRequests:
            return _error(429, "TooManyRequestsException", "Rate Exceeded.")
        except (RequestTooLarge, web.HTTPRequestEntityTooLarge):
            return _error(413, "RequestTooLargeException", f"must be at most {MAX_PAYLOAD_BYTES} bytes")
        except PoolClosed:
            return _error(500, "ServiceException", "the local system is being stopped")

    async def _invoke(self, request: web.Request) -> web.Response:
        body = await request.read()
        _check_signature(request, body, self._credentials)
        pool = self._pool(request)
        _check_json(body)
        match request.headers.get("X-Amz-Invocation-Type", "RequestResponse"):
            case "DryRun":
                return web.Response(status=204)
            case "Event":
                event = asyncio.create_task(pool.invoke(body or b"{}"))
                self._events.add(event)
                event.add_done_callback(self._events.discard)
                return web.Response(status=202)
            case "RequestResponse":
                return _answer(await pool.invoke(body or b"{}", wait_s=_THROTTLED_AFTER_S))
            case other:
                raise _Refused(400, "InvalidParameterValueException", f"invocation type {other} is unknown")

    def _pool(self, request: web.Request) -> FunctionPool:
        """By name or ARN, either with a qualifier."""
        given = request.match_info["name"]
        name, _, version = given.rpartition(":function:")[2].partition(":")
        version = version or request.query.get("Qualifier", "$LATEST")
        if name not in self._pools or version != "$LATEST":
            raise _Refused(404, "ResourceNotFoundException", f"Function not found: {given}:{version}")
        return self._pools[name]


def _answer(invocation: Invocation) -> web.Response:
    """As Lambda does: 200 also where the function failed, which a header says."""
    headers = {"x-amzn-RequestId": invocation.request_id, "X-Amz-Executed-Version": "$LATEST"}
    if invocation.function_error is not None:
        headers["X-Amz-Function-Error"] = invocation.function_error
    return web.Response(body=invocation.payload, content_type="application/json", headers=headers)


def _error(status: int, kind: str, message: str) -> web.Response:
    body = {"Type": "User" if status < 500 else "Service", "Message": message, "message": message}
    return web.json_response(body, status=status, headers={"x-amzn-ErrorType": kind})


def _check_json(body: bytes) -> None:
    try:
        json.loads(body or b"{}")
    except ValueError:
        message = "Could not parse request body into json"
        raise _Refused(400, "InvalidRequestContentException", message) from None


def _check_signature(request: web.Request, body: bytes, credentials: tuple[str, str]) -> None:
    """Raise _Refused unless the request was signed, now, by who holds the secret."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    parts = dict(each.strip().partition("=")[::2] for each in rest.split(","))
    names = parts.get("SignedHeaders", "").split(";")
    access_key, _, scope = parts.get("Credential", "").partition("/")
    if scheme != "AWS4-HMAC-SHA256" or scope.count("/") != 3:
        raise _Refused(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    expected = _signature(request, body, names, scope, credentials)
    genuine = access_key == credentials[0] and hmac.compare_digest(expected, parts.get("Signature", ""))
    if not (genuine and {"host", "x-amz-date"} <= set(names)):
        message = "The request signature we calculated does not match the signature you provided."
        raise _Refused(403, "InvalidSignatureException", message)
    at = request.headers.get("X-Amz-Date", "")
    if abs((datetime.now(UTC) - _time(at)).total_seconds()) > _CLOCK_SKEW_S:
        raise _Refused(403, "InvalidSignatureException", f"Signature expired: {at}")


def _time(at: str) -> datetime:
    try:
        return datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _signature(
    request: web.Request, body: bytes, names: list[str], scope: str, credentials: tuple[str, str]
) -> str:
    """What botocore computes over the same request; `scope` is DATE/REGION/SERVICE/aws4_request."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    headers = {name: request.headers[name] for name in names if name in request.headers}
    url = f"http://{request.host}{request.rel_url.raw_path_qs}"
    copy = AWSRequest(method=request.method, url=url, headers=headers, data=body)
    copy.context["timestamp"] = request.headers.get("X-Amz-Date", "")
    _, region, service, _ = scope.split("/")
    signer = SigV4Auth(Credentials(*credentials), service, region)
    signature: str = signer.signature(signer.string_to_sign(copy, signer.canonical_request(copy)), copy)
    return signature
