"""CloudFormation's resource Site: the pages' files are in their bucket before a version serves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from claimcheck.bootstrap import operating
from claimcheck.telemetry import observed

_FOLDER = Path(__file__).with_name("site")


def _publish(event: dict[str, Any], _context: Any) -> None:
    operating.publish(_FOLDER)(event)


handler = observed(_publish)
