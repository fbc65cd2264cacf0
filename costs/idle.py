"""What a month costs in which nobody calls: each resource of the templates, and what goes on by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from costs.prices import UnpricedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from costs.prices import Figures, Prices
    from costs.resources import Resource

_GIB = 1024**3
_MONTH_S = 730 * 3600


@dataclass(frozen=True)
class Line:
    """A part of the bill, in US dollars a month."""

    part: str
    usd: float


@dataclass(frozen=True)
class _Stack:
    """What a resource's price may depend on."""

    prices: Prices
    idle: Figures
    all: Sequence[Resource]

    def hourly(self, price: str) -> float:
        return self.prices.of(price) * self.prices.hours


def idle_lines(found: Sequence[Resource], prices: Prices, idle: Figures) -> list[Line]:
    """The bill by part, dearest first. Raises UnpricedError for a type that has neither price nor reason."""
    stack = _Stack(prices, idle, found)
    sums: dict[str, float] = {}
    for resource in found:
        for line in _priced(resource, stack):
            sums[line.part] = sums.get(line.part, 0.0) + line.usd
    return sorted((Line(part, usd) for part, usd in sums.items()), key=lambda line: -line.usd)


def is_known(kind: str, prices: Prices) -> bool:
    """Whether a type of resource has a price, or a reason to have none."""
    return kind in _PRICES or kind in prices.free


def _priced(resource: Resource, stack: _Stack) -> list[Line]:
    price = _PRICES.get(resource.kind)
    if price is not None:
        return price(resource, stack)
    if resource.kind in stack.prices.free:
        return []
    where = f"{resource.template}: {resource.name}"
    raise UnpricedError(
        f"{where}: nobody says what {resource.kind} costs; costs/idle.py or costs/prices.yaml (free) has to"
    )


def _instance(resource: Resource, stack: _Stack) -> list[Line]:
    zones = 2 if _yes(resource.read("MultiAZ")) else 1
    kind = str(resource.read("DBInstanceClass"))
    storage = float(resource.read("AllocatedStorage")) * stack.prices.of("rds_storage_gb_month")
    lines = [
        Line(f"RDS instance {kind}" + (" with a standby" if zones == 2 else ""), 0.0),
        Line("RDS storage" + (", twice" if zones == 2 else ""), storage * zones),
    ]
    lines[0] = Line(lines[0].part, stack.prices.instance(kind) * stack.prices.hours * zones)
    interval = float(resource.read("MonitoringInterval", 0) or 0)
    if interval:
        samples = _MONTH_S / interval * zones
        gb = samples * stack.idle["monitoring_bytes_a_sample"] / _GIB
        lines.append(Line("RDS monitoring's log", gb * stack.prices.of("log_gb")))
    return lines


def _proxy(_resource: Resource, stack: _Stack) -> list[Line]:
    instances = [each for each in stack.all if each.kind == "AWS::RDS::DBInstance"]
    kinds = [str(each.read("DBInstanceClass")) for each in instances]
    processors = sum(max(2, stack.prices.processors.get(kind, 2)) for kind in kinds)
    return [Line("RDS Proxy", processors * stack.hourly("rds_proxy_vcpu_hour"))]


def _endpoint(resource: Resource, stack: _Stack) -> list[Line]:
    if resource.read("VpcEndpointType", "Gateway") == "Gateway":
        return []  # S3 and DynamoDB: nothing
    zones = len(resource.read("SubnetIds"))
    return [Line("Interface endpoints", zones * stack.hourly("endpoint_zone_hour"))]


