"""The composition root: each function's use case, from its settings and the real adapters.

Nothing is built before a handler asks for it; what is built lives as long as its environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol

from claimcheck import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_s3.client import S3Client

    from claimcheck.store.connection import Database
    from claimcheck.usecases.allowance import Allowance
    from claimcheck.usecases.announce import Announce
    from claimcheck.usecases.arrive import Arrive
    from claimcheck.usecases.authorize import Authorize
    from claimcheck.usecases.bury import Bury
    from claimcheck.usecases.cancel import Cancel, Redrive
    from claimcheck.usecases.deliver import Deliver
    from claimcheck.usecases.describe import Describe
    from claimcheck.usecases.gate import Gate
    from claimcheck.usecases.migrate import Migrate
    from claimcheck.usecases.notify import Notify
    from claimcheck.usecases.operate import Operate
    from claimcheck.usecases.ports import Inbox, Queue
    from claimcheck.usecases.process import Process
    from claimcheck.usecases.purge import Purge
    from claimcheck.usecases.read import Read
    from claimcheck.usecases.record import Record
    from claimcheck.usecases.replay import Replay, Sample
    from claimcheck.usecases.secrets import Secrets
    from claimcheck.usecases.submit import Submit
    from claimcheck.usecases.sweep import Sweep
    from claimcheck.usecases.webhooks import Webhooks


@cache
def authorize() -> Authorize:
    """For `authorize`."""
    from claimcheck.usecases.authorize import Authorize

    chosen = settings.load(settings.AuthorizeSettings)
    return Authorize(_database(chosen), shared_usage_key=chosen.shared_usage_key)


@cache
def submit() -> Submit:
    """For `submit`."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.usecases.submit import Submit

    chosen = settings.load(settings.SubmitSettings)
    return Submit(
        _database(chosen),
        jobs_queue=_queue(chosen.jobs_queue_url),
        objects=S3Objects(chosen.documents_bucket),
        settings=chosen,
    )


@dataclass(frozen=True, slots=True)
class DocumentsService:
    """What the documents function offers."""

    database: Database
    announce: Announce
    purge: Purge


@cache
def documents() -> DocumentsService:
    """For `documents`."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.usecases.announce import Announce
    from claimcheck.usecases.purge import Purge

    chosen = settings.load(settings.DocumentsSettings)
    database = _database(chosen)
    announce = Announce(database, S3Objects(chosen.documents_bucket), chosen)
    return DocumentsService(database, announce, Purge(database))


@cache
def uploads() -> Arrive:
    """For `uploads`."""
    chosen = settings.load(settings.UploadsSettings)
    return _arrive(_database(chosen), chosen.documents_bucket, chosen.jobs_queue_url)


@dataclass(frozen=True, slots=True)
class StatusService:
    """What the status function offers."""

    read: Read
    cancel: Cancel
    redrive: Redrive
    purge: Purge
    allowance: Allowance


@cache
def status() -> StatusService:
    """For `status`."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.store.limits import Bounds, Limits
    from claimcheck.usecases.allowance import Allowance
    from claimcheck.usecases.cancel import Cancel, Redrive
    from claimcheck.usecases.purge import Purge
    from claimcheck.usecases.read import Read

    chosen = settings.load(settings.StatusSettings)
    database = _database(chosen)
    objects = S3Objects(chosen.documents_bucket)
    read = Read(database, objects, answer_bytes=chosen.answer_bytes)
    deliver = _deliver(chosen, _secrets(chosen.webhook_key_secret_arn))
    redrive = Redrive(database, read, _queue(chosen.jobs_queue_url), upload_wait_s=chosen.upload_wait_s)
    limits = Limits(chosen.limit_jobs_in_flight, chosen.limit_usd_per_day, chosen.limit_document_bytes)
    bounds = Bounds(chosen.max_upload_bytes, chosen.limit_requests_per_second, chosen.limit_requests_burst)
    allowance = Allowance(database, limits, bounds)
    return StatusService(read, Cancel(database, read, deliver), redrive, Purge(database), allowance)


