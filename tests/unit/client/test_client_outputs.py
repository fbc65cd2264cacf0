"""CSV that no spreadsheet calculates with, and lines that programs read."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.client import jsontext
from hypothesis import given
from hypothesis import strategies as st

from client import rows
from client.outputs import table
from openapi import examples
from tests.unit.client.standin import Answer, StandIn, job, script
from tests.unit.client.test_client_commands import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.client.standin import Asked

DAY = {
    "day": "2026-11-30",
    "task": "extract",
    "jobs": 3,
    "completed": 2,
    "partial": 0,
    "failed": 1,
    "cancelled": 0,
    "waiting": 0,
    "seconds": {"median": 1.25, "p95": None},
    "input_tokens": 1200,
    "cache_read_tokens": 0,
    "cache_write_tokens": 0,
    "output_tokens": 30,
    "calls": 3,
    "cost_usd": 0.5,
}
REPORT = {"from": "2026-11-01", "to": "2026-11-30", "days": [DAY]}


def cell(value: Any) -> str:
    """What a CSV reader finds of a value."""
    text = table(["a"], [{"a": value}])
    (row,) = list(csv.DictReader(io.StringIO(text)))
    return row["a"]


HOSTILE = st.text() | st.text(st.sampled_from("=+-@＝;,\t\r\n\"' a"), max_size=12)


@given(HOSTILE)
def test_no_text_begins_a_formula(text: str) -> None:
    """Whatever a document or a model says, first in its line or not, and however cells are parted."""
    written = table(["a", "b", "c"], [{"a": text, "b": text, "c": "end"}])
    (row,) = list(csv.reader(io.StringIO(written.split("\n", 1)[1], newline="")))
    assert (len(row), row[2]) == (3, "end")
    for separator in (",", ";", "\t"):
        for found in csv.reader(io.StringIO(written, newline=""), delimiter=separator):
            assert not any(each.lstrip()[:1] in tuple("=+-@＝＋－＠") for each in found)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "true"),
        (-5, "-5"),
        (jsontext.loads("-12.50"), "-12.50"),
        (jsontext.loads("9" * 400), "9" * 400),
        ("-5", "'-5"),
        ("=1+1", "'=1+1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("a\nb", "a\nb"),
        ('a; b;"=1', "a; b;'\"=1"),
        ("a\n - b", "a\n' - b"),
        ('say "x"; y', 'say "x"; y'),
        ("\x1b[2J", "\ufffd[2J"),
        ({"amount": jsontext.loads("400.00"), "currency": "EUR"}, '{"amount": 400.00, "currency": "EUR"}'),
    ],
    ids=str,
)
def test_values_stay_what_they_are(value: Any, shown: str) -> None:
    """Numbers are numbers, as they were written; text is text."""
    assert cell(value) == shown


def test_an_answer_has_a_column_and_its_quote_another() -> None:
    """In the order that was asked, also where no file has an answer."""
    row = rows.of_job(examples.JOB, "a.txt")
    names = rows.columns([row], ["governing law", "nobody answered"])
    assert names[: len(rows.JOB)] == list(rows.JOB)
    first = ["answer.governing law", "answer.governing law.quote", "answer.nobody answered"]
    assert names[len(rows.JOB) :][:3] == first
    quote = row["answer.governing law.quote"]
    assert quote == "“It is governed by the laws of Ireland.” (exact, 74–112)"


def test_summaries_and_verdicts_have_columns_too() -> None:
    """Overview and points; a verdict for each criterion."""
    evidence = [{"quote": "q", "status": "not_found", "start": None, "end": None, "page": None}]
    summary = {"overview": "o", "key_points": [{"text": "p", "evidence": []}, {"text": "r", "evidence": []}]}
    row = rows.of_job({**examples.JOB, "result": summary})
    assert (row["answer.overview"], row["answer.key_points"]) == ("o", "• p\n• r")
    verdict = {"id": "c1", "verdict": "fail", "evidence": evidence}
    row = rows.of_job({**examples.JOB, "result": {"criteria": [verdict]}})
    assert (row["answer.c1"], row["answer.c1.quote"]) == ("fail", "“q” (not_found)")


def one_page(asked: Asked) -> Answer:
    """Two pages of one job each."""
    job = {**examples.JOB, "job_id": "second" if "cursor" in asked.path else "first"}
    return Answer(200, {"jobs": [job], "next_cursor": None if "cursor" in asked.path else "c"})


def test_all_jobs_are_every_page() -> None:
    """As lines, each the API's JSON of a job; without --all one page."""
    with StandIn(one_page) as server:
        whole = run(server.url, "list", "--all", "--output", "jsonl", "--status", "failed")
        page = run(server.url, "list", "-o", "csv")
    found = [json.loads(line)["job_id"] for line in whole.stdout.splitlines()]
    assert found == ["first", "second"]
    assert [asked.path.count("status=failed") for asked in server.asked] == [1, 1, 0]
    assert [row["job_id"] for row in csv.DictReader(io.StringIO(page.stdout))] == ["first"]


def test_usage_is_shown_by_day_and_together() -> None:
    """As a table with sums, as CSV, as JSON; the days that were asked for are sent."""
    with StandIn(script(Answer(200, REPORT))) as server:
        shown = run(server.url, "usage", "--from", "2026-11-01", "--to", "2026-11-30")
        rows_ = list(csv.DictReader(io.StringIO(run(server.url, "usage", "-o", "csv").stdout)))
        assert json.loads(run(server.url, "usage", "--json").stdout) == REPORT
        run(server.url, "usage", "--days", "7", "--to", "2026-11-30")
    assert "1,200" in shown.stdout
    assert [row["seconds_median"] for row in rows_] == ["1.25"]
    assert server.asked[0].path == "/usage?from=2026-11-01&to=2026-11-30"
    assert server.asked[3].path == "/usage?from=2026-11-24&to=2026-11-30"


@pytest.mark.parametrize("words", [("--from", "x"), ("--days", "3", "--from", "2026-01-01")], ids=str)
def test_days_that_are_none_are_refused_unsent(words: tuple[str, ...]) -> None:
    """Code 2."""
    with StandIn(script(Answer(200, REPORT))) as server:
        assert run(server.url, "usage", *words).exit_code == 2
    assert server.asked == []


def test_nothing_of_an_answer_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    """JSON has it as an escape, and reads the same; a refusal has a replacement, and so has a file's name."""
    hostile = "\x1b]0;owned\x07 \x9b31m \u202e \x7f"
    with StandIn(script(Answer(200, job(result={"fields": {"a": hostile}, "evidence": {}})))) as server:
        result = run(server.url, "get", "0193-a", "--json")
    assert json.loads(result.stdout)["result"]["fields"]["a"] == hostile
    assert _obeyed(result.stdout) == set()
    with StandIn(script(Answer(422, {"title": "No", "code": "x", "detail": hostile}))) as server:
        refused = run(server.url, "get", "0193-a")
        unread = run(server.url, "submit", f"{tmp_path}/{hostile}", "--task", "summarise")
    for result in (refused, unread):
        assert "owned" in result.stderr
        assert _obeyed(result.stderr) == set()


def _obeyed(text: str) -> set[str]:
    return {each for each in text if unicodedata.category(each) in {"Cc", "Cf"}} - {"\n"}
