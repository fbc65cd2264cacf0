"""What a deployment costs: every resource has a price or a reason, and the sums are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from costs import docs
from costs.idle import idle_lines, is_known
from costs.jobs import job_lines, token_lines
from costs.prices import PRICES, ROOT, UnpricedError, load_prices, load_workload, regions
from costs.report import SETTINGS, SMALLEST, detail, reckon, total
from costs.resources import resources
from local.intrinsics import TemplateError, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SMALL = """
Parameters:
  Standby: {Type: String, Default: "true"}
  Way: {Type: String, Default: nat}
Conditions:
  Nat: !Equals [!Ref Way, nat]
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {DBInstanceClass: db.t4g.medium, MultiAZ: !Ref Standby, AllocatedStorage: 20}
  Proxy: {Type: AWS::RDS::DBProxy, Properties: {DBProxyName: one}}
  Gateway: {Type: AWS::EC2::NatGateway, Condition: Nat, Properties: {SubnetId: !Ref Subnet}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: one}}
  ToS3: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcEndpointType: Gateway}}
  ToSqs: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcEndpointType: Interface, SubnetIds: [a, b]}}
  Key: {Type: AWS::KMS::Key, Properties: {}}
"""


def _idle(folder: Path, text: str, given: Mapping[str, str]) -> dict[str, float]:
    path = folder / f"{len(list(folder.iterdir()))}.yaml"  # each is read once
    path.write_text(text, encoding="utf-8")
    lines = idle_lines(resources(given, path), load_prices("us-east-1"), load_workload()[0])
    return {line.part: round(line.usd, 2) for line in lines}


def test_a_month_is_what_a_hand_reckons(tmp_path: Path) -> None:
    """Hours, zones, processors and conditions, each once."""
    assert _idle(tmp_path, SMALL, {}) == {
        "RDS instance db.t4g.medium with a standby": round(2 * 0.065 * 730, 2),
        "RDS storage, twice": round(2 * 20 * 0.115, 2),
        "RDS Proxy": round(2 * 0.015 * 730, 2),
        "NAT gateway": round(0.045 * 730, 2),
        "Interface endpoints": round(2 * 0.01 * 730, 2),
        "KMS keys": 1.0,
    }


def test_parameters_decide(tmp_path: Path) -> None:
    """Without a standby an instance and its storage are paid once; what a condition leaves out, not."""
    found = _idle(tmp_path, SMALL, {"Standby": "false", "Way": "ipv6"})
    assert found["RDS instance db.t4g.medium"] == round(0.065 * 730, 2)
    assert "NAT gateway" not in found


def test_a_type_without_a_price_is_an_error(tmp_path: Path) -> None:
    """A new kind of resource has to be priced, or named as free with a reason."""
    with pytest.raises(
        UnpricedError, match="Cache: nobody says what AWS::ElastiCache::ReplicationGroup costs"
    ):
        _idle(tmp_path, SMALL + "  Cache: {Type: AWS::ElastiCache::ReplicationGroup}\n", {})
    with pytest.raises(UnpricedError, match=r"no price of db\.x2g\.large"):
        _idle(tmp_path, SMALL.replace("db.t4g.medium", "db.x2g.large"), {})
    with pytest.raises(TemplateError, match="no parameter Standbye"):
        _idle(tmp_path, SMALL, {"Standbye": "true"})


EVERYTHING = {
    "NatPerZone": "true",
    "FlowLogs": "true",
    "SnapStart": "on",
    "Firewall": "on",
    "DomainName": "api.example.com",
    "DomainCertificateArn": "arn",
    "DomainHostedZoneId": "Z1",
}
TEMPLATES = [ROOT / "template.yaml", *(ROOT / "infra").glob("*.yaml")]


@pytest.mark.parametrize("region", regions())
@pytest.mark.parametrize("given", [*SETTINGS.values(), EVERYTHING], ids=[*SETTINGS, "everything"])
def test_every_resource_of_the_templates_is_reckoned(region: str, given: Mapping[str, str]) -> None:
    """Nothing of this checkout's templates is passed over, with these parameters and those."""
    found = resources(given)
    lines = idle_lines(found, load_prices(region), load_workload()[0])
    assert total(lines) > 10
    if given is EVERYTHING:
        assert {each.template for each in found} == {path.name for path in TEMPLATES}


