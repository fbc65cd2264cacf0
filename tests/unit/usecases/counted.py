"""What a test has counted so far."""

from __future__ import annotations

from claimcheck import telemetry


def counted(metric: str) -> float:
    """The sum of a metric in this test; nothing counted is 0."""
    found = telemetry._metrics().metric_set.get(metric, {"Value": []})
    return float(sum(found["Value"]))
