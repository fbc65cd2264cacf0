"""What calls cost: every price of the design, the tiers, and a worst case that is one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from claimcheck.model.prices import UnknownPriceError, cost_usd, worst_case_usd
from claimcheck.model.types import Usage
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

MILLION = 1_000_000
MODELS = ["claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5", "offline"]
TIER = 100_000

# USD per million tokens: input, output, cache read, cache write (DESIGN, section 6).
FLAT = {
    "claude-sonnet-5-5": (2, 10, 0.20, 2.50),
    "claude-opus-5-5": (4, 20, 0.20, 5),
    "offline": (0, 0, 0, 0),
}
HAIKU_LOW = (0.10, 0.50, 0.01, 0.125)
HAIKU_HIGH = (0.50, 2.50, 0.05, 0.625)

counts = st.integers(0, 400_000)
KINDS: dict[str, Callable[[int], Usage]] = {
    "input": lambda tokens: Usage(input_tokens=tokens),
    "output": lambda tokens: Usage(output_tokens=tokens),
    "cache read": lambda tokens: Usage(cache_read_tokens=tokens),
    "cache write": lambda tokens: Usage(cache_write_tokens=tokens),
}


@pytest.mark.parametrize("model", FLAT)
@pytest.mark.parametrize("kind", KINDS)
def test_prices_of_one_tier(model: str, kind: str) -> None:
    """A million tokens of each kind cost what the design lists."""
    price = dict(zip(("input", "output", "cache read", "cache write"), FLAT[model], strict=True))[kind]
    assert cost_usd(model, KINDS[kind](MILLION)) == pytest.approx(price)


@pytest.mark.parametrize("kind", ["input", "cache read", "cache write"])
def test_input_prices_of_haiku(kind: str) -> None:
    """Each kind of input costs the low price to 100,000 tokens and the high one from the next on."""
    place = {"input": 0, "cache read": 2, "cache write": 3}[kind]
    low, high = (cost_usd("claude-haiku-5-5", KINDS[kind](tokens)) for tokens in (TIER, TIER + 1))
    assert low == pytest.approx(HAIKU_LOW[place] * TIER / MILLION)
    assert high == pytest.approx(HAIKU_HIGH[place] * (TIER + 1) / MILLION)


@pytest.mark.parametrize(("tokens", "price"), [(TIER, HAIKU_LOW), (TIER + 1, HAIKU_HIGH)])
def test_output_prices_of_haiku(tokens: int, price: tuple[float, ...]) -> None:
    """The answer costs the price of the tier that its input falls into."""
    usage = Usage(input_tokens=tokens, output_tokens=MILLION)
    assert cost_usd("claude-haiku-5-5", usage) == pytest.approx(price[0] * tokens / MILLION + price[1])


@given(st.integers(0, TIER), st.integers(0, TIER))
def test_cached_tokens_count_for_the_tier(read: int, written: int) -> None:
    """The tier follows from all input tokens together, those of the cache included."""
    usage = Usage(input_tokens=TIER // 2, cache_read_tokens=read, cache_write_tokens=written)
    total = TIER // 2 + read + written
    price = HAIKU_LOW if total <= TIER else HAIKU_HIGH
    expected = (TIER // 2 * price[0] + read * price[2] + written * price[3]) / MILLION
    assert cost_usd("claude-haiku-5-5", usage) == pytest.approx(expected)


@given(st.integers(0, 10 * MILLION))
def test_output_does_not_change_the_tier(output: int) -> None:
    """A long answer to a short document stays in the low tier."""
    usage = Usage(input_tokens=TIER, output_tokens=output)
    expected = (TIER * HAIKU_LOW[0] + output * HAIKU_LOW[1]) / MILLION
    assert cost_usd("claude-haiku-5-5", usage) == pytest.approx(expected)


@pytest.mark.parametrize("model", MODELS)
def test_a_dated_name_costs_the_same(model: str) -> None:
    """`MODEL-20260101` is MODEL at MODEL's price."""
    usage = Usage(1, 2, 3, 4)
    assert cost_usd(f"{model}-20260101", usage) == cost_usd(model, usage)


@pytest.mark.parametrize(
    "model",
    [
        "claude-sonnet-4-5",
        "claude-sonnet-5-5-latest",
        "claude-sonnet-5-5-2026",
        "-20260101",
        "CLAUDE-SONNET-5-5",
    ],
)
def test_an_unknown_model_has_no_price(model: str) -> None:
    """A model that is not on the list costs an error that names it, never nothing."""
    with pytest.raises(UnknownPriceError, match=model):
        cost_usd(model, Usage(input_tokens=1))
    with pytest.raises(UnknownPriceError, match=model):
        worst_case_usd(model, input_tokens=1, max_tokens=1)


@given(st.sampled_from(MODELS), st.builds(Usage, counts, counts, counts, counts))
def test_a_batch_costs_half(model: str, usage: Usage) -> None:
    """Each kind of token in each tier, and the worst that it can be."""
    assert cost_usd(model, usage, batched=True) == cost_usd(model, usage) / 2
    worst = partial(worst_case_usd, model, input_tokens=usage.input_tokens, max_tokens=usage.output_tokens)
    assert worst(batched=True) == worst() / 2


@given(st.sampled_from(MODELS), st.builds(Usage, counts, counts, counts, counts))
def test_a_call_never_costs_less_than_nothing(model: str, usage: Usage) -> None:
    """A cost is a finite number of at least zero."""
    assert 0 <= cost_usd(model, usage) < 1e6


@given(st.sampled_from(MODELS), st.builds(Usage, counts, counts, counts, counts), counts, counts)
def test_the_worst_case_is_the_worst(model: str, usage: Usage, more_in: int, more_out: int) -> None:
    """No call within the bounds costs more than its worst case, whatever the cache did."""
    tokens_in = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + more_in
    worst = worst_case_usd(model, input_tokens=tokens_in, max_tokens=usage.output_tokens + more_out)
    assert cost_usd(model, usage) <= worst * (1 + 1e-12)


@given(st.sampled_from(MODELS), counts, counts)
def test_the_worst_case_can_happen(model: str, tokens: int, out: int) -> None:
    """The bound is tight: a call that writes all its input to the cache costs just that."""
    worst = worst_case_usd(model, input_tokens=tokens, max_tokens=out)
    assert cost_usd(model, Usage(cache_write_tokens=tokens, output_tokens=out)) == pytest.approx(worst)


@pytest.mark.parametrize(("tokens", "price"), [(TIER, HAIKU_LOW), (TIER + 1, HAIKU_HIGH)])
def test_the_worst_case_picks_its_tier(tokens: int, price: tuple[float, ...]) -> None:
    """The bound of input tokens decides the tier of the worst case, answer included."""
    worst = worst_case_usd("claude-haiku-5-5", input_tokens=tokens, max_tokens=1000)
    assert worst == pytest.approx((tokens * price[3] + 1000 * price[1]) / MILLION)
