"""Metrics are paid for by the hour in which they are written: while there are jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.telemetry.metrics import CATALOGUE

from costs.idle import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from costs.prices import Figures, Prices
    from costs.resources import Resource

_OF_A_METHOD = 5  # Count, Latency, IntegrationLatency, 4XXError, 5XXError
_VALUES = 3  # of a further dimension: models, or codes of failures


def in_use_lines(found: Sequence[Resource], prices: Prices, idle: Figures) -> list[Line]:
    """A month in which every metric is written and every call is made in every hour: the most it can be."""
    ours = sum(1 + (_VALUES if metric.dimension else 0) for metric in CATALOGUE.values())
    told = ours - idle["sweep_gauges"] - idle["economy_gauges"]
    methods = sum(
        event["Type"] == "Api"
        for each in found
        if each.kind == "AWS::Serverless::Function"
        for event in (each.properties.get("Events") or {}).values()
    )
    detailed = any(
        str(setting.get("MetricsEnabled")).lower() == "true"
        for each in found
        if each.kind == "AWS::Serverless::Api"
        for setting in each.properties.get("MethodSettings") or []
    )
    lines = [Line("Metrics of ours", told * prices.of("metric_month"))]
    if detailed:
        by_method = methods * _OF_A_METHOD * prices.of("metric_month")
        lines.append(Line("API Gateway's metrics by method", by_method))
    return lines
