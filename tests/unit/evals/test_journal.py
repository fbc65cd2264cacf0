"""The record of a run on disk."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from evals.examples import Outcome
from evals.journal import BadRun, Journal, Key

if TYPE_CHECKING:
    from pathlib import Path

KEY: Key = ("doc", "extract", "hash")
OUTCOME = Outcome(
    "completed",
    {"fields": {"a": "ü"}},
    None,
    {"cost_usd": 0.25, "unknown_cost_usd_at_most": 0.5},
    "2026-11-25T08:00:00Z",
    "2026-11-25T08:00:02.500Z",
    job_id="j",
)


def opened(directory: Path, **more: str) -> Journal:
    """A journal of the same run."""
    return Journal.open(directory, **{"set_name": "cuad", "split": "dev", "model": "offline", **more})


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    """Tickets, final jobs, what they cost, and the run's own id."""
    with opened(tmp_path / "run") as journal:
        assert journal.run is not None
        key = journal.run.idempotency_key(KEY, 1.0)
        journal.submitted(KEY, "j")
        journal.ended(KEY, OUTCOME)
    with opened(tmp_path / "run") as again:
        assert again.run is not None
        assert (again.ticket(KEY), again.final(KEY)) == ("j", OUTCOME)
        assert again.spent_usd() == 0.75
        assert again.run.idempotency_key(KEY, 1.0) == key
        assert again.run.idempotency_key(KEY, 2.0) != key


def test_two_runs_have_two_keys_for_one_question(tmp_path: Path) -> None:
    """A new run asks anew, though the API remembers the old one."""
    with opened(tmp_path / "a") as one, opened(tmp_path / "b") as other:
        assert one.run is not None
        assert other.run is not None
        assert one.run.idempotency_key(KEY, 1.0) != other.run.idempotency_key(KEY, 1.0)


def test_a_line_that_was_cut_short_is_dropped_and_the_next_one_is_whole(tmp_path: Path) -> None:
    """A kill in the middle of a write loses that line alone, and does not spoil what is written after it."""
    with opened(tmp_path) as journal:
        journal.submitted(KEY, "j")
        journal.ended(KEY, OUTCOME)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    with opened(tmp_path) as journal:
        assert (journal.ticket(KEY), journal.final(KEY)) == ("j", None)
        journal.ended(KEY, OUTCOME)
    with opened(tmp_path) as journal:
        assert journal.final(KEY) == OUTCOME


def test_a_damaged_line_is_told(tmp_path: Path) -> None:
    """What is whole and makes no sense is not passed over."""
    opened(tmp_path).close()
    (tmp_path / "journal.jsonl").write_text('{"event": "final"}\n', encoding="utf-8")
    with pytest.raises(BadRun, match="line 1"):
        opened(tmp_path)
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BadRun, match="damaged"):
        opened(tmp_path)


@pytest.mark.parametrize("other", [{"set_name": "tatqa"}, {"split": "heldout"}, {"model": "anthropic"}])
def test_a_run_is_not_mixed_with_another(tmp_path: Path, other: dict[str, str]) -> None:
    """Another set, split or model wants another directory."""
    opened(tmp_path).close()
    with pytest.raises(BadRun, match="holds a run of cuad, split dev, model offline"):
        opened(tmp_path, **other)


def test_a_run_has_one_process_at_a_time(tmp_path: Path) -> None:
    """Two would pay twice."""
    with opened(tmp_path), pytest.raises(BadRun, match="in use by another"):
        opened(tmp_path)


def test_the_journal_is_its_owners_alone(tmp_path: Path) -> None:
    """It holds words of the documents."""
    opened(tmp_path).close()
    assert stat.S_IMODE((tmp_path / "journal.jsonl").stat().st_mode) == 0o600


def test_a_jobs_time_is_the_servers(tmp_path: Path) -> None:
    """From created_at to completed_at; a job that was never accepted has none."""
    assert OUTCOME.seconds == 2.5
    assert Outcome("refused").seconds is None