def _function(resource: Resource, stack: _Stack) -> list[Line]:
    """Queues are asked by Lambda all the time, and schedules call."""
    idle, prices = stack.idle, stack.prices
    queues = schedules = 0
    for event in (resource.properties.get("Events") or {}).values():
        queues += event["Type"] == "SQS"
        schedules += event["Type"] in {"Schedule", "ScheduleV2"}
        if event["Type"] not in {"SQS", "Schedule", "ScheduleV2", "Api"}:
            raise UnpricedError(f"{resource.name}: nobody says what an event of type {event['Type']} costs")
    polls = queues * idle["pollers"] * _MONTH_S / idle["poll_seconds"]
    lines = [Line("Lambda asking queues", polls * prices.of("sqs_request"))]
    if schedules:
        calls = schedules * _MONTH_S / 60
        memory_mb = float(resource.read("MemorySize", 128))
        seconds = idle["sweep_ms"] / 1000 / min(1, memory_mb / 1769)
        compute = calls * seconds * memory_mb / 1024 * prices.of("lambda_gb_second_arm64")
        name = resource.name.removesuffix("Function").lower()
        lines.append(Line(f"{name}, each minute", compute + calls * prices.of("lambda_request")))
        lines.append(Line(f"{name}, each minute", calls * prices.of("scheduler_call")))
        gauges = idle[f"{name}_gauges"] * prices.of("metric_month")
        lines.append(Line("Metrics that are written each minute", gauges))
        lines.append(Line("Logs", calls * idle["log_bytes_a_call"] / _GIB * prices.of("log_gb")))
    lines += _snapstart(resource, stack)
    return lines


def _snapstart(resource: Resource, stack: _Stack) -> list[Line]:
    chosen = resource.read("SnapStart") or {}
    if chosen.get("ApplyOn") != "PublishedVersions":
        return []
    gb = float(resource.read("MemorySize", 128)) / 1024
    return [Line("SnapStart's snapshots", gb * _MONTH_S * stack.prices.of("snapstart_cache_gb_second"))]


def _each(part: str, price: str) -> Callable[[Resource, _Stack], list[Line]]:
    return lambda _resource, stack: [Line(part, stack.prices.of(price))]


def _hours(part: str, price: str) -> Callable[[Resource, _Stack], list[Line]]:
    return lambda _resource, stack: [Line(part, stack.hourly(price))]


def _by_use(_resource: Resource, _stack: _Stack) -> list[Line]:
    """Costs with what it is used for, which costs/jobs.py reckons."""
    return []


def _alarm(resource: Resource, stack: _Stack) -> list[Line]:
    """Paid by the metrics that it looks at; an expression over them is none."""
    metrics = [each for each in resource.properties.get("Metrics") or [] if "MetricStat" in each]
    return [Line("Alarms", max(1, len(metrics)) * stack.prices.of("alarm_month"))]


def _acl(resource: Resource, stack: _Stack) -> list[Line]:
    rules = len(resource.properties.get("Rules") or [])
    return [Line("WAF", stack.prices.of("waf_acl_month") + rules * stack.prices.of("waf_rule_month"))]


def _yes(value: Any) -> bool:
    return str(value).lower() == "true"


_PRICES: dict[str, Callable[[Resource, _Stack], list[Line]]] = {
    "AWS::RDS::DBInstance": _instance,
    "AWS::RDS::DBProxy": _proxy,
    "AWS::EC2::NatGateway": _hours("NAT gateway", "nat_hour"),
    "AWS::EC2::EIP": _hours("NAT gateway's address", "public_ipv4_hour"),
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::KMS::Key": _each("KMS keys", "kms_key_month"),
    "AWS::SecretsManager::Secret": _each("Secrets", "secret_month"),
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _each("Composite alarms", "composite_alarm_month"),
    "AWS::CloudWatch::Dashboard": _each("Dashboard", "dashboard_month"),
    "AWS::WAFv2::WebACL": _acl,
    "AWS::Serverless::Function": _function,
    # Paid by use.
    "AWS::Serverless::Api": _by_use,
    "AWS::EC2::FlowLog": _by_use,
    "AWS::Logs::LogGroup": _by_use,
    "AWS::S3::Bucket": _by_use,
    "AWS::SNS::Topic": _by_use,
    "AWS::SQS::Queue": _by_use,
}
