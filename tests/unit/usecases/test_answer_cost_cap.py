"""Before paying, what a call may cost is held against what the job may cost."""

from __future__ import annotations

import contextlib
import json

import pytest
from claimcheck.documents.render import PageImage
from claimcheck.failures import PermanentFailure
from claimcheck.model.prices import cost_usd, worst_case_usd
from claimcheck.model.types import Usage
from claimcheck.parts.tokens import IMAGE_TOKENS
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.usecases.answering import MAX_TOKENS, MODEL, Asking, answer

HAIKU = "claude-haiku-5-5"


def refusal(text: str = "text", *, cap: float | None, spent: float = 0, model: str = MODEL) -> str:
    """The code of the failure that stands in the call's way; nothing was paid."""
    asking = Asking(cap=cap, spent=spent)
    with pytest.raises(PermanentFailure) as caught:
        asking.ask(text, model=model)
    assert asking.model.asked == []
    assert "end_call" not in asking.statements
    return caught.value.code


def test_a_job_without_a_cap_is_asked() -> None:
    """Without `max_cost_usd` a call is made whatever it may cost."""
    asking = Asking(spent=1e6)
    asking.ask("text")
    assert len(asking.model.asked) == 1


def test_a_call_over_the_cap_is_not_made() -> None:
    """A call that may cost more than the cap leaves is the job's end, and nothing is rejected or settled."""
    assert refusal(cap=0.0001) == "cost_cap"


def test_what_was_spent_before_counts() -> None:
    """A cap that is enough for one call is not enough after an earlier attempt has been paid."""
    Asking(cap=0.05).ask("text")
    assert refusal(cap=0.05, spent=0.049) == "cost_cap"


@given(st.text(max_size=2000), st.sampled_from([MODEL, HAIKU, "claude-opus-5-5"]))
def test_the_cap_is_held_against_what_was_noted(text: str, model: str) -> None:
    """The worst case is the price of all that is sent, the dearest way, and of the longest answer."""
    asking = Asking()
    asking.ask(text, model=model)
    [question] = asking.model.asked
    sent = json.dumps([question.system, question.content, question.schema], ensure_ascii=False)
    least = worst_case_usd(model, input_tokens=len(sent.encode()), max_tokens=MAX_TOKENS)
    most = worst_case_usd(model, input_tokens=len(sent.encode()) + 2_000, max_tokens=MAX_TOKENS)
    assert least <= asking.noted["worst_usd"] <= most


def test_the_worst_case_counts() -> None:
    """A call that would probably stay under the cap but need not is not made."""
    long_answer = cost_usd(MODEL, Usage(output_tokens=MAX_TOKENS))
    assert refusal(cap=long_answer) == "cost_cap"


def test_the_tier_of_the_worst_case_counts() -> None:
    """A document that may reach the dearer tier is judged by that tier's price."""
    text = "x" * 250_000
    at_low_price = cost_usd(HAIKU, Usage(cache_write_tokens=130_000, output_tokens=MAX_TOKENS)) / 4
    assert refusal(text, cap=at_low_price, model=HAIKU) == "cost_cap"


@given(
    st.text(max_size=2000),
    st.floats(0.001, 0.2),
    st.floats(0, 0.1),
    st.sampled_from([MODEL, HAIKU, "claude-opus-5-5"]),
    st.data(),
)
def test_a_call_that_is_made_stays_under_the_cap(
    text: str, cap: float, spent: float, model: str, data: st.DataObject
) -> None:
    """With up to one input token for two bytes and the longest answer, no call goes over the cap."""
    tokens = data.draw(st.integers(0, len(text.encode()) // 2 + 1_000))
    written = data.draw(st.integers(0, tokens))
    usage = Usage(tokens - written, 0, written, data.draw(st.integers(0, MAX_TOKENS)))
    asking = Asking(answer(usage=usage, model=model), cap=cap, spent=spent)
    with contextlib.suppress(PermanentFailure):
        asking.ask(text, model=model)
    paid = asking.recorded["cost_usd"] if asking.model.asked else 0
    assert not paid or spent + paid <= cap + 1e-9


def test_a_cap_needs_a_price() -> None:
    """A model without a price cannot keep a cap: the job fails before anything is paid."""
    assert refusal(cap=1e6, model="claude-unlisted-1") == "price_unknown"


def test_a_model_without_a_price_is_asked_where_no_cap_is_set() -> None:
    """Without a cap a missing price stops nothing."""
    asking = Asking()
    asking.ask(model="claude-unlisted-1")
    assert len(asking.model.asked) == 1


def test_an_image_weighs_by_its_size_and_not_by_its_bytes() -> None:
    """A page image counts as the most tokens that an image of its size has, however it is encoded."""
    asking = Asking()
    asking.ask(images=[PageImage(1, "image/png", b"x" * 900_000)])
    plain = Asking()
    plain.ask()
    more = asking.noted["worst_usd"] - plain.noted["worst_usd"]
    assert more == pytest.approx(worst_case_usd(MODEL, input_tokens=IMAGE_TOKENS, max_tokens=0), rel=0.1)


def test_the_refusal_holds_no_document() -> None:
    """The failure's words name the amount and nothing of the document."""
    with pytest.raises(PermanentFailure) as caught:
        Asking(cap=0.0001).ask("a secret merger")
    assert "merger" not in str(caught.value)
