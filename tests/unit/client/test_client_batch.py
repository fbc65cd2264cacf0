"""Many files: each is handed in once, whatever ends a run in between, and what comes of each is told."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from client.journal import Journal
from client.submission import Unusable
from tests.unit.client.standin import Answer, Asked, StandIn
from tests.unit.client.test_client_commands import run

if TYPE_CHECKING:
    from collections.abc import Iterator

ASKED = ("--task", "extract", "--field", "fee")


class Service:
    """Accepts documents and completes them at the second look; `refuse` names texts that it refuses, `gone`
    those whose job is deleted by then.

    As the API does, it gives the same ticket for the same Idempotency-Key.
    """

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.tickets: dict[str, str] = {}
        self.refuse: dict[str, Answer] = {}
        self.failing: set[str] = set()
        self.gone: set[str] = set()
        self.open = self.most_open = 0
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        with self._lock:
            if asked.method == "POST":
                return self._submitted(asked)
            return self._looked(asked.path.removeprefix("/jobs/"))

    def _submitted(self, asked: Asked) -> Answer:
        text = asked.body["document"]["text"].strip()
        if text in self.refuse:
            return self.refuse[text]
        key = asked.headers["idempotency-key"]
        if key not in self.tickets:
            job_id = self.tickets[key] = f"job-{len(self.jobs)}"
            job = {
                "job_id": job_id,
                "task": "extract",
                "status": "pending",
                "created_at": "2026-11-30T00:00:00Z",
            }
            self.jobs[job_id] = {**job, "text": text, "looks": 0}
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        ticket = {"job_id": self.tickets[key], "status": "pending", "created_at": "…", "links": {}}
        return Answer(202, ticket)

    def _looked(self, job_id: str) -> Answer:
        job = self.jobs.get(job_id)
        if job is None:
            return Answer(404, {"title": "Not Found", "code": "job_not_found"})
        job["looks"] += 1
        if job["text"] in self.gone and job["looks"] == 2:
            return Answer(410, {"title": "Gone", "code": "purged"})
        if job["looks"] == 2:
            self.open -= 1
            failed = job["text"] in self.failing
            job["status"] = "failed" if failed else "completed"
            job["error"] = {"code": "refused", "message": "no"} if failed else None
            answer = {"fields": {"fee": f"=1+{job['text']}"}, "evidence": {"fee": []}}
            job["result"] = None if failed else answer
        shown = {name: value for name, value in job.items() if name not in {"text", "looks"}}
        return Answer(200, shown, {"ETag": f'"{job["looks"]}"'})


@pytest.fixture
def service() -> Service:
    """What answers."""
    return Service()


@pytest.fixture
def server(service: Service) -> Iterator[StandIn]:
    """The API."""
    with StandIn(service) as standin:
        yield standin


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six documents, one of them deeper, beside what is hidden."""
    for name in ("a.txt", "b.txt", "c.txt", "d.md", "e.txt", "deep/f.txt", ".hidden/x.txt", ".y.txt"):
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.stem)
    return tmp_path / "docs"


def submissions(server: StandIn) -> list[str]:
    """The texts that were handed in, in their order."""
    return [asked.body["document"]["text"] for asked in server.asked if asked.method == "POST"]


def test_a_folder_is_handed_in_and_waited_for(server: StandIn, service: Service, folder: Path) -> None:
    """Every file that is not hidden, each once; stdout holds the answers."""
    result = run(server.url, "submit", str(folder), *ASKED, "--wait", "--output", "json")
    assert result.exit_code == 0, result.stderr
    assert sorted(submissions(server)) == ["a", "b", "c", "d", "e", "f"]
    answers = json.loads(result.stdout)
    assert [entry["file"] for entry in answers] == sorted(str(path) for path in folder.rglob("[a-f].*"))
    assert all(entry["job"]["result"]["fields"]["fee"] for entry in answers)


