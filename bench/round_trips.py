"""Round trips of submit and status to the database and to SQS, counted on the wire."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from bench.documents import text_of
from bench.ground import environment, ground
from bench.handlers import LambdaContext, checked, event, load, quiet
from bench.measuring import Count
from bench.wire import CountingRelay

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.ground import Ground

CALLS = 20


def run(rounds: int | None = None) -> list[Count]:
    """Averages over `rounds` warm calls of each handler."""
    calls = rounds or CALLS
    with ground() as servers, contextlib.ExitStack() as stack:
        database = stack.enter_context(_relay(servers.database_url))
        queue = stack.enter_context(_relay(servers.aws_url))
        variables = servers.environment(
            database_url=_through(servers.database_url, database),
            queue_url=_through(servers.queue_url, queue),
        )
        stack.enter_context(environment(variables))
        stack.enter_context(quiet())
        return _count(servers, database, queue, calls)


def _count(servers: Ground, database: CountingRelay, queue: CountingRelay, calls: int) -> list[Count]:
    from claimcheck.store.connection import Database

    from bench.status import finished_job

    body = json.dumps({"document": {"text": text_of(10_000)}})
    job_id = finished_job(Database(servers.owner_url))
    submit, status, context = load("submit").handler, load("status").handler, LambdaContext()
    accept = _each(
        lambda: checked(submit(event("POST", "/jobs/{id}", "summarise", body), context), 202),
        (database, queue),
        calls,
    )
    read = _each(
        lambda: checked(status(event("GET", "/jobs/{id}", job_id), context), 200), (database, queue), calls
    )
    return [
        Count("submit: database", accept[0], 1),
        Count("submit: SQS", accept[1], 1),
        Count("status: database", read[0], 1),
        Count("status: SQS", read[1], 0),
    ]


def _each(call: Callable[[], object], relays: tuple[CountingRelay, CountingRelay], calls: int) -> list[float]:
    """Round trips a call through each relay; the first call, which connects, is not counted."""
    call()
    for relay in relays:
        relay.reset()
    for _ in range(calls):
        call()
    return [relay.round_trips / calls for relay in relays]


def _relay(url: str) -> CountingRelay:
    parts = urlsplit(url)
    return CountingRelay(str(parts.hostname), int(parts.port or 0))


def _through(url: str, relay: CountingRelay) -> str:
    """The same URL by way of the relay."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{relay.port}"))
