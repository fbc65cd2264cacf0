"""The stand-in's own limits: a token bucket as the API documents it."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.offline.rates import RateLimiter, Rates, parse
from local.offline.wire import ApiError

RATES = Rates(60, 6_000, 600)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_requests_may_come_at_once_and_then_one_a_second() -> None:
    """The bucket is full at first and fills up continuously; a refusal says when to come again."""
    clock = Clock()
    limiter = RateLimiter(RATES, clock=clock)
    for _ in range(60):
        limiter.admit("m", 1)
    with pytest.raises(ApiError) as refused:
        limiter.admit("m", 1)
    assert (refused.value.status, refused.value.kind, refused.value.retry_after) == (
        429,
        "rate_limit_error",
        1,
    )
    clock.now = 1.0
    limiter.admit("m", 1)


def test_each_model_has_its_own_buckets() -> None:
    """Who has used up one may call another."""
    limiter = RateLimiter(Rates(1, 100, 100), clock=Clock())
    limiter.admit("one", 1)
    limiter.admit("other", 1)
    with pytest.raises(ApiError):
        limiter.admit("one", 1)


def test_output_counts_as_it_is_written() -> None:
    """Nothing is taken for it at first; when it has used up the bucket, the next request is refused."""
    clock = Clock()
    limiter = RateLimiter(RATES, clock=clock)
    limiter.admit("m", 1)
    limiter.adjust("m", output_tokens=700)
    with pytest.raises(ApiError) as refused:
        limiter.admit("m", 1)
    assert refused.value.retry_after == math.ceil(101 / 10)


def test_what_the_cache_serves_is_not_counted() -> None:
    """It is counted at first and given back."""
    limiter = RateLimiter(RATES, clock=Clock())
    for _ in range(10):
        limiter.admit("m", 6_000)
        limiter.adjust("m", input_tokens=-6_000)


def test_the_headers_are_the_apis() -> None:
    """Tokens that are left are told in thousands; a limit that is short of one is not told to be more."""
    limiter = RateLimiter(RATES, clock=Clock())
    limiter.admit("m", 2_600)
    headers = limiter.headers("m")
    assert headers["anthropic-ratelimit-requests-remaining"] == "59"
    assert headers["anthropic-ratelimit-input-tokens-limit"] == "6000"
    assert headers["anthropic-ratelimit-input-tokens-remaining"] == "3000"
    assert headers["anthropic-ratelimit-output-tokens-remaining"] == "600"
    assert headers["anthropic-ratelimit-tokens-limit"] == "6600"


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 3_000)), max_size=100))
def test_what_is_let_in_is_never_more_than_a_full_bucket_and_what_came_in(
    asked: list[tuple[float, int]],
) -> None:
    """Whatever is asked when."""
    clock = Clock()
    limiter = RateLimiter(RATES, clock=clock)
    for pause, tokens in asked:
        clock.now += pause
        with contextlib.suppress(ApiError):
            limiter.admit("m", tokens)
        shown = limiter.body()["models"]["m"]
        for taken, most in zip(shown["taken"], RATES, strict=True):
            assert taken <= most + most / 60 * clock.now + 1e-6


def test_limits_are_written_as_three_numbers() -> None:
    """As the command line takes them."""
    assert parse("60/6000/600") == RATES
    for wrong in ("60/6000", "0/1/1", "a/b/c"):
        with pytest.raises((ValueError, TypeError)):
            parse(wrong)
