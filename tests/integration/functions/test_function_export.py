"""export and the end of a tenant: the operator's function, and what the command makes of its answers."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, LiteralString

import pytest
from claimcheck.store.deliveries import insert_sample
from claimcheck.usecases.export import KINDS, Export
from claimcheck.usecases.keys import create_key
from claimcheck.usecases.operate import Operate

from client.exported import verified
from operations.exporting import Written
from tests.integration.functions import recorded, uploads
from tests.integration.functions.dumped import bucket, everything, found_in, hashes_in
from tests.integration.functions.test_forensic import (
    CANARIES,
    LARGE,
    SECOND_PASS,
    TEXT,
    handed_in,
    plain_hashes,
    receivers_words,
    trails_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from claimcheck.store.connection import Database

    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage


HELD: LiteralString = """
SELECT 'tenant_events' AS held FROM tenant_events WHERE tenant_id = 'acme'
UNION SELECT 'webhook_secrets' FROM webhook_secrets WHERE tenant_id = 'acme'
UNION SELECT 'deliveries' FROM deliveries WHERE tenant_id = 'acme'
UNION SELECT 'webhook_addresses' FROM webhook_addresses WHERE tenant_id = 'acme'
UNION SELECT 'documents' FROM documents WHERE tenant_id = 'acme' AND purged_at IS NULL
UNION SELECT 'objects' FROM objects WHERE tenant_id = 'acme'
UNION SELECT 'idempotency_keys' FROM idempotency_keys WHERE tenant_id = 'acme'
UNION SELECT 'api_keys' FROM api_keys WHERE tenant_id = 'acme'
"""


def operator(stage: Stage, command: str, **arguments: Any) -> dict[str, Any]:
    """What the function answers to the command line."""
    answer = stage.call("operator", {"command": command, "tenant": "acme", **arguments})
    assert "result" in answer, answer
    return dict(answer["result"])


def lines(directory: Path, kind: str) -> list[Any]:
    """The records of one kind."""
    return [json.loads(line) for line in (directory / f"{kind}.jsonl").read_text("utf-8").splitlines()]


def whole(directory: Path) -> dict[str, bytes]:
    """Every file of lines."""
    return {path.name: path.read_bytes() for path in sorted(directory.glob("*.jsonl"))}


class Links:
    """In place of a bucket: nothing is fetched."""

    def link(self, key: str, *, media_type: str, expires_s: int) -> str:
        """As S3Objects does."""
        return f"https://bucket.example/{key}"

    def put(self, key: str, content: bytes, media_type: str) -> None:
        """Never asked."""
        raise AssertionError(key)

    def get(self, key: str) -> bytes:
        """Never asked."""
        raise AssertionError(key)


def small_pages(database: Database, page_chars: int) -> Any:
    """The same commands, a few characters at a time."""
    commands = Operate(Export(database, Links(), page_chars=page_chars).commands())
    return lambda command, **arguments: commands({"command": command, "tenant": "acme", **arguments})[
        "result"
    ]


def test_an_export_holds_what_was_handed_in_and_verifies(
    stage: Stage, database: Database, tmp_path: Path
) -> None:
    """Every input, each answer, webhook and trail; no hash of a key and no secret."""
    key = create_key(database, "acme")
    jobs = handed_in(stage)
    receivers_words(stage)
    stage.call("status", recorded.delete_job(jobs[3]))
    Written(tmp_path, "acme").lines(lambda command, **said: operator(stage, command, **said))
    heap = b"".join(whole(tmp_path).values())
    assert found_in(heap, CANARIES) == CANARIES.keys() - {
        "error",
        "late answer",
        "idempotency key",
        "uploaded text",
    }
    assert [job["job_id"] for job in lines(tmp_path, "jobs")] == jobs
    assert [job["purged"] for job in lines(tmp_path, "jobs")] == [False, False, False, True]
    assert dict(verified(tmp_path)) == {job_id: [] for job_id in jobs}
    assert hashlib.sha256(key.encode()).hexdigest().encode() not in heap
    assert key.split("_", 2)[2].encode() not in heap  # the secret may hold underscores itself
    documents = {
        each["text"] or each["text_key"] for each in lines(tmp_path, "documents") if not each["purged_at"]
    }
    assert TEXT in documents
    assert LARGE in documents or any(str(each).startswith(("texts/", "documents/")) for each in documents)
    assert base64.b64decode(lines(tmp_path, "documents")[1]["content"]).decode() == TEXT


@pytest.mark.parametrize("page_chars", [777, 5_000])
def test_an_export_goes_on_after_an_interruption(
    stage: Stage, database: Database, tmp_path: Path, page_chars: int
) -> None:
    """Cut off at every third page, before or after it was written: the files are those of one run."""
    for number in range(3):
        stage.work(stage.accept(document={"text": f"{TEXT} Größe {number}"}, fields=["claimant"]))
    asked = small_pages(database, page_chars)
    Written(tmp_path / "one", "acme").lines(small_pages(database, 10_000_000))
    count = 0

    def cut_off(command: str, **arguments: Any) -> dict[str, Any]:
        nonlocal count
        count += 1
        if count % 3 == 0:
            raise ConnectionError
        return dict(asked(command, **arguments))

    for _ in range(10_000):
        try:
            with (tmp_path / "other" / "jobs.jsonl").open("ab") as file:
                file.write(b"half a page that the state does not know of")
        except OSError:
            pass
        try:
            Written(tmp_path / "other", "acme").lines(cut_off)
            break
        except ConnectionError:
            continue
    assert count > len(KINDS)
    assert whole(tmp_path / "other") == whole(tmp_path / "one")


def test_a_line_that_changes_in_the_middle_begins_anew(
    stage: Stage, database: Database, rows: Rows, tmp_path: Path
) -> None:
    """A job that is purged while its long line is fetched: what was written of it is replaced."""
    job_id = stage.accept(document={"text": TEXT}, fields=["claimant"])
    stage.work(job_id)
    asked = small_pages(database, 500)
    changed = False

    def meanwhile(command: str, **arguments: Any) -> dict[str, Any]:
        nonlocal changed
        if arguments.get("kind") == "jobs" and arguments.get("skip") and not changed:
            changed = True
            stage.call("status", recorded.delete_job(job_id))
        return dict(asked(command, **arguments))

    Written(tmp_path, "acme").lines(meanwhile)
    (job,) = lines(tmp_path, "jobs")
    assert (changed, job["purged"], job["result"]) == (True, True, None)
    assert dict(verified(tmp_path)) == {job_id: []}


def test_what_cannot_be_exported_is_told(stage: Stage) -> None:
    """No such tenant, a place that no page said, an object of somebody else."""
    for wrong, code in (
        ({"command": "export.page", "tenant": "nobody"}, "tenant_unknown"),
        ({"command": "export.page", "tenant": "acme", "kind": "jobs", "after": "x"}, "arguments_invalid"),
        ({"command": "export.page", "tenant": "acme", "kind": "hashes"}, "arguments_invalid"),
        ({"command": "export.link", "tenant": "acme", "key": "documents/globex/ab"}, "arguments_invalid"),
        ({"command": "export.link", "tenant": "acme", "key": "results/acme/ab"}, "arguments_invalid"),
        ({"command": "tenants.delete", "tenant": "nobody"}, "tenant_unknown"),
        ({"command": "tenants.delete", "tenant": "acme", "after": "x"}, "arguments_invalid"),
    ):
        assert stage.call("operator", wrong)["error"]["code"] == code


def test_the_end_of_a_tenant(stage: Stage, rows: Rows, database: Database, database_url: str) -> None:
    """Nothing is left but trails without content, and what was paid; another tenant keeps everything."""
    create_key(database, "acme")
    create_key(database, "globex")
    stage.override(ANSWER_BYTES="300")
    jobs = handed_in(stage)
    receivers_words(stage)
    waiting = stage.accept(
        document={"text": TEXT}, fields=["claimant"], webhook_url="https://hooks.example/x"
    )
    guesses = plain_hashes(rows)
    others = stage.accept(document={"text": "Another tenant's text."}, fields=["claimant"], tenant="globex")
    stage.work(others)
    cost = rows.one("SELECT sum(cost_usd) AS usd, sum(calls) AS calls FROM jobs")
    holds = operator(stage, "tenants.holds")
    assert (holds["jobs"], holds["open_jobs"], holds["keys"]) == (5, 1, 1)
    assert operator(stage, "tenants.delete") == {"tenant": "acme", "left": 0, "next": None}
    for _ in range(2):
        stage.call("sweep", recorded.recorded("scheduler"))
        rows.run(SECOND_PASS)
    stage.call("sweep", recorded.recorded("scheduler"))
    heap = everything(stage, database_url)
    assert bucket(stage) == {}
    assert found_in(heap, CANARIES) == set()
    theirs = {row["h"] for row in rows.all("SELECT encode(sha256, 'hex') AS h FROM objects")}
    assert not (guesses - theirs) & hashes_in(heap)
    for trail in trails_of(stage, [*jobs, waiting]).values():
        assert [event["type"] for event in trail["events"]][-1] == "purged"
    assert rows.all("SELECT FROM api_keys WHERE tenant_id = 'acme'") == []
    assert rows.all("SELECT FROM tenant_events WHERE tenant_id = 'acme'") == []
    assert rows.one("SELECT sum(cost_usd) AS usd, sum(calls) AS calls FROM jobs") == cost
    assert stage.read(others, tenant="globex")["status"] == "completed"
    refused = stage.call("operator", {"command": "keys.create", "tenant": "acme"})
    assert refused["error"]["code"] == "tenant_deleted"
    assert rows.all("SELECT FROM api_keys WHERE tenant_id = 'acme'") == []


def test_events_of_a_tenant_that_lives_cannot_be_deleted(rows: Rows) -> None:
    """By nobody; nor those of one that was deleted be changed."""
    import psycopg

    rows.run("INSERT INTO tenant_events (tenant_id, type) VALUES ('acme', 'x')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows.run("DELETE FROM tenant_events")
    rows.run("UPDATE tenants SET deleted_at = now()")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows.run("UPDATE tenant_events SET type = 'y'")
    rows.run("DELETE FROM tenant_events")


def test_what_comes_after_the_end_goes_with_the_next_sweep(
    stage: Stage, rows: Rows, database: Database
) -> None:
    """By a key that an authorizer still remembers: jobs, uploads, samples, secrets, events. None stays."""
    for tenant in ("acme", "globex"):
        create_key(database, tenant)
    stage.work(stage.accept(document={"text": TEXT}, fields=["claimant"]))
    operator(stage, "tenants.delete")
    hook = {"webhook_url": "https://hooks.example/late"}
    jobs = [stage.accept(document={"text": f"{TEXT} {n}"}, fields=["claimant"], **hook) for n in range(2)]
    stage.work(jobs[0])
    uploads.announce(stage, LARGE.encode())
    stage.call("webhooks", recorded.api_call("POST", "/webhook-secret/rotate"))
    insert_sample(database, "acme", "https://sample.example/a", '{"type":"webhook.test",', most=10)
    late = {"tenant_events", "webhook_secrets", "deliveries", "webhook_addresses", "documents", "objects"}
    assert {row["held"] for row in rows.all(HELD)} == late
    for command in ("create", "limits", "retention", "usage_key", "planned"):
        asked: dict[str, Any] = {"command": f"tenants.{command}", "tenant": "acme"}
        if command == "planned":
            asked["planned"] = True
        assert stage.call("operator", asked)["error"]["code"] == "tenant_deleted"
    assert stage.call("sweep", recorded.recorded("scheduler"))["jobs_expired"] == 1
    stage.work(jobs[1])
    for _ in range(2):
        stage.call("sweep", recorded.recorded("scheduler"))
    assert rows.all(HELD) == []
    living = (
        "SELECT (SELECT count(*) FROM api_keys) AS keys, (SELECT count(*) FROM tenant_events) > 0 AS events"
    )
    assert rows.one(living) == {"keys": 1, "events": True}
    assert rows.all("SELECT id FROM jobs WHERE purged_at IS NULL") == []
    (listed,) = (each for each in operator_list(stage) if each["tenant"] == "acme")
    assert listed["deleted_at"].startswith("20")


def operator_list(stage: Stage) -> list[dict[str, Any]]:
    """All tenants as the command shows them."""
    return list(stage.call("operator", {"command": "tenants.list"})["result"]["tenants"])
