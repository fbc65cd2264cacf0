"""The command `listen`: a receiver of webhooks on this machine, to see what arrives and if it verifies."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import re
import signal
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from claimcheck.client import ClaimcheckError, jsontext

from client.called_as import command
from client.connection import connect
from client.exits import one_line_errors
from client.options import DEFAULT_DATA, Data, Key, ProfileName, Url
from client.submission import Unusable
from client.webhooks import Arrivals, Secrets, Verdict, check_secret, event_of

if TYPE_CHECKING:
    from aiohttp import web

HOST = "127.0.0.1"
MAX_BODY_BYTES = 10 * 1024 * 1024
_BODY_WITHIN_S = 15.0  # the sender gives up by then
_ENVIRONMENT = "CLAIMCHECK_WEBHOOK_SECRET"
_NOT_ASCII = re.compile("[^\x20-\x7e]")


def listen(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0 takes a free one.")] = 3001,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            "--secret",
            envvar=_ENVIRONMENT,
            metavar="whsec_…",
            help="Verify with this, ask no API; repeatable. Others see it in ps: prefer the variable.",
        ),
    ] = None,
    status: Annotated[
        int | None, typer.Option(min=200, max=599, help="Answer everything with this status, to see retries.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
    profile: ProfileName = None,
    url: Url = None,
    key: Key = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Receive webhooks on this machine, verify and print them, until Ctrl-C."""
    with one_line_errors(), ExitStack() as stack:
        if secret:
            secrets = Secrets([check_secret(each, f"secret {n}") for n, each in enumerate(secret, 1)])
        else:
            api = stack.enter_context(connect(url, key, data, profile=profile, patience=2.0))
            secrets = Secrets(api.webhook_secrets(), lambda: asyncio.to_thread(api.webhook_secrets))
        asyncio.run(Receiver(secrets, status, as_json=as_json).run(port))


@dataclass(frozen=True, slots=True)
class Received:
    """One webhook and what was answered; `attempt` counts arrivals of its id, 0 where it is not verified."""

    at: datetime
    answered: int
    verdict: Verdict
    webhook_id: str
    attempt: int
    duplicate: bool
    event: dict[str, Any] | None

    def as_json(self) -> str:
        """One line of ASCII; the event only where it is verified."""
        told = {
            "at": self.at.isoformat(),
            "verified": self.verdict.verified,
            "reason": self.verdict.reason or None,
            "answered": self.answered,
            "webhook_id": self.webhook_id or None,
            "attempt": self.attempt or None,
            "duplicate": self.duplicate,
            "event": self.event if self.verdict.verified else None,
        }
        # Every escape is one that JSON has, also for what has no place in UTF-8.
        return _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], jsontext.canonical(told))

    def as_line(self) -> str:
        """Time, type, job, status, verdict, what was answered, id; what is unknown is a dash."""
        event = self.event or {}
        inner = event.get("data")
        about = inner if isinstance(inner, dict) else {}
        verdict = "verified" if self.verdict.verified else f"NOT VERIFIED: {self.verdict.reason}"
        words = [
            self.at.astimezone().strftime("%H:%M:%S"),
            *(_shown(each) for each in (event.get("type"), about.get("job_id"), about.get("status"))),
            verdict,
            f"answered {self.answered}",
            _shown(self.webhook_id),
        ]
        if self.attempt > 1:
            words.append(f"attempt {self.attempt}" + (", a duplicate" if self.duplicate else ""))
        return "  ".join(words)


def _shown(value: object) -> str:
    """What a stranger sent, as one short word that a terminal shows and does not obey."""
    text = "-" if value is None or value == "" else str(value)
    return "".join(each if each.isprintable() and each != " " else "\ufffd" for each in text[:80])


