"""A deployment whose functions run in processes that can be killed at any boundary."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from claimcheck.store.connection import Database
from psycopg.rows import dict_row

from tests.faults.crash_aws import FileCloud
from tests.faults.crash_invocations import ROOT
from tests.integration.functions.recorded import post_job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.receiver import Receiver

Call = tuple[str, dict[str, Any]]  # a function and its event


@dataclass(frozen=True)
class Run:
    """How a process ended. `passed`: the boundaries it came to; `answer`: None where it was killed."""

    passed: Sequence[str]
    answer: Any
    killed: bool

    @property
    def last(self) -> str:
        """Where it was killed, or its last boundary."""
        return self.passed[-1] if self.passed else "the start"


class Deployment:
    """One database, one model, one customer's receiver, and a zygote that forks the functions."""

    def __init__(
        self, database_url: str, address: str, directory: Path, model: ModelGate, receiver: Receiver
    ) -> None:
        self.cloud = FileCloud(directory)
        self.model = model
        self.receiver = receiver
        self.database = Database(database_url)
        self._sql = psycopg.connect(database_url, autocommit=True)
        self._log = directory / "log"
        self._order = {
            "database_url": database_url,
            "database_address": address,
            "model_url": model.url,
            "directory": str(directory),
            "log": str(self._log),
        }
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.crash_zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'layers' / 'common'}{os.pathsep}{ROOT}"},
            text=True,
        )

    def run(self, *calls: Call, **order: Any) -> Run:
        """`calls` one after the other in one process; or `queue`: one batch of it. `kill_at`: a boundary."""
        found = self._forked({**order, **({"calls": calls} if calls else {})})
        if found["ended"] not in {0, -signal.SIGKILL}:
            raise AssertionError(f"ended with {found['ended']}:\n{self._log.read_text()[-4000:]}")
        return Run(found["passed"], found["answer"], killed=found["ended"] != 0)

    def recover(self, *again: Call) -> tuple[list[Any], list[Any]]:
        """Let everything that repairs have its time; the answers to `again`, before that and after.

        Raises AssertionError where it is not over.
        """
        answer = self.run(again=again).answer
        return answer["first"], answer["second"]

    def tenant(self) -> str:
        """A new tenant, who has no webhook secret yet."""
        name = f"t{uuid.uuid4().hex}"
        self.change("INSERT INTO tenants (id) VALUES (%s)", name)
        return name

    def accept(self, *events: dict[str, Any]) -> list[str]:
        """Hand in jobs; their ids."""
        run = self.run(*(("submit", event) for event in events))
        assert [answer["statusCode"] for answer in run.answer] == [202] * len(events), self._log.read_text()[
            -3000:
        ]
        return [json.loads(answer["body"])["job_id"] for answer in run.answer]

    def change(self, statement: LiteralString, *params: object) -> None:
        """Change something behind the product's back, as time would."""
        self._sql.execute(statement, params)

    def rows(self, query: LiteralString, *params: object) -> list[dict[str, Any]]:
        """A query's rows, by column name."""
        with self._sql.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, params).fetchall()

    def close(self) -> None:
        """End the zygote and the connections."""
        assert self._zygote.stdin is not None
        self._zygote.stdin.close()
        self._zygote.wait(timeout=30)
        if self._zygote.stdout is not None:
            self._zygote.stdout.close()
        self._sql.close()
        self.database.close()

    def _forked(self, order: Mapping[str, Any]) -> dict[str, Any]:
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps({**self._order, **order}) + "\n")
        self._zygote.stdin.flush()
        found: dict[str, Any] = json.loads(self._zygote.stdout.readline())
        return found


def request(tenant: str, *, key: str | None = None, cancel_after: str | None = None, **fields: Any) -> Any:
    """A submission over a document that no other one has."""
    text = f"INSURANCE CLAIM\nPolicy number: HX-20-771\nReference: {uuid.uuid4()}\n"
    body = {"document": {"text": text}, "fields": ["policy_number"], **fields}
    event = post_job("extract", body, tenant=tenant)
    wishes = {"Idempotency-Key": key, "Cancel-After": cancel_after}
    for name, value in wishes.items():
        if value is not None:
            event["headers"][name] = value
            event["multiValueHeaders"][name] = [value]
    return event
