"""Results as a table for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bench.measuring import Count, Outcome, Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from bench.measuring import Sample


def machine() -> dict[str, Any]:
    """Where and when: a figure without them is none."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "load": [round(each, 2) for each in os.getloadavg()],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def as_json(results: Sequence[Outcome | Count | Share]) -> dict[str, Any]:
    """Every result with its noise; times in milliseconds."""
    return {"machine": machine(), "results": [_json(result) for result in results]}


def _json(result: Outcome | Count | Share) -> dict[str, Any]:
    if isinstance(result, Count):
        counted = {"benchmark": result.name, "count": result.each, "unit": result.unit}
        return {**counted, "aim": result.most, "ok": result.ok, "notes": list(result.notes)}
    if isinstance(result, Share):
        return {
            "benchmark": result.name,
            "claimcheck_usd": result.cost_usd,
            "comparison_usd": result.of_usd,
            "ratio": round(result.ratio, 4),
            "aim": result.most,
            "ok": result.ok,
            "notes": list(result.notes),
        }
    return {
        "benchmark": result.benchmark,
        "claimcheck": _summary(result.subject),
        "comparison": _summary(result.comparison),
        "ratio": round(result.ratio, 3),
        "ratio_iqr": [round(each, 3) for each in result.ratio_iqr],
        "aim": result.aim,
        "ok": result.ok,
        "parts": [{"name": name, **_summary(sample)} for name, sample in result.parts],
        "notes": list(result.notes),
    }


def _summary(sample: Sample) -> dict[str, Any]:
    return {
        "median_ms": round(sample.median, 4),
        "p90_ms": round(sample.p90, 4),
        "iqr_ms": [round(each, 4) for each in sample.iqr],
        "rounds": len(sample.ms),
    }


def show(results: Sequence[Outcome | Count | Share], console: Console) -> None:
    """Print the table, and below it where each benchmark's time goes."""
    from rich.table import Table

    table = Table("benchmark", "claimcheck", "comparison", "ratio", "aim", "ok", box=None, pad_edge=False)
    for result in results:
        verdict = "yes" if result.ok else "no"
        if isinstance(result, Count):
            table.add_row(
                result.name, f"{result.each:.3g} {result.unit}", "", "", f"≤ {result.most:g}", verdict
            )
            continue
        if isinstance(result, Share):
            costs = (f"{result.cost_usd:.4f} USD", f"{result.of_usd:.4f} USD", f"{result.ratio:.3f} ×")
            table.add_row(result.name, *costs, f"≤ {result.most:g} ×", verdict)
            continue
        low, high = result.ratio_iqr
        ratio = f"{result.ratio:.2f} × ({low:.2f} to {high:.2f})"
        aim = f"≤ {result.aim:g} ×"
        table.add_row(
            result.benchmark, _spread(result.subject), _spread(result.comparison), ratio, aim, verdict
        )
    console.print(table)
    for result in results:
        if isinstance(result, Count):
            for note in result.notes:
                console.print(f"  {result.name}: {note}", highlight=False)
        elif isinstance(result, Outcome):
            console.print(f"\n{result.benchmark}: where the time goes, median ms", *result.notes, sep="\n  ")
            for name, sample in result.parts:
                console.print(f"  {sample.median:9.3f}  {name}", highlight=False)
        else:
            console.print(f"\n{result.name}:", *result.notes, sep="\n  ")
    told = machine()
    console.print(f"\nratios of medians, quartiles in brackets; {told['at']}, {told['cpus']} CPUs, ", end="")
    console.print(f"load {told['load'][0]}, Python {told['python']}")


def _spread(sample: Sample) -> str:
    low, high = sample.iqr
    return f"{sample.median:.3g} ms ({low:.3g} to {high:.3g})"
