"""A receiver's view of webhooks: signatures, secrets that are asked for again, repeated arrivals, lines."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from claimcheck.webhooks.signature import new_secret, signed_headers
from hypothesis import given
from hypothesis import strategies as st

from client.listen import Received
from client.submission import Unusable
from client.webhooks import Arrivals, Secrets, Verdict, check_secret, event_of, verify

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = new_secret()
NOW = str(int(time.time()))
MALFORMED = "the signature or the body is malformed"
_EVENT = '{"type":"job.completed","data":{"job_id":"0193-a","status":"completed","fee":12.50,"é":"😀"}}'
BODY = _EVENT.encode()


def signed(*secrets: str, body: bytes = BODY, age_s: int = 0, webhook_id: str = "msg_1") -> dict[str, str]:
    return signed_headers(webhook_id, int(time.time()) - age_s, body, secrets)


def test_any_of_several_secrets_verifies() -> None:
    """One secret that signed is enough, wherever it stands."""
    for secrets in ([SECRET], [new_secret(), SECRET], [SECRET, new_secret()]):
        assert verify(BODY, signed(SECRET), secrets) == Verdict(204)


@pytest.mark.parametrize(
    ("changed", "status", "reason"),
    [
        (lambda: signed(new_secret()), 401, "no matching signature found"),
        (lambda: signed(SECRET, age_s=360), 401, "message timestamp too old"),
        (lambda: signed(SECRET, age_s=-360), 401, "message timestamp too new"),
        (lambda: signed(SECRET) | {"webhook-id": "msg_2"}, 401, "no matching signature found"),
        (lambda: signed(SECRET) | {"webhook-timestamp": ""}, 400, "there is no header webhook-timestamp"),
        (lambda: signed(SECRET) | {"webhook-signature": "v1"}, 400, MALFORMED),
        (lambda: signed(SECRET) | {"webhook-signature": "v1,=A"}, 400, MALFORMED),
        (dict, 400, "there is no header webhook-id"),
    ],
)
def test_what_does_not_verify_says_why(
    changed: Callable[[], dict[str, str]], status: int, reason: str
) -> None:
    """401 is for what no secret signed in time, 400 for what is no signed webhook; both with a reason."""
    assert verify(BODY, changed(), [SECRET]) == Verdict(status, reason)


@given(
    st.binary(max_size=200),
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]),
        st.text(max_size=40)
        | st.sampled_from([str(int(time.time())), "v1,AAAA", "v1a,x v1,\udcff", "1e999"]),
    ),
)
def test_nothing_that_is_sent_raises_or_verifies(body: bytes, headers: dict[str, str]) -> None:
    """Whatever a stranger sends is answered with 400 or 401."""
    assert verify(body, headers, [SECRET]).status in {400, 401}


def test_a_secret_is_taken_whole() -> None:
    """A secret with white space around it, or without the padding of base64, is what was meant."""
    assert check_secret(f" {SECRET}\n", "secret 1") == SECRET
    assert verify(BODY, signed(SECRET), [check_secret(SECRET.rstrip("="), "secret 1")]).verified


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", SECRET[:20], SECRET.removeprefix("whsec_"), "whsec_ö" * 9],
    ids=["empty", "prefix", "short", "no prefix", "no base64"],
)
def test_what_is_no_secret_is_refused_without_being_repeated(secret: str) -> None:
    """A secret that is cut, empty or something else is refused, and the message does not show it."""
    with pytest.raises(Unusable, match="secret 1 is no webhook secret: copy it whole") as caught:
        check_secret(secret, "secret 1")
    assert not secret or secret not in str(caught.value).replace("from whsec_ on", "")


class Api:
    """Shows one list of secrets after the other, and counts how often it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self) -> list[str]:
        await asyncio.sleep(0)
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_secrets_are_asked_for_again_after_a_rotation() -> None:
    """A webhook that no known secret signed is verified with those that the API shows then."""
    new = new_secret()
    api = Api([new])
    secrets = Secrets([SECRET], api)

    async def play() -> list[Verdict]:
        return [await secrets.verify(BODY, signed(each)) for each in (SECRET, new, new)]

    assert [verdict.status for verdict in asyncio.run(play())] == [204, 204, 204]
    assert api.asked == 1


