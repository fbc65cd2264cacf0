"""Receivers that mean no good: whatever they answer, an attempt ends, in time, with one outcome."""

from __future__ import annotations

import asyncio
import gzip
import random
import ssl
import time
import tracemalloc
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.usecases.notify import MAX_RESPONSE_BYTES, Notify
from claimcheck.webhooks.endpoint import Rules
from claimcheck.webhooks.schedule import Answer, after
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.webhooks.raw import Raw, for_ever, receiving, saying
from tests.unit.usecases.posting import EPOCH, message

if TYPE_CHECKING:
    from tests.integration.webhooks.raw import Script

LOCAL = Rules(allow_loopback=True)
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"


@cache
def trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def notifying(**more: Any) -> Notify:
    return Notify(LOCAL, clock=EPOCH.timestamp, tls=trusted(), **more)


def posted(script: Script, *, timeout_s: float = 20, **members: Any) -> tuple[dict[str, Any], Raw]:
    """The outcome of one attempt at a receiver with this script, which has been left by then."""

    async def main() -> tuple[dict[str, Any], Raw]:
        async with receiving(script) as seen:
            outcome = await notifying(timeout_s=timeout_s)(message(seen.url, **members))
            await seen.until_over()
            return outcome, seen

    return asyncio.run(main())


def test_what_a_request_says() -> None:
    """The signed headers, the host, who we are; no wish for compression and none for another request."""
    outcome, seen = posted(saying(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert outcome["status_code"] == 204
    (head,) = seen.heads
    request, *fields = head.split("\r\n")
    assert request == "POST /hook HTTP/1.1"
    said = dict(line.lower().split(": ", 1) for line in fields if line)
    assert set(said) == {
        *("host", "content-length", "connection", "accept", "accept-encoding", "user-agent"),
        *message()["headers"],
    }
    assert (said["accept-encoding"], said["connection"]) == ("identity", "close")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leads_nowhere(status: int) -> None:
    """It is not followed, here or elsewhere: it is the outcome, and counted as a failure."""

    async def main() -> None:
        async with receiving(saying(OK)) as elsewhere:
            there = f"HTTP/1.1 {status} Over There\r\nlocation: {elsewhere.url}\r\ncontent-length: 0\r\n\r\n"
            async with receiving(saying(there.encode())) as seen:
                outcome = await notifying()(message(seen.url))
                assert (outcome["status_code"], seen.connections, elsewhere.connections) == (status, 1, 0)

    asyncio.run(main())
    following = after(Answer(status), failures=0, replay=False, chance=random.Random(1))
    assert (following.status, following.charged) == ("pending", True)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(saying(), id="no answer"),
        pytest.param(saying(OK), id="no end of the head"),
        pytest.param(saying(OK + b"content-length: 10\r\n\r\n"), id="no body"),
        pytest.param(saying(OK + b"content-length: 10\r\n\r\n12345"), id="half a body"),
        pytest.param(saying(CHUNKED + b"5\r\nabc"), id="half a chunk"),
        pytest.param(for_ever(b"", b"H", pause_s=0.01), id="a drip for a status line"),
        pytest.param(for_ever(OK, b"a: b\r\n", pause_s=0.01), id="a drip of headers"),
        pytest.param(for_ever(OK + b"\r\n", b"x", pause_s=0.01), id="a drip of a body"),
        pytest.param(for_ever(CHUNKED, b"1\r\nx\r\n", pause_s=0.01), id="a drip of chunks"),
        pytest.param(for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause_s=0.01), id="a drip of 100"),
        pytest.param(for_ever(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), id="a stream of 103"),
    ],
)
def test_an_attempt_has_an_end(script: Script) -> None:
    """However slowly a receiver goes on, the attempt ends at its time, as a timeout, and leaves."""
    started = time.monotonic()
    outcome, _ = posted(script, timeout_s=0.4)
    assert (outcome["status_code"], outcome["error"]) == (None, "timeout")
    assert time.monotonic() - started >= 0.4


