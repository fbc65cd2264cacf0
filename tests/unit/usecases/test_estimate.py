"""Estimates: reckoned by what plans and pays for a job's calls."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from claimcheck.documents.kinds import PDF_TYPE
from claimcheck.refusals import InvalidRequest
from claimcheck.settings import EstimateSettings
from claimcheck.tasks.estimate import MAX_QUESTIONS, MAX_SIZE
from claimcheck.usecases.estimate import Estimate
from hypothesis import given
from hypothesis import strategies as st

from openapi import examples

SETTINGS = EstimateSettings("claude-sonnet-5-5", "claude-haiku-5-5")
PAIRS = ("calls", "input_tokens", "output_tokens", "cost_usd")


def estimate(settings: EstimateSettings = SETTINGS, **body: Any) -> dict[str, Any]:
    """What is answered to a request."""
    asked = {"task": "extract", "document": {"characters": 10_000}, "questions": 5, **body}
    return Estimate(settings)(json.dumps(asked).encode())


@given(
    task=st.sampled_from(["summarise", "extract", "evaluate"]),
    document=st.one_of(
        st.fixed_dictionaries({"characters": st.integers(1, 10**9)}),
        st.fixed_dictionaries(
            {
                "pages": st.integers(1, 100_000),
                "media_type": st.sampled_from(["application/pdf", "image/tiff", "text/csv"]),
            }
        ),
        st.fixed_dictionaries(
            {
                "bytes": st.integers(1, 10**9),
                "media_type": st.sampled_from(["application/pdf", "text/plain", "image/png", "text/html"]),
            }
        ),
    ),
    questions=st.integers(1, MAX_QUESTIONS),
    priority=st.sampled_from(["standard", "economy"]),
)
def test_there_is_an_answer_for_everything(**body: Any) -> None:
    """Whatever the size, and nothing likely is more than the most."""
    found = estimate(**body)
    for name in PAIRS:
        assert 0 < found[name]["likely"] <= found[name]["most"]


@pytest.mark.parametrize("task", ["summarise", "extract", "evaluate"])
def test_the_largest_document_is_reckoned_as_soon_as_a_page(task: str) -> None:
    """Each question is weighed once, not once for each of the thousands of calls that would put it."""

    def spent(size: int) -> float:
        document = {"bytes": size, "media_type": PDF_TYPE}
        begun = time.process_time()
        estimate(task=task, document=document, questions=MAX_QUESTIONS)
        return time.process_time() - begun

    page = min(spent(10_000) for _ in range(3))
    assert spent(MAX_SIZE) < 100 * page


@pytest.mark.parametrize("task", ["summarise", "extract", "evaluate"])
def test_more_of_a_document_is_more_of_everything(task: str) -> None:
    """Each figure grows with the document, and beyond a call's room so does the number of calls."""
    sizes = [estimate(task=task, document={"characters": size}) for size in (10**3, 10**5, 10**7)]
    for name in PAIRS:
        for end in ("likely", "most"):
            values = [found[name][end] for found in sizes]
            assert values == sorted(values)
    assert sizes[0]["calls"]["likely"] == 1 < sizes[2]["calls"]["likely"]


def test_questions_are_asked_fifty_at_a_time() -> None:
    """As a job asks them; the second reads what the first has written into the cache, which is cheaper."""
    one = estimate(questions=50, document={"characters": 60_000})
    two = estimate(questions=100, document={"characters": 60_000})
    assert (one["calls"]["likely"], two["calls"]["likely"]) == (1, 2)
    assert two["input_tokens"]["likely"] > 1.9 * one["input_tokens"]["likely"]
    assert two["cost_usd"]["likely"] < 1.9 * one["cost_usd"]["likely"]


def test_a_long_summary_has_a_call_for_the_whole() -> None:
    """The parts' summaries are made one by the model; a list of fields is put together without it."""
    document = {"characters": 2_000_000}
    parts = estimate(task="extract", questions=1, document=document)["calls"]["likely"]
    assert estimate(task="summarise", document=document)["calls"]["likely"] >= parts + 1


def test_a_batch_is_half_the_price_and_may_be_the_whole() -> None:
    """Where it is given up, and the job says so, the same model is asked at once."""
    asked: dict[str, Any] = {"priority": "economy", "document": {"characters": 20_000}}
    batched = estimate(**asked)
    at_once = estimate(
        EstimateSettings("claude-sonnet-5-5", "claude-haiku-5-5", economy_batches=False), **asked
    )
    assert batched["cost_usd"]["likely"] == pytest.approx(at_once["cost_usd"]["likely"] / 2, abs=2e-6)
    assert batched["cost_usd"]["most"] == at_once["cost_usd"]["most"]
    assert "batch" in batched["basis"]
    assert "batch" not in at_once["basis"]


def test_a_scan_is_dearer_than_a_text() -> None:
    """Pages of images are reckoned as images, twenty of them in a call."""
    found = estimate(document={"pages": 45, "media_type": "image/tiff"}, questions=1)
    assert found["calls"]["likely"] == 3
    assert found["input_tokens"]["likely"] > 45 * 2_000


def test_what_leaves_no_room_is_said_to() -> None:
    """As the job itself would fail: a small model, and more questions than its context holds."""
    with pytest.raises(InvalidRequest) as refused:
        estimate(
            EstimateSettings("claude-sonnet-5-5", "claude-haiku-5-5", context_tokens=12_000), questions=200
        )
    (error,) = refused.value.errors
    assert error.pointer == "/questions"


def test_the_documents_example_is_what_is_answered() -> None:
    """The page of /docs shows this answer to that request."""
    assert Estimate(SETTINGS)(json.dumps(examples.ESTIMATE_OF_PAGES).encode()) == examples.ESTIMATE


def test_a_summary_is_one_question() -> None:
    """Whatever is said of questions."""
    assert estimate(task="summarise", questions=1) == estimate(task="summarise", questions=200)
