"""The gateway: routes, proxy events, the authorizer, limits and what API Gateway says by itself."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import textwrap
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from local import template
from local.gateway import Gateway
from local.lambdas.pool import FunctionPool
from local.system import Physical

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Handler: app.handler, Timeout: 20}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      BinaryMediaTypes: [application~1pdf]
      Auth:
        DefaultAuthorizer: Keys
        Authorizers:
          Keys:
            FunctionArn: !GetAtt Authorize.Arn
            FunctionPayloadType: REQUEST
            Identity: {Headers: [Authorization], ReauthorizeEvery: 60}
      GatewayResponses:
        MISSING_AUTHENTICATION_TOKEN:
          StatusCode: 404
          ResponseTemplates:
            application/json: '{"code":"route_not_found","request_id":"$context.requestId"}'
          ResponseParameters: {Headers: {Content-Type: "'application/problem+json'"}}
        UNAUTHORIZED:
          ResponseParameters: {Headers: {WWW-Authenticate: "'Bearer'"}}
        DEFAULT_5XX:
          ResponseTemplates: {application/json: '{"code":"internal","request_id":"$context.requestId"}'}
  Authorize:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: authorize}
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: echo
      Events:
        Open:
          Type: Api
          Properties: {RestApiId: !Ref Api, Method: any, Path: /open, Auth: {Authorizer: NONE}}
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: "/jobs/{id}"}}
        Latest: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: /jobs/latest}}
        Trail: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: "/jobs/{id}/events"}}
        Files: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: "/files/{path+}"}}
"""
AUTHORIZE = """
    calls = 0
    def handler(event, context):
        global calls
        calls += 1
        key = event["headers"]["Authorization"].removeprefix("Bearer ")
        if key == "unknown":
            raise Exception("Unauthorized")
        if key == "broken":
            raise RuntimeError("database is down")
        arn = event["methodArn"] if key == "narrow" else event["methodArn"].split("/")[0] + "/*"
        statement = {"Action": "execute-api:Invoke", "Effect": "Deny" if key == "denied" else "Allow",
                     "Resource": arn}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        return {"principalId": "tenant", "policyDocument": document,
                "context": {"calls": calls, "admin": True},
                "usageIdentifierKey": "" if key == "bare" else key}
"""
ECHO = """
    import json, time
    def handler(event, context):
        query = event["queryStringParameters"] or {}
        if "sleep" in query:
            time.sleep(float(query["sleep"]))
        if "fail" in query:
            raise RuntimeError("secret detail")
        if "answer" in query:
            return json.loads(query["answer"])
        return {"statusCode": 200, "headers": {"Content-Type": "application/json", "X-One": "1"},
                "multiValueHeaders": {"X-Many": ["a", "b"]}, "body": json.dumps(event)}
"""