def test_a_receiver_that_does_not_read_is_left() -> None:
    """A body that nobody takes is within the time of the attempt as well."""

    async def main() -> dict[str, Any]:
        taken: list[asyncio.StreamWriter] = []

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            taken.append(writer)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        outcome = await notifying(timeout_s=0.4)(message(url, body="x" * 30_000_000))
        for writer in taken:
            writer.transport.abort()
        server.close()
        return outcome

    assert asyncio.run(main())["error"] == "timeout"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(for_ever(OK + b"\r\n", b"x" * 65_536), id="without a length"),
        pytest.param(
            for_ever(OK + b"content-length: 999999999999\r\n\r\n", b"x" * 65_536), id="with a length"
        ),
        pytest.param(for_ever(CHUNKED, b"10000\r\n" + b"x" * 65_536 + b"\r\n"), id="in chunks"),
        pytest.param(for_ever(CHUNKED, b"1\r\nx\r\n" * 5000), id="in chunks of a byte"),
    ],
)
def test_an_endless_body_is_read_a_little(script: Script) -> None:
    """4096 bytes are kept, and the connection is closed while the receiver still writes."""
    outcome, _ = posted(script)
    assert (outcome["status_code"], outcome["error"]) == (200, None)
    assert outcome["response_head"] == "x" * MAX_RESPONSE_BYTES


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "chunked", "nonsense"])
def test_a_bomb_stays_packed(encoding: str) -> None:
    """Fifty megabytes in fifty kilobytes: four are read and none unpacked, whatever they are called."""
    bomb = gzip.compress(bytes(50_000_000))
    head = OK + f"content-encoding: {encoding}\r\ncontent-length: {len(bomb)}\r\n\r\n".encode()
    tracemalloc.start()
    outcome, _ = posted(saying(head + bomb))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcome["status_code"] == 200
    assert outcome["response_head"] == bomb[:MAX_RESPONSE_BYTES].decode(errors="replace")
    assert peak < 5_000_000


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(for_ever(OK, b"a: b\r\n" * 1000), id="endless headers"),
        pytest.param(for_ever(OK + b"a: ", b"x" * 65_536), id="an endless header"),
        pytest.param(for_ever(b"HTTP/1.1 200 ", b"O" * 65_536), id="an endless status line"),
        pytest.param(for_ever(b"", b"\x00" * 65_536), id="endless zeros"),
        pytest.param(for_ever(CHUNKED, b"f" * 65_536), id="an endless chunk size"),
        pytest.param(saying(OK + b"a: " + b"x" * 200_000 + b"\r\n\r\n"), id="a header of 200 kB"),
        pytest.param(saying(OK + b"a: b\r\n" * 50_000 + b"\r\n"), id="50,000 headers"),
        pytest.param(saying(b"SSH-2.0-OpenSSH_9.6\r\n", hang_up=True), id="another protocol"),
        pytest.param(saying(b"\x15\x03\x03\x00\x02\x02\x16"), id="a TLS alert"),
        pytest.param(saying(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", hang_up=True), id="HTTP/2"),
        pytest.param(saying(b"HTTP/1.1 two hundred\r\n\r\n"), id="no status"),
        pytest.param(saying(b"HTTP/1.1 99 Low\r\n\r\n"), id="a status of two digits"),
        pytest.param(saying(b"HTTP/1.1 2000 OK\r\n\r\n"), id="a status of four digits"),
        pytest.param(saying(OK + b"content-length: -1\r\n\r\n"), id="a length below zero"),
        pytest.param(saying(OK + b"content-length: 1\r\ncontent-length: 2\r\n\r\n"), id="two lengths"),
        pytest.param(saying(CHUNKED + b"nonsense\r\n"), id="no chunk size"),
        pytest.param(saying(hang_up=True), id="hangs up"),
        pytest.param(saying(reset=True), id="resets"),
        pytest.param(saying(OK, hang_up=True), id="hangs up in the head"),
        pytest.param(saying(OK + b"content-length: 9\r\n\r\n12", hang_up=True), id="hangs up in the body"),
        pytest.param(saying(OK + b"content-length: 9\r\n\r\n12", reset=True), id="resets in the body"),
        pytest.param(saying(CHUNKED + b"5\r\nabc", hang_up=True), id="hangs up in a chunk"),
    ],
)
def test_an_answer_that_is_none_is_a_failure(script: Script) -> None:
    """What is no answer, or breaks off before its end, has no status: it is tried again."""
    outcome, seen = posted(script)
    assert outcome["error"].startswith("connection failed (")
    assert (outcome["status_code"], outcome["response_head"], seen.connections) == (None, "", 1)


