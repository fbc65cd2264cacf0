"""What came of a webhook attempt: an answer is read a little, a failure is named, a stale message stays."""

from __future__ import annotations

import asyncio
import gzip
import random
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

import httpx
import pytest
from claimcheck.usecases.notify import MAX_RESPONSE_BYTES, TIMEOUT_S, Notify
from claimcheck.webhooks.endpoint import Rules
from claimcheck.webhooks.lookup import DEADLINE_S, Lookup
from claimcheck.webhooks.schedule import Answer, after

from tests.unit.model.messages_server import MessagesServer, Reply
from tests.unit.usecases.posting import EPOCH, Body, Receiver, message, reply
from tests.unit.webhooks.hanging_resolver import HangingResolver

if TYPE_CHECKING:
    from collections.abc import Callable


def replying(response: httpx.Response, *, after_s: float = 0) -> Receiver:
    async def answer(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(after_s)
        return response

    return Receiver(answer)


def failing(kind: type[Exception]) -> Receiver:
    async def answer(request: httpx.Request) -> NoReturn:
        raise kind(f"trouble with {request.url}")

    return Receiver(answer)


def test_an_outcome_in_full() -> None:
    """The outcome has exactly the members that are agreed on, times by the clock."""
    outcome = replying(reply(200, b"thanks"), after_s=0.25).post(message())
    assert outcome == {
        "delivery_id": "d1",
        "tenant_id": "acme",
        "job_id": None,
        "traceparent": None,
        "attempt": 2,
        "status_code": 200,
        "duration_ms": 250,
        "error": None,
        "response_head": "thanks",
        "retry_after_s": None,
        "stale": False,
        "at": EPOCH.isoformat(),
    }


@pytest.mark.parametrize("status", [200, 204, 400, 404, 410, 429, 500, 503])
def test_the_status_comes_through(status: int) -> None:
    """Every answer is an answer: what its status means is decided where the delivery is."""
    outcome = replying(reply(status)).post(message())
    assert (outcome["status_code"], outcome["error"]) == (status, None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """A redirect, which could lead anywhere, is recorded as the answer."""
    receiver = replying(reply(status, location="https://inner.example.com/"))
    assert receiver.post(message())["status_code"] == status
    assert len(receiver.asked) == 1


@pytest.mark.parametrize("piece", [1, 100, 4095, 4096, 4097, 100_000])
def test_four_kilobytes_are_read(piece: int) -> None:
    """Of an endless answer the first 4096 bytes are kept, no more than needed is read, and it is closed."""
    body = Body(b"x" * piece, endless=True)
    outcome = replying(httpx.Response(200, stream=body)).post(message())
    assert outcome["response_head"] == "x" * MAX_RESPONSE_BYTES
    assert body.read < MAX_RESPONSE_BYTES + piece
    assert body.closed


def test_a_bomb_is_not_inflated() -> None:
    """A compressed answer is kept as it came: ten megabytes of zeros are not unpacked."""
    bomb = gzip.compress(bytes(10_000_000))
    packed = httpx.Response(200, stream=Body(bomb), headers={"content-encoding": "gzip"})
    outcome = replying(packed).post(message())
    assert outcome["status_code"] == 200
    assert len(outcome["response_head"]) <= MAX_RESPONSE_BYTES
    assert outcome["response_head"].startswith("\x1f")


def test_an_answer_that_is_no_text_is_kept_readable() -> None:
    """Bytes that are no UTF-8 become replacement characters."""
    outcome = replying(reply(200, b"ok \xff\xfe")).post(message())
    assert outcome["response_head"] == "ok \ufffd\ufffd"


async def _never() -> None:
    await asyncio.Event().wait()


async def _a_second() -> None:
    await asyncio.sleep(1)


@pytest.mark.parametrize(
    "receiver",
    [
        pytest.param(replying(reply(200), after_s=3600), id="no answer"),
        pytest.param(
            replying(httpx.Response(200, stream=Body(b"x", endless=True, pause=_never))), id="no body"
        ),
        pytest.param(
            replying(httpx.Response(200, stream=Body(b"x", endless=True, pause=_a_second))),
            id="a byte a second",
        ),
    ],
)
def test_an_attempt_ends_after_fifteen_seconds(receiver: Receiver) -> None:
    """Whatever a receiver does, an attempt takes 15 seconds at most, and is recorded as a timeout."""
    outcome = receiver.post(message())
    assert outcome["error"] == "timeout"
    assert receiver.ended_at == pytest.approx(TIMEOUT_S)
    assert outcome["duration_ms"] == TIMEOUT_S * 1000


def test_a_name_that_is_not_answered_is_a_timeout() -> None:
    """A look-up may take five seconds of an attempt; beyond, the attempt is a timeout, and charged as one."""
    receiver = Receiver()
    with HangingResolver() as resolver:
        outcome = receiver.post(message("https://hangs.example/"), resolver=Lookup(resolver))
    assert (outcome["error"], outcome["stale"], receiver.asked) == ("timeout", False, [])
    assert receiver.ended_at == pytest.approx(DEADLINE_S)
    following = after(Answer(outcome["status_code"]), failures=0, replay=False, chance=random.Random(1))
    assert following.charged


def test_a_healthy_delivery_does_not_wait_for_hanging_names() -> None:
    """Of a batch with nine names that hang, the tenth is delivered while all nine still hang."""

    async def main(resolver: HangingResolver) -> None:
        notify = receiver.notify(Lookup(resolver, deadline_s=3600))
        hang = [asyncio.create_task(notify(message(f"https://hangs{n}.example/"))) for n in range(9)]
        await asyncio.sleep(0)
        resolver.wait_until_hanging(9)
        outcome = await notify(message("https://healthy.example/"))
        assert outcome["status_code"] == 204
        assert not any(task.done() for task in hang)
        resolver.let_go()
        assert {outcome["error"] for outcome in await asyncio.gather(*hang)} == {
            "refused: the address must have a name that resolves"
        }

    receiver = Receiver()
    with HangingResolver() as resolver:
        asyncio.run(main(resolver))


@pytest.mark.parametrize(
    "kind", [httpx.ConnectTimeout, httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout]
)
def test_a_timeout_below_is_a_timeout(kind: type[httpx.TimeoutException]) -> None:
    """A timeout of the connection is recorded as one."""
    assert failing(kind).post(message())["error"] == "timeout"


@pytest.mark.parametrize(
    "kind",
    [
        httpx.ConnectError,
        httpx.ReadError,
        httpx.WriteError,
        httpx.RemoteProtocolError,
        httpx.LocalProtocolError,
    ],
)
def test_a_lost_connection_is_named(kind: type[httpx.TransportError]) -> None:
    """A connection that fails is recorded by its kind, without the address that was called."""
    outcome = failing(kind).post(message())
    assert outcome["error"] == f"connection failed ({kind.__name__})"
    assert outcome["status_code"] is None


@pytest.mark.parametrize(
    ("waited_s", "stale"), [(0, False), (119, False), (120, False), (120.5, True), (1e6, True)]
)
def test_a_message_that_waited_two_minutes_is_not_sent(waited_s: float, stale: bool) -> None:
    """A message older than two minutes is reported as stale instead of sent."""
    receiver = Receiver()
    outcome = receiver.post(message(waited_s=waited_s))
    assert outcome["stale"] == stale
    assert len(receiver.asked) == (not stale)
    assert stale == (outcome["status_code"] is None)


@pytest.mark.parametrize("fault", [ssl.SSLError("bad record mac"), OSError("reset"), ValueError("parser")])
def test_whatever_a_receiver_causes_is_an_outcome(fault: Exception) -> None:
    """What a library raises of a receiver's making ends the attempt as a failure that is charged."""

    async def answer(_: httpx.Request) -> httpx.Response:
        raise fault

    outcome = Receiver(answer).post(message())
    assert (outcome["status_code"], outcome["stale"]) == (None, False)
    assert outcome["error"] == f"connection failed ({type(fault).__name__})"
    assert after(Answer(None), failures=0, replay=False, chance=random.Random(1)).charged


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    """`planned_at` is read with its offset."""
    planned = (EPOCH + timedelta(hours=2)).replace(tzinfo=None).isoformat() + "+02:00"
    assert not Receiver().post(message(planned_at=planned))["stale"]


@pytest.mark.parametrize("change", [lambda one: one.pop("url"), lambda one: one.update(planned_at="soon")])
def test_a_malformed_message_is_an_error(change: Callable[[dict[str, object]], object]) -> None:
    """A message that lacks what it needs goes back to the queue and in the end to its dead letters."""
    broken = message()
    change(broken)
    with pytest.raises((KeyError, ValueError)):
        Receiver().post(broken)


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy variable in the environment, which could lead past the guard, is not heeded."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def main() -> int:
        async with MessagesServer(Reply(body="thanks")) as server:
            fresh = message(f"{server.url}/hook", planned_at=EPOCH.isoformat())
            notify = Notify(Rules(allow_loopback=True), clock=EPOCH.timestamp)
            assert (await notify(fresh))["status_code"] == 200
            return len(server.asked)

    assert asyncio.run(main()) == 1
