"""Many clients at once on few connections, each with the store's own functions in its function's role."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
from claimcheck.store import calls, deliveries, reading, sweeping, uploads, webhooks
from claimcheck.store.connection import Database
from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.store.jobs import (
    ClaimedJob,
    IdempotencyKey,
    Ticket,
    accept_job,
    cancel_job,
    extend_leases,
    finish_job,
    redrive_job,
    retry_job,
    set_progress,
)
from claimcheck.store.sql import Query
from claimcheck.webhooks.standing import Widths

from tests.integration.store.jobs_in_states import ERROR, RESULT, claim, new_job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WIDE = Widths(prompt=1000, new=1000, slow=1000)
_DAY_S = 86_400.0
_TRIES = 20
_EVERYBODYS = Query("everybodys", "SELECT count(*)::int AS jobs FROM jobs")
_SERVERS = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND usename LIKE 'claimcheck\\_%%'"


@dataclass
class Found:
    """What a run came to. `strangers`: rows that a tenant was shown of another one."""

    statements: int = 0
    completed: int = 0
    strangers: int = 0
    most_servers: int = 0
    clients: int = 0
    took_s: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)


class Crowd:
    """`clients` connections, half of functions that answer, half of workers; a pair does jobs of a tenant."""

    def __init__(
        self,
        owner_url: str,
        url_for: Callable[[str], str],
        *,
        clients: int,
        tenants: Sequence[str],
        begins: bool = False,
    ) -> None:
        self._begins = begins
        self._owner_url = owner_url
        self._url_for = url_for
        self._pairs = clients // 2
        self._tenants = tenants
        self._all_there = threading.Barrier(self._pairs)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._door = threading.Semaphore(8)
        self.found = Found(clients=2 * self._pairs)

    def run(self, rounds: int) -> Found:
        """Everybody connects, then everybody works: `rounds` jobs each."""
        with psycopg.connect(self._owner_url, autocommit=True) as owner:
            for tenant in self._tenants:
                owner.execute("INSERT INTO tenants (id) VALUES (%s) ON CONFLICT DO NOTHING", [tenant])
        watch = threading.Thread(target=self._watch)
        watch.start()
        started = time.monotonic()
        with ThreadPoolExecutor(self._pairs) as threads:
            numbers = zip(range(self._pairs), itertools.cycle(self._tenants), strict=False)
            for done in [threads.submit(self._work, tenant, rounds) for _, tenant in numbers]:
                done.result()
        self.found.took_s = time.monotonic() - started
        self._over.set()
        watch.join()
        return self.found

    def _watch(self) -> None:
        with psycopg.connect(self._owner_url, autocommit=True) as owner:
            before: set[int] = set()
            while not self._over.wait(0.05):
                now = {int(pid) for (pid,) in owner.execute(_SERVERS, [owner.info.dbname])}
                # One that the bouncer has closed for another role's takes a moment to leave.
                self.found.most_servers = max(self.found.most_servers, len(now & before))
                before = now

    def _work(self, tenant: str, rounds: int) -> None:
        api, worker = (Database(self._url_for(role), begins=self._begins) for role in ("api", "worker"))
        counting = _Counting()
        try:
            for database in (api, worker):
                counting.watch(database)
                self._connect(database)
            self._all_there.wait(240)
            for number in range(rounds):
                try:
                    self._job(api, worker, tenant, number)
                except Exception as error:  # noqa: BLE001 -- whatever it is, it is what is looked for
                    with self._lock:
                        self.found.errors[f"{type(error).__name__}: {error}"] += 1
        finally:
            api.close()
            worker.close()
            with self._lock:
                self.found.statements += counting.statements

    def _connect(self, database: Database) -> None:
        """A few at a time: one process proves all their passwords, and has three seconds for each."""
        for _ in range(_TRIES):
            with self._door, suppress(DatabaseUnavailableError):
                database.one(_EVERYBODYS, {})
                return
        raise AssertionError("cannot connect")

    def _job(self, api: Database, worker: Database, tenant: str, number: int) -> None:
        """One job by every way that a statement of ours has, and what belongs to it."""
        text = f"{tenant} {uuid.uuid4()}".encode()
        job = new_job(
            tenant_id=tenant,
            content=text,
            sha256=hashlib.sha256(text).digest(),
            size_bytes=len(text),
            webhook_url=f"https://hooks.example.com/{tenant}",
        )
        key = IdempotencyKey(str(uuid.uuid4()), hashlib.sha256(text).digest())
        ticket = accept_job(api, job, key)
        assert isinstance(ticket, Ticket), ticket
        assert not isinstance(accept_job(api, job, key), Ticket)  # the same key again
        self._reads(api, tenant, ticket.job_id)
        if number % 3 == 2:
            assert cancel_job(api, tenant, ticket.job_id) is not None
            return
        claimed = claim(worker, ticket.job_id)
        assert isinstance(claimed, ClaimedJob), claimed
        assert extend_leases(worker, {(claimed.job_id, claimed.attempt): None}, lease_s=60)
        assert set_progress(worker, claimed.job_id, claimed.attempt, done=1, total=2)
        self._asks(worker, claimed)
        if number % 3 == 1:
            again = retry_job(
                worker, claimed.job_id, claimed.attempt, delay_s=0, code="x", message="x", charged=True
            )
            assert again
            retried = claim(worker, ticket.job_id)
            assert isinstance(retried, ClaimedJob)
            assert finish_job(worker, retried.job_id, retried.attempt, status="failed", error=ERROR)
            assert redrive_job(api, tenant, ticket.job_id) is not None
            claimed = claim(worker, ticket.job_id)
            assert isinstance(claimed, ClaimedJob)
        assert finish_job(worker, claimed.job_id, claimed.attempt, status="completed", result=RESULT)
        self._sweeps(worker)
        self._reads(api, tenant, ticket.job_id)
        self._webhooks(api, tenant, ticket.job_id)
        with self._lock:
            self.found.completed += 1

    def _asks(self, worker: Database, job: ClaimedJob) -> None:
        call = str(uuid.uuid4())
        question = hashlib.sha256(call.encode()).digest()
        begun = calls.begin_call(
            worker, call, job.job_id, job.attempt, model="m", question_sha256=question, worst_usd=0.01
        )
        assert isinstance(begun, calls.Begun)
        calls.end_call(worker, call, outcome="end_turn", usage=calls.CallUsage(), health="ok", answer="a")
        assert calls.find_paid(worker, job.job_id, question_sha256=question) is not None

    def _sweeps(self, worker: Database) -> None:
        sweeping.due_jobs(worker, quiet_s=3600, limit=5)
        sweeping.expire_leases(worker, max_attempts=5, max_age_s=_DAY_S, limit=5)
        sweeping.cancel_overdue(worker, limit=5)
        sweeping.fail_aged(worker, max_age_s=_DAY_S, limit=5)
        sweeping.forget_keys(worker, keep_key_s=_DAY_S, limit=5)
        uploads.awaited_objects(worker, quiet_s=60, limit=5)
        deliveries.stop_disabled(worker, limit=5)
        deliveries.take_deliveries(worker, delivery_ids=None, widths=_WIDE, limit=5)

    def _reads(self, api: Database, tenant: str, job_id: str) -> None:
        """The tenant's own and nobody else's; and of whoever names no tenant, nothing."""
        assert reading.get_job(api, tenant, job_id) is not None
        listed = reading.list_jobs(api, tenant, status=None, task=None, before=None, limit=5)
        assert reading.get_trail(api, tenant, job_id) is not None
        other = next(each for each in self._tenants if each != tenant)
        strange = reading.get_job(api, other, job_id) is not None
        nobodys = api.one(_EVERYBODYS, {})
        with self._lock:
            self.found.strangers += strange + (nobodys["jobs"] if nobodys else 0)
            self.found.strangers += sum(json.loads(each.body)["job_id"] != each.job_id for each in listed)

    def _webhooks(self, api: Database, tenant: str, job_id: str) -> None:
        log = deliveries.get_deliveries(api, tenant, job_id)
        assert log is not None
        (delivery, *_) = json.loads(log)["deliveries"]
        assert deliveries.replay_delivery(api, tenant, job_id, delivery["delivery_id"]) is not None
        deliveries.take_deliveries(
            api, delivery_ids=[delivery["delivery_id"]], widths=_WIDE, limit=5, tenant_id=tenant
        )
        webhooks.list_addresses(api, tenant)
        webhooks.list_events(api, tenant, before=None, limit=5)


class _Counting:
    """How many statements its databases have run."""

    def __init__(self) -> None:
        self.statements = 0

    def watch(self, database: Database) -> None:
        run = database.all

        def counted(*args: object, **kwargs: object) -> object:
            self.statements += 1
            return run(*args, **kwargs)  # type: ignore[arg-type]

        database.all = counted  # type: ignore[method-assign, assignment]
