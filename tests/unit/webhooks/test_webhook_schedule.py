"""What follows each webhook attempt, and when."""

from __future__ import annotations

import random

import pytest
from claimcheck.webhooks.schedule import MAX_PAUSE_S, SCHEDULE_S, Answer, Next, after
from hypothesis import given
from hypothesis import strategies as st

codes = st.none() | st.integers(100, 599)
chances = st.randoms(use_true_random=False)
failing = codes.filter(lambda code: code is None or not 200 <= code < 300).filter(lambda code: code != 410)


def follows(
    status_code: int | None,
    *,
    failures: int = 0,
    stale: bool = False,
    replay: bool = False,
    retry_after_s: float | None = None,
    scale: float = 1.0,
) -> Next:
    answer = Answer(status_code, stale, retry_after_s)
    return after(answer, failures=failures, replay=replay, chance=random.Random(0), scale=scale)


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(code: int) -> None:
    """Every 2xx ends the delivery as a success that costs no failure."""
    assert follows(code, failures=5) == Next("delivered")


@pytest.mark.parametrize("code", [None, 100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 429, 500, 503])
def test_everything_else_is_tried_again(code: int | None) -> None:
    """No answer, a redirect and every error count as a failure that is tried again."""
    following = follows(code)
    assert (following.status, following.charged) == ("pending", True)


@given(st.integers(0, 100))
def test_gone_ends_it(failures: int) -> None:
    """`410 Gone` ends the delivery at once, and its address."""
    assert follows(410, failures=failures) == Next("exhausted", charged=True, gone=True)


@given(codes, st.integers(0, 100))
def test_a_stale_message_costs_nothing(code: int | None, failures: int) -> None:
    """A message that was not sent because it waited too long is planned again soon, uncharged."""
    following = follows(code, failures=failures, stale=True)
    assert (following.status, following.charged, following.pause_s) == ("pending", False, None)
    assert 15 <= following.delay_s <= 45


@given(failing, st.integers(0, len(SCHEDULE_S) - 1), chances)
def test_waits_follow_the_schedule(code: int | None, failures: int, chance: random.Random) -> None:
    """The wait after each failure is the schedule's, give or take a tenth."""
    following = after(Answer(code), failures=failures, replay=False, chance=chance)
    assert following.status == "pending"
    assert 0.9 * SCHEDULE_S[failures] <= following.delay_s <= 1.1 * SCHEDULE_S[failures]


@given(failing, st.integers(len(SCHEDULE_S), 1000))
def test_the_schedule_has_an_end(code: int | None, failures: int) -> None:
    """After as many failures as the schedule has waits, the next one ends the delivery."""
    assert follows(code, failures=failures).status == "exhausted"


@given(failing, st.integers(0, 100), st.none() | st.floats(0, 1e6))
def test_a_replay_counts_for_nothing_but_success(
    code: int | None, failures: int, retry_after_s: float | None
) -> None:
    """A failure leaves the delivery what it was; a success ends it well, a stale message is replanned."""
    pause_s = None if retry_after_s is None else min(retry_after_s, MAX_PAUSE_S)
    assert follows(code, failures=failures, replay=True, retry_after_s=retry_after_s) == Next(
        "returned", pause_s=pause_s
    )
    assert follows(410, replay=True) == Next("returned")
    assert follows(204, failures=failures, replay=True) == Next("delivered")
    assert follows(None, stale=True, replay=True).status == "pending"


@given(failing, st.integers(0, len(SCHEDULE_S) - 1), st.floats(-1e9, 1e9))
def test_a_receivers_wish_is_a_lower_bound(code: int | None, failures: int, retry_after_s: float) -> None:
    """The next attempt is not before the schedule's time nor the receiver's, which is a day at most."""
    following = follows(code, failures=failures, retry_after_s=retry_after_s)
    wish_s = min(max(retry_after_s, 0.0), MAX_PAUSE_S)
    assert following.pause_s == wish_s
    assert following.delay_s == max(follows(code, failures=failures).delay_s, wish_s)


@given(st.integers(0, len(SCHEDULE_S) - 1), st.floats(0.001, 1))
def test_a_scale_compresses_the_schedule(failures: int, scale: float) -> None:
    """Every wait is the published one times the scale."""
    assert follows(500, failures=failures, scale=scale).delay_s == pytest.approx(
        follows(500, failures=failures).delay_s * scale
    )


def test_the_schedule_is_the_recommended_one() -> None:
    """Waits only grow: five seconds first, a day last, over three days in all (Standard Webhooks)."""
    assert list(SCHEDULE_S) == sorted(SCHEDULE_S)
    assert (SCHEDULE_S[0], SCHEDULE_S[-1]) == (5, 86_400)
    assert sum(SCHEDULE_S) > 3 * 86_400


def test_a_dead_receiver_is_tried_ten_times() -> None:
    """From the first attempt to `exhausted` there are ten attempts, each failure charged."""
    failures, attempts = 0, 0
    while True:
        attempts += 1
        following = follows(None, failures=failures)
        failures += following.charged
        if following.status == "exhausted":
            break
    assert (attempts, failures) == (10, 10)
