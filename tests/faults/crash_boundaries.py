"""Where a run can be cut: before and after each statement and each call to the outside."""

from __future__ import annotations

import functools
import os
import signal
import ssl
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx
    import pytest

    from tests.faults.crash_aws import FileCloud


class Boundaries:
    """Numbers the boundaries that this process comes to, from 0, and kills it at `kill_at`.

    That is a number or a name. No thread is killed in the middle of a statement because another one has
    come to the boundary: what was told is what has happened.
    """

    def __init__(self, kill_at: int | str | None, tell: Callable[[str], None]) -> None:
        self._kill_at = kill_at
        self._tell = tell
        self._count = 0
        self._lock = threading.RLock()

    def reach(self, name: str, times: int = 1) -> None:
        """The process is at a boundary, or at `times` of one name at once.

        Told first, so that others know where it ended.
        """
        with self._lock:
            for _ in range(times):
                self._tell(name)
            if self._kill_at == name or self._kill_at in range(self._count, self._count + times):
                os.kill(os.getpid(), signal.SIGKILL)
            self._count += times

    def around(self, name: str, call: Callable[..., Any], times: int = 1) -> Callable[..., Any]:
        """`call` between two boundaries; `times`: it is so many calls, which happen all or none."""

        @functools.wraps(call)
        def watched(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                self.reach(f"before {name}", times)
                answer = call(*args, **kwargs)
                self.reach(f"after {name}", times)
            return answer

        return watched

    def between(self, name: str, call: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        """`call`, which gives one thing after the other, each behind a boundary, and one after the last."""

        @functools.wraps(call)
        def watched(*args: Any, **kwargs: Any) -> Iterator[Any]:
            for each in call(*args, **kwargs):
                self.reach(f"one of {name}")
                yield each
            self.reach(f"all of {name}")

        return watched

    def around_async(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """As `around`, for a coroutine function."""

        @functools.wraps(call)
        async def watched(*args: Any, **kwargs: Any) -> Any:
            self.reach(f"before {name}")
            answer = await call(*args, **kwargs)
            self.reach(f"after {name}")
            return answer

        return watched


def watch(boundaries: Boundaries, cloud: FileCloud, process: pytest.MonkeyPatch) -> None:
    """Put boundaries around everything that this process says to anybody else.

    A statement is one transaction, which those of one kind that wait together share: after it means that it
    is committed, and that its answer is not used.
    """
    import boto3
    import httpx
    from claimcheck.aws.sqs_sender import SqsSender
    from claimcheck.model.batches import ClaudeBatches
    from claimcheck.model.claude import Claude
    from claimcheck.store.connection import Database

    run, run_together = Database.all, Database.together

    def statements(database: Database, query: Any, many: Any) -> Any:
        return boundaries.around(query.name, run_together, len(many))(database, query, many)

    def statement(database: Database, query: Any, params: Any, *, tenant_id: str | None = None) -> Any:
        return boundaries.around(query.name, run)(database, query, params, tenant_id=tenant_id)

    post = httpx.AsyncHTTPTransport.handle_async_request

    async def posted(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        response: httpx.Response = await boundaries.around_async("POST webhook", post)(transport, request)
        return response

    def client(service: str, **options: Any) -> Any:
        return _Watched(cloud.client(service, **options), service, boundaries)

    # Nobody here speaks TLS, and reading the authorities' certificates takes longer than all the rest.
    process.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    process.setattr(Database, "all", statement)
    process.setattr(Database, "together", statements)
    process.setattr(Claude, "ask", boundaries.around_async("ask", Claude.ask))
    for name in ("create", "look", "cancel", "delete"):
        process.setattr(ClaudeBatches, name, boundaries.around(name, getattr(ClaudeBatches, name)))
    for name in ("since", "results"):
        process.setattr(ClaudeBatches, name, boundaries.between(name, getattr(ClaudeBatches, name)))
    process.setattr(httpx.AsyncHTTPTransport, "handle_async_request", posted)
    process.setattr(boto3, "client", client)
    sender = client("sqs")
    process.setattr(SqsSender, "__init__", lambda *_, **__: None)
    process.setattr(SqsSender, "send_message", lambda _, **call: sender.send_message(**call))
    process.setattr(SqsSender, "send_message_batch", lambda _, **call: sender.send_message_batch(**call))


class _Watched:
    """A client whose every call stands between two boundaries."""

    def __init__(self, client: object, service: str, boundaries: Boundaries) -> None:
        self._client = client
        self._service = service
        self._boundaries = boundaries

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self._boundaries.around(f"{self._service}.{name}", getattr(self._client, name))
