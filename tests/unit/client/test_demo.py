"""The demo, against a service that stands in for ours and a program that stands in for `claimcheck up`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psutil
import pytest
import typer
from typer.testing import CliRunner

from local import demo
from tests.unit.client.standin import Answer, Asked, StandIn, job

if TYPE_CHECKING:
    from client.shapes import Job

EXACT = {"quote": "q", "status": "exact", "start": 0, "end": 1, "page": None}
LOOSE = EXACT | {"status": "normalised"}
UP = "import sys,time; print('ready http://127.0.0.1:1 key ck_1', flush=True); time.sleep(600)"


def answered(task: str, evidence: dict[str, Any]) -> dict[str, Any]:
    """A result of `task` in which one item is answered and one is not."""
    match task:
        case "extract":
            return {"fields": {"a": "x", "b": None}, "evidence": {"a": [evidence], "b": []}}
        case "evaluate":
            said = {"criterion": "c", "verdict": "pass", "reasoning": "r"}
            return {
                "criteria": [
                    said | {"id": "c1", "basis": "stated", "evidence": [evidence]},
                    said | {"id": "c2", "basis": "not_mentioned", "evidence": []},
                ],
                "passed": 1,
                "failed": 1,
            }
    return {"overview": "o", "key_points": [{"text": "p", "evidence": [evidence]}], "focus": None}


class Service:
    """Completes every job at once, with `evidence` and `status`."""

    def __init__(self, evidence: dict[str, Any], status: str) -> None:
        self.tasks: list[str] = []
        self._evidence, self._status = evidence, status

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == "/health":
            return Answer(200, {})
        if asked.method == "POST":
            self.tasks.append(asked.path.rsplit("/", 1)[1])
            return Answer(202, {"job_id": f"job-{len(self.tasks) - 1}", "status": "pending"})
        job_id = asked.path.rsplit("/", 1)[1]
        task = self.tasks[int(job_id.removeprefix("job-"))]
        usage = {"model": "offline", "calls": 1, "cost_usd": 0.0}
        result = answered(task, self._evidence)
        return Answer(200, job(self._status, job_id=job_id, task=task, result=result, usage=usage))


@pytest.mark.parametrize(
    ("evidence", "status", "code"),
    [(EXACT, "completed", 0), (LOOSE, "completed", 1), (EXACT, "partial", 1), (EXACT, "failed", 1)],
)
def test_the_demo_succeeds_only_with_exact_evidence(
    tmp_path: Path, evidence: dict[str, Any], status: str, code: int
) -> None:
    """Nine jobs go to the system that runs; each must complete and stand on an exact quote."""
    service = Service(evidence, status)
    app = typer.Typer()
    demo.register(app)
    with StandIn(service) as server:
        up = {"url": server.url, "key": "ck_1", "model": "offline"}
        (tmp_path / "up.json").write_text(json.dumps(up))
        result = CliRunner().invoke(app, ["--data", str(tmp_path)])
    assert result.exit_code == code, result.output
    assert len(service.tasks) == 9
    assert "answered by the offline stand-in, not by Claude" in result.stdout
    assert f"{9 if status == 'completed' else 0} of 9 jobs completed" in result.stdout


def test_what_no_exact_quote_supports_is_named() -> None:
    """Answered items need an exact quote; what is null or not mentioned needs none."""
    for task in ("extract", "evaluate", "summarise"):
        assert demo.unsupported(cast("Job", job(result=answered(task, EXACT)))) == []
        assert len(demo.unsupported(cast("Job", job(result=answered(task, LOOSE))))) == 1
    assert demo.unsupported(cast("Job", job("failed"))) == []


def test_a_system_is_started_and_stopped(tmp_path: Path) -> None:
    """The ready line gives address and key; stopping leaves no process."""
    running = demo._start(tmp_path / "new", None, (sys.executable, "-c", UP))
    assert running[:2] == ("http://127.0.0.1:1", "ck_1")
    assert running.process is not None
    assert running.process.poll() is None
    demo._stop(running.process)
    assert running.process.poll() is not None


def test_a_system_that_does_not_start_says_why(tmp_path: Path) -> None:
    """The last words of `claimcheck up` become the demo's message."""
    program = (sys.executable, "-c", "import sys; sys.exit('the data directory is in use')")
    with pytest.raises(demo.CannotStart, match="the data directory is in use"):
        demo._start(tmp_path, "offline", program)


def test_a_demo_that_is_killed_politely_stops_what_it_started(tmp_path: Path) -> None:
    """SIGTERM during the start ends the demo and the system it was starting."""
    child = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"
    script = (
        "import sys; from pathlib import Path; from local import demo\n"
        "with demo._terminated_as_interrupt():\n"
        f"    demo._start(Path({str(tmp_path)!r}), None, (sys.executable, '-c', {child!r}))"
    )
    root = Path(demo.__file__).parent.parent
    starting = subprocess.Popen((sys.executable, "-c", script), cwd=root, stderr=subprocess.DEVNULL)
    log = tmp_path / "demo-up.log"
    while not (log.exists() and log.read_text().endswith("\n")):
        assert starting.poll() is None
    pid = int(log.read_text().split()[1])
    starting.terminate()
    assert starting.wait(60) != 0
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize(("name", "tasks"), demo.PLAN)
def test_every_sample_has_what_its_tasks_need(name: str, tasks: tuple[str, ...]) -> None:
    """Each document is two pages or more, and names of fields and ids of criteria are unique."""
    for task in tasks:
        body = demo._body(name, task)
        assert len(body["document"]["text"].split()) > 1000
        names = [field["name"] for field in body.get("fields", [])]
        names += [criterion["id"] for criterion in body.get("criteria", [])]
        assert len(names) == len(set(names))
        assert names or task == "summarise"
