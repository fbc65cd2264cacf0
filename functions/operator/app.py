"""The operator's commands: invoked directly, with IAM deciding who may; no route leads here."""

from __future__ import annotations

from typing import Any

from claimcheck import bootstrap
from claimcheck.telemetry import observed


def _operate(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return bootstrap.operator()(event)


handler = observed(_operate)
