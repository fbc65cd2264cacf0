"""The table of failures, and the page that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from claimcheck.failures import TABLE, PermanentFailure, RetryableFailure

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "layers" / "common" / "claimcheck"
RAISED = re.compile(r"(PermanentFailure|RetryableFailure)\(\s*\"(\w+)\"")


def test_the_documentation_shows_the_table() -> None:
    """docs/reliability.md has a row for each code, with what is in the table."""
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = {
        code: (meaning, again)
        for code, meaning, again in re.findall(r"^\| `(\w+)` \| ([^|]+) \| (yes|no) \|", page, re.MULTILINE)
    }
    assert rows == {code: (kind.meaning, "yes" if kind.retryable else "no") for code, kind in TABLE.items()}


def test_what_is_raised_is_of_the_kind_that_the_table_says() -> None:
    """No code is raised as retryable where the table calls it permanent, nor the other way round."""
    raised = {
        (name, code)
        for path in PACKAGE.rglob("*.py")
        for name, code in RAISED.findall(path.read_text(encoding="utf-8"))
    }
    assert len(raised) > 10
    wrong = {each for each in raised if TABLE[each[1]].retryable != (each[0] == "RetryableFailure")}
    assert wrong == set()


def test_an_unknown_code_cannot_be_raised() -> None:
    """A code that the table does not know fails where it is made, not where it is shown."""
    with pytest.raises(KeyError):
        RetryableFailure("no_such_code", "…")
    with pytest.raises(KeyError):
        PermanentFailure("no_such_code", "…")


def test_what_is_not_charged_waits() -> None:
    """A failure that uses up no attempt has a least wait: nothing else would bound how often it is tried."""
    assert [code for code, kind in TABLE.items() if not kind.charged and not kind.delay_s] == []
