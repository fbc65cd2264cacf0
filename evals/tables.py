"""A report as tables: for a terminal, and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from evals.examples import Json

STAND_IN = "OFFLINE STAND-IN: THESE FIGURES SAY NOTHING ABOUT CLAUDE. They show that the harness works."
_HEADINGS = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "null_accuracy": "null acc.",
    "span_iou": "span IoU",
    "span_hit": "hit >0",
    "span_hit_half": "hit ≥.5",
    "quotes_not_found": "not found",
}
Rows = list[list[str]]


def show(report: Json, console: Console) -> None:
    """Print a report."""
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    if report["offline"]:
        console.print(Panel(Text(STAND_IN, style="bold", justify="center"), style="bold yellow"))
    for title, rows in sections(report):
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for place, heading in enumerate(rows[0]):
            table.add_column(heading, justify="right" if place else "left", no_wrap=place > 0)
        for row in rows[1:]:
            table.add_row(*map(Text, row))
        console.print(table)
        console.print()
    for line in summary(report):
        console.print(Text(line), soft_wrap=True)


def markdown(report: Json) -> str:
    """A report as a Markdown document."""
    lines = [f"# {report['set']}, split {report['split']}, model {', '.join(report['models']) or 'none'}", ""]
    if report["offline"]:
        lines += [f"**{STAND_IN}**", ""]
    for title, rows in sections(report):
        lines += [f"## {title}", "", _line(rows[0]), _line(["---", *["---:"] * (len(rows[0]) - 1)])]
        lines += [*map(_line, rows[1:]), ""]
    return "\n".join([*lines, *(f"- {line}" for line in summary(report)), ""])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def sections(report: Json) -> Iterator[tuple[str, Rows]]:
    """Each table with its title; the first row holds the headings."""
    for name, group in report["groups"].items():
        shown = _columns(group["total"])
        if not shown:
            continue
        rows = [["category", "labels", *(_HEADINGS.get(each, each.replace("_", " ")) for each in shown)]]
        rows += [_row(category, own, shown) for category, own in group["categories"].items()]
        rows.append(_row("all together", group["total"], shown))
        yield name, [*rows, _macro(group, shown)] if "f1" in shown else rows
    for name, counts in report["confusion"].items():
        yield f"{name}: label (row) against answer", _confusion(counts)


def _columns(total: Json) -> list[str]:
    """The figures that exist for the group."""
    return [name for name, figure in total.items() if isinstance(figure, dict) and figure["denominator"]]


def _row(title: str, own: Json, shown: Sequence[str]) -> list[str]:
    others = [f"{own[name]} {name}" for name in ("absent", "unscored") if own[name]]
    labels = f"{own['labels']}" + (f" ({', '.join(others)})" if others else "")
    return [title, labels, *(cell(own[name]) for name in shown)]


def _macro(group: Json, shown: Sequence[str]) -> list[str]:
    return ["mean of categories", "", *(cell(group["macro_f1"]) if name == "f1" else "" for name in shown)]


def cell(figure: Json) -> str:
    """A figure with its interval: "0.83 (0.70–0.91)"; a dash where it does not exist."""
    if figure["value"] is None:
        return "–"
    bounds = "" if figure["low"] is None else f" ({figure['low']:.2f}–{figure['high']:.2f})"
    return f"{figure['value']:.2f}{bounds}"


def _confusion(counts: Sequence[Sequence[str | int]]) -> Rows:
    labels = sorted({str(each[0]) for each in counts})
    answers = sorted({str(each[1]) for each in counts} | set(labels))
    known = {(str(label), str(answer)): count for label, answer, count in counts}
    return [
        ["", *answers],
        *([label, *(str(known.get((label, each), 0)) for each in answers)] for label in labels),
    ]


def summary(report: Json) -> list[str]:
    """What is not a category's: documents, jobs, cost, time, and what was checked of the quotes."""
    documents, jobs, cost, time = (report[name] for name in ("documents", "jobs", "cost_usd", "seconds"))
    models = ", ".join(report["models"]) or "none answered"
    lines = [
        f"model: {models}" + (" (MORE THAN ONE: the figures mix them)" if len(report["models"]) > 1 else ""),
        f"documents: {documents['finished']} of {documents['of']}" + _unfinished(report),
        f"jobs: {jobs['made']}, failed {jobs['failed']} (each counted as a failure of all its labels)"
        + "".join(f"; {code}: {count}" for code, count in jobs["failures"].items()),
    ]
    if cost["per_document"] is not None:
        lines.append(
            f"cost: {cost['total']:.4f} USD, {cost['per_document']:.4f} a document, "
            f"{cost['dearest']:.4f} the dearest"
        )
    if time["p50"] is not None:
        lines.append(
            f"time from submission to final: p50 {time['p50']:.2f} s, p95 {time['p95']:.2f} s, "
            f"longest {time['longest']:.2f} s"
        )
    if report["warnings"]:
        codes = ", ".join(f"{code} {count}" for code, count in report["warnings"].items())
        lines.append(f"the product's own warnings: {codes}")
    return [*lines, _quotes(report["evidence"]), _intervals(report)]


def _unfinished(report: Json) -> str:
    return f": STOPPED, {report['stopped']}" if report.get("stopped") else ""


def _quotes(evidence: Json) -> str:
    line = f"quotes: {evidence['quotes']}, not found {evidence['not_found']}"
    faults = {
        "exact but not at its offsets": evidence["misplaced"],
        "not found but in the text": evidence["overlooked"],
        "documents whose text the API changed (spans left out)": evidence["texts_changed"],
    }
    return line + "".join(
        f"; FAULT OF THE PRODUCT: {name}: {count}" for name, count in faults.items() if count
    )


def _intervals(report: Json) -> str:
    return (
        "in brackets 95 % intervals: Wilson's where each document counts once, else "
        f"{report['resamples']} bootstrap draws of {report['documents']['clusters']} documents or clusters "
        f"of them (seed {report['seed']})"
    )
