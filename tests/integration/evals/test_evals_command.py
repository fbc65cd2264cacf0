"""The command against a scripted API on loopback: tables, budget, and runs that are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from evals.sets import SETS
from tests.integration.evals.scripted_api import ScriptedApi
from tests.unit.evals import tiny_sets

ROOT = Path(__file__).resolve().parents[3]
EVALS = [sys.executable, "-c", "from evals.cli import main; main()"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """All four tiny sets."""
    (tmp_path / "data").mkdir()
    return tiny_sets.write(tmp_path / "data")


def command(data: Path, run: Path, api: ScriptedApi, name: str, *more: str) -> list[str]:
    """The arguments that measure a set."""
    named = ["--data", str(data), "--url", api.url, "--key", "ck", "--run", str(run)]
    return [*EVALS, name, *named, "--resamples", "200", *more]


def start(arguments: list[str]) -> subprocess.Popen[str]:
    """The command, under way."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CLAIMCHECK_URL": "", "CLAIMCHECK_KEY": ""}
    return subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    )


def done(arguments: list[str]) -> tuple[int, str, str]:
    """Its exit code and what it said, once it has ended."""
    process = start(arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def measured(data: Path, api: ScriptedApi, name: str, *more: str) -> dict[str, Any]:
    """The report of a whole run."""
    run = data.parent / "run"
    written = data.parent / "report.json"
    code, out, err = done(command(data, run, api, name, "--json", str(written), *more))
    assert code == 0, out + err
    found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    return found


def values(report: dict[str, Any], figure: str) -> set[float]:
    """What a figure is, over all categories that have it."""
    return {
        category[figure]["value"]
        for group in report["groups"].values()
        for category in group["categories"].values()
        if category.get(figure, {}).get("denominator")
    }


@pytest.mark.parametrize("name", SETS)
def test_perfect_answers_give_1_everywhere(data: Path, name: str) -> None:
    """Precision, recall, F1, null accuracy and overlap of every category of every set."""
    with ScriptedApi(tiny_sets.perfect) as api:
        report = measured(data, api, name)
    for figure in ("precision", "recall", "f1"):
        assert values(report, figure) == {1.0}
    for figure in ("null_accuracy", "span_iou", "span_hit", "span_hit_half"):
        assert values(report, figure) <= {1.0}
    assert report["jobs"]["failed"] == 0
    assert all(group["macro_f1"]["value"] in (1.0, None) for group in report["groups"].values())


def test_a_system_that_finds_nothing_has_recall_0_and_null_accuracy_1(data: Path) -> None:
    """Nothing is answered, so there is no precision either."""
    with ScriptedApi(tiny_sets.silent) as api:
        report = measured(data, api, "cuad")
    assert values(report, "recall") == values(report, "f1") == values(report, "span_iou") == {0.0}
    assert values(report, "null_accuracy") == {1.0}
    assert values(report, "precision") == set()


def test_quotes_in_other_places_have_no_overlap_though_the_values_are_right(data: Path) -> None:
    """The overlap is that of the places, whatever the values are."""
    with ScriptedApi(tiny_sets.elsewhere) as api:
        report = measured(data, api, "cuad")
    assert values(report, "f1") == {1.0}
    for figure in ("span_iou", "span_hit", "span_hit_half"):
        assert values(report, figure) == {0.0}


def test_a_failed_job_is_a_failure_of_its_labels(data: Path) -> None:
    """One of two contracts fails in extract: half of the names of documents are missed, none is dropped."""

    def failing(task: str, body: dict[str, Any]) -> dict[str, Any]:
        if task == "extract" and body["document"]["name"] == "cuad-b":
            return {"code": "model_refusal", "message": "The model declined."}
        return tiny_sets.perfect(task, body)

    with ScriptedApi(failing) as api:
        report = measured(data, api, "cuad")
    categories = report["groups"]["extract"]["categories"]
    assert categories["Document Name"]["recall"]["value"] == 0.5
    assert categories["Document Name"]["precision"]["value"] == 1.0
    assert categories["Governing Law"]["null_accuracy"]["value"] == 0.0
    assert report["jobs"]["failures"] == {"model_refusal": 1}


def test_the_table_names_the_model_and_each_category(data: Path) -> None:
    """As usage.model says; the stand-in is told in large letters; Markdown is written beside it."""
    markdown = data.parent / "report.md"
    with ScriptedApi(tiny_sets.perfect, model="offline") as api:
        arguments = command(data, data.parent / "run", api, "contractnli", "--markdown", str(markdown))
        code, out, err = done(arguments)
    assert code == 0, err
    assert "SAY NOTHING ABOUT CLAUDE" in out
    assert "model: offline" in out
    assert "Permissible copy" in out
    assert "1.00 (0.21–1.00)" in out  # Wilson's interval of one in one
    assert markdown.read_text(encoding="utf-8").startswith("# contractnli, split dev, model offline")


def test_every_job_carries_its_cap_and_a_key_of_its_own(data: Path) -> None:
    """So that the API bounds what a job may cost, and a repeated submission is no second job."""
    with ScriptedApi(tiny_sets.perfect) as api:
        measured(data, api, "cuad", "--max-cost-usd", "0.25")
        posts = [each for each in api.asked if each.method == "POST"]
    assert [each.body["max_cost_usd"] for each in posts] == [0.25] * 4
    assert len({each.headers["idempotency-key"] for each in posts}) == 4


def test_the_budget_stops_the_run_before_the_next_document(data: Path) -> None:
    """2 jobs of at most 1 USD are a document; 0.9 USD each are spent: of 3.5 USD the second gets nothing."""
    run, written = data.parent / "run", data.parent / "report.json"
    with ScriptedApi(tiny_sets.perfect, cost_usd=0.9) as api:
        arguments = command(data, run, api, "cuad", "--concurrency", "2", "--json", str(written))
        code, out, _ = done([*arguments, "--budget-usd", "3.5"])
        assert code == 1
        assert "documents: 1 of 2: STOPPED, the budget of 3.5 USD" in out
        assert len(api.jobs) == 2
        assert json.loads(written.read_text(encoding="utf-8"))["cost_usd"]["total"] == pytest.approx(1.8)
        code, out, _ = done([*arguments, "--budget-usd", "3.5"])  # what the first call spent counts
        assert (code, len(api.jobs)) == (1, 2), out
        code, out, err = done([*arguments, "--budget-usd", "4"])
        assert code == 0, out + err
        assert len(api.jobs) == 4


def test_a_run_that_was_killed_neither_loses_nor_pays_twice(data: Path) -> None:
    """SIGKILL while every job runs; the same command again finds each job under its key and ends the run."""
    run, written = data.parent / "run", data.parent / "report.json"
    with ScriptedApi(tiny_sets.perfect, cost_usd=0.5) as api:
        api.hold.set()
        arguments = command(data, run, api, "cuad", "--concurrency", "1", "--json", str(written))
        process = start(arguments)
        deadline = time.monotonic() + 60
        while _tickets(run) < 2 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        assert len(api.jobs) == 2
        api.hold.clear()
        code, out, err = done(arguments)
        assert code == 0, out + err
        assert len(api.jobs) == 4
        assert len([each for each in api.asked if each.method == "POST"]) == 4, "tickets are used again"
        asked = len(api.asked)
        report = json.loads(written.read_text(encoding="utf-8"))
        assert report["cost_usd"]["total"] == pytest.approx(2.0)
        assert values(report, "f1") == {1.0}
        code, again, err = done(arguments)
        assert code == 0, err
        assert len(api.asked) == asked, "a run that is complete asks nothing"
    assert _without_time(again) == _without_time(out)


def _tickets(run: Path) -> int:
    """How many submissions the journal holds."""
    journal = run / "journal.jsonl"
    return journal.read_bytes().count(b'"submitted"') if journal.exists() else 0


def _without_time(out: str) -> list[str]:
    return [line for line in out.splitlines() if not line.startswith("time")]


def test_places_in_another_text_are_not_compared(data: Path) -> None:
    """Where the API's text of a document is not the set's, its offsets say nothing, and that is told."""
    with ScriptedApi(tiny_sets.perfect) as api:
        api.shows = "Another text."
        report = measured(data, api, "contractnli")
    assert report["evidence"]["texts_changed"] == 2
    assert values(report, "span_iou") == set()
    assert values(report, "f1") == {1.0}


def test_a_ticket_that_was_not_written_down_is_found_by_its_key(data: Path) -> None:
    """Killed between the submission and the journal: the same key gets the same job."""
    run = data.parent / "run"
    with ScriptedApi(tiny_sets.perfect) as api:
        code, _, err = done(command(data, run, api, "tatqa"))
        assert code == 0, err
        (run / "journal.jsonl").write_bytes(b"")
        code, _, err = done(command(data, run, api, "tatqa"))
        assert code == 0, err
        assert len(api.jobs) == 1
        assert len([each for each in api.asked if each.method == "POST"]) == 2


def test_a_job_that_the_api_no_longer_has_is_made_again(data: Path) -> None:
    """Its database may have been thrown away since."""
    run = data.parent / "run"
    with ScriptedApi(tiny_sets.perfect) as api:
        code, _, err = done(command(data, run, api, "tatqa"))
        assert code == 0, err
        lines = (run / "journal.jsonl").read_text(encoding="utf-8").splitlines()
        (run / "journal.jsonl").write_text(lines[0] + "\n", encoding="utf-8")  # the ticket alone
        api.jobs.clear()
        api.by_key.clear()
        code, _, err = done(command(data, run, api, "tatqa"))
        assert code == 0, err
        assert len(api.jobs) == 1


@pytest.mark.parametrize(
    ("status", "expected"), [(401, 3), (500, 3), (413, 0)], ids=["the key", "the service", "the document"]
)
def test_a_refusal_of_the_service_ends_the_run_and_one_of_a_document_does_not(
    data: Path, status: int, expected: int
) -> None:
    """A document that is refused counts as failed; a service that refuses everything is told in one line."""
    from tests.unit.client.standin import Answer, StandIn

    refusal = Answer(status, {"title": "No", "code": "no", "detail": "Not this one."})
    with StandIn(lambda _: refusal) as server:
        named = ["--data", str(data), "--url", server.url, "--key", "ck", "--run", str(data.parent / "run")]
        code, out, err = done([*EVALS, "tatqa", *named])
    assert code == expected, out + err
    assert "Not this one." in err if expected else "jobs: 1, failed 1" in out
    assert "Traceback" not in err


def test_compare_ends_with_1_where_the_second_run_is_worse(data: Path) -> None:
    """Perfect answers against none: every group is worse; turned around, it is better."""
    good, bad = data.parent / "good.json", data.parent / "bad.json"
    for script, path in ((tiny_sets.perfect, good), (tiny_sets.silent, bad)):
        with ScriptedApi(script) as api:
            arguments = command(data, data.parent / path.stem, api, "contractnli", "--json", str(path))
            assert done(arguments)[0] == 0
    code, out, err = done([*EVALS, "compare", str(good), str(bad)])
    assert (code, "worse" in out) == (1, True), out + err
    code, out, err = done([*EVALS, "compare", str(bad), str(good)])
    assert (code, "better" in out) == (0, True), out + err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cuad", "--data", "/nonexistent"], "give --data DIR or set CLAIMCHECK_DATA"),
        (["cuad", "--split", "none"], "missing"),
        (["compare", "/nonexistent.json", "b.json"], "cannot read /nonexistent.json"),
        (["cuad", "--url", "http://127.0.0.1:1", "--key", "k", "--model", "offline"], "leave it out"),
    ],
)
def test_wrong_use_is_told_in_one_line(data: Path, arguments: list[str], says: str) -> None:
    """With what to do, and exit code 2."""
    given = (
        arguments if "compare" in arguments or "--data" in arguments else [*arguments, "--data", str(data)]
    )
    code, _, err = done([*EVALS, *given])
    assert code == 2
    assert says in err
    assert len(err.strip().splitlines()) == 1
