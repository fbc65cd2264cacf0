"""What the API tells of its limits, and the allowance that an environment has of them."""

from __future__ import annotations

import pytest
from claimcheck.model.types import Usage
from claimcheck.rates import (
    NO_LIMITS,
    Allowance,
    Amounts,
    Learnt,
    Ratios,
    Told,
    Wanted,
    parse_ceilings,
    told_by,
)
from claimcheck.usecases.governor import taken_by
from hypothesis import given
from hypothesis import strategies as st

HEADERS = {
    "anthropic-ratelimit-requests-limit": "1000",
    "anthropic-ratelimit-requests-remaining": "999",
    "anthropic-ratelimit-requests-reset": "2026-11-30T12:00:00Z",
    "anthropic-ratelimit-input-tokens-limit": "400000",
    "anthropic-ratelimit-input-tokens-remaining": "396000",
    "anthropic-ratelimit-output-tokens-limit": "80000",
    "anthropic-ratelimit-output-tokens-remaining": "79321",
    "anthropic-ratelimit-tokens-limit": "480000",
    "anthropic-ratelimit-tokens-remaining": "475000",
}
WANTED = Wanted("m", "acme", "job", 1_000, 400)


def test_the_headers_say_limits_and_what_is_left() -> None:
    """Tokens are told in thousands: what is a whole thousand may be half of one more."""
    told = told_by(HEADERS)
    assert told.limits == Amounts(1_000, 400_000, 80_000)
    assert told.left == Amounts(999, 396_000, 79_321)
    assert told.grain == Amounts(0, 500, 0)
    assert told == Told(told.limits, told.left, told.grain, None)
    assert told.says_something


@pytest.mark.parametrize("value", ["", "many", "-1", "nan", "inf", "1e300"])
@pytest.mark.parametrize("name", ["limit", "remaining"])
def test_what_does_not_parse_is_left_out_with_its_partner(name: str, value: str) -> None:
    """Half of a pair says nothing; the other limits are known all the same."""
    told = told_by({**HEADERS, f"anthropic-ratelimit-requests-{name}": value})
    assert told.limits == Amounts(None, 400_000, 80_000)
    assert told.left == Amounts(None, 396_000, 79_321)


def test_an_answer_without_the_headers_says_nothing() -> None:
    """Unless it asks us to wait."""
    assert told_by({}) == Told(NO_LIMITS, NO_LIMITS, Amounts())
    assert not told_by({}).says_something
    assert told_by({}, blocked_s=2.5).says_something


def test_what_the_cache_serves_is_not_counted() -> None:
    """Input that is written to the cache is, and output as it was."""
    usage = Usage(input_tokens=10, cache_read_tokens=5_000, cache_write_tokens=700, output_tokens=30)
    assert taken_by(usage) == (1, 710, 30)


def test_an_estimate_goes_by_experience() -> None:
    """Tokens in by what the API counted for our estimates, tokens out by what answers had of their room."""
    assert Ratios(0.5, 0.1).estimate(WANTED) == (1, 500, 40)


def test_what_was_learnt_is_summed_over_calls() -> None:
    """Each call with what was expected of it."""
    learnt = Learnt()
    learnt.add(WANTED, Amounts(1, 800, 100))
    learnt.add(WANTED, Amounts(1, 1_200, 50))
    assert learnt == Learnt(calls=2, estimated=2_000, input=2_000, allowed=800, output=150)


amounts = st.builds(Amounts, st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))


@given(have=amounts, costs=st.lists(amounts, max_size=20))
def test_an_allowance_never_gives_more_than_it_holds(have: Amounts, costs: list[Amounts]) -> None:
    """What was taken and what is given back is what there was; a call gets all that it takes, or nothing."""
    allowance = Allowance(have, until=10)
    taken = [cost for cost in costs if allowance.take(cost, 5)]
    left = allowance.give_back()
    assert all((each or 0) >= 0 for each in left)
    for place in range(3):
        assert sum(cost[place] or 0 for cost in taken) + (left[place] or 0) == have[place]
    assert not allowance.take(Amounts(1, 0, 0), 5)


def test_an_allowance_ends_with_its_time_and_has_no_bound_where_none_is_known() -> None:
    """What is None may be taken for ever, and is not given back."""
    allowance = Allowance(NO_LIMITS, until=10)
    assert allowance.take(Amounts(1, 1e9, 1e9), 9.9)
    assert not allowance.take(Amounts(1, 1, 1), 10)
    assert allowance.give_back() == (0, 0, 0)


def test_an_operator_sets_limits_for_models_by_name() -> None:
    """A dash leaves one to the API."""
    assert parse_ceilings("") == {}
    assert parse_ceilings("a-1=10/-/5, b=-/7/-,") == {"a-1": (10, None, 5), "b": (None, 7, None)}


@pytest.mark.parametrize("text", ["a", "a=", "a=1/2", "a=1/2/3/4", "=1/2/3", "a=1/x/3", "a=0/1/1", "a=1//1"])
def test_a_limit_that_does_not_parse_is_refused(text: str) -> None:
    """An operator's slip must not become no limit."""
    with pytest.raises(ValueError, match="MODEL="):
        parse_ceilings(text)
