"""When a call is sent again, and how long before: for every answer and every clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from claimcheck.client import Retries, Unreachable
from claimcheck.client.answers import Answer, retry_after
from claimcheck.client.retrying import NEVER, Retrying
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
BUSY = Answer(503, b"{}", {})
DONE = Answer(200, b"{}", {})


def asking(value: str, status: int = 503, code: str = "unavailable") -> Answer:
    """A refusal with a Retry-After."""
    return Answer(status, f'{{"code": "{code}"}}'.encode(), {"retry-after": value})


def pauses(retries: Retries, *outcomes: Answer | Unreachable, repeatable: bool = True) -> list[float]:
    """The pauses that are made, on a clock which they alone move."""
    retrying, now, made = Retrying(retries, 0.0, repeatable=repeatable), 0.0, []
    for outcome in outcomes:
        pause = retrying.pause(outcome, now, NOW)
        if pause is None:
            break
        made.append(pause)
        now += pause
    return made


@given(st.integers(0, 999_999_999))
def test_seconds_are_read(seconds: int) -> None:
    """Any number of them up to thirty years."""
    assert retry_after(f" {seconds} ", NOW) == seconds


@given(st.integers(-100_000, 100_000))
def test_dates_are_read(seconds: int) -> None:
    """As what is left until them; one that is past means now."""
    at = NOW + timedelta(seconds=seconds)
    assert retry_after(format_datetime(at, usegmt=True), NOW) == max(0, seconds)


@given(st.text(max_size=60))
def test_anything_else_is_nothing(text: str) -> None:
    """Whatever it holds, it raises nothing, and is never below zero."""
    seconds = retry_after(text, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "1.5", "1e3", "٣", "9" * 400, "Wed, 99 Foo"])
def test_what_is_no_retry_after(value: str | None) -> None:
    """None, so that our own pauses are made."""
    assert retry_after(value, NOW) is None


@given(st.integers(0, 50), st.floats(0, 1, exclude_max=True))
def test_what_was_asked_for_is_never_undercut(seconds: int, drawn: float) -> None:
    """Jitter comes on top, and is a second at most."""
    (made,) = pauses(Retries(random=lambda: drawn), asking(str(seconds)), DONE)
    assert seconds <= made <= seconds + 1


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=8, max_size=8))
def test_pauses_grow_up_to_a_bound(drawn: list[float]) -> None:
    """Between a half and the whole of a power of two."""
    draws = iter(drawn)
    made = pauses(Retries(attempts=9, total=1e9, random=lambda: next(draws)), *[BUSY] * 9)
    most = [0.5, 1, 2, 4, 8, 8, 8, 8]
    assert len(made) == 8
    assert all(m / 2 <= pause <= m for pause, m in zip(made, most, strict=True))


@given(
    st.lists(
        st.sampled_from([BUSY, Unreachable("x"), asking("0"), asking("7"), asking("0", 429)]),
        min_size=50,
        max_size=50,
    ),
    st.integers(1, 9),
    st.floats(0, 100),
)
def test_a_call_ends(outcomes: list[Answer | Unreachable], attempts: int, total: float) -> None:
    """After so many attempts, and no pause ends after the whole time, whatever is answered."""
    made = pauses(Retries(attempts=attempts, connecting=attempts, total=total), *outcomes)
    assert len(made) < attempts
    assert sum(made) <= total


def test_what_is_asked_for_beyond_the_end_is_not_waited_for() -> None:
    """Not even a part of it: the refusal is told at once."""
    assert pauses(Retries(total=60), asking("61", 429, "spend_limit")) == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 422, 501])
def test_what_will_not_pass_is_not_tried_again(status: int) -> None:
    """Even with a Retry-After."""
    assert pauses(Retries(), asking("1", status, "new")) == []


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_what_may_have_been_done_is_repeated_where_that_does_no_harm(status: int) -> None:
    """A call that is not repeatable is told about it instead."""
    answer = Answer(status, b"", {})
    assert len(pauses(Retries(), answer, DONE)) == 1
    assert pauses(Retries(), answer, DONE, repeatable=False) == []


@pytest.mark.parametrize(
    "answer",
    [
        asking("1", 429, "throttled"),
        asking("1", 503, "schema_behind"),
        asking("1", 409, "idempotency_in_flight"),
        Unreachable("x", sent=False),
    ],
    ids=["429", "schema_behind", "in flight", "not sent"],
)
def test_where_nothing_was_done_every_call_is_repeated(answer: Answer | Unreachable) -> None:
    """Also one that is not repeatable."""
    assert len(pauses(Retries(), answer, DONE, repeatable=False)) == 1


def test_what_stays_broken_is_not_tried_again() -> None:
    """A stored text that is not the one that was read will not mend."""
    assert pauses(Retries(), asking("0", 500, "document_corrupt")) == []


def test_a_service_that_takes_no_connection_has_a_bound_of_its_own() -> None:
    """So that who sits before it hears of it soon."""
    assert len(pauses(Retries(connecting=2, total=1e9), *[Unreachable("x", sent=False)] * 9)) == 1


def test_a_service_that_says_when_has_a_bound_of_its_own() -> None:
    """So that it is come back to longer than to one that says nothing."""
    retries = Retries(attempts=2, told=5, total=1e9)
    assert len(pauses(retries, *[asking("0")] * 9)) == 4
    assert len(pauses(retries, *[BUSY] * 9)) == 1


def test_never_is_never() -> None:
    """One attempt."""
    assert pauses(NEVER, asking("0")) == pauses(NEVER, Unreachable("x", sent=False)) == []


def test_codes_that_are_not_awaited_are_told_at_once() -> None:
    """Whatever Retry-After they come with."""
    retrying = Retrying(Retries(), 0.0, repeatable=True, not_awaited={"tenant_busy"})
    assert retrying.pause(asking("0", 429, "tenant_busy"), 0.0, NOW) is None
    assert retrying.pause(asking("0", 429, "throttled"), 0.0, NOW) is not None
