"""Metrics that a test counts are its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from claimcheck import telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def metrics(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Metrics made anew for the test, and forgotten after it."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Claimcheck")
    telemetry._metrics.cache_clear()
    yield
    telemetry._metrics().clear_metrics()
    telemetry._metrics.cache_clear()
