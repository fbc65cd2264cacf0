"""Logs each webhook attempt and plans the next."""

from __future__ import annotations

from typing import Any

from claimcheck.batches import one_by_one
from claimcheck.bootstrap import working
from claimcheck.telemetry import observed


def _record(event: dict[str, Any], context: Any) -> Any:
    return one_by_one(event, context, working.record())


handler = observed(_record)
