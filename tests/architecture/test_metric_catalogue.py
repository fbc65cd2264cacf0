"""The catalogue of metrics, the code that counts and the docs name the same."""

from __future__ import annotations

import re

import pytest
from claimcheck.failures import TABLE
from claimcheck.telemetry import metrics

from tests.architecture.metric_calls import ROOT, counted_in, sources

CONSTANTS = {name: value for name, value in vars(metrics).items() if isinstance(value, metrics.Metric)}
TABLES = {
    name: set(value.values())
    for name, value in vars(metrics).items()
    if name in {"ENDED", "RECORDED"} and isinstance(value, dict)
}


def test_the_code_counts_what_the_catalogue_has() -> None:
    """Each metric is counted somewhere, and nothing else is."""
    named = set().union(*(counted_in(path.read_text(encoding="utf-8")) for path in sources()))
    counted = {metric for name in named for metric in TABLES.get(name, {CONSTANTS.get(name)})}
    assert counted == set(CONSTANTS.values())


def test_nothing_is_counted_past_the_catalogue() -> None:
    """Powertools' metrics are made in one module."""
    modules = ROOT.glob("layers/common/claimcheck/**/*.py")
    past = [
        each.name for each in modules if re.search(r"add_metric|single_metric|Metrics\(", each.read_text())
    ]
    assert past == ["metrics.py"]


@pytest.mark.parametrize("call", ['count("Jobs")', "count(name)", "count(f'Jobs{x}')"])
def test_a_metric_without_a_constant_is_seen(call: str) -> None:
    """The search above would notice a name that is put together somewhere else."""
    with pytest.raises(AssertionError, match="no metric of the catalogue"):
        counted_in(f"from claimcheck.telemetry import count\n{call}\n")


def test_the_docs_list_every_metric() -> None:
    """docs/observability.md has the catalogue as a table: name, unit, dimension, meaning."""
    text = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([A-Z]\w+)` \| (\w+) \| (\w*) ?\| (.+) \|$", text, re.MULTILINE)
    catalogue = [
        (each.name, each.unit, each.dimension or "", each.meaning) for each in metrics.CATALOGUE.values()
    ]
    assert documented == catalogue


def test_dimensions_have_few_values() -> None:
    """`Code` is a row of the table of failures, `Model` one of those that are set: no id is a dimension."""
    assert {each.dimension for each in CONSTANTS.values()} == {None, "Code", "Model"}
    assert len(TABLE) < 50


def test_names_are_what_cloudwatch_takes() -> None:
    """CloudWatch: printable, at most 255 characters, and a unit that it knows."""
    from aws_lambda_powertools.metrics import MetricUnit

    units = {unit.value for unit in MetricUnit}
    for each in CONSTANTS.values():
        assert re.fullmatch(r"[A-Z][A-Za-z]{2,60}", each.name)
        assert each.unit in units
    assert len({each.name for each in CONSTANTS.values()}) == len(CONSTANTS)
