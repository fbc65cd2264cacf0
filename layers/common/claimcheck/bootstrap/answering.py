"""The functions that answer requests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from claimcheck import settings
from claimcheck.bootstrap import adapters
from claimcheck.environment import load

if TYPE_CHECKING:
    from pathlib import Path

    from claimcheck.store.connection import Database
    from claimcheck.usecases.allowance import Allowance
    from claimcheck.usecases.announce import Announce
    from claimcheck.usecases.authorize import Authorize
    from claimcheck.usecases.cancel import Cancel, Redrive
    from claimcheck.usecases.describe import Describe
    from claimcheck.usecases.estimate import Estimate
    from claimcheck.usecases.purge import Purge
    from claimcheck.usecases.read import Read
    from claimcheck.usecases.replay import Replay, Sample
    from claimcheck.usecases.secrets import Secrets
    from claimcheck.usecases.site import Site
    from claimcheck.usecases.submit import Submit
    from claimcheck.usecases.usage import Usage
    from claimcheck.usecases.webhooks import Webhooks


@cache
def authorize() -> Authorize:
    """For `authorize`."""
    from claimcheck.usecases.authorize import Authorize

    chosen = load(settings.AuthorizeSettings)
    return Authorize(adapters.database(chosen), shared_usage_key=chosen.shared_usage_key)


@cache
def submit() -> Submit:
    """For `submit`."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.usecases.submit import Submit

    chosen = load(settings.SubmitSettings)
    return Submit(
        adapters.database(chosen),
        jobs_queue=adapters.queue(chosen.jobs_queue_url),
        objects=S3Objects(chosen.documents_bucket),
        settings=chosen,
    )


@cache
def estimate() -> Estimate:
    """For `documents` as well: no database, no bucket."""
    from claimcheck.usecases.estimate import Estimate

    return Estimate(load(settings.EstimateSettings))


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

    chosen = load(settings.DocumentsSettings)
    database = adapters.database(chosen)
    announce = Announce(database, S3Objects(chosen.documents_bucket), chosen)
    return DocumentsService(database, announce, Purge(database))


@dataclass(frozen=True, slots=True)
class StatusService:
    """What the status function offers."""

    read: Read
    cancel: Cancel
    redrive: Redrive
    purge: Purge
    allowance: Allowance
    usage: Usage


@cache
def status() -> StatusService:
    """For `status`."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.store.limits import Bounds, Limits
    from claimcheck.usecases.allowance import Allowance
    from claimcheck.usecases.cancel import Cancel, Redrive
    from claimcheck.usecases.purge import Purge
    from claimcheck.usecases.read import Read
    from claimcheck.usecases.usage import Usage

    chosen = load(settings.StatusSettings)
    database = adapters.database(chosen)
    objects = S3Objects(chosen.documents_bucket)
    read = Read(database, objects, answer_bytes=chosen.answer_bytes)
    deliver = adapters.deliver(chosen, adapters.secrets(chosen.webhook_key_secret_arn))
    limits = Limits(chosen.limit_jobs_in_flight, chosen.limit_usd_per_day, chosen.limit_document_bytes)
    queue = adapters.queue(chosen.jobs_queue_url)
    redrive = Redrive(database, read, queue, limits, upload_wait_s=chosen.upload_wait_s)
    bounds = Bounds(chosen.max_upload_bytes, chosen.limit_requests_per_second, chosen.limit_requests_burst)
    allowance = Allowance(database, limits, bounds)
    cancel, purge, usage = Cancel(database, read, deliver), Purge(database), Usage(database)
    return StatusService(read, cancel, redrive, purge, allowance, usage)


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

    chosen = load(settings.WebhooksSettings)
    database = adapters.database(chosen)
    secrets = adapters.secrets(chosen.webhook_key_secret_arn)
    deliver = adapters.deliver(chosen, secrets)
    rules = Rules(ports=chosen.webhook_ports, allow_loopback=chosen.claimcheck_allow_loopback_webhooks)
    return TenantWebhooks(
        database,
        Webhooks(database),
        secrets,
        Replay(database, deliver),
        Sample(database, deliver, rules=rules),
    )


@cache
def openapi(document: str) -> Describe:
    """For `openapi`: no database, no queue, no secret."""
    from claimcheck.usecases.describe import Describe

    return Describe(document, load(settings.OpenapiSettings))


@cache
def site(folder: Path) -> Site:
    """For `console`; `folder` is what was built of web/."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.usecases.site import Site

    chosen = load(settings.ConsoleSettings)
    return Site(folder, S3Objects(chosen.site_bucket), S3Objects(chosen.documents_bucket).address)
