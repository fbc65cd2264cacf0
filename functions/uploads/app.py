"""The bucket's events: an upload is here. Checks it and rings for the jobs that wait for it."""

from __future__ import annotations

from typing import Any

from claimcheck.batches import one_by_one
from claimcheck.bootstrap import working
from claimcheck.telemetry import observed


def _uploads(event: dict[str, Any], context: Any) -> Any:
    return one_by_one(event, context, working.uploads().told)


handler = observed(_uploads)