@cache
def openapi(document: str) -> Describe:
    """For `openapi`: no database, no queue, no secret."""
    from claimcheck.usecases.describe import Describe

    return Describe(document, settings.load(settings.OpenapiSettings))


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
    from claimcheck.usecases.process import Process

    chosen = settings.load(settings.ProcessSettings)
    database = DatabaseThread(_database(chosen))
    objects = S3Objects(chosen.documents_bucket)
    workspace = chosen.anthropic_workspace_id
    model = Claude(
        on_aws(workspace) if workspace else by_key(partial(read_secret, chosen.anthropic_secret_arn))
    )
    return Process(
        database,
        examine=Examine(
            database,
            Answerer(
                database,
                model,
                governor=Governor(database, ceilings=dict(chosen.model_rates)),
                usd_per_day=chosen.limit_usd_per_day,
            ),
            context_tokens=chosen.context_tokens,
        ),
        ingest=Ingest(database, objects, parse=parse_isolated, render=render_isolated),
        objects=objects,
        jobs_queue=_queue(chosen.jobs_queue_url),
        deliver=_deliver(chosen, _secrets(chosen.webhook_key_secret_arn)),
        settings=chosen,
    )


@cache
def sweep() -> Sweep:
    """For `sweep`."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.usecases.erase import Erase
    from claimcheck.usecases.sweep import Sweep
    from claimcheck.usecases.tidy import Tidy

    chosen = settings.load(settings.SweepSettings)
    database = _database(chosen)
    return Sweep(
        database,
        jobs_queue=_queue(chosen.jobs_queue_url),
        deliver=_deliver(chosen, _secrets(chosen.webhook_key_secret_arn)),
        arrive=_arrive(database, chosen.documents_bucket, chosen.jobs_queue_url),
        tidy=Tidy(database, retention_days=chosen.retention_days),
        erase=Erase(database, S3Objects(chosen.documents_bucket, connect=_looking), late_s=chosen.late_s),
        settings=chosen,
    )


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

    chosen = settings.load(settings.NotifySettings)
    rules = Rules(
        ports=chosen.webhook_ports,
        allow_loopback=chosen.claimcheck_allow_loopback_webhooks,
        closed_ports=runtime_ports(chosen.aws_lambda_runtime_api),
    )
    urls = (chosen.deliveries_queue_url, chosen.slow_deliveries_queue_url)
    inboxes = {url.rpartition("/")[2]: SqsInbox(url) for url in urls}
    return Notifying(Notify(rules), _queue(chosen.outcomes_queue_url), inboxes)


@cache
def dead_letters() -> Bury:
    """For `deadletters`."""
    from claimcheck.usecases.bury import Bury

    return Bury(_database(settings.load(settings.DeadLettersSettings)))


@cache
def record() -> Record:
    """For `record`."""
    from claimcheck.usecases.record import Record

    chosen = settings.load(settings.RecordSettings)
    return Record(
        _database(chosen),
        deliver=_deliver(chosen, _secrets(chosen.webhook_key_secret_arn)),
        bells=_queue(chosen.outcomes_queue_url),
        settings=chosen,
    )


@dataclass(frozen=True, slots=True)
class TenantWebhooks:
    """What the webhooks function offers."""

    database: Database
    webhooks: Webhooks
    secrets: Secrets
    replay: Replay
    sample: Sample


@cache
def webhooks() -> TenantWebhooks:
    """For `webhooks`."""
    from claimcheck.usecases.replay import Replay, Sample
    from claimcheck.usecases.webhooks import Webhooks
    from claimcheck.webhooks.endpoint import Rules

    chosen = settings.load(settings.WebhooksSettings)
    database = _database(chosen)
    secrets = _secrets(chosen.webhook_key_secret_arn)
    deliver = _deliver(chosen, secrets)
    rules = Rules(ports=chosen.webhook_ports, allow_loopback=chosen.claimcheck_allow_loopback_webhooks)
    return TenantWebhooks(
        database,
        Webhooks(database),
        secrets,
        Replay(database, deliver),
        Sample(database, deliver, rules=rules),
    )


@cache
def migrate() -> Migrate:
    """For `migrate`: straight to the server, each connection with a token of its own where it takes those."""
    from claimcheck.store.connection import connector
    from claimcheck.usecases.migrate import Migrate

    chosen = settings.load(settings.MigrateSettings)
    connect: Callable[..., Any] | None = None
    if chosen.database_auth == "iam":
        from claimcheck.aws.database_token import INSTANCE_AUTHORITIES, connect_with_token

        connect = partial(connect_with_token, authorities=INSTANCE_AUTHORITIES)
    master = chosen.database_master
    return Migrate(
        connector(chosen.database_url, connect=connect),
        master=connector(chosen.database_url, user=master, connect=connect) if master else None,
        patience_s=chosen.connect_patience_s,
    )


@cache
def gate() -> Gate:
    """For `schema`."""
    from claimcheck.aws.cloudformation import CloudFormationAnswers
    from claimcheck.aws.functions import LambdaFunction
    from claimcheck.usecases.gate import Gate

    chosen = settings.load(settings.SchemaSettings)
    return Gate(
        migrations=LambdaFunction(chosen.migrate_function),
        rounds=LambdaFunction(chosen.aws_lambda_function_name),
        answers=CloudFormationAnswers(),
    )


@cache
def operator() -> Operate:
    """For `operator`: every part of it brings its commands."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.store.limits import Limits
    from claimcheck.usecases.export import Export
    from claimcheck.usecases.keys import Keys
    from claimcheck.usecases.operate import Operate
    from claimcheck.usecases.tenant_end import TenantEnd
    from claimcheck.usecases.tenants import Tenants

    chosen = settings.load(settings.OperatorSettings)
    limits = Limits(chosen.limit_jobs_in_flight, chosen.limit_usd_per_day, chosen.limit_document_bytes)
    database = _database(chosen)
    export = Export(database, S3Objects(chosen.documents_bucket))
    parts = (Tenants(database, limits), TenantEnd(database), Keys(database), export)
    return Operate({name: each for part in parts for name, each in part.commands().items()})


