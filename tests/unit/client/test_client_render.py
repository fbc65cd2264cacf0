"""Answers as tables."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import pytest
from claimcheck.client import jsontext
from rich.console import Console

from client import render
from client.render import job_view
from tests.unit.client.standin import job

if TYPE_CHECKING:
    from client.shapes import Job

QUOTE = {"quote": "Net profit was 12.50.", "status": "exact", "start": 120, "end": 141, "page": 2}
LOST = {"quote": "Never said.", "status": "not_found", "start": None, "end": None, "page": None}


def shown(width: int = 140, **more: Any) -> str:
    """What a terminal shows of a job."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True)
    console.print(job_view(cast("Job", job(**more))))
    return cast("io.StringIO", console.file).getvalue()


def test_a_summary_shows_points_with_quotes() -> None:
    """Each key point stands beside its quotes, their status and place."""
    points = [{"text": "It earned money.", "evidence": [QUOTE, LOST]}]
    text = shown(task="summarise", result={"overview": "A report.", "key_points": points, "focus": "profit"})
    for part in (
        "A report.",
        "focus: profit",
        "It earned money.",
        "“Net profit was 12.50.”",
        "p. 2, 120–141",
    ):
        assert part in text
    assert "not_found" in text


def test_a_job_that_waits_for_its_batch_says_so() -> None:
    """How many questions wait, and since when; nothing of it where none does."""
    waiting = {"questions": 3, "since": "2026-11-30T08:00:00Z"}
    text = shown(status="pending", result=None, batch=waiting)
    assert "3 questions wait to be answered in a batch, since 2026-11-30T08:00:00Z" in text
    assert "batch" not in shown(status="pending", result=None, batch=None)


def test_fields_show_null_as_a_dash() -> None:
    """A field without an answer is shown as such, not left out."""
    result = {"fields": {"profit": {"amount": 12.5}, "tax": None}, "evidence": {"profit": [QUOTE]}}
    text = shown(result=result)
    assert '{"amount": 12.5}' in text
    assert "tax" in text
    assert "—" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('{"amount": 18400.0, "currency": "EUR"}', "EUR 18,400.00"),
        ('{"amount": 0.4215, "currency": "EUR"}', "EUR 0.4215"),
        ('{"amount": null, "currency": "EUR"}', "EUR —"),
        ("12.50", "12.50"),
        ("true", "true"),
        ('["a", 1]', '["a", 1]'),
    ],
)
def test_values_are_readable_and_never_rounded(value: str, text: str) -> None:
    """Money is grouped, numbers stay as they were sent, lists are JSON."""
    assert render.shown(jsontext.loads(value)) == text


def test_criteria_show_verdict_basis_and_reasoning() -> None:
    """Each criterion shows why it passed or failed."""
    item = {"id": "c", "criterion": "It is profitable.", "verdict": "fail", "basis": "not_mentioned"}
    criteria = [item | {"reasoning": "Nothing says so.", "evidence": []}]
    text = shown(task="evaluate", result={"criteria": criteria, "passed": 0, "failed": 1})
    for part in ("It is profitable.", "fail", "not mentioned", "Nothing says so.", "0 passed, 1 failed"):
        assert part in text


def test_gaps_warnings_and_errors_are_shown() -> None:
    """What was not read or not usable, and why a job failed, is said."""
    gaps = [{"start": 5, "end": 9, "reason": "no text layer"}]
    warnings = [{"field": "tax", "code": "unusable", "detail": "is no date"}]
    coverage = {"coverage": {"gaps": gaps}, "warnings": warnings}
    text = shown(status="partial", result={"fields": {}, "evidence": {}} | coverage)
    assert "not read: 5–9 (no text layer)" in text
    assert "field tax: is no date" in text
    failed = shown(status="failed", error={"code": "refused", "message": "The model refused."})
    assert "refused: The model refused." in failed


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("offline", "answered by the offline stand-in, not by Claude"),
        ("claude-sonnet-5-5", "answered by claude-sonnet-5-5 in 3 calls for $0.1250"),
    ],
)
def test_who_answered_is_said(model: str, says: str) -> None:
    """The stand-in is never mistaken for Claude."""
    assert says in shown(usage={"model": model, "calls": 3, "cost_usd": 0.125})


def test_a_document_cannot_command_the_terminal() -> None:
    """Control sequences and markup in a quote are shown as text."""
    evil = QUOTE | {"quote": "\x1b]0;title\x07[red]bold[/red]\u202e"}
    text = shown(result={"fields": {"a": "x"}, "evidence": {"a": [evil]}})
    assert "\x1b]0" not in text
    assert "\u202e" not in text
    assert "[red]bold[/red]" in text


def test_an_unknown_task_is_shown_as_json() -> None:
    """A task newer than this client is still readable."""
    assert '"answer": 1' in shown(task="translate", result={"answer": 1})
