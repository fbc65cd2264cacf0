"""What follows each webhook attempt, and when."""

from __future__ import annotations

import random

import pytest
from claimcheck.webhooks.schedule import SCHEDULE_S, Next, after
from hypothesis import given
from hypothesis import strategies as st

codes = st.none() | st.integers(100, 599)
chances = st.randoms(use_true_random=False)
failing = codes.filter(lambda code: code is None or not 200 <= code < 300).filter(lambda code: code != 410)


def follows(status_code: int | None, *, failures: int = 0, stale: bool = False) -> Next:
    return after(status_code=status_code, stale=stale, failures=failures, chance=random.Random(0))


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(code: int) -> None:
    """Every 2xx ends the delivery as a success that costs no failure."""
    assert follows(code, failures=5) == Next("delivered", charged=False, delay_s=0)


@pytest.mark.parametrize("code", [None, 100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 429, 500, 503])
def test_everything_else_is_tried_again(code: int | None) -> None:
    """No answer, a redirect and every error count as a failure that is tried again."""
    following = follows(code)
    assert (following.status, following.charged) == ("pending", True)


@given(st.integers(0, 100))
def test_gone_ends_it(failures: int) -> None:
    """`410 Gone` ends the delivery at once."""
    assert follows(410, failures=failures) == Next("exhausted", charged=True, delay_s=0)


@given(codes, st.integers(0, 100))
def test_a_stale_message_costs_nothing(code: int | None, failures: int) -> None:
    """A message that was not sent because it waited too long is planned again at once, uncharged."""
    assert follows(code, failures=failures, stale=True) == Next("pending", charged=False, delay_s=0)


@given(failing, st.integers(0, len(SCHEDULE_S) - 1), chances)
def test_waits_follow_the_schedule(code: int | None, failures: int, chance: random.Random) -> None:
    """The wait after each failure is the schedule's, give or take a tenth."""
    following = after(status_code=code, stale=False, failures=failures, chance=chance)
    assert following.status == "pending"
    assert 0.9 * SCHEDULE_S[failures] <= following.delay_s <= 1.1 * SCHEDULE_S[failures]


@given(failing, st.integers(len(SCHEDULE_S), 1000))
def test_the_schedule_has_an_end(code: int | None, failures: int) -> None:
    """After as many failures as the schedule has waits, the next one ends the delivery."""
    assert follows(code, failures=failures).status == "exhausted"


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
