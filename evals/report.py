"""A run's report as plain JSON data: what the tables are drawn from, and what two runs are compared by."""

from __future__ import annotations

import hashlib
import platform
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from statistics import mean, quantiles
from typing import TYPE_CHECKING, Any

from evals import figures, spans
from evals.examples import Item, Judged
from evals.intervals import CONFIDENCE, RESAMPLES, Resamples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from evals.examples import Example, Json, Outcome, Outcomes

FORMAT = 1  # of the JSON file; another number means that files cannot be compared
OFFLINE = "offline"  # how the stand-in calls itself in usage.model
_ITEM = ("document", "cluster", "group", "category", "tp", "fp", "fn", "absent", "null", "iou", "quotes",
         "not_found", "scores", "unscored")  # fmt: skip


def build(
    examples: Sequence[Example],
    finished: Mapping[str, Outcomes],
    judge: Callable[[Example, Outcomes, Judged], None],
    about: Json,
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> Json:
    """The report on the documents that are finished; `about` names the set, the split and the model.

    A document counts whatever became of its jobs; one that was not put through does not.
    """
    judged = Judged()
    done = [example for example in examples if example.id in finished]
    for example in done:
        judge(example, finished[example.id], judged)
    jobs = [outcome for example in done for outcome in finished[example.id].values()]
    draws = Resamples(list(dict.fromkeys(each.cluster for each in done)), seed=seed, times=resamples)
    models = sorted({str(job.usage["model"]) for job in jobs if job.usage.get("model")})
    return {
        "format": FORMAT,
        **about,
        "models": models,
        "offline": OFFLINE in models,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "questions": questions_hash(done),
        "confidence": CONFIDENCE,
        "resamples": resamples,
        "seed": seed,
        "documents": {"of": len(examples), "finished": len(done), "clusters": len(draws.clusters)},
        "jobs": _jobs(jobs),
        "cost_usd": _costs(done, finished),
        "seconds": _times(jobs),
        "evidence": _evidence(done, finished),
        "warnings": _warnings(jobs),
        "groups": {group: _group(items, draws) for group, items in _by_group(judged.items).items()},
        "confusion": {
            table: [[label, answer, count] for (label, answer), count in sorted(counts.items())]
            for table, counts in judged.confusion.items()
        },
        "items": [[getattr(item, name) for name in _ITEM] for item in judged.items],
    }


def items_of(report: Json) -> list[Item]:
    """The items that a report was made from."""
    return [Item(**dict(zip(_ITEM, values, strict=True))) for values in report["items"]]


def questions_hash(examples: Iterable[Example]) -> str:
    """A hash of what was asked of which documents, whatever their order."""
    told = sorted(f"{each.id} {task} {each.digest(task)}" for each in examples for task in each.questions)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _by_group(items: Iterable[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.group, []).append(item)
    return found


def _group(items: list[Item], draws: Resamples) -> Json:
    categories = figures.by_category(items)
    names = [*figures.PARTS, *figures.score_names(items)]
    return {
        "total": _figures(items, names, draws),
        "macro_f1": asdict(figures.macro_f1(categories, draws)),
        "categories": {category: _figures(own, names, draws) for category, own in categories.items()},
    }


def _figures(items: list[Item], names: Sequence[str], draws: Resamples) -> Json:
    """Each figure, and the counts behind them."""
    counts: Json = {
        "labels": sum(item.tp + item.fn > 0 for item in items),
        "absent": sum(item.absent for item in items),
        "unscored": sum(item.unscored for item in items),
        **{name: sum(getattr(item, name) for item in items) for name in ("tp", "fp", "fn")},
    }
    return {**counts, **{name: asdict(figures.figure(items, name, draws)) for name in names}}


def _jobs(jobs: Sequence[Outcome]) -> Json:
    failed = [job for job in jobs if job.status != "completed"]
    codes = Counter(str((job.error or {}).get("code") or job.status) for job in failed)
    return {
        "made": len(jobs),
        "failed": len(failed),
        "by_status": dict(Counter(job.status for job in jobs)),
        "failures": dict(codes.most_common()),
    }


def _warnings(jobs: Sequence[Outcome]) -> dict[str, int]:
    """What the product itself found wanting in the model's answers, by code."""
    codes = (warning["code"] for job in jobs for warning in (job.result or {}).get("warnings") or [])
    return dict(Counter(codes).most_common())


def _costs(examples: Sequence[Example], finished: Mapping[str, Outcomes]) -> Json:
    costs = [sum(job.cost_usd for job in finished[each.id].values()) for each in examples]
    return {
        "total": sum(costs),
        "per_document": mean(costs) if costs else None,
        "dearest": max(costs, default=None),
    }


def _times(jobs: Sequence[Outcome]) -> Json:
    """From submission to final state; quantiles by linear interpolation between order statistics."""
    times = sorted(seconds for job in jobs if (seconds := job.seconds) is not None)
    if len(times) < 2:
        times *= 2
    if not times:
        return {"p50": None, "p95": None, "longest": None}
    cuts = quantiles(times, n=20, method="inclusive")
    return {"p50": cuts[9], "p95": cuts[18], "longest": times[-1]}


def _evidence(examples: Sequence[Example], finished: Mapping[str, Outcomes]) -> Json:
    """What can be checked of the quotes without any label; the last three are faults of the product."""
    counts: dict[str, Any] = {
        "quotes": 0,
        "not_found": 0,
        "misplaced": 0,
        "overlooked": 0,
        "texts_changed": 0,
    }
    for example in examples:
        for outcome in finished[example.id].values():
            quotes = spans.evidence_of(outcome.result)
            counts["quotes"] += len(quotes)
            counts["not_found"] += sum(each["status"] == "not_found" for each in quotes)
            counts["texts_changed"] += not outcome.same_text
            if outcome.same_text:
                counts["misplaced"] += len(spans.misplaced(example.text, quotes))
                counts["overlooked"] += len(spans.overlooked(example.text, quotes))
    return counts
