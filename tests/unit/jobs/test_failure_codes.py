"""The codes of failures: each is met in the code, and whatever the code names is in the table."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import claimcheck
import pytest
from claimcheck import failures
from claimcheck.failures import TABLE, JobFailure, PermanentFailure, RetryableFailure
from hypothesis import given
from hypothesis import strategies as st

PACKAGE = Path(claimcheck.__file__).parent
IN_SQL = re.compile(r"jsonb_build_object\('code',\s*'(\w+)'")

# What tenant_refusal (0018_limits.sql) says and no job ends with.
REFUSALS = {"tenant_busy"}


@cache
def words() -> frozenset[str]:
    """Every string literal of the package's code, but for those of the table itself."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if path == Path(failures.__file__):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


@cache
def in_statements() -> frozenset[str]:
    """Every code that a statement writes by itself."""
    texts = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.sql")]
    return frozenset(code for text in texts for code in IN_SQL.findall(text))


@cache
def raised() -> frozenset[str]:
    """The first argument of every failure that is made with a literal."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            first = node.args[0]
            if node.func.id in {"PermanentFailure", "RetryableFailure"} and isinstance(first, ast.Constant):
                found.add(str(first.value))
    return frozenset(found)


@pytest.mark.parametrize("code", list(TABLE))
def test_a_code_of_the_table_is_used(code: str) -> None:
    """No row of the table is left over: each code is named by the code or by a statement."""
    assert code in words() | in_statements()


def test_what_is_raised_is_in_the_table() -> None:
    """A failure that is made with a literal code has its row."""
    assert len(raised()) > 10
    assert raised() - TABLE.keys() == set()


def test_what_a_statement_writes_is_in_the_table() -> None:
    """A code that the database writes by itself has its row."""
    assert in_statements()
    assert in_statements() - TABLE.keys() - REFUSALS == set()


def test_a_refusal_is_no_failure() -> None:
    """What a statement says where it takes no job has no row: there is no job that could have failed."""
    assert in_statements() >= REFUSALS
    assert REFUSALS.isdisjoint(TABLE)


@given(
    st.sampled_from(sorted(TABLE)),
    st.sampled_from([JobFailure, PermanentFailure, RetryableFailure]),
    st.text(),
)
def test_a_failure_is_what_its_code_says(code: str, kind: type[JobFailure], message: str) -> None:
    """Whether a failure is retryable and charged follows from its code, not from who raises it."""
    failure = kind(code, message)
    row = TABLE[code]
    assert (failure.code, failure.message) == (code, message)
    assert (failure.retryable, failure.charged, failure.delay) == (row.retryable, row.charged, None)
    assert str(failure) == f"{code}: {message}"


def test_a_permanent_failure_is_no_sign_of_an_outage() -> None:
    """Only what may pass counts towards opening the model's circuit."""
    assert [code for code, row in TABLE.items() if row.model_down and not row.retryable] == []
