"""The functions that do the work: on jobs, uploads and webhooks, and what was left behind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from claimcheck import settings
from claimcheck.bootstrap import adapters
from claimcheck.environment import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.usecases.arrive import Arrive
    from claimcheck.usecases.bury import Bury
    from claimcheck.usecases.economy import Economy
    from claimcheck.usecases.notify import Notify
    from claimcheck.usecases.ports import Inbox, Queue
    from claimcheck.usecases.process import Process
    from claimcheck.usecases.record import Record
    from claimcheck.usecases.sweep import Sweep


@cache
def process() -> Process:
    """For `process`."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.aws.secrets import read_secret
    from claimcheck.documents.isolate import parse_isolated, render_isolated
    from claimcheck.model.claude import Claude, by_key, on_aws
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.usecases.answer import Answerer
    from claimcheck.usecases.examine import Examine
    from claimcheck.usecases.governor import Governor
    from claimcheck.usecases.ingest import Ingest
    from claimcheck.usecases.park import ByWay, Parked
    from claimcheck.usecases.prefixes import Prefixes
    from claimcheck.usecases.process import Process

    chosen = load(settings.ProcessSettings)
    database = DatabaseThread(adapters.database(chosen))
    objects = S3Objects(chosen.documents_bucket)
    workspace = chosen.anthropic_workspace_id
    model = Claude(
        on_aws(workspace) if workspace else by_key(partial(read_secret, chosen.anthropic_secret_arn))
    )
    return Process(
        database,
        examine=Examine(
            database,
            ByWay(
                Answerer(
                    database,
                    model,
                    governor=Governor(database, ceilings=dict(chosen.model_rates)),
                    usd_per_day=chosen.limit_usd_per_day,
                ),
                Parked(database, objects, usd_per_day=chosen.limit_usd_per_day),
            ),
            Prefixes(database),
            context_tokens=chosen.context_tokens,
        ),
        ingest=Ingest(database, objects, parse=parse_isolated, render=render_isolated),
        objects=objects,
        jobs_queue=adapters.queue(chosen.jobs_queue_url),
        deliver=adapters.deliver(chosen, adapters.secrets(chosen.webhook_key_secret_arn)),
        settings=chosen,
    )


@cache
def uploads() -> Arrive:
    """For `uploads`."""
    chosen = load(settings.UploadsSettings)
    return adapters.arrive(adapters.database(chosen), chosen.documents_bucket, chosen.jobs_queue_url)


@cache
def sweep() -> Sweep:
    """For `sweep`."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.usecases.erase import Erase
    from claimcheck.usecases.sweep import Sweep
    from claimcheck.usecases.tidy import Tidy

    chosen = load(settings.SweepSettings)
    database = adapters.database(chosen)
    return Sweep(
        database,
        jobs_queue=adapters.queue(chosen.jobs_queue_url),
        deliver=adapters.deliver(chosen, adapters.secrets(chosen.webhook_key_secret_arn)),
        arrive=adapters.arrive(database, chosen.documents_bucket, chosen.jobs_queue_url),
        tidy=Tidy(
            database,
            retention_days=chosen.retention_days,
            row_retention_days=chosen.row_retention_days,
        ),
        erase=Erase(
            database, S3Objects(chosen.documents_bucket, connect=adapters.looking), late_s=chosen.late_s
        ),
        settings=chosen,
    )


@cache
def economy() -> Economy:
    """For `economy`."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.aws.secrets import read_secret
    from claimcheck.batching import EconomySettings
    from claimcheck.model.batches import ClaudeBatches, by_key, on_aws
    from claimcheck.usecases.batch_results import Results
    from claimcheck.usecases.economy import Economy

    chosen = load(EconomySettings)
    database = adapters.database(chosen)
    workspace = chosen.anthropic_workspace_id
    return Economy(
        database,
        batches=ClaudeBatches(
            on_aws(workspace) if workspace else by_key(partial(read_secret, chosen.anthropic_secret_arn))
        ),
        objects=S3Objects(chosen.documents_bucket),
        results=Results(
            database,
            adapters.queue(chosen.jobs_queue_url),
            lease_s=chosen.lease_s,
            at_once=chosen.note_at_once,
        ),
        settings=chosen,
    )


@cache
def dead_letters() -> Bury:
    """For `deadletters`."""
    from claimcheck.usecases.bury import Bury

    return Bury(adapters.database(load(settings.DeadLettersSettings)))


@dataclass(frozen=True, slots=True)
class Notifying:
    """What the notify function needs: the poster, where outcomes go, and its queues by their names."""

    notify: Notify
    outcomes: Queue
    inboxes: Mapping[str, Inbox]


@cache
def notify() -> Notifying:
    """For `notify`."""
    from claimcheck.aws.inbox import SqsInbox
    from claimcheck.usecases.notify import Notify
    from claimcheck.webhooks.endpoint import Rules, runtime_ports

    chosen = load(settings.NotifySettings)
    rules = Rules(
        ports=chosen.webhook_ports,
        allow_loopback=chosen.claimcheck_allow_loopback_webhooks,
        closed_ports=runtime_ports(chosen.aws_lambda_runtime_api),
    )
    urls = (chosen.deliveries_queue_url, chosen.slow_deliveries_queue_url)
    inboxes = {url.rpartition("/")[2]: SqsInbox(url) for url in urls}
    return Notifying(Notify(rules), adapters.queue(chosen.outcomes_queue_url), inboxes)


@cache
def record() -> Record:
    """For `record`."""
    from claimcheck.usecases.record import Record

    chosen = load(settings.RecordSettings)
    return Record(
        adapters.database(chosen),
        deliver=adapters.deliver(chosen, adapters.secrets(chosen.webhook_key_secret_arn)),
        bells=adapters.queue(chosen.outcomes_queue_url),
        settings=chosen,
    )
