"""Invented usage of a month, so that the pictures of the plots show what plots look like."""

from __future__ import annotations

import datetime
import random
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Route

# jobs of a working day, US dollars a job, seconds
_TASKS = {"extract": (140, 0.021, 4.8), "evaluate": (90, 0.026, 6.1), "summarise": (35, 0.017, 5.2)}


def answer(route: Route) -> None:
    """Answer `GET /usage` with the same invented figures each time."""
    asked = parse_qs(urlsplit(route.request.url).query)
    first, last = (datetime.date.fromisoformat(asked[name][0]) for name in ("from", "to"))
    route.fulfill(json={"from": first.isoformat(), "to": last.isoformat(), "days": list(_days(first, last))})


def _days(first: datetime.date, last: datetime.date) -> list[dict[str, Any]]:
    dice = random.Random(26)
    made: list[dict[str, Any]] = []
    for number in range((last - first).days + 1):
        day = first + datetime.timedelta(days=number)
        quiet = 0.15 if day.weekday() >= 5 else 1.0
        for task, (usual, price, seconds) in _TASKS.items():
            jobs = max(1, round(usual * quiet * dice.uniform(0.6, 1.4)))
            failed = min(dice.choice((0, 0, 1)), jobs)
            times = {"median": seconds * dice.uniform(0.8, 1.3), "p95": seconds * 2.6}
            row = {"day": day.isoformat(), "task": task, "seconds": times, "cost_usd": jobs * price}
            made.append(row | _counts(jobs, failed))
    return made


def _counts(jobs: int, failed: int) -> dict[str, Any]:
    return {
        "jobs": jobs,
        "completed": jobs - failed,
        "partial": 0,
        "failed": failed,
        "cancelled": 0,
        "waiting": 0,
        "input_tokens": jobs * 4_100,
        "cache_read_tokens": jobs * 1_300,
        "cache_write_tokens": jobs * 400,
        "output_tokens": jobs * 620,
        "calls": jobs,
    }