def test_secrets_are_not_asked_for_more_often_than_every_five_seconds() -> None:
    """However many webhooks do not verify, the API is asked once in five seconds, also by many at once."""
    now = [100.0]
    api = Api([SECRET])
    secrets = Secrets([SECRET], api, clock=lambda: now[0])

    async def forged(times: int) -> None:
        verdicts = await asyncio.gather(*(secrets.verify(BODY, signed(new_secret())) for _ in range(times)))
        assert {verdict.status for verdict in verdicts} == {401}

    async def play() -> list[int]:
        asked = []
        for later, times in ((0.0, 20), (4.9, 3), (0.2, 3)):
            now[0] += later
            await forged(times)
            asked.append(api.asked)
        return asked

    assert asyncio.run(play()) == [1, 1, 2]


def test_what_is_malformed_asks_nobody() -> None:
    """Only a webhook that could verify with another secret is a reason to ask for one."""
    api = Api([SECRET])
    assert asyncio.run(Secrets([SECRET], api).verify(BODY, {})).status == 400
    assert api.asked == 0


def test_given_secrets_are_all_there_is() -> None:
    """Without an API to ask, what they do not verify is refused."""
    assert asyncio.run(Secrets([SECRET]).verify(BODY, signed(new_secret()))).status == 401


def test_arrivals_are_counted_by_id() -> None:
    """The same id again is a further attempt, and a duplicate once one was answered with success."""
    arrivals = Arrivals()
    counted = [arrivals.count("msg_1", accepted=done) for done in (False, True, True)]
    assert counted == [(1, False), (2, False), (3, True)]
    assert arrivals.count("msg_2", accepted=True) == (1, False)


def test_arrivals_remember_a_bounded_number() -> None:
    """The ids that were not seen for longest are forgotten first."""
    arrivals = Arrivals()
    for number in range(10_001):
        arrivals.count(f"msg_{number}", accepted=True)
    assert arrivals.count("msg_0", accepted=True) == (1, False)
    assert arrivals.count("msg_10000", accepted=True) == (2, True)


def received(body: bytes = BODY, verdict: Verdict | None = None, attempt: int = 1) -> Received:
    verdict = verdict or Verdict(204)
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    return Received(at, verdict.status, verdict, "msg_1", attempt, attempt > 2, event_of(body))


def test_a_line_says_what_came() -> None:
    """Type, job, status, verdict, answer and id stand in one line; a repetition says so."""
    assert received().as_line().split("  ")[1:] == [
        "job.completed",
        "0193-a",
        "completed",
        "verified",
        "answered 204",
        "msg_1",
    ]
    assert received(attempt=2).as_line().endswith("  attempt 2")
    assert received(attempt=3).as_line().endswith("  attempt 3, a duplicate")


def test_a_line_says_why_it_is_not_verified() -> None:
    """What does not verify stands out, with the reason; what is no event is dashes."""
    line = received(b"[1]", Verdict(401, "no matching signature found"), attempt=0).as_line()
    assert "  -  -  -  NOT VERIFIED: no matching signature found  answered 401  " in line


@given(st.text())
def test_a_line_is_one_line_whatever_was_sent(text: str) -> None:
    """No sender can make a terminal obey, start a new line or show words of the sender's own choice."""
    body = json.dumps({"type": text, "data": {"job_id": text, "status": text}}).encode()
    line = received(body).as_line()
    assert line.isprintable()
    assert len(line.split("  ")) == 7
    assert len(line) < 400


def test_json_keeps_numbers_and_is_ascii() -> None:
    """A JSON line has the event with its numbers as they were written, in ASCII."""
    line = received().as_json()
    assert line.isascii()
    assert '"fee": 12.50' in line
    shown = json.loads(line)
    assert (shown["verified"], shown["answered"], shown["attempt"], shown["duplicate"]) == (
        True,
        204,
        1,
        False,
    )
    assert shown["event"]["data"]["é"] == "😀"


def test_json_shows_no_event_that_is_not_verified() -> None:
    """A program that reads the lines never gets what nobody signed."""
    shown = json.loads(received(verdict=Verdict(401, "no matching signature found"), attempt=0).as_json())
    assert (shown["verified"], shown["event"]) == (False, None)
    assert shown["reason"] == "no matching signature found"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_json_is_json_whatever_was_signed(value: object) -> None:
    """Every event that is JSON comes out as the same JSON, lone surrogates and controls too."""
    body = json.dumps({"type": "t", "data": {"v": value}}).encode()
    line = received(body).as_json()
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["event"]["data"]["v"] == value
