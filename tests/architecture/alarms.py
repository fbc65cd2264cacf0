"""The alarms, the dashboard and the saved queries of the templates."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local.intrinsics import read_yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Watched:
    """A metric that an alarm or a graph looks at, with the names of its dimensions."""

    namespace: str
    name: str
    dimensions: tuple[str, ...]


@cache
def template(name: str) -> dict[str, Any]:
    """A template of this checkout, as it is written."""
    read: dict[str, Any] = read_yaml(ROOT / name)
    return read


def alarms(name: str) -> dict[str, dict[str, Any]]:
    """The properties of a template's alarms by logical id."""
    resources = template(name)["Resources"].items()
    return {key: each["Properties"] for key, each in resources if each["Type"] == "AWS::CloudWatch::Alarm"}


def all_alarms() -> dict[str, dict[str, Any]]:
    """Those of the system and of infra/."""
    found = alarms("template.yaml")
    for path in sorted((ROOT / "infra").glob("*.yaml")):
        found |= alarms(f"infra/{path.name}")
    return found


def watched(alarm: dict[str, Any]) -> list[Watched]:
    """What an alarm looks at: one metric, or those of its expression."""
    if "Metrics" not in alarm:
        return [_metric(alarm)]
    return [_metric(each["MetricStat"]["Metric"]) for each in alarm["Metrics"] if "MetricStat" in each]


def _metric(described: dict[str, Any]) -> Watched:
    dimensions = tuple(each["Name"] for each in described["Dimensions"])
    return Watched(described["Namespace"], described["MetricName"], dimensions)


def widgets() -> list[dict[str, Any]]:
    """The dashboard's."""
    body = template("infra/monitoring.yaml")["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    text = re.sub(r"\$\{[^}]*\}", "NAME", body["Fn::Sub"])
    parsed: list[dict[str, Any]] = json.loads(text)["widgets"]
    return parsed


def graphed() -> list[Watched]:
    """What the dashboard's graphs look at; of a search, its metric and dimensions."""
    found = []
    for widget in widgets():
        for metric in widget["properties"]["metrics"]:
            if isinstance(metric[0] if isinstance(metric, list) else metric, dict):
                found.append(_searched((metric[0] if isinstance(metric, list) else metric)["expression"]))
            else:
                names = [each for each in metric[2:] if isinstance(each, str)]
                found.append(Watched(metric[0], metric[1], tuple(names[::2])))
    return found


def _searched(expression: str) -> Watched:
    match = re.search(r"\{(\w+),([\w,]+)\} MetricName=\"(\w+)\"", expression)
    assert match is not None, expression
    return Watched(match[1], match[3], tuple(match[2].split(",")))


def queries() -> dict[str, dict[str, Any]]:
    """The saved queries by logical id."""
    resources = template("infra/monitoring.yaml")["Resources"].items()
    return {
        key: each["Properties"] for key, each in resources if each["Type"] == "AWS::Logs::QueryDefinition"
    }
