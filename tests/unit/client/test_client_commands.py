"""The commands, from the command line to what is printed and the exit code."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
import typer
from claimcheck.client import jsontext
from typer.testing import CliRunner

from client.commands import register
from client.connection import NoAddress, resolve
from tests.unit.client.chains import chain
from tests.unit.client.standin import Answer, Asked, StandIn, job, script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result

TICKET = {"job_id": "0193-a", "status": "pending", "created_at": "2026-11-24T04:00:00Z", "links": {}}


def run(url: str, *words: str, stdin: bytes | None = None) -> Result:
    """Run a command against `url`."""
    app = typer.Typer()
    register(app)
    environment = {"CLAIMCHECK_URL": url, "CLAIMCHECK_KEY": "ck_test", "COLUMNS": "140"}
    return CliRunner().invoke(app, list(words), input=stdin, env=environment)


@pytest.fixture
def accepting() -> Iterator[StandIn]:
    """A service that accepts everything and has completed it when asked."""
    with StandIn(
        lambda asked: Answer(202, TICKET) if asked.method == "POST" else Answer(200, job())
    ) as server:
        yield server


@pytest.fixture
def contract(tmp_path: Path) -> str:
    """A text file."""
    path = tmp_path / "contract.md"
    path.write_text("§ 1 “Größe”", encoding="utf-8")
    return str(path)


def test_submit_sends_text_as_text(accepting: StandIn, contract: str) -> None:
    """A text file goes as text with its name, and the job's id is what stdout holds."""
    result = run(accepting.url, "submit", contract, "--task", "summarise", "--focus", "risk")
    assert (result.exit_code, result.stdout) == (0, "0193-a\n")
    document = {"text": "§ 1 “Größe”", "name": "contract.md"}
    assert accepting.asked[0].body == {"document": document, "focus": "risk"}
    assert accepting.asked[0].headers["authorization"] == "Bearer ck_test"


def test_submit_sends_a_pdf_as_base64(accepting: StandIn, tmp_path: Path) -> None:
    """A PDF is known by its first bytes, whatever the file is called."""
    (tmp_path / "scan.txt").write_bytes(b"%PDF-1.7 \xff")
    run(accepting.url, "submit", str(tmp_path / "scan.txt"), "--task", "summarise")
    document = accepting.asked[0].body["document"]
    assert document["media_type"] == "application/pdf"
    assert base64.b64decode(document["base64"]) == b"%PDF-1.7 \xff"


def test_submit_reads_standard_input(accepting: StandIn) -> None:
    """`-` stands for standard input."""
    run(accepting.url, "submit", "-", "--task", "summarise", stdin="Größe".encode())
    assert accepting.asked[0].body["document"] == {"text": "Größe", "name": "stdin"}


def test_submit_says_how_soon(accepting: StandIn, contract: str) -> None:
    """Priority and fallback are sent where they are given; a fallback alone is refused unsent."""
    asked = ("submit", contract, "--task", "summarise")
    run(accepting.url, *asked, "--priority", "economy", "--economy-fallback", "standard")
    sent = accepting.asked[0].body
    assert (sent["priority"], sent["economy_fallback"]) == ("economy", "standard")
    refused = run(accepting.url, *asked, "--economy-fallback", "standard")
    assert (refused.exit_code, len(accepting.asked)) == (2, 1)
    assert "--priority economy" in refused.stderr


def test_submit_joins_fields_of_flags_and_file(accepting: StandIn, contract: str, tmp_path: Path) -> None:
    """Names given as flags stand before those of the file; a webhook goes along."""
    fields = tmp_path / "f.json"
    fields.write_text('[{"name": "b", "type": "date"}]')
    words = ("--field", "a", "--fields", str(fields), "--webhook", "https://example.org/h")
    assert run(accepting.url, "submit", contract, "--task", "extract", *words).exit_code == 0
    body = accepting.asked[0].body
    assert body["fields"] == ["a", {"name": "b", "type": "date"}]
    assert body["webhook_url"] == "https://example.org/h"


def test_submit_takes_a_schema(accepting: StandIn, contract: str, tmp_path: Path) -> None:
    """A JSON object in the fields file is a JSON Schema."""
    schema = tmp_path / "s.json"
    schema.write_text('{"type": "object", "properties": {"a": {"type": "string"}}}')
    run(accepting.url, "submit", contract, "--task", "extract", "--fields", str(schema))
    assert accepting.asked[0].body["schema"]["type"] == "object"


