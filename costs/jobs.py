"""What a thousand jobs cost, the model's tokens apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.model.prices import cost_usd
from claimcheck.model.types import Usage

from costs.idle import Line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from costs.prices import Figures, Prices
    from costs.resources import Resource

JOBS = 1000
_GIB = 1024**3
_WHOLE_PROCESSOR_MB = 1769


class _Functions:
    """What a second of a function costs, from its memory in the template."""

    def __init__(self, found: Sequence[Resource], prices: Prices) -> None:
        self._memory = {
            str(each.properties["CodeUri"]).rsplit("/", 1)[-1]: float(each.read("MemorySize", 128))
            for each in found
            if each.kind == "AWS::Serverless::Function"
        }
        self._prices = prices

    def calls(self, name: str, count: float, *, busy_ms: float = 0, waiting_s: float = 0) -> float:
        """`count` calls, each busy for so long on a whole processor, and waiting besides."""
        memory = self._memory[name]
        seconds = busy_ms / 1000 / min(1.0, memory / _WHOLE_PROCESSOR_MB) + waiting_s
        second = memory / 1024 * self._prices.of("lambda_gb_second_arm64")
        return count * (seconds * second + self._prices.of("lambda_request"))


def job_lines(
    found: Sequence[Resource], prices: Prices, shared: Figures, kind: Figures, *, batch: int = 1
) -> list[Line]:
    """A thousand jobs of a kind, by part, dearest first. `batch` jobs share an environment of process."""
    parts = {
        "process, while the model works": _process(found, prices, shared, kind, batch),
        "Other functions": _others(found, prices, shared, kind),
        "API Gateway": _requests(shared, kind) * prices.of("api_request"),
        "SQS": _messages(shared, kind) * prices.of("sqs_request"),
        "S3": _objects(prices, shared, kind),
        "Database storage, for as long as it is kept": shared["database_bytes"]
        / _GIB
        * _zones(found)
        * prices.of("rds_storage_gb_month")
        * shared["kept_days"]
        / 30,
        "Logs": shared["log_bytes"] / _GIB * (prices.of("log_gb") + prices.of("log_gb_month")),
        "KMS": _messages(shared, kind) / 3 * prices.of("kms_request"),
        "Bytes to the model and to you": _bytes(found, prices, kind),
    }
    return sorted((Line(part, usd * JOBS) for part, usd in parts.items()), key=lambda line: -line.usd)


def token_lines(kind: Figures, models: Mapping[str, str]) -> list[Line]:
    """The model's tokens for a thousand jobs, by priority; those of economy jobs go in batches.

    Nothing is cached: they share no document.
    """
    usage = Usage(input_tokens=int(kind["input_tokens"]), output_tokens=int(kind["output_tokens"]))
    return [
        Line(
            f"{priority}: {model}",
            cost_usd(model, usage, batched=priority == "economy") * kind["model_calls"] * JOBS,
        )
        for priority, model in models.items()
    ]


def _process(found: Sequence[Resource], prices: Prices, shared: Figures, kind: Figures, batch: int) -> float:
    functions = _Functions(found, prices)
    busy_ms = shared["work_ms"] + kind["parse_seconds"] * 1000
    return functions.calls("process", 1 / batch, busy_ms=busy_ms * batch, waiting_s=kind["model_seconds"])


def _others(found: Sequence[Resource], prices: Prices, shared: Figures, kind: Figures) -> float:
    functions, announced = _Functions(found, prices), kind["uploaded"]
    waits_s = min(shared["wait_seconds"], kind["model_seconds"])
    webhooks = shared["webhooks"]
    return sum(
        (
            functions.calls("submit", 1, busy_ms=shared["submit_ms"]),
            functions.calls("status", 1, busy_ms=shared["status_ms"], waiting_s=waits_s),
            functions.calls("status", shared["reads"] - 1, busy_ms=shared["status_ms"]),
            functions.calls(
                "authorize", shared["authorized"] * _requests(shared, kind), busy_ms=shared["authorize_ms"]
            ),
            functions.calls("documents", announced, busy_ms=shared["documents_ms"]),
            functions.calls("uploads", announced, busy_ms=shared["uploads_ms"]),
            functions.calls("notify", webhooks, waiting_s=shared["deliver_ms"] / 1000),
            functions.calls("record", webhooks, busy_ms=shared["record_ms"]),
        )
    )


def _requests(shared: Figures, kind: Figures) -> float:
    return 1 + shared["reads"] + kind["uploaded"]


def _messages(shared: Figures, kind: Figures) -> float:
    """A message is sent, received and deleted: the doorbell, an upload's event, a webhook and its outcome."""
    return 3 * (1 + kind["uploaded"] + 2 * shared["webhooks"])


def _objects(prices: Prices, shared: Figures, kind: Figures) -> float:
    kept = kind["document_bytes"] / _GIB * prices.of("s3_gb_month") * shared["kept_days"] / 30
    return kind["uploaded"] * (prices.of("s3_put") + 2 * prices.of("s3_get") + kept)


def _bytes(found: Sequence[Resource], prices: Prices, kind: Figures) -> float:
    """What goes to the model and comes back leaves by the NAT gateway, where there is one."""
    gb = (kind["sent_bytes"] + 8 * kind["output_tokens"]) / _GIB
    by_nat = any(each.kind == "AWS::EC2::NatGateway" for each in found)
    return gb * (prices.of("transfer_out_gb") + (prices.of("nat_gb") if by_nat else 0.0))


def _zones(found: Sequence[Resource]) -> int:
    standby = any(
        str(each.read("MultiAZ")).lower() == "true" for each in found if each.kind == "AWS::RDS::DBInstance"
    )
    return 2 if standby else 1
