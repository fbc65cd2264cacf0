"""`claimcheck-evals` on a few real documents of each set, through `claimcheck up` with the offline model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from evals.sets import SETS

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

COMMAND = str(Path(sys.executable).parent / "claimcheck-evals")
DATA = Path(os.environ.get("CLAIMCHECK_DATA") or Path(__file__).parents[3] / "shared" / "data")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.data,
    pytest.mark.xdist_group("e2e"),
    pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not on this machine"),
]


def measured(tmp_path: Path, name: str, *more: str) -> tuple[dict[str, Any], str]:
    """The report on three documents of a set, and what was printed."""
    process = start(tmp_path, name, *more)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, out + err
    found: dict[str, Any] = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    return found, out


def start(tmp_path: Path, name: str, *more: str) -> subprocess.Popen[str]:
    """The command on three documents of a set, under way."""
    kept = ["--run", str(tmp_path / "run"), "--json", str(tmp_path / "report.json")]
    quiet = {"ANTHROPIC_API_KEY": "", "DATABASE_URL": "", "CLAIMCHECK_URL": "", "CLAIMCHECK_KEY": ""}
    return subprocess.Popen(
        [COMMAND, name, "--data", str(DATA), "--limit", "3", *kept, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **quiet},
    )


@pytest.mark.parametrize("name", SETS)
def test_a_slice_of_each_set_goes_through_without_a_failed_job(
    tmp_path: Path, system: Running, name: str
) -> None:
    """Every job completes, every quote stands where it says, and the stand-in is named as what it is."""
    report, printed = measured(tmp_path, name, "--system-data", str(system.data), "--model", "offline")
    assert report["documents"]["finished"] == 3
    assert report["jobs"]["failed"] == 0
    assert (report["models"], report["offline"]) == (["offline"], True)
    assert "SAY NOTHING ABOUT CLAUDE" in printed
    faults = ("misplaced", "overlooked", "texts_changed")
    assert {fault: report["evidence"][fault] for fault in faults} == dict.fromkeys(faults, 0)


def test_where_nothing_runs_it_starts_a_system_of_its_own_and_stops_it(tmp_path: Path) -> None:
    """Its data lies in the run's directory and is gone once every job is in the journal."""
    report, _ = measured(tmp_path, "insurance", "--system-data", str(tmp_path / "none"))
    assert report["jobs"] == {"made": 3, "failed": 0, "by_status": {"completed": 3}, "failures": {}}
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["journal.jsonl", "run.json"]


def test_a_run_that_was_killed_goes_on_with_its_own_systems_jobs(tmp_path: Path) -> None:
    """SIGKILL leaves the system up with the jobs; the next call takes both up again, and ends the system."""
    elsewhere, journal = ["--system-data", str(tmp_path / "none")], tmp_path / "run" / "journal.jsonl"
    process = start(tmp_path, "insurance", *elsewhere)
    deadline = time.monotonic() + 100
    while process.poll() is None and time.monotonic() < deadline:
        if journal.exists() and b"submitted" in journal.read_bytes():
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    tickets = events(journal, "submitted")
    assert tickets
    up = json.loads((tmp_path / "run" / "system" / "up.json").read_text(encoding="utf-8"))
    report, _ = measured(tmp_path, "insurance", *elsewhere)
    assert report["jobs"] == {"made": 3, "failed": 0, "by_status": {"completed": 3}, "failures": {}}
    assert tickets.items() <= events(journal, "submitted").items()
    assert len(events(journal, "submitted")) == 3
    assert not runs(up["pid"])
    assert not (tmp_path / "run" / "system").exists()


def runs(pid: int) -> bool:
    """Whether a process is there; one that has ended and that nobody has asked about is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def events(journal: Path, kind: str) -> dict[str, str]:
    """The journal's events of a kind: document → job; a document that had two jobs fails here."""
    lines = [
        json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines() if line.endswith("}")
    ]
    pairs = [(event["key"][0], event["job_id"]) for event in lines if event["event"] == kind]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)
