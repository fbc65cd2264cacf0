"""The price file and what a job does, each figure by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[1]
PRICES = ROOT / "costs" / "prices.yaml"
WORKLOAD = ROOT / "costs" / "workload.yaml"


class UnpricedError(Exception):
    """The price file does not say what something costs; the message names it."""


@dataclass(frozen=True)
class Prices:
    """One region's prices in US dollars. `free` are types of resources that cost nothing, with the reason."""

    region: str
    as_of: str
    hours: float
    one: Mapping[str, float]
    instance_hour: Mapping[str, float]
    processors: Mapping[str, int]
    free: Mapping[str, str]

    def of(self, name: str) -> float:
        """A price by its name. Raises UnpricedError."""
        if name not in self.one:
            raise UnpricedError(f"costs/prices.yaml has no price {name} for {self.region}")
        return self.one[name]

    def instance(self, kind: str) -> float:
        """An hour of a database instance in one zone. Raises UnpricedError."""
        if kind not in self.instance_hour or kind not in self.processors:
            raise UnpricedError(f"costs/prices.yaml has no price of {kind} for {self.region}")
        return self.instance_hour[kind]


def regions(path: Path = PRICES) -> list[str]:
    """The regions that the file has prices of."""
    return list(_read(path)["regions"])


def load_prices(region: str, path: Path = PRICES) -> Prices:
    """The prices of a region. Raises UnpricedError where the file has none."""
    file = _read(path)
    if region not in file["regions"]:
        raise UnpricedError(f"{path.name} has no region {region}; it has {', '.join(file['regions'])}")
    named = dict(file["regions"][region])
    instance_hour = named.pop("rds_instance_hour")
    return Prices(
        region, file["as_of"], file["hours_a_month"], named, instance_hour, file["processors"], file["free"]
    )


@dataclass(frozen=True)
class Figures:
    """Figures by name, from one section of the workload file."""

    values: Mapping[str, float]
    sources: Mapping[str, str]

    def __getitem__(self, name: str) -> float:
        return self.values[name]


def load_workload(path: Path = WORKLOAD) -> tuple[Figures, Figures, dict[str, tuple[str, Figures]]]:
    """What an idle stack does, what every job does, and each kind of job with what it is."""
    file = _read(path)
    kinds = {
        name: (str(kind["says"]), _figures({key: each for key, each in kind.items() if key != "says"}))
        for name, kind in file["kinds"].items()
    }
    return _figures(file["idle"]), _figures(file["shared"]), kinds


def _figures(section: Mapping[str, Mapping[str, Any]]) -> Figures:
    return Figures(
        {name: float(each["value"]) for name, each in section.items()},
        {name: str(each["from"]) for name, each in section.items()},
    )


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found