def test_a_second_run_hands_in_nothing(server: StandIn, folder: Path) -> None:
    """It shows the same jobs, whichever way the files are named; another request is another job."""
    first = run(server.url, "submit", str(folder), *ASKED, "--wait", "-o", "json")
    again = run(
        server.url, "submit", f"{folder}/*.txt", f"{folder}/d.md", str(folder), *ASKED, "-w", "-o", "json"
    )
    assert len(submissions(server)) == 6
    ids = [{entry["file"]: entry["job_id"] for entry in json.loads(each.stdout)} for each in (first, again)]
    assert ids[0] == ids[1]
    assert "handed in before" in again.stderr
    run(server.url, "submit", str(folder), *ASKED, "--field", "other")
    assert len(submissions(server)) == 12


def test_what_was_handed_in_and_not_written_down_is_not_made_twice(
    server: StandIn, service: Service, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the ticket and the journal: the key is made of the content."""
    run(server.url, "submit", str(folder), *ASKED)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "lost"))
    assert run(server.url, "submit", str(folder), *ASKED, "--wait").exit_code == 0
    assert (len(submissions(server)), len(service.jobs)) == (12, 6)


def test_no_more_are_under_way_than_asked_for(server: StandIn, service: Service, folder: Path) -> None:
    """With --wait a file is under way until its job is final."""
    assert run(server.url, "submit", str(folder), *ASKED, "--wait", "--concurrency", "2").exit_code == 0
    assert (len(service.jobs), service.most_open) == (6, 2)


def test_a_file_that_is_refused_stops_no_other(server: StandIn, service: Service, folder: Path) -> None:
    """It is told with its reason, by code 1; an empty one is not even sent."""
    service.refuse["b"] = Answer(
        422, {"title": "Unprocessable", "detail": "too odd", "code": "fields_invalid"}
    )
    (folder / "c.txt").write_text(" ")
    result = run(server.url, "submit", str(folder), *ASKED, "--wait", "-o", "jsonl")
    assert result.exit_code == 1
    ended = {entry["file"]: entry for entry in map(json.loads, result.stdout.splitlines())}
    assert len(ended) == 6
    assert ended[str(folder / "b.txt")]["problem"] == "422 Unprocessable: too odd"
    assert "is empty" in ended[str(folder / "c.txt")]["problem"]
    assert sorted(entry["status"] for entry in ended.values()) == ["completed"] * 4 + ["refused"] * 2


def test_failed_jobs_are_code_1_and_can_be_tried_anew(
    server: StandIn, service: Service, folder: Path
) -> None:
    """Code 1, again by a second run; --retry-failed makes new jobs of those alone, --again of all."""
    service.failing = {"a", "b"}
    assert run(server.url, "submit", str(folder), *ASKED, "--wait").exit_code == 1
    assert run(server.url, "submit", str(folder), *ASKED, "--wait").exit_code == 1
    assert len(service.jobs) == 6
    service.failing = set()
    assert run(server.url, "submit", str(folder), *ASKED, "--wait", "--retry-failed").exit_code == 0
    assert sorted(submissions(server)[6:]) == ["a", "b"]
    assert run(server.url, "submit", str(folder), *ASKED, "--wait").exit_code == 0
    assert run(server.url, "submit", str(folder), *ASKED, "--again").exit_code == 0
    assert len(service.jobs) == 14


def test_a_job_that_is_deleted_is_made_anew(server: StandIn, service: Service, folder: Path) -> None:
    """Under another key than the first, whose ticket would come again."""
    run(server.url, "submit", str(folder / "a.txt"), *ASKED)
    service.gone.add("a")
    service.jobs["job-0"]["looks"] = 1
    result = run(server.url, "submit", str(folder / "a.txt"), *ASKED)
    assert result.exit_code == 0
    assert len(service.jobs) == 2


def test_two_tenants_in_turn_have_one_job_each(folder: Path) -> None:
    """The journal knows addresses, not tenants: what one's key does not find is no reason to pay again."""
    tenants = {f"Bearer {key}": Service() for key in ("ck_test", "ck_other")}
    names = iter(("a", "b", "c", "d"))

    def answer(asked: Asked) -> Answer:
        mine = tenants[asked.headers["authorization"]]
        said = mine(asked)
        if asked.method == "POST" and said.body["job_id"].startswith("job-"):
            ticket = f"{next(names)}-{said.body['job_id']}"
            mine.jobs[ticket] = mine.jobs.pop(said.body["job_id"])
            mine.tickets[asked.headers["idempotency-key"]] = ticket
            return Answer(202, {**said.body, "job_id": ticket})
        return said

    with StandIn(answer) as server:
        for key in ("ck_test", "ck_other", "ck_test", "ck_other"):
            assert run(server.url, "submit", str(folder / "a.txt"), *ASKED, "--key", key).exit_code == 0
    assert [len(each.jobs) for each in tenants.values()] == [1, 1]


def test_a_named_pipe_in_a_folder_is_no_document(server: StandIn, folder: Path) -> None:
    """Opening one waits for whoever writes to it."""
    os.mkfifo(folder / "pipe")
    assert run(server.url, "submit", str(folder), *ASKED).exit_code == 0
    assert len(submissions(server)) == 6


def test_a_busy_tenant_is_waited_for(server: StandIn, service: Service, folder: Path) -> None:
    """`tenant_busy` ends nothing: the file is handed in once there is room."""
    busy = Answer(429, {"title": "Too many", "code": "tenant_busy"}, {"Retry-After": "0"})
    left = [busy] * 3

    def answer(asked: Asked) -> Answer:
        return left.pop() if asked.method == "POST" and left else service(asked)

    with StandIn(answer) as limited:
        assert run(limited.url, "submit", str(folder / "a.txt"), *ASKED, "-w").exit_code == 0


def test_a_service_that_is_away_for_a_while_is_waited_for(service: Service, folder: Path) -> None:
    """Once it has answered; one that never did is told at once, by code 3."""
    away = [False] + [True] * 8

    def answer(asked: Asked) -> Answer:
        gone = asked.method == "POST" and bool(away) and away.pop(0)
        return Answer(0) if gone else service(asked)

    with StandIn(answer) as server:
        assert run(server.url, "submit", str(folder), *ASKED, "-w", "-c", "1").exit_code == 0
        url = server.url
    assert len(service.jobs) == 6
    nobody = run(url, "submit", str(folder), *ASKED, "-w", "-q")
    assert (nobody.exit_code, nobody.stderr.count("\n")) == (3, 2)


@pytest.mark.parametrize(
    ("status", "code"), [(401, "key_missing"), (403, "key_refused"), (429, "spend_limit")]
)
def test_what_is_about_the_key_ends_the_run(folder: Path, status: int, code: str) -> None:
    """Code 3, one line, and how to go on."""
    refusal = Answer(status, {"title": "No", "detail": "why", "code": code}, {"Retry-After": "9999"})
    with StandIn(lambda _: refusal) as server:
        result = run(server.url, "submit", str(folder), *ASKED, "--wait", "--quiet")
    assert result.exit_code == 3
    lines = result.stderr.splitlines()
    assert lines[0] == "0 of 6 handed in; run the same command again to go on"
    assert lines[1].startswith(f"error: {status} No: why")
    assert len(lines) == 2


def test_waiting_ends_by_the_timeout(folder: Path) -> None:
    """Code 4; what is final is shown, and the rest can be waited for again."""

    def answer(asked: Asked) -> Answer:
        ticket = {"job_id": "j", "status": "pending", "created_at": "…", "links": {}}
        return Answer(202, ticket) if asked.method == "POST" else Answer(200, {**ticket, "task": "extract"})

    with StandIn(answer) as server:
        result = run(server.url, "submit", str(folder), *ASKED, "--wait", "--timeout", "0.5")
        one = run(server.url, "get", "j", "--wait", "--timeout", "0.3")
    assert (result.exit_code, one.exit_code) == (4, 4)
    assert "timed out with 6 not final: run the same command again to go on" in result.stderr
    assert "job j is not final after 0.3 s" in one.stderr


def test_csv_is_safe_and_has_a_column_for_each_answer(server: StandIn, folder: Path) -> None:
    """Nothing that a spreadsheet would calculate with; the columns are those that docs/cli.md has."""
    result = run(server.url, "submit", str(folder), *ASKED, "--wait", "-q", "--output", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["answer.fee"] for row in rows] == [f"'=1+{text}" for text in ("a", "b", "c", "d", "f", "e")]
    assert list(rows[0])[:5] == ["file", "job_id", "task", "status", "error"]
    assert result.stderr == ""


def test_tickets_alone_are_a_line_each(server: StandIn, folder: Path) -> None:
    """Without --wait, nothing is asked again."""
    result = run(server.url, "submit", str(folder), *ASKED)
    assert sorted(line.partition("  ")[2] for line in result.stdout.splitlines()) == sorted(
        str(path) for path in folder.rglob("[a-f].*")
    )
    assert all(asked.method == "POST" for asked in server.asked)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("EMPTY",), "has no files in it"),
        (("EMPTY/*.pdf",), "no file matches"),
        (("a", "--timeout", "3"), "--timeout goes with --wait"),
        (("a", "--schema", "x", "--field", "y"), "--schema stands alone"),
        (("a", "--field", "y", "--metadata", "x"), "write it as NAME=VALUE"),
    ],
)
def test_wrong_use_of_many_is_one_line(
    server: StandIn, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    """Code 2, before anything is sent."""
    (tmp_path / "none").mkdir()
    given = [word.replace("EMPTY", str(tmp_path / "none")) for word in words]
    result = run(server.url, "submit", *given, "--task", "extract")
    assert (result.exit_code, result.stderr.count("\n"), server.asked) == (2, 1, [])
    assert says in result.stderr


def test_metadata_and_limits_go_along(server: StandIn, folder: Path) -> None:
    """Values that are JSON as such, others as text."""
    more = ("--metadata", "case=7", "--metadata", "who=me", "--max-cost-usd", "0.5", "--cancel-after", "90s")
    run(server.url, "submit", str(folder / "a.txt"), *ASKED, *more)
    (asked,) = server.asked
    assert (asked.body["metadata"], asked.body["max_cost_usd"]) == ({"case": 7, "who": "me"}, 0.5)
    assert asked.headers["cancel-after"] == "90s"


def test_a_name_that_is_no_text_stops_nothing(server: StandIn, folder: Path) -> None:
    """A file system's names are bytes: what is no UTF-8 in them is told and sent as a replacement."""
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9.txt")).write_text("g", encoding="ascii")
    result = run(server.url, "submit", str(folder), *ASKED, "--wait", "-o", "json")
    assert result.exit_code == 0, result.stderr
    assert f"{folder}/caf\ufffd.txt" in {entry["file"] for entry in json.loads(result.stdout)}
    assert "caf\ufffd.txt" in {asked.body["document"]["name"] for asked in server.asked if asked.body}


def test_a_job_that_is_deleted_meanwhile_stops_no_other(
    server: StandIn, service: Service, folder: Path
) -> None:
    """The others' answers are waited for and printed; its file is among those without one."""
    service.gone.add("c")
    result = run(server.url, "submit", str(folder), *ASKED, "--wait", "-o", "json")
    assert result.exit_code == 1
    found = {entry["file"].rpartition("/")[2]: entry for entry in json.loads(result.stdout)}
    assert found["c.txt"]["problem"] == "410 Gone"
    assert sum("job" in entry and entry["job"]["status"] == "completed" for entry in found.values()) == 5


def test_a_journal_can_be_closed_while_it_is_read() -> None:
    """Ctrl-C closes it under the threads that hand in: they are told so, and nothing crashes."""
    closed = threading.Event()
    outcomes: list[BaseException] = []
    with Journal() as journal:
        reading = threading.Barrier(5)

        def read() -> None:
            reading.wait()
            try:
                while not closed.is_set():
                    journal.recent("job")
            except BaseException as error:  # noqa: BLE001 (whatever comes is looked at below)
                outcomes.append(error)

        threads = [threading.Thread(target=read, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        reading.wait()
    for thread in threads:
        thread.join(10)
    closed.set()
    assert [type(error) for error in outcomes] == [Unusable] * 4


@pytest.mark.parametrize("words", [("--max-cost-usd", "nan"), ("--metadata", "a=\udce9")])
def test_what_is_no_json_is_one_line(server: StandIn, folder: Path, words: tuple[str, ...]) -> None:
    """Before anything is sent."""
    result = run(server.url, "submit", str(folder), *ASKED, *words)
    assert (result.exit_code, server.asked) == (2, [])
    assert "error: what is asked holds NaN, an infinity or bytes that are no UTF-8" in result.stderr
