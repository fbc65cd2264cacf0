"""The database is set back by an hour: queues and bucket know more than it does, and the system goes on."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.client import jsontext, trail

from local.postgres import _wheel_binaries
from tests.integration.functions import stage as deployment
from tests.integration.functions.documents import EXTRACT, numbered
from tests.integration.functions.recorded import (
    arrivals,
    batch,
    doorbells,
    failed_ids,
    get_job,
    get_part,
    post_job,
    recorded,
)
from tests.integration.functions.uploads import announce, key_of, name_in_job, put, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Server
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage


UPLOAD = b"A policy that nobody else has.\nPolicy number: HX-20-772\n"


@dataclass(frozen=True)
class SetBack:
    """`dump` keeps the database as it is; `restore` gives all functions that one, in place of theirs."""

    stage: Stage
    server: Server
    of: str
    to: str
    file: Path

    def dump(self) -> None:
        """The moment that is gone back to."""
        _run("pg_dump", "--format", "custom", "--file", str(self.file), "--dbname", self.of)

    def restore(self) -> None:
        """Into another database, which every function finds under the old name."""
        with psycopg.connect(self.to) as sql:  # as whoever owns the database (docs/migrations.md)
            sql.execute("GRANT CREATE ON SCHEMA public TO claimcheck_owner")
        _run("pg_restore", "--exit-on-error", "--single-transaction", "--dbname", self.to, str(self.file))
        deployment._forget_environments()
        self.stage._apps.clear()
        self.stage.move_to(self.to, self.server.address_of(self.to))


@pytest.fixture
def set_back(stage: Stage, server: Server, database_url: str, tmp_path: Path) -> Iterator[SetBack]:
    """This test's database, and where its dump is restored to."""
    url = server.empty()
    yield SetBack(stage, server, database_url, url, tmp_path / "hour.dump")
    server.drop(url)


def _run(program: str, *arguments: str) -> None:
    command = [str(_wheel_binaries() / program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.defpath})
    assert done.returncode == 0, done.stderr


def problem(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"])["code"]


def test_the_system_goes_on_after_a_lost_hour(stage: Stage, rows: Rows, set_back: SetBack) -> None:
    """What the hour brought is unknown, told so, and loops nowhere; what was there before it finishes."""
    waiting, done, running = (stage.accept(**numbered(number)) for number in range(3))
    stage.work(done)
    rows.run(
        "UPDATE jobs SET status = 'running', attempt = 1, lease_expires_at = now() - interval '1 hour'"
        " WHERE id = %s",
        [running],
    )
    set_back.dump()

    event = post_job("extract", EXTRACT, idempotency_key="k-1")  # the hour
    lost = json.loads(stage.call("submit", event)["body"])["job_id"]
    stage.work(lost, waiting, running)
    hooked = stage.accept(**numbered(9), webhook_url="https://example.com/hook")
    stage.work(hooked)
    deliveries = [message for message in stage.bodies("DeliveriesQueue") if message["url"].endswith("/hook")]
    document = announce(stage, UPLOAD)
    put(stage, document["upload"], UPLOAD)
    assert failed_ids(stage.call("uploads", arrivals(key_of(UPLOAD)))) == []

    set_back.restore()
    _messages_of_the_hour_are_acknowledged(stage, lost, deliveries[0]["delivery_id"])
    assert problem(stage.call("status", get_job(lost))) == (404, "job_not_found")

    again = json.loads(stage.call("submit", event)["body"])["job_id"]  # the customer sends it again
    _what_was_there_finishes(stage, set_back.to, waiting, running, again)
    for job_id in (waiting, done, running, again):
        job = jsontext.loads(stage.call("status", get_job(job_id))["body"])
        events = jsontext.loads(stage.call("status", get_part(job_id, "events"))["body"])
        assert (job["status"], trail.verify(job, events)) == ("completed", [])

    fresh = announce(stage, UPLOAD)  # its bytes lie in the bucket already, and nobody knows them
    put(stage, fresh["upload"], UPLOAD)
    assert failed_ids(stage.call("uploads", arrivals(key_of(UPLOAD)))) == []
    assert shown(stage, fresh["document_id"])["status"] == "stored"
    job_id = name_in_job(stage, fresh["document_id"])
    assert (stage.work(job_id), stage.read(job_id)["status"]) == ([], "completed")


def _messages_of_the_hour_are_acknowledged(stage: Stage, job_id: str, delivery_id: str) -> None:
    """A doorbell, a dead letter, an outcome, a bell and an upload, each of something unknown."""
    outcome = {**json.loads(recorded("sqs-outcomes")["Records"][0]["body"]), "delivery_id": delivery_id}
    for name, event in (
        ("process", doorbells(job_id)),
        ("deadletters", batch("sqs-dead-letters", [{"job_id": job_id}])),
        ("record", batch("sqs-outcomes", [outcome])),
        ("record", batch("sqs-outcomes", [{"delivery_id": delivery_id, "due": True}])),
        ("uploads", arrivals(key_of(UPLOAD))),
    ):
        assert failed_ids(stage.call(name, event)) == [], name


def _what_was_there_finishes(stage: Stage, url: str, *job_ids: str) -> None:
    """Doorbells of the hour before are gone: sweep rings, after it has taken the dead worker's lease."""
    with psycopg.connect(url, autocommit=True) as sql:
        for _ in range(2):
            sql.execute(
                "UPDATE jobs SET available_at = now(), rung_at = now() - interval '1 hour'"
                " WHERE status = 'pending'"
            )
            stage.call("sweep", recorded("scheduler"))
            rung = [message["job_id"] for message in stage.bodies("JobsQueue")]
            stage.work(*rung) if rung else None
    assert all(stage.read(job_id)["status"] == "completed" for job_id in job_ids)
