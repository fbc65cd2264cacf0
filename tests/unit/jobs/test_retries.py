"""When a failed job is tried again: bounded waits, bounded attempts, bounded age."""

from __future__ import annotations

import math
import random

import pytest
from claimcheck.failures import TABLE, JobFailure, PermanentFailure, RetryableFailure
from claimcheck.jobs.retries import GiveUp, Retry, RetryPolicy, Spent, backoff
from hypothesis import given
from hypothesis import strategies as st

CHARGED = sorted(code for code, kind in TABLE.items() if kind.retryable and kind.charged)
FREE = sorted(code for code, kind in TABLE.items() if kind.retryable and not kind.charged)
FINAL = sorted(code for code, kind in TABLE.items() if not kind.retryable)

chances = st.randoms(use_true_random=False)
counts = st.integers(min_value=0, max_value=10_000)
ages = st.floats(min_value=0, max_value=10 * 86_400)
delays = st.none() | st.floats(min_value=0, max_value=1e9)
retryable = st.builds(RetryableFailure, st.sampled_from(CHARGED + FREE), st.just("words"), delay=delays)
permanent = st.builds(PermanentFailure, st.sampled_from(FINAL), st.just("words"))
policies = st.builds(
    RetryPolicy, max_attempts=st.integers(1, 20), max_age_s=st.floats(min_value=0, max_value=5 * 86_400)
)


class HighestChance(random.Random):
    """Draws the top of every range."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


class LowestChance(random.Random):
    """Draws the bottom of every range."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)


def decide(
    failure: JobFailure,
    *,
    policy: RetryPolicy | None = None,
    failures: int = 0,
    waits: int = 0,
    age_s: float = 0,
    chance: random.Random | None = None,
) -> Retry | GiveUp:
    """What the policy says about a failure of a job that has used up so much."""
    spent = Spent(failures=failures, waits=waits, age_s=age_s)
    return (policy or RetryPolicy()).after(failure, spent, chance=chance or random.Random(0))


@given(counts, chances)
def test_backoff_lies_between_nothing_and_five_minutes(failures: int, chance: random.Random) -> None:
    """A wait is never negative and never over 300 seconds, whatever the number of failures."""
    assert 0 <= backoff(failures, chance=chance) <= 300


@given(counts)
def test_backoff_reaches_its_whole_range(failures: int) -> None:
    """Full jitter: a wait may be anything from zero to the exponential bound."""
    assert backoff(failures, chance=LowestChance()) == 0
    assert backoff(failures, chance=HighestChance()) == min(300, 2 * 2 ** min(failures, 30))


@given(counts)
def test_the_bound_of_backoff_never_falls(failures: int) -> None:
    """After more failures the longest wait is at least as long."""
    top = HighestChance()
    assert backoff(failures, chance=top) <= backoff(failures + 1, chance=top)


@given(permanent, policies, counts, ages, chances)
def test_a_permanent_failure_is_the_end(
    failure: PermanentFailure, policy: RetryPolicy, failures: int, age_s: float, chance: random.Random
) -> None:
    """What trying again cannot help is never tried again."""
    assert decide(failure, policy=policy, failures=failures, age_s=age_s, chance=chance) == GiveUp()


@given(retryable, policies, counts, ages, chances)
def test_no_retry_is_planned_beyond_the_age(
    failure: RetryableFailure, policy: RetryPolicy, failures: int, age_s: float, chance: random.Random
) -> None:
    """The moment of a planned retry lies within the job's greatest age."""
    following = decide(failure, policy=policy, failures=failures, age_s=age_s, chance=chance)
    if isinstance(following, Retry):
        assert age_s + following.delay_s <= policy.max_age_s


@given(retryable, policies, counts, counts, chances)
def test_a_wait_that_was_asked_for_is_kept_up_to_an_hour(
    failure: RetryableFailure, policy: RetryPolicy, failures: int, waits: int, chance: random.Random
) -> None:
    """A wait is at least what was asked, capped at an hour, and a quarter and a second longer at most."""
    following = decide(failure, policy=policy, failures=failures, waits=waits, chance=chance)
    if not isinstance(following, Retry):
        return
    least = failure.kind.delay_s or 0.0
    if failure.delay is None:
        assert least <= following.delay_s <= least + 300
    else:
        asked = max(least, min(failure.delay, 3600))
        assert asked <= following.delay_s <= asked * 1.25 + 1


@given(st.sampled_from(FREE), counts, chances)
def test_what_is_not_charged_waits_longer_each_time(code: str, waits: int, chance: random.Random) -> None:
    """A job that is sent away again and again does not knock every second: its waits back off."""
    top = HighestChance()
    failure = RetryableFailure(code, "words")
    now, later = (decide(failure, waits=each, chance=top) for each in (waits, waits + 1))
    assert isinstance(now, Retry)
    assert isinstance(later, Retry)
    assert 0 < now.delay_s <= later.delay_s
    assert (failure.kind.delay_s or 0) <= decide_delay(failure, waits, chance)


