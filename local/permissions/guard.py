"""A gate in front of the emulator: one address a function, so that it is known who calls.

An address that a function has signed leads here as well, and is judged as that function's call: on AWS it
can do what its signer may do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from yarl import URL

from local.permissions.calls import calls_of, key_calls, target_of
from local.permissions.policy import Call, read_roles
from local.processes import LOOPBACK, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from local.permissions.policy import Role
    from local.system import System

_HOP_BY_HOP = {"connection", "expect", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}
_CHUNK = 1 << 16


class Guard:
    """Passes on what a function's role allows, refuses the rest as AWS does, and records each kind of call.

    `record` gets a line of JSON a function, action, resource and statement (null: refused).
    """

    def __init__(
        self,
        roles: Mapping[str, Role],
        *,
        upstream: str,
        region: str,
        account: str,
        record: Path,
    ) -> None:
        self._roles = roles
        self._upstream = upstream
        self._region, self._account = region, account
        self._record = record
        self._seen: set[tuple[str, str, str, str | None]] = set()
        self._runners: list[web.AppRunner] = []
        self._session: ClientSession | None = None
        self._urls: dict[str, str] = {}

    async def start(self) -> None:
        """Listen, for each function on a port of its own."""
        self._session = ClientSession(
            auto_decompress=False,
            timeout=ClientTimeout(total=None),
            connector=TCPConnector(limit=0),
            skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
        )
        for function, role in self._roles.items():
            app = web.Application(client_max_size=1 << 31)
            app.router.add_route("*", "/{path:.*}", _Gate(self, function, role).handle)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
            await runner.setup()
            self._runners.append(runner)
            await web.TCPSite(runner, LOOPBACK, 0).start()
            host, port = runner.addresses[0][:2]
            self._urls[function] = f"http://{host}:{port}"

    async def close(self) -> None:
        """Stop listening."""
        for runner in self._runners:
            await runner.cleanup()
        if self._session is not None:
            await self._session.close()

    def url(self, function: str) -> str:
        """Where a function finds AWS. Raises KeyError for one without a role."""
        return self._urls[function]

    def judge(self, function: str, role: Role, calls: Iterable[Call]) -> Call | None:
        """Record the calls; the first one that is not allowed, None where all are."""
        refused: Call | None = None
        for call in calls:
            for each in (call, *key_calls(call, role.keys, region=self._region)):
                statement = role.judge(each)
                self._note(function, each, statement.name if statement else None)
                refused = refused or (None if statement else each)
        return refused

    def calls(self, request: web.Request, body: bytes) -> list[Call]:
        """What a request is, as IAM sees it."""
        return calls_of(
            request.method,
            request.raw_path,
            request.headers,
            body,
            region=self._region,
            account=self._account,
        )

    def _note(self, function: str, call: Call, statement: str | None) -> None:
        seen = (function, call.action, call.resource, statement)
        if seen in self._seen:
            return
        self._seen.add(seen)
        line = dict(zip(("function", "action", "resource", "statement"), seen, strict=True))
        with self._record.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")

    async def forward(
        self, request: web.Request, body: bytes | None, *, hide_missing: bool
    ) -> web.StreamResponse:
        """Pass a request on, its head as it came: it is signed. `hide_missing`: 404 becomes S3's 403."""
        assert self._session is not None  # noqa: S101 (for the type checker)
        headers = [
            (name, value) for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP
        ]
        data = body if body is not None else request.content if request.body_exists else None
        url = URL(self._upstream + request.raw_path, encoded=True)
        async with self._session.request(
            request.method, url, headers=headers, data=data, allow_redirects=False
        ) as answer:
            if hide_missing and answer.status == 404:
                return refusal(request, None)
            kept = [(n, v) for n, v in answer.headers.items() if n.lower() not in _HOP_BY_HOP]
            passed = web.StreamResponse(status=answer.status, reason=answer.reason)
            passed.headers.extend(kept)
            await passed.prepare(request)
            if request.method != "HEAD":
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    await passed.write(chunk)
            await passed.write_eof()
            return passed


async def guarding(path: Path | None, system: System, *, upstream: str, record: Path) -> Guard | None:
    """A started guard with the roles of the file `path`, None without one.

    Raises ServiceError for a file that cannot be read, and where a function of the system has no role.
    """
    if path is None:
        return None
    try:
        roles = read_roles(path)
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise ServiceError(f"{path}: the roles of the functions cannot be read: {error}") from error
    if missing := sorted(set(system.functions) - set(roles)):
        raise ServiceError(f"{path} has no role for {', '.join(missing)}")
    where = system.physical
    guard = Guard(roles, upstream=upstream, region=where.region, account=where.account, record=record)
    await guard.start()
    return guard


class _Gate:
    """The address of one function."""

    def __init__(self, guard: Guard, function: str, role: Role) -> None:
        self._guard = guard
        self._function = function
        self._role = role

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Judge, then pass on or refuse."""
        # Only a JSON protocol and a list of deletions say in the body what is meant.
        speaks = target_of(request.headers) is not None or "delete" in request.query
        body = await request.read() if speaks else None
        calls = self._guard.calls(request, body or b"")
        refused = self._guard.judge(self._function, self._role, calls)
        if refused is not None:
            return refusal(request, refused)
        return await self._guard.forward(request, body, hide_missing=not self._may_list(calls))

    def _may_list(self, calls: list[Call]) -> bool:
        """S3 says that a key does not exist only to those who may list the bucket."""
        objects = [call for call in calls if call.action.startswith("s3:GetObject")]
        buckets = {call.resource.partition("/")[0] for call in objects}
        return all(self._role.judge(Call("s3:ListBucket", bucket)) is not None for bucket in buckets)


def refusal(request: web.Request, call: Call | None) -> web.Response:
    """AWS's own answer to what is not allowed, in the caller's protocol."""
    what = f"{call.action} on resource: {call.resource}" if call else "this"
    message = f"User is not authorized to perform: {what} because no identity-based policy allows it"
    if target_of(request.headers) is not None:
        document = {"__type": "AccessDeniedException", "message": message}
        return web.json_response(
            document,
            status=400,
            content_type="application/x-amz-json-1.0",
            headers={"x-amzn-query-error": "AccessDenied;Sender"},
        )
    body = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
    text = None if request.method == "HEAD" else body
    return web.Response(status=403, text=text, content_type="application/xml")
