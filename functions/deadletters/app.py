"""Takes doorbells that crashed every function that answered them; their jobs fail, and not in silence."""

from __future__ import annotations

from typing import Any

from claimcheck.batches import one_by_one
from claimcheck.bootstrap import working
from claimcheck.telemetry import observed


def _dead_letters(event: dict[str, Any], context: Any) -> Any:
    return one_by_one(event, context, working.dead_letters())


handler = observed(_dead_letters)
