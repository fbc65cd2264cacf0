"""What is asked of a filled database, by the use cases of the functions, with queue and bucket left out."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, LiteralString

from bench.documents import summary_of, text_of
from bench.ground import TENANT
from bench.growing.rows import KEPT_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.growing.place import Place

    Operation = Callable[[], object]

_TEXT = text_of(4_000)
_PAGE = 20
_MODELS = ("claude-sonnet-5-5", "claude-haiku-5-5")
_OVERDUE = 5

# What a sweep finds to do, the same at each size: doorbells to ring again, leases that ran out, a deadline,
# webhooks that are due, jobs past their retention.
_DUE: LiteralString = """
UPDATE jobs SET rung_at = now() - interval '1 hour', rings = 1 WHERE id IN (
  SELECT id FROM jobs WHERE status = 'pending' AND document_until IS NULL AND available_at <= now()
  ORDER BY available_at LIMIT 50);
UPDATE jobs SET status = 'running', attempt = attempt + 1, started_at = now(), failures = 0,
  lease_expires_at = now() - interval '1 second'
WHERE id IN (SELECT id FROM jobs WHERE status = 'pending' AND document_until IS NULL AND available_at <= now()
  ORDER BY available_at LIMIT 5);
UPDATE jobs SET cancel_at = now() WHERE id = (
  SELECT id FROM jobs
  WHERE status = 'pending' AND document_until IS NULL AND available_at > now() AND cancel_at IS NULL LIMIT 1);
UPDATE deliveries SET status = 'pending', next_attempt_at = now(), completed_at = NULL WHERE id IN (
  SELECT id FROM deliveries WHERE tenant_id = 'bench' AND status = 'delivered' ORDER BY id DESC LIMIT 5);
UPDATE jobs SET completed_at = now() - interval '61 days' WHERE id IN (
  SELECT id FROM jobs
  WHERE tenant_id = 'tenant-1' AND purged_at IS NULL AND completed_at > now() - interval '59 days'
  ORDER BY completed_at LIMIT 5)
