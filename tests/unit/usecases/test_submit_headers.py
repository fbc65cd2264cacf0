"""Idempotency-Key and Cancel-After: what they may be, and what they do."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from claimcheck.refusals import (
    BodyTooLargeError,
    IdempotencyInFlightError,
    IdempotencyMismatchError,
    InvalidQueryError,
    InvalidRequest,
    UnknownTask,
)
from claimcheck.store.faults import DatabaseUnavailableError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.usecases.accepting import BODY, INLINE_BYTES, Accepting
from tests.unit.usecases.counted import counted
from tests.unit.usecases.recording_queue import RecordingQueue

VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
keys = st.text(VISIBLE + " ", min_size=1, max_size=255).filter(lambda key: key == key.strip())


@given(keys)
def test_any_printable_key_is_taken(key: str) -> None:
    """1 to 255 printable characters are a key, as they are."""
    accepting = Accepting()
    accepting.post(key=key)
    assert [job["key"] for job in accepting.accepted.jobs] == [key]


@pytest.mark.parametrize(
    "key", ["", " ", " a", "a ", "a\tb", "a\nb", "a\n", "ä", "a\x7fb", "\x00", "a" * 256, "“a”"]
)
def test_what_is_no_key_is_refused(key: str) -> None:
    """An empty, padded, unprintable or long key is refused before anything is stored."""
    accepting = Accepting()
    with pytest.raises(InvalidQueryError, match="Idempotency-Key"):
        accepting.post(key=key)
    assert accepting.untouched


def test_without_a_key_each_request_is_a_job() -> None:
    """The same body twice makes two jobs, and no hash of it is kept."""
    accepting = Accepting()
    assert accepting.post() != accepting.post()
    assert [(job["key"], job["body_sha256"]) for job in accepting.accepted.jobs] == [(None, None)] * 2


def test_the_same_request_gets_the_same_ticket() -> None:
    """The second request with a key gets the first one's ticket, marked as such, and rings for nobody."""
    accepting = Accepting()
    first = accepting.post(key="k")
    again = accepting.post(key="k")
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.job_id, again.created_at) == (first.job_id, first.created_at)
    assert len(accepting.accepted.jobs) == 1
    assert accepting.queue.sent == [({"job_id": first.job_id}, "acme")]
    assert counted("JobsAccepted") == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json.dumps(dict(reversed(BODY.items()))).encode(), id="order"),
        pytest.param(json.dumps(BODY, indent=2).encode(), id="white space"),
        pytest.param(json.dumps(BODY).encode("utf-8-sig"), id="a byte-order mark"),
        pytest.param(json.dumps(BODY).replace("fees", "\\u0066ees").encode(), id="escapes"),
    ],
)
def test_the_form_of_a_body_is_no_difference(body: bytes) -> None:
    """A body that says the same in other bytes is the same body."""
    accepting = Accepting()
    first = accepting.post(key="k")
    assert accepting.post(body, key="k").job_id == first.job_id


@pytest.mark.parametrize(
    ("body", "after"),
    [
        pytest.param({**BODY, "focus": "Fees"}, None, id="a value"),
        pytest.param({"document": BODY["document"]}, None, id="a member less"),
        pytest.param({**BODY, "priority": "standard"}, None, id="a default written out"),
        pytest.param(BODY, "15m", id="a deadline"),
    ],
)
def test_another_request_under_the_same_key_is_refused(body: Any, after: str | None) -> None:
    """A key that stands for another body or deadline is refused, and nothing is made of it."""
    accepting = Accepting()
    accepting.post(key="k")
    with pytest.raises(IdempotencyMismatchError):
        accepting.post(body, key="k", after=after)
    assert len(accepting.accepted.jobs) == 1
    assert len(accepting.queue.sent) == 1


@pytest.mark.parametrize("other", [{"tenant": "globex"}, {"key": "K"}])
def test_keys_of_others_are_no_matter(other: dict[str, str]) -> None:
    """A key is the tenant's own, and upper and lower case are two."""
    accepting = Accepting()
    first = accepting.post(key="k")
    second = accepting.post(**{"key": "k", **other})
    assert not second.replayed
    assert second.job_id != first.job_id


def test_a_key_is_of_one_task() -> None:
    """The same key may be used once for each route."""
    accepting = Accepting()
    accepting.post(key="k")
    body = {"document": BODY["document"], "fields": ["governing law"]}
    assert not accepting.post(body, task="extract", key="k").replayed
    assert len(accepting.accepted.jobs) == 2


