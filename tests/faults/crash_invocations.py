"""What a forked process does: it is the functions' execution environment, until it ends or is killed."""

from __future__ import annotations

import importlib.util
import json
import os
import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.bootstrap import adapters
from claimcheck.store.connection import Database

from tests.faults.crash_aws import BUCKET, QUEUES, FileCloud

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from tests.faults.crash_aws import Letter

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ("submit", "status", "process", "sweep", "economy", "notify", "record", "deadletters")
ROUNDS = 12  # minutes, so to speak, within which everything must be over
_BATCH = 10

_HOUR_PASSES = (
    (
        "UPDATE jobs SET lease_expires_at = lease_expires_at - interval '1 hour',"
        "  available_at = available_at - interval '1 hour', rung_at = rung_at - interval '1 hour'"
        " WHERE status IN ('pending', 'running')"
    ),
    (
        "UPDATE deliveries SET next_attempt_at = next_attempt_at - interval '1 hour',"
        "  in_flight_until = in_flight_until - interval '1 hour' WHERE status = 'pending'"
    ),
    "UPDATE webhook_addresses SET paused_until = paused_until - interval '1 hour'",
    (
        "UPDATE model_rates SET at = at - interval '1 hour',"
        "  blocked_until = blocked_until - interval '1 hour',"
        "  lent_until = lent_until - interval '1 hour', promised_until = promised_until - interval '1 hour'"
    ),
    (
        "UPDATE rate_lines SET at = at - interval '1 hour', ends_at = ends_at - interval '1 hour',"
        "  waits_until = waits_until - interval '1 hour'"
    ),
    "UPDATE model_circuits SET retry_at = retry_at - interval '1 hour'",
    "UPDATE batch_requests SET parked_at = parked_at - interval '1 hour'",
    "UPDATE batches SET due_at = due_at - interval '1 hour' WHERE closed_at IS NULL",
)
# Whoever looked for a batch has looked in vain for as long as it may still turn up at the API.
_LOOKED_IN_VAIN = (
    "UPDATE batches SET created_at = created_at - interval '1 hour', due_at = now()"
    " WHERE api_id IS NULL AND closed_at IS NULL"
)
_ANSWERING = {"submit", "documents", "status", "webhooks"}
_UNFINISHED = (
    "SELECT EXISTS (SELECT FROM jobs WHERE status IN ('pending', 'running'))"
    " OR EXISTS (SELECT FROM deliveries WHERE status = 'pending')"
    " OR EXISTS (SELECT FROM batches WHERE closed_at IS NULL)"
)


class StuckError(Exception):
    """Something is not over, although every repair had its time."""


class Context:
    """What the runtime tells a handler about an invocation."""

    memory_limit_in_mb = 512
    function_version = "$LATEST"

    def __init__(self, name: str) -> None:
        self.function_name = name
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
        self.aws_request_id = str(uuid.uuid4())

    def get_remaining_time_in_millis(self) -> int:
        """What is left of the function's timeout."""
        return 300_000 if self.function_name == "economy" else 60_000


def environment(model_url: str) -> dict[str, str]:
    """The variables of all functions; a document of more than 1000 bytes is a large one."""
    return {
        "JOBS_QUEUE_URL": QUEUES["process"],
        "DELIVERIES_QUEUE_URL": QUEUES["notify"],
        "SLOW_DELIVERIES_QUEUE_URL": QUEUES["notify"],
        "OUTCOMES_QUEUE_URL": QUEUES["record"],
        "DOCUMENTS_BUCKET": BUCKET,
        "ANTHROPIC_SECRET_ARN": "model",
        "WEBHOOK_KEY_SECRET_ARN": "webhooks",
        "MODEL_STANDARD": "claude-sonnet-5-5",
        "MODEL_ECONOMY": "claude-haiku-5-5",
        "ANTHROPIC_BASE_URL": model_url,
        "CLAIMCHECK_ALLOW_LOOPBACK_WEBHOOKS": "true",
        "INLINE_BYTES": "1000",
        "NO_PROXY": "127.0.0.1,localhost",
        "POWERTOOLS_SERVICE_NAME": "claimcheck",
        "POWERTOOLS_METRICS_NAMESPACE": "Claimcheck",
        "LAMBDA_TASK_ROOT": str(ROOT),  # with it Powertools keeps to one event loop
        "AWS_LAMBDA_FUNCTION_NAME": "claimcheck",
    }


class Environment:
    """Invokes functions as Lambda does, and gives them what lies in their queues."""

    def __init__(self, cloud: FileCloud, database_url: str, address: str) -> None:
        self._cloud = cloud
        self._database_url = database_url
        self._address = address
        self._apps: dict[str, ModuleType] = {}

    def call(self, name: str, event: dict[str, Any]) -> Any:
        """One invocation."""
        role = "api" if name in _ANSWERING else "worker"
        os.environ["DATABASE_URL"] = f"postgresql://claimcheck_{role}@{self._address}"
        if name not in self._apps:
            self._apps[name] = _load(name)
        return self._apps[name].handler(event, Context(name))

    def read_queue(self, name: str) -> bool:
        """Give a function one batch of its queue; False where there is nothing to be seen in it."""
        letters = self._cloud.letters(QUEUES[name])[:_BATCH]
        if letters:
            failed = self.call(name, _sqs_event(letters))["batchItemFailures"]
            if failed:
                raise RuntimeError(f"{name} failed on {failed}")
            for letter in letters:
                letter.acknowledge()
        return bool(letters)

    def calls(self, calls: Sequence[tuple[str, dict[str, Any]]]) -> list[Any]:
        """Several invocations, one after the other."""
        return [self.call(name, event) for name, event in calls]

    def recover(self, again: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
        """Let the queues and the sweep work until all is over. A client asks `again` before and after that.

        All functions of a role share one connection to the database here, as they do not in Lambda: that is
        quicker.
        """
        with pytest.MonkeyPatch.context() as process:
            shared = cache(Database)
            process.setattr(adapters, "database", lambda chosen: shared(chosen.database_url))
            first = self.calls(again)
            with psycopg.connect(self._database_url, autocommit=True) as sql:
                sweeps = self._until_all_is_over(sql)
            return {"first": first, "sweeps": sweeps, "second": self.calls(again)}

    def _until_all_is_over(self, sql: psycopg.Connection[Any]) -> int:
        for sweeps in range(ROUNDS):
            while any(self.read_queue(name) for name in QUEUES):
                pass
            ((unfinished,),) = sql.execute(_UNFINISHED).fetchall()
            if not unfinished and not self._cloud.letters(QUEUES["process"], delayed=True):
                return sweeps
            for statement in _HOUR_PASSES:
                sql.execute(statement)
            self._cloud.end_delays()
            self.call("sweep", {})
            self._rounds(sql)
        raise StuckError(f"not over after {ROUNDS} sweeps")

    def _rounds(self, sql: psycopg.Connection[Any]) -> None:
        """What waits is sent, and looked at when the API has ended it; one that is not there is given up."""
        self.call("economy", {})
        sql.execute(_LOOKED_IN_VAIN)
        self.call("economy", {})


def _sqs_event(letters: Sequence[Letter]) -> dict[str, Any]:
    pattern = json.loads((ROOT / "tests" / "events" / "sqs-jobs.json").read_bytes())["Records"][0]
    return {
        "Records": [{**pattern, "messageId": letter.path.stem, "body": letter.body} for letter in letters]
    }


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_app", ROOT / "functions" / name / "app.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
