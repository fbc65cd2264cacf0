"""What repairs the rest: lost doorbells and lost uploads, workers that stopped, webhooks that are due."""

from __future__ import annotations

import random
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from claimcheck.failures import UnavailableError
from claimcheck.store.deliveries import stop_disabled
from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.store.gauges import read_gauges
from claimcheck.store.jobs import KEEP_KEY_S
from claimcheck.store.rates import call_forward
from claimcheck.store.sweeping import beat, cancel_overdue, due_jobs, expire_leases, fail_aged, forget_keys
from claimcheck.store.uploads import awaited_objects, fail_missing, not_there
from claimcheck.telemetry import count, logger, metrics, places_of
from claimcheck.usecases.doorbell import ring_all
from claimcheck.webhooks.vault import VaultError

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.settings import SweepSettings
    from claimcheck.store.connection import Database
    from claimcheck.store.gauges import Gauges
    from claimcheck.usecases.arrive import Arrive
    from claimcheck.usecases.deliver import Deliver
    from claimcheck.usecases.erase import Erase
    from claimcheck.usecases.ports import Queue
    from claimcheck.usecases.tidy import Tidied, Tidy

    Bell = tuple[str, str, float]  # job, tenant, seconds until it rings


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    leases_expired: int
    jobs_overdue: int
    jobs_aged: int
    jobs_called_forward: int
    jobs_rung: int
    uploads_found: int
    documents_missing: int
    deliveries_stopped: int
    deliveries_sent: int
    jobs_expired: int
    uploads_unused: int
    orphans: int
    not_deleted: int
    objects_deleted: int
    rows_deleted: int


