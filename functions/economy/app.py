"""Every minute: sends questions of economy jobs in batches, looks at those under way, reads their results."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from claimcheck.bootstrap import working
from claimcheck.telemetry import logger, observed


def _economy(_event: dict[str, Any], context: Any) -> dict[str, int]:
    done = asdict(working.economy()(remaining_s=lambda: context.get_remaining_time_in_millis() / 1000))
    logger().info("economy", extra=done)
    return done


handler = observed(_economy)
