"""What you have, use and would pay, as Rich tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group

from client.render import plain, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from client.shapes import Json

_TOTALS = ("jobs", "failed", "calls", "input_tokens", "output_tokens", "cost_usd")


def limits_view(limits: Json) -> Table:
    """A tenant's limits, one a line, with what is used of those that are used up."""
    jobs, money, requests = limits["jobs_in_flight"], limits["usd_per_day"], limits["requests"]
    spent = f"{float(money['used']):,.4f}"
    if money["reserved"]:
        spent += f", and {float(money['reserved']):,.4f} at most by calls under way"
    whose = ", together with other tenants" if requests["shared"] else ""
    table = table_of("limit", "used", "most")
    for name, used, most in (
        ("jobs in flight", f"{int(jobs['used']):,}", f"{int(jobs['limit']):,}"),
        ("US dollars a day", spent, f"{float(money['limit']):,.2f} until {money['resets_at']}"),
        ("bytes of a document", "", f"{int(limits['document_bytes']['limit']):,}"),
        ("requests a second", "", f"{float(requests['per_second']):,g}{whose}"),
        ("requests at once", "", f"{int(requests['burst']):,}{whose}"),
    ):
        table.add_row(plain(name), plain(used), plain(most))
    return table


def estimates_view(files: Sequence[Json], total: Mapping[str, float]) -> Group:
    """What files would cost, one a line, and all together."""
    table = table_of("file", "calls", "input tokens", "output tokens", "likely USD", "at most USD")
    for each in files:
        tokens = [f"{int(each[name]['likely']):,}" for name in ("calls", "input_tokens", "output_tokens")]
        cost = [each["cost_usd"][end] for end in ("likely", "most")]
        table.add_row(
            plain(each["file"]),
            *map(plain, tokens),
            *(plain("no price" if usd is None else f"{float(usd):.4f}") for usd in cost),
        )
    table.add_section()
    table.add_row(plain("all", "bold"), "", "", "", *(plain(f"{total[end]:.4f}", "bold") for end in total))
    bases = sorted({f"{each['model']}: {each['basis']}" for each in files})
    return Group(table, *(plain(basis, "dim") for basis in bases))


def usage_view(report: Json) -> Table:
    """Usage by day and task, one a line, and all together."""
    columns = (
        "day",
        "task",
        "jobs",
        "failed",
        "median s",
        "p95 s",
        "calls",
        "tokens in",
        "tokens out",
        "USD",
    )
    table = table_of(*columns)
    totals = dict.fromkeys(_TOTALS, 0.0)
    for day in report["days"]:
        took = [day["seconds"][name] for name in ("median", "p95")]
        table.add_row(
            *(plain(day[name]) for name in ("day", "task", "jobs", "failed")),
            *(plain("" if seconds is None else f"{float(seconds):.1f}") for seconds in took),
            *(plain(f"{int(day[name]):,}") for name in ("calls", "input_tokens", "output_tokens")),
            plain(f"{float(day['cost_usd']):.4f}"),
        )
        for name in totals:
            totals[name] += float(day[name])
    jobs, failed, *numbers = (plain(f"{int(totals[name]):,}", "bold") for name in _TOTALS[:-1])
    table.add_section()
    cost = plain(f"{totals['cost_usd']:.4f}", "bold")
    table.add_row(plain("all", "bold"), "", jobs, failed, "", "", *numbers, cost)
    return table
