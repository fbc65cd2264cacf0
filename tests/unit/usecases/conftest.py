"""Metrics that a test counts are its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from claimcheck.telemetry import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def fresh_metrics() -> Iterator[None]:
    """Metrics made anew for the test, and forgotten after it."""
    metrics._sheets.cache_clear()
    yield
    metrics._sheets.cache_clear()
