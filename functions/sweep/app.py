"""Every minute: rings again for due jobs and deliveries, requeues expired leases."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from claimcheck.bootstrap import working
from claimcheck.telemetry import logger, observed


def _sweep(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    swept = asdict(working.sweep()())
    logger().info("swept", extra=swept)
    return swept


handler = observed(_sweep)