@pytest.mark.parametrize(
    "before",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
    ],
)
def test_what_comes_before_the_answer_is_passed_over(before: bytes) -> None:
    """100 and 103 are no answers; the one behind them is."""
    outcome, _ = posted(saying(before + b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nhi"))
    assert (outcome["status_code"], outcome["response_head"]) == (202, "hi")


def test_another_protocol_is_not_switched_to() -> None:
    """101 is no success, and nothing more is said on such a connection."""
    outcome, _ = posted(
        saying(b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"), timeout_s=1
    )
    following = after(Answer(outcome["status_code"]), failures=0, replay=False, chance=random.Random(1))
    assert following.charged


@pytest.mark.parametrize(
    "header", [b"location: http://[broken", b"location: \xff\xfe", b"set-cookie: =;;\x01=; Expires=never"]
)
def test_headers_that_nobody_reads_spoil_nothing(header: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """The status of an answer counts, whatever its cookies and redirects are; none of them is printed."""
    outcome, _ = posted(saying(b"HTTP/1.1 301 Moved\r\n" + header + b"\r\ncontent-length: 0\r\n\r\n"))
    assert (outcome["status_code"], outcome["error"]) == (301, None)
    assert "Traceback" not in "".join(capfd.readouterr())


def test_no_cookie_is_kept() -> None:
    """What a receiver sets is not sent back: neither to it nor to anybody else."""

    async def main() -> list[str]:
        crumbs = b"HTTP/1.1 204 No Content\r\nset-cookie: a=b; Domain=127.0.0.1; Path=/\r\n\r\n"
        async with receiving(saying(crumbs)) as seen:
            notify = notifying()
            for _ in range(2):
                await notify(message(seen.url))
            assert seen.connections == 2
            return seen.heads

    assert not any("cookie" in head.lower() for head in asyncio.run(main()))


@pytest.mark.parametrize(
    ("status", "said", "wait"),
    [
        (503, b"retry-after: 120", 120),
        (429, b"Retry-After:\t7 ", 7),
        (429, b"retry-after: 999999", 86_400),
        (503, b"retry-after: Sat, 01 Jan 2000 00:01:00 GMT", 60),
        (503, b"retry-after: -5", None),
        (503, b"retry-after: \xff\xfe", None),
        (503, b"retry-after: 1\r\nretry-after: 2", None),
        (503, b"x: y", None),
        (500, b"retry-after: 120", None),
        (200, b"retry-after: 120", None),
    ],
)
def test_when_a_receiver_wishes_to_be_asked_again(status: int, said: bytes, wait: float | None) -> None:
    """`Retry-After` of 429 and 503 is part of the outcome."""
    answer = b"HTTP/1.1 %d Words\r\n%s\r\ncontent-length: 0\r\n\r\n" % (status, said)
    outcome, _ = posted(saying(answer))
    assert (outcome["status_code"], outcome["retry_after_s"]) == (status, wait)


ANSWERS = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=300).map((OK + b"\r\n").__add__),
    st.binary(max_size=300).map(CHUNKED.__add__),
    st.builds(
        b"HTTP/1.%d %d %b\r\n%b: %b\r\n\r\n%b".__mod__,
        st.tuples(
            st.integers(0, 9), st.integers(-9, 1200), *[st.binary(max_size=20)] * 3, st.binary(max_size=200)
        ),
    ),
)


@settings(max_examples=150)
@given(answer=ANSWERS)
def test_any_bytes_are_an_outcome(answer: bytes) -> None:
    """Whatever bytes come back, there is a status or an error, never both and never an exception."""
    outcome, _ = posted(saying(answer, hang_up=True), timeout_s=5)
    assert (outcome["status_code"] is None) != (outcome["error"] is None)
    assert len(outcome["response_head"]) <= MAX_RESPONSE_BYTES
