"""Brings the schema to this deployment's version. Invoked at deploy; safe to run again."""

from __future__ import annotations

from typing import Any

from claimcheck import settings
from claimcheck.telemetry import logger, observed
from claimcheck.usecases.migrate import migrate


def _migrate(_event: dict[str, Any], _context: Any) -> dict[str, str]:
    version = migrate(settings.load(settings.MigrateSettings).database_url)
    logger().info("migrated", extra={"version": version})
    return {"version": version}


handler = observed(_migrate)