def test_a_request_under_way_is_waited_for() -> None:
    """Where the first request with a key has not ended, the second is told so and makes nothing."""
    accepting = Accepting()
    accepting.accepted.busy.add("k")
    with pytest.raises(IdempotencyInFlightError):
        accepting.post(key="k")
    assert (accepting.accepted.jobs, accepting.queue.sent) == ([], [])


def test_a_bell_that_cannot_be_rung_refuses_nobody() -> None:
    """The job is stored: its ticket is given, and a later request with the key finds it."""
    accepting = Accepting(queue=RecordingQueue(away=True))
    first = accepting.post(key="k")
    assert counted("DoorbellsNotRung") == 1
    assert accepting.post(key="k").job_id == first.job_id


def test_a_database_that_is_away_is_said_so() -> None:
    """Where nobody knows whether the job was stored nothing is rung for, and the caller is told."""
    accepting = Accepting()
    accepting.accepted.away = True
    with pytest.raises(DatabaseUnavailableError):
        accepting.post(key="k")
    assert (accepting.queue.calls, counted("JobsAccepted")) == (0, 0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1", 1),
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        ("2h", 7_200),
        (" 2h ", 7_200),
        ("604800", 604_800),
        ("10080m", 604_800),
        ("168h", 604_800),
    ],
)
def test_a_deadline_is_a_time(text: str, seconds: float) -> None:
    """Seconds, minutes or hours up to seven days become the job's deadline in seconds."""
    accepting = Accepting()
    accepting.post(after=text)
    assert [job["cancel_after_s"] for job in accepting.accepted.jobs] == [seconds]


def test_no_deadline_is_none() -> None:
    """Without the header a job has no deadline."""
    accepting = Accepting()
    accepting.post()
    assert [job["cancel_after_s"] for job in accepting.accepted.jobs] == [None]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0s",
        "007s",
        "٣s",
        "-1",
        "+1",
        "1.5",
        "1e3",
        "soon",
        "2d",
        "2H",
        "1h30m",
        "1 h",
        "s",
        "604801",
        "169h",
        "99999999",
        "inf",
        "nan",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """A deadline that is no time, no wait, or beyond seven days is refused before anything is stored."""
    accepting = Accepting()
    with pytest.raises(InvalidQueryError, match=r"Cancel-After.*90s, 15m or 2h"):
        accepting.post(after=text)
    assert accepting.untouched


@given(st.text(max_size=12) | st.text(string.digits + "smh", max_size=12))
def test_no_deadline_breaks_the_reading(text: str) -> None:
    """Whatever the header holds, it is a time from one second to seven days, or refused."""
    accepting = Accepting()
    try:
        accepting.post(after=text)
    except InvalidQueryError:
        assert accepting.untouched
    else:
        assert 1 <= accepting.accepted.jobs[0]["cancel_after_s"] <= 604_800


@pytest.mark.parametrize(
    ("body", "task", "refusal"),
    [
        pytest.param(b"{", "summarise", InvalidRequest, id="no JSON"),
        pytest.param(b"\xff", "summarise", InvalidRequest, id="no text"),
        pytest.param(
            b'{"document": {"text": "\\ud800"}}', "summarise", InvalidRequest, id="half a character"
        ),
        pytest.param(b"[" * 5_000, "summarise", InvalidRequest, id="deep"),
        pytest.param({**BODY, "metadata": {"a": float("nan")}}, "summarise", InvalidRequest, id="no number"),
        pytest.param(BODY, "translate", UnknownTask, id="no task"),
        pytest.param(b" " * 10_001, "summarise", BodyTooLargeError, id="too large"),
    ],
)
def test_a_refused_request_keeps_no_key(body: Any, task: str, refusal: type[Exception]) -> None:
    """A body that is refused is refused with a key as well, and the key is free for the next."""
    accepting = Accepting()
    with pytest.raises(refusal):
        accepting.post(body, task=task, key="k", after="15m")
    assert accepting.untouched
    assert not accepting.post(key="k").replayed


def test_a_large_document_is_put_aside() -> None:
    """A document over the inline bound goes to the bucket and its row names it; a small one stays inline."""
    accepting = Accepting()
    accepting.post({"document": {"text": "x" * INLINE_BYTES}})
    accepting.post({"document": {"text": "x" * (INLINE_BYTES + 1)}})
    small, large = accepting.accepted.jobs
    assert small["content"] == b"x" * INLINE_BYTES
    assert large["content"] is None
    assert accepting.bucket.kept == {large["object_key"]: b"x" * (INLINE_BYTES + 1)}