class _Reaching(Protocol):
    """Settings of a function that has the database."""

    @property
    def database_url(self) -> str: ...

    @property
    def database_auth(self) -> settings.DatabaseAuth: ...


def _database(chosen: _Reaching) -> Database:
    from claimcheck.store.connection import Database

    if chosen.database_auth == "iam":
        from claimcheck.aws.database_token import connect_with_token

        return Database(chosen.database_url, connect=connect_with_token)
    return Database(chosen.database_url)


def _queue(url: str) -> Queue:
    from claimcheck.aws.queues import SqsQueue

    return SqsQueue(url)


def _arrive(database: Database, bucket: str, jobs_queue_url: str) -> Arrive:
    from claimcheck.aws.objects import S3Objects
    from claimcheck.usecases.arrive import Arrive

    return Arrive(database, S3Objects(bucket, connect=_looking), _queue(jobs_queue_url))


def _looking() -> S3Client:
    """S3 for those who have many questions and little time."""
    from claimcheck.aws import clients

    return clients.s3(clients.LOOK)


def _secrets(key_arn: str) -> Secrets:
    from claimcheck.aws.secrets import read_secret
    from claimcheck.usecases.secrets import Secrets
    from claimcheck.webhooks.vault import Vault

    return Secrets(Vault(partial(read_secret, key_arn)))


class _Queues(Protocol):
    """Settings of a function that sends webhooks on their way."""

    @property
    def deliveries_queue_url(self) -> str: ...

    @property
    def slow_deliveries_queue_url(self) -> str: ...


def _deliver(queues: _Queues, secrets: Secrets) -> Deliver:
    from claimcheck.usecases.deliver import Deliver

    return Deliver(_queue(queues.deliveries_queue_url), _queue(queues.slow_deliveries_queue_url), secrets)
