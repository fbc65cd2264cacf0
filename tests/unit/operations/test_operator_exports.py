"""`claimcheck export` and `tenants delete`: what they ask, write and show."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.client.jsontext import pretty

from operations.exporting import Written
from operations.invoking import Refusal
from tests.unit.client.chains import chain
from tests.unit.operations.operator_standin import Operator, System

if TYPE_CHECKING:
    from pathlib import Path

HOLDS = {"jobs": 5, "open_jobs": 1, "documents": 4, "bytes": 900, "deliveries": 2, "keys": 1, "events": 3}
TOLD = "acme holds 5 jobs, 1 of them not final, 4 documents, 900 bytes, 2 webhooks, 1 keys, 3 events\n"


def page(kind: str, text: str, following: dict[str, Any] | None, *, anew: bool = False) -> dict[str, Any]:
    """An answer of `export.page`."""
    return {"result": {"kind": kind, "text": text, "anew": anew, "next": following}}


def up(directory: Path) -> Path:
    """Where the system's data is."""
    data = directory / "up"
    data.mkdir(exist_ok=True)
    return data


def test_a_tenant_is_not_deleted_by_mistake(tmp_path: Path) -> None:
    """Without --yes it is shown what would go, and nothing is asked but that."""
    operator = Operator({"result": HOLDS})
    with System(tmp_path, operator) as system:
        result = system.run("tenants", "delete", "--tenant", "acme")
    assert (result.exit_code, result.stdout) == (1, TOLD)
    assert [asked["command"] for asked in operator.asked] == ["tenants.holds"]


def test_a_tenant_is_deleted_until_nothing_is_left(tmp_path: Path) -> None:
    """Each call goes on where the one before ended, and what was held is tried again."""
    following = [{"kind": "jobs", "after": "1"}, {"kind": "events", "after": "7"}]
    answers = [{"left": None, "next": each} for each in following]
    ends = [{"left": left, "next": None} for left in (3, 0)]
    operator = Operator(*({"result": each} for each in (HOLDS, *answers, *ends)))
    with System(tmp_path, operator) as system:
        result = system.run("tenants", "delete", "--tenant", "acme", "--yes")
    assert result.exit_code == 0
    assert result.stdout == f"{TOLD}acme deleted; what lies in the bucket goes with the next sweeps\n"
    asked = [{"command": "tenants.delete", "tenant": "acme", **each} for each in ({}, *following, {})]
    assert operator.asked == [{"command": "tenants.holds", "tenant": "acme"}, *asked]


def test_a_tenant_that_others_hold_is_told(tmp_path: Path) -> None:
    """Where a round deletes nothing, the command ends and says so."""
    held = {"left": 3, "next": None}
    operator = Operator(*({"result": each} for each in (HOLDS, held, held)))
    with System(tmp_path, operator) as system:
        result = system.run("tenants", "delete", "--tenant", "acme", "--yes")
    assert result.exit_code == 1
    assert "3 things are held by others" in result.stderr


def test_an_export_is_files_of_lines(tmp_path: Path) -> None:
    """Pages are put together; a line that begins anew takes the place of what was written of it."""
    to = tmp_path / "export"
    operator = Operator(
        page("tenant", '{"tenant": "acme"}\n', {"kind": "jobs"}),
        page("jobs", '{"job_id": 1}\n{"job_', {"kind": "jobs", "after": "1", "skip": 6, "stamp": "x"}),
        page("jobs", '{"job_id": 2}\n', {"kind": "trails"}, anew=True),
        page("trails", "", None),
    )
    with System(up(tmp_path), operator) as system:
        result = system.run("export", "--tenant", "acme", "--to", str(to))
    assert result.exit_code == 0, result.output
    assert (to / "jobs.jsonl").read_text() == '{"job_id": 1}\n{"job_id": 2}\n'
    assert operator.asked[2] == {
        "command": "export.page", "tenant": "acme", "kind": "jobs", "after": "1", "skip": 6, "stamp": "x",
    }  # fmt: skip
    assert (to.stat().st_mode & 0o777) == 0o700


def test_a_text_that_was_deleted_meanwhile_keeps_no_other_away(tmp_path: Path) -> None:
    """What is left is fetched all the same, and what is missing is named; so does every later run."""

    class Bucket(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(403 if self.path == "/gone" else 200)
            self.end_headers()
            self.wfile.write(b"a text")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    documents = "".join(json.dumps({"document_id": i, "text_key": i}) + "\n" for i in ("gone", "kept"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        Thread(target=server.serve_forever, daemon=True).start()

        def asked(command: str, **arguments: Any) -> dict[str, Any]:
            if command == "export.page":
                return {"kind": "documents", "text": documents, "anew": False, "next": None}
            return {"url": f"http://127.0.0.1:{server.server_port}/{arguments['key']}"}

        for _ in range(2):
            written = Written(tmp_path / "export", "acme")
            written.lines(asked)
            with pytest.raises(Refusal, match=r"all is written but texts/gone: .* did not give 1, "):
                written.objects(asked, with_bytes=False)
        server.shutdown()
    assert [path.name for path in (tmp_path / "export" / "texts").iterdir()] == ["kept"]


def test_an_export_does_not_write_among_other_things(tmp_path: Path) -> None:
    """Something else in it, or another tenant's export: it is refused before anything is asked."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "export.json").write_text(
        '{"tenant": "globex", "next": {}, "sizes": {}, "line": 0}'
    )
    for name, told in (("full", "is not empty"), ("other", "holds an export of globex")):
        operator = Operator()
        with System(up(tmp_path), operator) as system:
            result = system.run("export", "--tenant", "acme", "--to", str(tmp_path / name))
        assert (result.exit_code, operator.asked) == (2, [])
        assert told in result.stderr


@pytest.mark.parametrize("broken", [False, True])
def test_an_export_is_verified_offline(tmp_path: Path, broken: bool) -> None:
    """Each job with its trail; what is wrong is named with its job."""
    job, trail = chain()
    if broken:
        trail["events"][2]["detail"]["code"] = "nothing"
    for name, content in (("jobs", job), ("trails", trail)):
        (tmp_path / f"{name}.jsonl").write_text(pretty(content).replace("\n", " ") + "\n", encoding="utf-8")
    with System(up(tmp_path), Operator()) as system:
        result = system.run("verify", "--export", str(tmp_path))
    if broken:
        assert result.exit_code == 1
        assert f"broken: {job['job_id']}: event 3: hash differs" in result.stderr
    else:
        assert (result.exit_code, result.stdout) == (0, "ok: 1 jobs, every chain intact\n")


def test_what_is_no_whole_export_is_told(tmp_path: Path) -> None:
    """Jobs without trails, and lines that are cut off."""
    job, _ = chain()
    (tmp_path / "jobs.jsonl").write_text(pretty(job).replace("\n", " ") + "\n", encoding="utf-8")
    (tmp_path / "trails.jsonl").write_text("", encoding="utf-8")
    with System(up(tmp_path), Operator()) as system:
        assert "has no trail at its place" in system.run("verify", "--export", str(tmp_path)).stderr
        (tmp_path / "trails.jsonl").write_text('{"job', encoding="utf-8")
        assert "is no JSON" in system.run("verify", "--export", str(tmp_path)).stderr
        assert "No such file" in system.run("verify", "--export", str(tmp_path / "none")).stderr