@pytest.mark.parametrize(("name", "text"), [("c.json", '["two", "three"]'), ("c.txt", "two\n\n three \n")])
def test_submit_joins_criteria(
    accepting: StandIn, contract: str, tmp_path: Path, name: str, text: str
) -> None:
    """Criteria come from flags and from a JSON list or a text file, one a line."""
    (tmp_path / name).write_text(text)
    words = ("--criterion", "one", "--criteria", str(tmp_path / name))
    run(accepting.url, "submit", contract, "--task", "evaluate", *words)
    assert accepting.asked[0].body["criteria"] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("FILE", "--task", "extract"), "give --field NAME or --fields FILE.json"),
        (("FILE", "--task", "evaluate"), "give --criterion TEXT or --criteria FILE"),
        (("FILE", "--task", "summarise", "--field", "a"), "do not fit --task summarise"),
        (("nowhere.txt", "--task", "summarise"), "cannot read nowhere.txt: No such file"),
        (("FILE", "--task", "extract", "--fields", "FILE"), "is not JSON"),
    ],
)
def test_wrong_use_is_one_line_and_code_2(
    accepting: StandIn, contract: str, words: tuple[str, ...], says: str
) -> None:
    """What cannot be submitted is refused before anything is sent."""
    result = run(accepting.url, "submit", *(contract if word == "FILE" else word for word in words))
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert accepting.asked == []


def test_what_a_file_is_is_left_to_the_service(accepting: StandIn, tmp_path: Path) -> None:
    """Bytes of no known kind are sent as such: the service says what is read, and what to do with others."""
    (tmp_path / "x.bin2").write_bytes(b"\xff\xfe\x00\x01")
    result = run(accepting.url, "submit", str(tmp_path / "x.bin2"), "--task", "summarise")
    assert result.exit_code == 0
    [asked] = accepting.asked
    assert asked.body["document"]["media_type"] == "application/octet-stream"


def test_submit_and_wait_shows_the_answer(contract: str) -> None:
    """With --wait, the answer is printed with its quote, evidence status, place and who answered."""
    evidence = [{"quote": "§ 1", "status": "exact", "start": 0, "end": 3, "page": None}]
    result = {"fields": {"size": "Größe"}, "evidence": {"size": evidence}, "coverage": {"gaps": []}}
    done = job(result=result, usage={"model": "offline", "calls": 1, "cost_usd": 0})
    answers = script(Answer(202, TICKET), Answer(200, job("running")), Answer(200, done))
    with StandIn(answers) as server:
        shown = run(server.url, "submit", contract, "--task", "extract", "--field", "size", "--wait")
    assert shown.exit_code == 0
    for text in ("size", "Größe", "“§ 1”", "exact", "0–3", "answered by the offline stand-in, not by Claude"):
        assert text in shown.stdout


@pytest.mark.parametrize(
    ("status", "code"), [("completed", 0), ("partial", 0), ("failed", 1), ("cancelled", 1)]
)
def test_the_exit_code_tells_how_the_job_ended(contract: str, status: str, code: int) -> None:
    """Only a job that has no answer makes the command fail."""
    error = {"code": "refused", "message": "The model refused."} if status == "failed" else None
    with StandIn(script(Answer(202, TICKET), Answer(200, job(status, error=error)))) as server:
        result = run(server.url, "submit", contract, "--task", "summarise", "--wait", "--json")
    assert result.exit_code == code
    assert json.loads(result.stdout)["status"] == status


@pytest.mark.parametrize(
    ("status", "code"), [(401, 3), (403, 3), (404, 2), (410, 2), (422, 2), (429, 3), (500, 3)]
)
def test_refusals_have_their_exit_code(status: int, code: int) -> None:
    """What we asked wrongly is 2; not being let in or served is 3."""
    with StandIn(script(Answer(status, {"title": "No", "request_id": "r-9"}))) as server:
        result = run(server.url, "get", "a")
    assert result.exit_code == code
    assert result.stderr.startswith(f"error: {status} No")
    assert ("r-9" in result.stderr) == (status >= 500)


