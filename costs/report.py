"""The whole reckoning, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from costs.idle import Line, idle_lines
from costs.jobs import JOBS, job_lines, token_lines
from costs.metrics import in_use_lines
from costs.prices import load_prices, load_workload
from costs.resources import TEMPLATE, resources, template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SMALLEST: Mapping[str, str] = {
    "DatabaseInstanceClass": "db.t4g.micro",
    "DatabaseMultiAz": "false",
    "DatabaseMonitoringSeconds": "0",
    "Egress": "ipv6",
    "InterfaceEndpoints": "false",
}
"""The least that works: no standby, no NAT gateway, no endpoints (everything by IPv6)."""

SETTINGS: Mapping[str, Mapping[str, str]] = {"defaults": {}, "smallest": SMALLEST}
MODELS = {"standard": "ModelStandard", "economy": "ModelEconomy"}


@dataclass(frozen=True)
class Kind:
    """A thousand jobs of a kind: what AWS asks for, and the model's tokens by priority."""

    name: str
    says: str
    lines: Sequence[Line]
    tokens: Sequence[Line]


@dataclass(frozen=True)
class Setting:
    """A deployment with these parameters."""

    name: str
    parameters: Mapping[str, str]
    idle: Sequence[Line]
    in_use: Sequence[Line]
    kinds: Sequence[Kind]


@dataclass(frozen=True)
class Report:
    """All settings in one region."""

    region: str
    as_of: str
    settings: Sequence[Setting]


def total(lines: Sequence[Line]) -> float:
    """The sum in US dollars."""
    return sum(line.usd for line in lines)


def reckon(region: str, settings: Mapping[str, Mapping[str, str]] = SETTINGS) -> Report:
    """Raises UnpricedError where something has no price, TemplateError for an unknown parameter."""
    prices = load_prices(region)
    idle, shared, kinds = load_workload()
    found = []
    for name, given in settings.items():
        stack = resources(given)
        models = _models(given)
        found.append(
            Setting(
                name,
                given,
                idle_lines(stack, prices, idle),
                in_use_lines(stack, prices, idle),
                [
                    Kind(kind, says, job_lines(stack, prices, shared, figures), token_lines(figures, models))
                    for kind, (says, figures) in kinds.items()
                ],
            )
        )
    return Report(region, prices.as_of, found)


def _models(given: Mapping[str, str]) -> dict[str, str]:
    declared = template(TEMPLATE)["Parameters"]
    return {priority: str(given.get(name, declared[name]["Default"])) for priority, name in MODELS.items()}


def summary(reports: Sequence[Report]) -> str:
    """The table of docs/deploy.md: US dollars, in Markdown."""
    return "\n".join(_summary(reports)) + "\n"


def _summary(reports: Sequence[Report]) -> Iterator[str]:
    kinds = reports[0].settings[0].kinds
    head = " | ".join(f"{JOBS:,} × {kind.name}" for kind in kinds)
    yield f"| region, setting | idle, a month | in use, more at most | {head} |"
    yield "|---|" + "---|" * (len(kinds) + 2)
    for report in reports:
        for setting in report.settings:
            jobs = " | ".join(_usd(total(kind.lines)) for kind in setting.kinds)
            month = f"{_usd(total(setting.idle))} | {_usd(total(setting.in_use))}"
            yield f"| {report.region}, {setting.name} | {month} | {jobs} |"
    for at, line in enumerate(kinds[0].tokens):
        priority, model = line.part.split(": ")
        tokens = " | ".join(_usd(kind.tokens[at].usd) for kind in kinds)
        yield f"| the model's tokens besides, {priority} (`{model}`) | | | {tokens} |"


def detail(report: Report) -> str:
    """Every part of every sum, as text."""
    return "\n".join(_detail(report)) + "\n"


def _detail(report: Report) -> Iterator[str]:
    yield f"{report.region}, prices of {report.as_of}; each to be checked (costs/prices.yaml)"
    for setting in report.settings:
        given = ", ".join(f"{name}={value}" for name, value in setting.parameters.items())
        yield f"\n{setting.name}" + (f" ({given})" if given else "")
        yield from _sum("idle, a month", setting.idle)
        yield from _sum("metrics while there are jobs, a month at most", setting.in_use)
        for kind in setting.kinds:
            yield from _sum(f"{JOBS:,} jobs: {kind.says}", kind.lines)
            for line in kind.tokens:
                yield f"      {line.usd:10.2f}  tokens besides, {line.part}"


def _sum(title: str, lines: Sequence[Line]) -> Iterator[str]:
    yield f"  {total(lines):10.2f}  {title}"
    yield from (f"      {line.usd:10.4f}  {line.part}" for line in lines)


def _usd(value: float) -> str:
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
