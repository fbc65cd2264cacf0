"""The key is read when a call is near, once, and again after the API has refused it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from claimcheck.failures import UnavailableError
from claimcheck.model.claude import Claude, by_key
from claimcheck.model.types import CallFailedError

from tests.unit.model.conversations import QUESTION, error, message
from tests.unit.model.messages_server import MessagesServer, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.unit.model.messages_server import Asked

REFUSED = error("authentication_error", 401)
ANSWERED = Reply(body=message())


class Keys:
    """A secret whose value changes each time it is read; the first `away` reads fail."""

    def __init__(self, *, away: int = 0) -> None:
        self.reads = 0
        self._away = away

    def __call__(self) -> str:
        self.reads += 1
        if self.reads <= self._away:
            raise UnavailableError("the secret could not be read (ThrottlingException)")
        return f"sk-ant-test-{self.reads}"


def converse(keys: Keys, turn: Reply, talk: Callable[[Claude], Coroutine[None, None, None]]) -> list[Asked]:
    """Every request that a talk leads to."""

    async def main() -> list[Asked]:
        async with MessagesServer(turn) as server:
            with pytest.MonkeyPatch.context() as patch:
                patch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
                patch.setenv("ANTHROPIC_BASE_URL", server.url)
                patch.setenv("NO_PROXY", "127.0.0.1")
                await talk(Claude(by_key(keys)))
            return server.asked

    return asyncio.run(main())


def keys_sent(asked: list[Asked]) -> list[str]:
    """The key of each request, by whichever header it came."""
    return [
        request.headers.get("x-api-key") or request.headers["authorization"].removeprefix("Bearer ")
        for request in asked
    ]


async def refused(claude: Claude) -> None:
    with pytest.raises(CallFailedError):
        await claude.ask(QUESTION)


def test_no_key_is_read_before_it_is_needed() -> None:
    """Making a Claude reads nothing: a function that starts waits for no secret."""
    keys = Keys()
    Claude(by_key(keys))
    assert keys.reads == 0


def test_a_key_is_read_once() -> None:
    """However often, and by however many at once, a call is made ready and made, one reading is enough."""
    keys = Keys()

    async def talk(claude: Claude) -> None:
        await asyncio.gather(*(claude.ready() for _ in range(5)))
        await asyncio.gather(*(claude.ask(QUESTION) for _ in range(3)))

    asked = converse(keys, ANSWERED, talk)
    assert keys.reads == 1
    assert keys_sent(asked) == ["sk-ant-test-1"] * 3


def test_a_refused_key_is_read_again() -> None:
    """After a 401 the next call reads the key anew, and so finds one that was changed meanwhile."""
    keys = Keys()

    async def talk(claude: Claude) -> None:
        for _ in range(3):
            await refused(claude)

    asked = converse(keys, REFUSED, talk)
    assert keys_sent(asked) == [f"sk-ant-test-{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize("status", [400, 402, 403, 404, 429, 500, 529])
def test_no_other_error_drops_the_key(status: int) -> None:
    """What does not say that the key is bad does not ask the secret store for another."""
    keys = Keys()

    async def talk(claude: Claude) -> None:
        await refused(claude)
        await refused(claude)

    assert len(converse(keys, error("api_error", status), talk)) == 2
    assert keys.reads == 1


def test_calls_under_way_outlive_a_refused_key() -> None:
    """Several calls refused at once are each a refused call, and one reading mends them all."""
    keys = Keys()

    async def talk(claude: Claude) -> None:
        await asyncio.gather(*(refused(claude) for _ in range(4)))
        await claude.ready()

    assert len(converse(keys, REFUSED, talk)) == 4
    assert keys.reads == 2


def test_a_key_that_cannot_be_read_is_no_call() -> None:
    """Where the secret is out of reach, that is said, nothing is sent, and the next call tries again."""
    keys = Keys(away=2)

    async def talk(claude: Claude) -> None:
        with pytest.raises(UnavailableError):
            await claude.ready()
        with pytest.raises(UnavailableError):
            await claude.ask(QUESTION)
        await claude.ask(QUESTION)

    asked = converse(keys, ANSWERED, talk)
    assert keys_sent(asked) == ["sk-ant-test-3"]