class Sweep:
    """Bounded batches with SKIP LOCKED: two sweeps at once share the work."""

    def __init__(
        self,
        database: Database,
        *,
        jobs_queue: Queue,
        deliver: Deliver,
        arrive: Arrive,
        tidy: Tidy,
        erase: Erase,
        settings: SweepSettings,
        chance: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._jobs_queue = jobs_queue
        self._deliver = deliver
        self._arrive = arrive
        self._tidy = tidy
        self._erase = erase
        self._clock = clock
        self._settings = settings
        self._chance = chance or random.SystemRandom()

    def __call__(self) -> Swept:
        """Sweep once. Raises StoreError."""
        limit, age, started = self._settings.batch, self._settings.max_age_s, self._clock()
        expired = self._rounds(self._expire)
        overdue = self._rounds(lambda: cancel_overdue(self._database, limit=limit))
        economy = self._settings.economy_max_age_s
        aged = self._rounds(
            lambda: fail_aged(self._database, max_age_s=age, economy_max_age_s=economy, limit=limit)
        )
        called = self._call_forward()
        rung = self._rounds(self._ring_due)
        self._rounds(lambda: forget_keys(self._database, keep_key_s=KEEP_KEY_S, limit=limit))
        stopped = self._rounds(lambda: stop_disabled(self._database, limit=limit))
        sent = self._rounds(self._deliver_due)
        found = self._look_for_uploads()  # asks S3, which may take its time: the rest has been done
        missing = self._rounds(lambda: fail_missing(self._database, limit=limit))
        tidied, erased = self._delete(started)
        old = (tidied.jobs_expired, tidied.uploads_unused, tidied.orphans, tidied.failed, erased, tidied.rows)
        swept = Swept(expired, overdue, aged, called, rung, found, missing, stopped, sent, *old)
        _count(swept)
        _gauge(read_gauges(self._database, days=self._settings.retention_days))
        beat(self._database, "sweep", asdict(swept))
        count(metrics.SWEEP_HEARTBEAT)
        return swept

    def _delete(self, started: float) -> tuple[Tidied, int]:
        """What is kept no longer goes when everything that somebody waits for has been done, and only for so
        long that the heartbeat still comes; the other half of that time is the bucket's."""
        now, settings = self._clock(), self._settings
        until = min(now + settings.tidy_s, started + settings.longest_s)
        tidied = self._tidy(until=now + (until - now) / 2)
        return tidied, self._erase(until=until)

    def _rounds(self, batch: Callable[[], int]) -> int:
        """Batch after batch, until one finds nothing; not for ever, the next sweep goes on."""
        done = 0
        for _ in range(self._settings.rounds):
            found = batch()
            done += found
            if not found:
                break
        return done

    def _expire(self) -> int:
        expired = expire_leases(
            self._database,
            max_attempts=self._settings.max_attempts,
            max_age_s=self._settings.max_age_s,
            economy_max_age_s=self._settings.economy_max_age_s,
            limit=self._settings.batch,
        )
        again = [each for each in expired if each.status == "pending"]
        self._ring([(each.job_id, each.tenant_id, each.delay_s) for each in again])
        count(metrics.JOBS_FAILED, len(expired) - len(again))
        return len(expired)

    def _call_forward(self) -> int:
        settings = self._settings
        called = call_forward(
            self._database,
            standard=settings.model_standard,
            economy=settings.model_economy,
            limit=settings.batch,
        )
        self._ring([(each.job_id, each.tenant_id, 0.0) for each in called])
        return len(called)

    def _ring_due(self) -> int:
        """After an outage many are due: their bells are spread, so that they do not come as one herd."""
        due = due_jobs(self._database, quiet_s=self._settings.quiet_s, limit=self._settings.batch)
        spread = self._settings.spread_s if len(due) == self._settings.batch else 0.0
        self._ring([(each.job_id, each.tenant_id, self._chance.uniform(0, spread)) for each in due])
        return len(due)

    def _ring(self, bells: list[Bell]) -> None:
        delays_s = [delay_s for _, _, delay_s in bells]
        ring_all(self._jobs_queue, [(job_id, tenant_id) for job_id, tenant_id, _ in bells], delays_s=delays_s)

    def _look_for_uploads(self) -> int:
        """Uploads whose event was lost. A bucket out of reach must not keep the sweep from the rest."""
        found, absent = 0, []
        settings = self._settings
        try:
            for each in awaited_objects(self._database, quiet_s=settings.quiet_s, limit=settings.look_batch):
                if self._arrive.look(each.key):
                    found += 1
                else:
                    absent.append(each.key)
        except DatabaseUnavailableError:
            raise
        except UnavailableError as error:
            logger().error("uploads not looked for", extra={"error": places_of(error)})
        not_there(self._database, absent)
        return found

    def _deliver_due(self) -> int:
        """A sealing key that is out of reach must not keep the sweep from its heartbeat."""
        try:
            return self._deliver.due(self._database)
        except (UnavailableError, VaultError) as error:
            logger().error("webhooks not planned", extra={"error": places_of(error)})
            return 0


def _count(swept: Swept) -> None:
    count(metrics.LEASES_EXPIRED, swept.leases_expired)
    count(metrics.JOBS_CANCELLED, swept.jobs_overdue)
    count(metrics.JOBS_EXPIRED, swept.jobs_expired)
    count(metrics.CONTENT_NOT_DELETED, swept.not_deleted)
    count(metrics.JOBS_FAILED, swept.jobs_aged + swept.documents_missing)
    count(metrics.DOORBELLS_RUNG_AGAIN, swept.jobs_rung)
    count(metrics.UPLOADS_FOUND, swept.uploads_found)
    count(metrics.DELIVERIES_DISABLED, swept.deliveries_stopped)
    count(metrics.DELIVERIES_SENT_BY_SWEEP, swept.deliveries_sent)


def _gauge(gauges: Gauges) -> None:
    count(metrics.OLDEST_DUE_JOB_SECONDS, gauges.oldest_due_job_s)
    count(metrics.JOBS_DUE, gauges.jobs_due)
    count(metrics.JOBS_RUNNING, gauges.jobs_running)
    count(metrics.OLDEST_DUE_DELIVERY_SECONDS, gauges.oldest_due_delivery_s)
    count(metrics.DELIVERIES_DUE, gauges.deliveries_due)
    count(metrics.CIRCUITS_OPEN, gauges.circuits_open)
    count(metrics.RATE_LINE_SECONDS, gauges.rate_line_s)
    count(metrics.SPEND_LAST_HOUR_USD, gauges.spend_last_hour_usd)
    count(metrics.OVERDUE_CONTENT_SECONDS, gauges.overdue_content_s)
