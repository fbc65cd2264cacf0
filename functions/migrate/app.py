"""Brings the schema to this deployment's version. Invoked at deploy; safe to run again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from claimcheck.bootstrap import operating
from claimcheck.telemetry import logger, observed

_MARGIN_S = 20.0  # kept back from the function's timeout to leave what runs, and to say how far it came


def _migrate(_event: dict[str, Any], context: Any) -> dict[str, str | None]:
    def time_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000 - _MARGIN_S

    migrated = asdict(operating.migrate()(time_left))
    logger().info("migrated", extra=migrated)
    return migrated


handler = observed(_migrate)