RETURNING id
"""


class Nowhere:
    """A queue that takes everything, and a bucket that has nothing."""

    def send(self, *_: object, **__: object) -> None:
        """Takes it."""

    def send_all(self, *_: object, **__: object) -> int:
        """Takes them all: none was refused."""
        return 0

    def look(self, _: str) -> None:
        """Nothing lies there."""

    def remove(self, _: str) -> int:
        """One object is gone."""
        return 1


class Operations:
    """Each is one request, or one thing that a worker does; what was made by one is used by the next."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._api, self._worker, self._auth = (place.database(role) for role in ("api", "worker", "auth"))
        self._new: list[str] = []
        self._claimed: list[tuple[str, int]] = []
        self._called: list[tuple[str, int]] = []

    def close(self) -> None:
        """Close its connections."""
        for database in (self._api, self._worker, self._auth):
            database.close()

    def settle(self) -> None:
        """A session tells the server's counters at most once a second, with a transaction: here it is."""
        from claimcheck.store.reading import schema_version
        from claimcheck.store.sweeping import cancel_overdue

        time.sleep(1.1)
        schema_version(self._api)
        cancel_overdue(self._worker, limit=1)

    def submit(self) -> Operation:
        """`POST /jobs/summarise` with a document that nobody has seen before."""
        from claimcheck.settings import SubmitSettings
        from claimcheck.usecases.submit import Submit

        nowhere: Any = Nowhere()
        settings = SubmitSettings("", "", "", limit_jobs_in_flight=10**6, limit_usd_per_day=1e9)
        submit = Submit(self._api, jobs_queue=nowhere, objects=nowhere, settings=settings)

        def once() -> None:
            text = f"{uuid.uuid4()} {_TEXT}"
            body = json.dumps({"document": {"text": text}, "focus": "fees"}).encode()
            self._new.append(submit(TENANT, "summarise", body).job_id)

        return once

    def claim(self) -> Operation:
        """The next of the jobs that were submitted."""
        from claimcheck.store.jobs import ClaimedJob, claim_job

        def once() -> None:
            job = claim_job(
                self._worker,
                self._new.pop(0),
                lease_s=3600,
                probe_s=60,
                standard="bench",
                economy="bench",
            )
            if not isinstance(job, ClaimedJob):
                raise TypeError("the job cannot be claimed")
            self._claimed.append((job.job_id, job.attempt))

        return once

    def heartbeat(self, *, width: int = 1) -> Operation:
        """Of so many of the jobs that are running, the next ones each time."""
        from claimcheck.store.jobs import extend_leases

        def once() -> None:
            held, self._claimed = self._claimed[:width], self._claimed[width:]
            extend_leases(self._worker, dict.fromkeys(held), lease_s=3600)
            self._claimed += held

        return once

    def call(self) -> Operation:
        """What stands around a model call: begun, and its cost noted."""
        from claimcheck.store.calls import CallUsage, begin_call, end_call

        def once() -> None:
            job, attempt = self._claimed.pop(0)
            call, question = str(uuid.uuid4()), hashlib.sha256(job.encode()).digest()
            begin_call(
                self._worker, call, job, attempt, model="bench", question_sha256=question, worst_usd=0.05
            )
            usage = CallUsage(input_tokens=2_500, output_tokens=400, cost_usd=0.009)
            end_call(
                self._worker, call, outcome="end_turn", usage=usage, health="ok", model="bench", answer="{}"
            )
            self._called.append((job, attempt))

        return once

    def finish(self) -> Operation:
        """The result is written."""
        from claimcheck.store.jobs import finish_job

        result = summary_of(_TEXT)

        def once() -> None:
            job, attempt = self._called.pop(0)
            finish_job(self._worker, job, attempt, status="completed", result=result)

        return once

    def reading(self) -> dict[str, Operation]:
        """What callers look at: a job, its trail, lists, their limits; and the authorizer."""
        from claimcheck.store.limits import Bounds, Limits
        from claimcheck.usecases.allowance import Allowance
        from claimcheck.usecases.authorize import Authorize
        from claimcheck.usecases.read import Filters, Read
        from claimcheck.usecases.usage import Usage

        nowhere: Any = Nowhere()
        read = Read(self._api, nowhere, answer_bytes=3_000_000)
        allowance = Allowance(self._api, Limits(10**6, 1e9, 1 << 30), Bounds(1 << 30, 100.0, 200))
        usage = Usage(self._api)
        authorize = Authorize(self._auth, shared_usage_key="shared")
        recent, middle = self._kept_job(0.02), self._kept_job(0.5)

        def page(**filters: str) -> Operation:
            chosen = Filters(**{"limit": str(_PAGE), **filters})
            return lambda: read.jobs(TENANT, chosen)

        return {
            "status of a job": lambda: read.job(TENANT, recent),
            "its trail": lambda: read.trail(TENANT, recent),
            "list": page(),
            "list, from the middle on": page(cursor=middle),
            "list, running": page(status="running"),
            "list, failed, from the middle on": page(status="failed", cursor=middle),
            "list, extract": page(task="extract"),
            "list, evaluate and partial": page(task="evaluate", status="partial", limit="5"),
            "list, its last page": page(cursor=self._kept_job(1.0)),
            "limits": lambda: allowance(TENANT),
            "usage, 30 days": lambda: usage(TENANT, None, None),
            "usage, 93 days": lambda: usage(TENANT, str(datetime.now(UTC).date() - timedelta(days=92)), None),
            "authorize": lambda: authorize(f"Bearer {self.place.api_key}"),
        }

    def sweep(self) -> tuple[Operation, Operation]:
        """What makes the same things due, and one sweep."""
        import psycopg
        from claimcheck.settings import SweepSettings
        from claimcheck.usecases.arrive import Arrive
        from claimcheck.usecases.deliver import Deliver
        from claimcheck.usecases.erase import Erase
        from claimcheck.usecases.secrets import Secrets
        from claimcheck.usecases.sweep import Sweep
        from claimcheck.usecases.tidy import Tidy
        from claimcheck.webhooks.vault import Vault

        nowhere: Any = Nowhere()
        key = base64.b64encode(hashlib.sha256(b"bench").digest()).decode()
        settings = SweepSettings("", "", "", "", "", "", *_MODELS, retention_days=KEPT_DAYS)
        sweep = Sweep(
            self._worker,
            jobs_queue=nowhere,
            deliver=Deliver(nowhere, nowhere, Secrets(Vault(lambda: key))),
            arrive=Arrive(self._worker, nowhere, nowhere),
            tidy=Tidy(self._worker, retention_days=KEPT_DAYS),
            erase=Erase(self._worker, nowhere, late_s=900),
            settings=settings,
        )
        connection = psycopg.connect(self.place.owner_url, autocommit=True)

        def due() -> None:
            *_, last = connection.execute(_DUE).results()
            if len(last.fetchall()) != _OVERDUE:
                raise LookupError("no jobs are left that could be overdue")

        return due, sweep

    def _kept_job(self, share: float) -> str:
        """The tenant's job that so large a share of those with content is newer than."""
        import psycopg

        with psycopg.connect(self.place.owner_url) as connection:
            found = connection.execute(
                "SELECT id::text FROM (SELECT id, cume_dist() OVER (ORDER BY id DESC) AS place FROM jobs"
                " WHERE tenant_id = %s AND purged_at IS NULL AND completed_at IS NOT NULL) j"
                " WHERE place >= %s ORDER BY place LIMIT 1",
                [TENANT, share],
            ).fetchone()
        if found is None:
            raise LookupError("the tenant has no such job")
        return str(found[0])