class Receiver:
    """Serves on loopback, at any path, until told to stop; `status` is answered whatever the verdict is."""

    def __init__(
        self,
        secrets: Secrets,
        status: int | None = None,
        *,
        as_json: bool = False,
        body_within_s: float = _BODY_WITHIN_S,
    ) -> None:
        self._secrets = secrets
        self._status = status
        self._as_json = as_json
        self._body_within_s = body_within_s
        self._arrivals = Arrivals()
        self._stop = asyncio.Event()

    async def run(self, port: int) -> None:
        """Serve until SIGINT or SIGTERM. Raises Unusable where the port cannot be had."""
        from aiohttp import web

        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_route("*", "/{any:.*}", self._handle)
        # As they were sent: what is signed is what was on the wire.
        runner = web.AppRunner(
            app, access_log=None, logger=_one_line_logger(), auto_decompress=False, shutdown_timeout=1.0
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, HOST, port)
            try:
                await site.start()
            except OSError as error:
                taken = error.errno == errno.EADDRINUSE
                why = "it is taken" if taken else os.strerror(error.errno or errno.EINVAL)
                raise Unusable(f"cannot listen on port {port}: {why}; give another --port") from None
            loop = asyncio.get_running_loop()
            for each in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(each, self._stop.set)
            self._greet(runner.addresses[0][1])
            await self._stop.wait()
        finally:
            await runner.cleanup()

    def _greet(self, port: int) -> None:
        """On stderr: stdout holds what arrives and nothing else."""
        typer.echo(f"listening: give http://{HOST}:{port}/ as webhook_url; Ctrl-C ends", err=True)
        up = command("up --allow-loopback-webhooks")
        typer.echo(f"nothing arrives unless the system was started with: {up}", err=True)

    async def _handle(self, request: web.Request) -> web.Response:
        from aiohttp import web

        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"}, text="webhooks are sent by POST\n")
        headers = {name.lower(): value for name, value in request.headers.items()}
        body, verdict = await _read(request, self._body_within_s)
        if verdict is None:
            try:
                verdict = await self._secrets.verify(body, headers)
            except ClaimcheckError as error:
                typer.echo(f"the secrets could not be asked for again: {error}", err=True)
                verdict = Verdict(401, "no known secret has signed it")
        received = self._received(body, headers.get("webhook-id", ""), verdict)
        self._print(received)
        text = None if received.answered in {204, 304} else f"{verdict.reason or 'verified'}\n"
        return web.Response(status=received.answered, text=text)

    def _received(self, body: bytes, webhook_id: str, verdict: Verdict) -> Received:
        answered = self._status or verdict.status
        attempt, duplicate = 0, False
        if verdict.verified:
            attempt, duplicate = self._arrivals.count(webhook_id, accepted=200 <= answered < 300)
        return Received(datetime.now(UTC), answered, verdict, webhook_id, attempt, duplicate, event_of(body))

    def _print(self, received: Received) -> None:
        try:
            if self._as_json:
                typer.echo(received.as_json())
            else:
                colour = "green" if received.verdict.verified else "red"
                typer.echo(typer.style(received.as_line(), fg=colour))
        except BrokenPipeError:  # nobody reads any more
            self._stop.set()


async def _read(request: web.Request, within_s: float) -> tuple[bytes, Verdict | None]:
    """The body, or why it was not read."""
    from aiohttp import web

    try:
        async with asyncio.timeout(within_s):
            return await request.read(), None
    except web.HTTPRequestEntityTooLarge:
        return b"", Verdict(413, f"the body is longer than {MAX_BODY_BYTES} bytes")
    except TimeoutError:
        return b"", Verdict(408, f"the body did not arrive within {within_s:g} seconds")
    except (web.RequestPayloadError, OSError):
        return b"", Verdict(400, "the body was cut off")


def _one_line_logger() -> logging.Logger:
    """What the HTTP server would log with a traceback, told in a line."""

    class OneLine(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kind = record.exc_info[0] if record.exc_info else None
            typer.echo(f"{record.getMessage()}: {kind.__name__ if kind else record.levelname}", err=True)

    logger = logging.getLogger("claimcheck.listen")
    logger.propagate = False
    logger.handlers = [OneLine()]
    return logger
