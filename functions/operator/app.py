"""The operator's commands: invoked directly, with IAM deciding who may; no route leads here."""

from __future__ import annotations

from typing import Any

from claimcheck.bootstrap import operating
from claimcheck.telemetry import observed


def _operate(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return operating.operator()(event)


handler = observed(_operate)