def test_nobody_there_is_code_3() -> None:
    """A refused connection says how to start the service."""
    result = run("http://127.0.0.1:1", "list")
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)
    assert "claimcheck up" in result.stderr


def served(job_and_trail: tuple[Any, Any]) -> StandIn:
    """A service that has one job and its trail."""
    found, trail = (jsontext.pretty(part).encode() for part in job_and_trail)

    def answer(asked: Asked) -> Answer:
        return Answer(200, trail if asked.path.endswith("/events") else found)

    return StandIn(answer)


def test_verify_accepts_a_sound_trail() -> None:
    """An intact chain is one line and code 0."""
    with served(chain()) as server:
        result = run(server.url, "verify", "a")
    assert (result.exit_code, result.stdout) == (0, "ok: 5 events, chain intact\n")


def test_verify_names_the_event_that_breaks_the_chain() -> None:
    """An altered event is named, with code 1."""
    found, trail = chain()
    trail["events"][2]["detail"]["code"] = "nothing"
    with served((found, trail)) as server:
        result = run(server.url, "verify", "a")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "broken: event 3: hash differs from its content: the event was altered\n"


def test_verify_works_on_files(tmp_path: Path) -> None:
    """What `get --json` and `events --json` printed verifies without the service."""
    with served(chain()) as server:
        for command in ("get", "events"):
            printed = run(server.url, command, "a", "--json").stdout
            (tmp_path / f"{command}.json").write_text(printed, encoding="utf-8")
    files = (str(tmp_path / "get.json"), str(tmp_path / "events.json"))
    assert run("http://127.0.0.1:1", "verify", "--files", *files).stdout == "ok: 5 events, chain intact\n"


def test_events_and_list_are_tables() -> None:
    """Both commands show what the API gave, one line an item."""
    with served(chain()) as server:
        shown = run(server.url, "events", "a").stdout
    assert shown.count("claimed") == 2
    with StandIn(script(Answer(200, {"jobs": [job("failed")], "next_cursor": None}))) as server:
        listed = run(server.url, "list", "--status", "failed", "--task", "extract").stdout
        assert server.asked[0].path == "/jobs?status=failed&task=extract&limit=20"
    assert "0193-a" in listed


def test_cancel_says_what_became_of_the_job() -> None:
    """Cancelling prints the job's status."""
    with StandIn(script(Answer(200, job("cancelled")))) as server:
        assert run(server.url, "cancel", "0193-a").stdout == "0193-a cancelled\n"


def test_the_address_comes_from_flags_then_environment_then_up_json(tmp_path: Path) -> None:
    """Each source stands in for the one before it."""
    (tmp_path / "up.json").write_text('{"url": "http://127.0.0.3", "key": "kc"}')
    both = {"CLAIMCHECK_URL": "http://b", "CLAIMCHECK_KEY": "kb"}
    assert resolve("http://a", "ka", tmp_path, both) == ("http://a", "ka")
    assert resolve(None, None, tmp_path, both) == ("http://b", "kb")
    assert resolve(None, None, tmp_path, {}) == ("http://127.0.0.3", "kc")
    assert resolve("http://127.0.0.3/", None, tmp_path, {}) == ("http://127.0.0.3/", "kc")


def test_the_local_key_goes_to_no_other_address(tmp_path: Path) -> None:
    """A key from up.json is never sent where up.json does not point."""
    (tmp_path / "up.json").write_text('{"url": "http://127.0.0.3", "key": "kc"}')
    with pytest.raises(NoAddress, match="no key for http://elsewhere"):
        resolve("http://elsewhere", None, tmp_path, {})


@pytest.mark.parametrize("written", [None, "", "[1]"])
def test_without_an_address_it_says_what_to_do(tmp_path: Path, written: str | None) -> None:
    """No system, or an unreadable up.json, leads to a hint."""
    if written is not None:
        (tmp_path / "up.json").write_text(written)
    with pytest.raises(NoAddress, match="claimcheck up"):
        resolve(None, None, tmp_path, {})


@pytest.mark.parametrize("key", ["ck_größe", "ck_\n1", " "])
def test_a_key_that_cannot_be_one_is_refused(tmp_path: Path, key: str) -> None:
    """A key that cannot stand in a header is a hint, not a traceback."""
    with pytest.raises(NoAddress, match="--key"):
        resolve("http://a", key, tmp_path, {})
