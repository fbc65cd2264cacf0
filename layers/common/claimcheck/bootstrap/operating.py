"""The functions that deploy and operate."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from claimcheck import settings
from claimcheck.bootstrap import adapters
from claimcheck.environment import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from claimcheck.usecases.gate import Gate
    from claimcheck.usecases.migrate import Migrate
    from claimcheck.usecases.operate import Operate
    from claimcheck.usecases.publish import Publish


@cache
def migrate() -> Migrate:
    """For `migrate`: straight to the server, each connection with a token of its own where it takes those."""
    from claimcheck.store.connection import connector
    from claimcheck.usecases.migrate import Migrate

    chosen = load(settings.MigrateSettings)
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

    chosen = load(settings.SchemaSettings)
    return Gate(
        migrations=LambdaFunction(chosen.migrate_function),
        rounds=LambdaFunction(chosen.aws_lambda_function_name),
        answers=CloudFormationAnswers(),
    )


@cache
def publish(folder: Path) -> Publish:
    """For `console` at a deployment; `folder` is what was built of web/."""
    from claimcheck.aws.cloudformation import CloudFormationAnswers
    from claimcheck.aws.objects import S3Objects
    from claimcheck.usecases.publish import Publish

    chosen = load(settings.ConsoleSettings)
    return Publish(folder, S3Objects(chosen.site_bucket), CloudFormationAnswers())


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

    chosen = load(settings.OperatorSettings)
    limits = Limits(chosen.limit_jobs_in_flight, chosen.limit_usd_per_day, chosen.limit_document_bytes)
    database = adapters.database(chosen)
    export = Export(database, S3Objects(chosen.documents_bucket))
    parts = (Tenants(database, limits), TenantEnd(database), Keys(database), export)
    return Operate({name: each for part in parts for name, each in part.commands().items()})