@contextlib.asynccontextmanager
async def serving(folder: Path, text: str = TEMPLATE, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The gateway of a template on a free port, and a client of it."""
    for name, source in {"authorize": AUTHORIZE, "echo": ECHO}.items():
        (folder / name).mkdir()
        (folder / name / "app.py").write_text(textwrap.dedent(source), encoding="utf-8")
    (folder / "template.yaml").write_text(text, encoding="utf-8")
    system = template.load(folder / "template.yaml", {}, physical=Physical())
    pools = {
        name: FunctionPool(function, logs=folder / "logs", concurrency=1)
        for name, function in system.functions.items()
    }
    gateway = Gateway(system, pools, port=0, **options)
    await gateway.start()
    try:
        async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as client:
            yield client
    finally:
        await gateway.close()
        await asyncio.gather(*(pool.close() for pool in pools.values()))


KEY = {"Authorization": "Bearer good"}


def test_a_proxy_event_is_api_gateways(tmp_path: Path) -> None:
    """A function sees the fields that a REST API sends, with lists where a name came twice."""

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            answer = await client.post("/open?a=1&a=2&b=%20x", content="{}", headers={"X-Custom": "y"})
        event = answer.json()
        assert event["resource"] == event["path"] == event["requestContext"]["resourcePath"] == "/open"
        assert event["httpMethod"] == "POST"
        assert event["headers"]["X-Custom"] == "y"
        assert event["multiValueHeaders"]["X-Custom"] == ["y"]
        assert event["queryStringParameters"] == {"a": "2", "b": " x"}
        assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [" x"]}
        assert (event["body"], event["isBase64Encoded"]) == ("{}", False)
        assert event["pathParameters"] is None
        assert event["stageVariables"] is None
        assert event["requestContext"]["stage"] == "v1"
        assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
        assert event["requestContext"]["requestId"] == answer.headers["x-amzn-RequestId"]
        assert "authorizer" not in event["requestContext"]
        assert answer.headers["X-One"] == "1"
        assert answer.headers.get_list("X-Many") == ["a", "b"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/jobs/7", "/jobs/{id}", {"id": "7"}),
        ("/jobs/a%2Fb", "/jobs/{id}", {"id": "a/b"}),
        ("/jobs/latest", "/jobs/latest", None),
        ("/jobs/latest/events", "/jobs/{id}/events", {"id": "latest"}),
        ("/files/a/b.txt", "/files/{path+}", {"path": "a/b.txt"}),
    ],
)
def test_routes(tmp_path: Path, path: str, resource: str, parameters: dict[str, str] | None) -> None:
    """A static segment wins over a parameter, and parameters are decoded."""

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            event = (await client.get(path, headers=KEY)).json()
            assert (event["resource"], event["pathParameters"]) == (resource, parameters)

    asyncio.run(scenario())


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("POST", "/jobs/7"), ("GET", "/jobs/7/x")])
def test_an_unknown_route_is_the_templates_response(tmp_path: Path, method: str, path: str) -> None:
    """Path and method without a route answer the template's body, status and media type."""

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            answer = await client.request(method, path, headers=KEY)
            assert answer.status_code == 404
            assert answer.headers["Content-Type"] == "application/problem+json"
            request_id = answer.headers["x-amzn-RequestId"]
            assert answer.json() == {"code": "route_not_found", "request_id": request_id}

    asyncio.run(scenario())


def test_the_authorizer_is_asked_once_and_its_context_is_text(tmp_path: Path) -> None:
    """A policy is kept for its header's value; its context reaches the function as strings."""

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            first = (await client.get("/jobs/1", headers=KEY)).json()["requestContext"]["authorizer"]
            second = (await client.get("/jobs/2", headers=KEY)).json()["requestContext"]["authorizer"]
            other = (await client.get("/jobs/2", headers={"Authorization": "Bearer other"})).json()
            assert first == {"principalId": "tenant", "calls": "1", "admin": "true", "integrationLatency": 0}
            assert second["calls"] == "1"
            assert other["requestContext"]["authorizer"]["calls"] == "2"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("key", "status", "body"),
    [
        (None, 401, {"message": "Unauthorized"}),
        ("unknown", 401, {"message": "Unauthorized"}),
        ("denied", 403, {"message": "User is not authorized to access this resource"}),
    ],
)
def test_who_may_not_call(tmp_path: Path, key: str | None, status: int, body: dict[str, str]) -> None:
    """No key, an unknown key and a refused one get API Gateway's answers."""

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            answer = await client.get("/jobs/1", headers=headers)
            assert (answer.status_code, answer.json()) == (status, body)
            assert answer.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
            assert (tmp_path / "logs" / "Authorize.log").exists() == (key is not None)

    asyncio.run(scenario())


def test_a_kept_policy_is_held_against_each_route(tmp_path: Path) -> None:
    """A policy that names one method refuses the next one, as it does in API Gateway."""

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            headers = {"Authorization": "Bearer narrow"}
            assert (await client.get("/jobs/1", headers=headers)).status_code == 200
            assert (await client.get("/jobs/1/events", headers=headers)).status_code == 403

    asyncio.run(scenario())


