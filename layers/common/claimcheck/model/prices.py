"""What a call costs, from the price list in `prices.json`."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claimcheck.model.types import Usage

_MILLION = 1_000_000


class UnknownPriceError(Exception):
    """The price list has no such model: its cost cannot be told, so it may not be called."""


@cache
def _list() -> dict[str, Any]:
    text = (resources.files("claimcheck.model") / "prices.json").read_text(encoding="utf-8")
    prices: dict[str, Any] = json.loads(text)
    return prices


def cost_usd(model: str, usage: Usage, *, batched: bool = False) -> float:
    """The price of a call in US dollars. Dated names (`MODEL-20260101`) cost what MODEL costs.

    The tier follows from all input tokens, cached ones included; `batched`: as a request of a batch, which
    costs a part of it. Raises UnknownPriceError.
    """
    tokens_in = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    price = _tier(model, tokens_in)
    total = (
        usage.input_tokens * price["input"]
        + usage.cache_read_tokens * price["cache_read"]
        + usage.cache_write_tokens * price["cache_write"]
        + usage.output_tokens * price["output"]
    )
    return float(total / _MILLION) * _share(batched=batched)


def worst_case_usd(model: str, *, input_tokens: int, max_tokens: int, batched: bool = False) -> float:
    """The most that a call can cost: all input written to the cache, the longest answer."""
    price = _tier(model, input_tokens)
    dearest = max(price["input"], price["cache_write"])
    most = float((input_tokens * dearest + max_tokens * price["output"]) / _MILLION)
    return most * _share(batched=batched)


def _share(*, batched: bool) -> float:
    return float(_list()["batch"]) if batched else 1.0


def _tier(model: str, input_tokens: int) -> dict[str, Any]:
    models = _list()["models"]
    tiers = models.get(model) or models.get(_undated(model))
    if tiers is None:
        raise UnknownPriceError(f"no price for model {model}; add it to claimcheck/model/prices.json")
    found: dict[str, Any] = next(
        tier
        for tier in tiers
        if tier["up_to_input_tokens"] is None or input_tokens <= tier["up_to_input_tokens"]
    )
    return found


def _undated(model: str) -> str:
    head, _, tail = model.rpartition("-")
    return head if tail.isdigit() and len(tail) == 8 else model
