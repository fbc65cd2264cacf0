"""Both clients behind one face, so that each test is about both: the one on an event loop is driven."""

from __future__ import annotations

import inspect
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from claimcheck.client import AsyncClient, AsyncJobHandle, Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Driven:
    """An object of the client on an event loop, whose methods answer at once."""

    def __init__(self, portal: BlockingPortal, real: Any) -> None:
        self._portal = portal
        self._real = real

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if not callable(value):
            return value

        def called(*arguments: Any, **named: Any) -> Any:
            async def inside() -> Any:
                made = value(*arguments, **named)
                return await made if inspect.isawaitable(made) else made

            return self._shown(self._portal.call(inside))

        return called

    def __repr__(self) -> str:
        return repr(self._real)

    def _shown(self, value: Any) -> Any:
        if isinstance(value, AsyncJobHandle):
            return Driven(self._portal, value)
        return self._steps(value) if inspect.isasyncgen(value) else value

    def _steps(self, made: AsyncIterator[Any]) -> Iterator[Any]:
        async def following() -> Any:
            return await anext(made, None)

        while (each := self._portal.call(following)) is not None:
            yield each


class Opened:
    """A client, from its making to its end."""

    def __init__(self, kind: str, *arguments: Any, **named: Any) -> None:
        self._kind, self._arguments, self._named = kind, arguments, named
        self._stack = ExitStack()

    def __enter__(self) -> Any:
        if self._kind == "sync":
            return self._stack.enter_context(Client(*self._arguments, **self._named))
        portal = self._stack.enter_context(start_blocking_portal())
        if slept := self._named.pop("sleep", None):

            async def sleep(seconds: float) -> None:
                slept(seconds)

            self._named["sleep"] = sleep
        client = portal.call(lambda: AsyncClient(*self._arguments, **self._named))
        self._stack.callback(portal.call, client.aclose)
        return Driven(portal, client)

    def __exit__(self, *_: object) -> None:
        self._stack.close()


class Kind:
    """One of both."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: Any, **named: Any) -> Opened:
        """A client, for a `with`."""
        return Opened(self.name, *arguments, **named)