def test_a_failed_authorizer_is_our_fault(tmp_path: Path) -> None:
    """An authorizer that fails for another reason is a 500 of the template, not a 401."""

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            answer = await client.get("/jobs/1", headers={"Authorization": "Bearer broken"})
            assert answer.status_code == 500
            assert answer.json()["code"] == "internal"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "query",
    [
        {"fail": "1"},
        {"answer": '"text"'},
        {"answer": '{"body": "no status"}'},
        {"answer": '{"statusCode": 200, "body": {"not": "text"}}'},
        {"answer": '{"statusCode": 200, "headers": {"X": "a\\r\\nB: c"}}'},
    ],
)
def test_a_failed_function_is_a_502_without_details(tmp_path: Path, query: dict[str, str]) -> None:
    """A function error and a malformed answer are 502 with the template's body, nothing of the function's."""

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            answer = await client.get("/open", params=query)
            assert answer.status_code == 502
            assert answer.json() == {"code": "internal", "request_id": answer.headers["x-amzn-RequestId"]}

    asyncio.run(scenario())


def test_an_answer_after_the_limit_is_a_504(tmp_path: Path) -> None:
    """A function that outlasts the integration's limit costs its caller a 504 and goes on."""

    async def scenario() -> None:
        async with serving(tmp_path, integration_timeout_s=0.5) as client:
            await client.get("/open")
            answer = await client.get("/open", params={"sleep": "1"})
            assert answer.status_code == 504
            assert answer.json()["code"] == "internal"

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [6 * 1024 * 1024, 10 * 1024 * 1024 + 1])
def test_a_request_that_is_too_large(tmp_path: Path, size: int) -> None:
    """Lambda's 6 MB hold for the whole event and API Gateway's 10 MB for the body; both are a 413."""

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            answer = await client.post("/open", content=b"x" * size)
            assert answer.status_code == 413
            assert answer.json() == {"message": "Request Too Long"}
            assert (await client.get("/open")).status_code == 200

    asyncio.run(scenario())


def test_a_chunked_body_is_limited_as_well(tmp_path: Path) -> None:
    """A body that does not announce its length is cut off at 10 MB."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 1024 * 1024

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            assert (await client.post("/open", content=chunks())).status_code == 413

    asyncio.run(scenario())


def test_binary_media_types(tmp_path: Path) -> None:
    """A media type that the API names as binary arrives as base64, and base64 leaves as bytes where asked."""

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            pdf = {"Content-Type": "application/pdf"}
            event = (await client.post("/open", content=b"%PDF\xff", headers=pdf)).json()
            assert event["isBase64Encoded"]
            assert base64.b64decode(event["body"]) == b"%PDF\xff"
            text = (await client.post("/open", content=b"caf\xc3\xa9")).json()
            assert (text["body"], text["isBase64Encoded"]) == ("café", False)
            encoded = base64.b64encode(b"\x00\xff").decode()
            query = {"answer": json.dumps({"statusCode": 200, "body": encoded, "isBase64Encoded": True})}
            asked = await client.get("/open", params=query, headers={"Accept": "application/pdf"})
            assert asked.content == b"\x00\xff"
            assert (await client.get("/open", params=query)).text == encoded

    asyncio.run(scenario())


def test_a_client_that_goes_away_breaks_nothing(tmp_path: Path) -> None:
    """After clients that hang up during their request and during the answer, the next is served."""

    async def scenario() -> None:
        async with serving(tmp_path) as client:
            await client.get("/open")
            port = client.base_url.port
            assert port is not None
            for request in (
                b"GET /open?sleep=0.2 HTTP/1.1\r\nHost: x\r\n\r\n",
                b"POST /open HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npart",
            ):
                with socket.create_connection(("127.0.0.1", port)) as connection:
                    connection.sendall(request)
            assert (await client.get("/open")).status_code == 200

    asyncio.run(scenario())


def test_a_taken_port_is_an_error(tmp_path: Path) -> None:
    """Starting on a port that something listens on raises OSError."""

    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            (tmp_path / "template.yaml").write_text("Resources: {}", encoding="utf-8")
            system = template.load(tmp_path / "template.yaml", {}, physical=Physical())
            with pytest.raises(OSError, match="address already in use"):
                await Gateway(system, {}, port=taken.getsockname()[1]).start()

    asyncio.run(scenario())