def test_every_type_has_a_price_or_a_reason() -> None:
    """Of every resource in every template, whatever its condition is."""
    prices = load_prices("us-east-1")
    for path in TEMPLATES:
        for name, each in read_yaml(path)["Resources"].items():
            assert is_known(each["Type"], prices), f"{path.name}: {name}: {each['Type']}"


def test_no_reason_is_for_a_type_that_is_not_there() -> None:
    """The list of what is free has no more in it than the templates, and each with a reason."""
    kinds = {each["Type"] for path in TEMPLATES for each in read_yaml(path)["Resources"].values()}
    free = load_prices("us-east-1").free
    assert set(free) <= kinds, set(free) - kinds
    assert all(len(reason) >= 5 for reason in free.values())


def test_both_regions_have_the_same_prices() -> None:
    """No price is missing in one of them, and the file says that each is to be checked, and names no host."""
    text = PRICES.read_text(encoding="utf-8")
    first, *others = yaml.safe_load(text)["regions"].values()
    assert all(other.keys() == first.keys() for other in others)
    assert all(other["rds_instance_hour"].keys() == first["rds_instance_hour"].keys() for other in others)
    assert "EVERY ONE IS TO BE CHECKED" in text
    assert "://" not in text


def test_the_smallest_setting_has_no_gateway_and_no_standby() -> None:
    """It costs less than half of the defaults, and works: everything that is left has a way out."""
    defaults, smallest = reckon("us-east-1").settings
    assert total(smallest.idle) < total(defaults.idle) / 2
    assert not [line for line in smallest.idle if "NAT" in line.part or "standby" in line.part]
    assert (SMALLEST["Egress"], SMALLEST["InterfaceEndpoints"]) == ("ipv6", "false")


def test_jobs_cost_what_their_functions_do() -> None:
    """A batch shares an environment of process; a document of more bytes costs more; tokens are apart."""
    found, prices, (_, shared, kinds) = resources({}), load_prices("us-east-1"), load_workload()
    text, report = kinds["text"][1], kinds["report"][1]
    alone, shared_by_ten = (total(job_lines(found, prices, shared, text, batch=size)) for size in (1, 10))
    assert shared_by_ten < alone
    assert alone < total(job_lines(found, prices, shared, report))
    memory = next(each for each in found if each.name == "ProcessFunction").read("MemorySize")
    seconds = text["model_seconds"] + shared["work_ms"] / 1000
    by_hand = 1000 * (seconds * float(memory) / 1024 * 0.0000133334 + 0.0000002)
    lines = {line.part: line.usd for line in job_lines(found, prices, shared, text)}
    assert lines["process, while the model works"] == pytest.approx(by_hand)
    tokens = token_lines(text, {"standard": "claude-sonnet-5-5"})
    assert tokens[0].usd == pytest.approx(1000 * (4000 * 2 + 500 * 10) / 1_000_000)


def test_every_figure_says_where_it_is_from() -> None:
    """What is not measured is said to be assumed, or follows from what the job is."""
    idle, shared, kinds = load_workload()
    for figures in (idle, shared, *(kind for _, kind in kinds.values())):
        for name, source in figures.sources.items():
            assert source.startswith(("measured: ", "assumed: ", "by ")), name


def test_the_tables_of_the_docs_are_what_the_templates_say() -> None:
    """Every parameter with its default, and the costs: `python3 run.py costs --write-docs` writes them."""
    page = docs.PAGE.read_text(encoding="utf-8")
    assert docs.written(page) == page, "run: python3 run.py costs --write-docs"
    declared = read_yaml(ROOT / "template.yaml")["Parameters"]
    assert all(f"\n| `{name}` |" in page for name in declared)


def test_the_detail_adds_up() -> None:
    """The sums that are printed are those of their parts."""
    report = reckon("us-east-1")
    shown = detail(report)
    for setting in report.settings:
        assert f"{total(setting.idle):10.2f}  idle, a month" in shown


def test_the_gauges_are_those_that_are_written() -> None:
    """Metrics that are written each minute are paid for idle; the others while there are jobs."""
    source = (ROOT / "layers" / "common" / "claimcheck" / "telemetry" / "metrics.py").read_text(
        encoding="utf-8"
    )
    gauges = source.split("# --- gauges")[1].split("\n\n\n")[0]
    idle = load_workload()[0]
    assert gauges.count("_metric(") == idle["sweep_gauges"] + idle["economy_gauges"]
    defaults = reckon("us-east-1").settings[0]
    assert {line.part for line in defaults.in_use} == {"Metrics of ours", "API Gateway's metrics by method"}