@given(st.sampled_from(FREE), counts, counts)
def test_uncharged_waits_back_off_by_their_own_number(code: str, waits: int, failures: int) -> None:
    """The wait grows with the uncharged failures in a row; charged ones have no say in it."""
    found = decide(RetryableFailure(code, "words"), waits=waits, failures=failures, chance=HighestChance())
    assert found == Retry((TABLE[code].delay_s or 0) + min(300, 2 * 2 ** min(waits, 30)))


@given(st.sampled_from(CHARGED), counts, counts)
def test_charged_waits_back_off_by_their_own_number(code: str, failures: int, waits: int) -> None:
    """The wait grows with the charged failures; how often the job was sent away has no say in it."""
    policy = RetryPolicy(max_attempts=failures + 2)
    failure, top = RetryableFailure(code, "words"), HighestChance()
    found = decide(failure, policy=policy, waits=waits, failures=failures, chance=top)
    assert found == Retry(min(300, 2 * 2 ** min(failures, 30)))


@given(st.sampled_from(FREE), counts)
def test_an_uncharged_wait_is_never_zero(code: str, waits: int) -> None:
    """What no attempt bounds waits what the table says even where chance draws nothing on top."""
    assert decide_delay(RetryableFailure(code, "words"), waits, LowestChance()) == TABLE[code].delay_s
    assert (TABLE[code].delay_s or 0) >= 2


def decide_delay(failure: RetryableFailure, waits: int, chance: random.Random) -> float:
    """The wait that is planned."""
    following = decide(failure, waits=waits, chance=chance)
    assert isinstance(following, Retry)
    return following.delay_s


@given(counts, chances)
def test_throttling_never_uses_up_attempts(failures: int, chance: random.Random) -> None:
    """An uncharged failure of a young job is retried after any number of failures and of waits."""
    for code in FREE:
        following = decide(RetryableFailure(code, "words"), failures=failures, waits=failures, chance=chance)
        assert isinstance(following, Retry)


@given(st.integers(1, 50), counts, chances)
def test_charged_failures_are_counted(max_attempts: int, failures: int, chance: random.Random) -> None:
    """A charged failure is retried exactly while the job has attempts left."""
    policy = RetryPolicy(max_attempts=max_attempts)
    following = decide(
        RetryableFailure("model_error", "words"), policy=policy, failures=failures, chance=chance
    )
    assert isinstance(following, Retry) == (failures + 1 < max_attempts)


@pytest.mark.parametrize(
    ("age_s", "retried"), [(86_390.0, True), (86_390.5, False), (86_400.0, False), (1e9, False)]
)
def test_age_bounds_throttling(age_s: float, retried: bool) -> None:
    """A throttled job is given up when its next attempt would come after 24 hours."""
    throttled = RetryableFailure("model_throttled", "words", delay=10)
    assert isinstance(decide(throttled, age_s=age_s, chance=LowestChance()), Retry) == retried


def test_a_wait_of_zero_is_no_invitation_to_knock() -> None:
    """`retry-after: 0` still waits what the table says at least."""
    asked = RetryableFailure("model_throttled", "words", delay=0.0)
    assert decide_delay(asked, 0, LowestChance()) == 2.0


def test_an_endless_wait_is_capped() -> None:
    """An infinite wait that another side asks for becomes an hour and what spreads it."""
    asked = RetryableFailure("model_throttled", "words", delay=math.inf)
    assert decide_delay(asked, 0, LowestChance()) == 3600.0
    assert decide_delay(asked, 0, HighestChance()) == 4501.0


def test_a_herd_that_was_told_the_same_does_not_return_in_one_second() -> None:
    """What many were told alike is spread over a quarter of it."""
    asked = RetryableFailure("model_throttled", "words", delay=60.0)
    waits = [decide_delay(asked, 0, random.Random(seed)) for seed in range(50)]
    assert max(waits) - min(waits) > 10


def test_a_clock_that_runs_behind_gives_nothing_up() -> None:
    """A job accepted in the future of this clock counts as new."""
    assert isinstance(decide(RetryableFailure("model_error", "words"), age_s=-3600), Retry)


@pytest.mark.parametrize("code", sorted(TABLE))
def test_a_failure_says_what_it_is(code: str) -> None:
    """A failure carries its code, its message, and what the table says of it."""
    failure = JobFailure(code, "words")
    kind = TABLE[code]
    assert (failure.code, failure.message) == (code, "words")
    assert (failure.retryable, failure.charged) == (kind.retryable, kind.charged)
    assert str(failure) == f"{code}: words"
