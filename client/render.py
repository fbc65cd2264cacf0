"""Jobs and their answers as Rich tables.

Text of documents and answers is shown as data: never read as Rich markup, never sent to the terminal as
control sequences.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from claimcheck.client.jsontext import FloatLiteral, IntLiteral, canonical
from rich.box import ROUNDED
from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import RenderableType

    from client.shapes import Evidence, Job, Json, Trail

STATUS_STYLES = {
    "pending": "dim",
    "running": "cyan",
    "completed": "green",
    "partial": "yellow",
    "failed": "red",
    "cancelled": "magenta",
    "exact": "green",
    "normalised": "yellow",
    "not_found": "red",
    "pass": "green",
    "fail": "red",
}
_ANSWERS_SHOWN = 6  # columns that still can be read
_ANSWER_CHARS = 60
OFFLINE_NOTICE = "answered by the offline stand-in, not by Claude"
# C0 and C1 controls and the marks that turn writing direction: what could make a terminal lie.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(value: object, style: str = "") -> Text:
    """`value` as text that a terminal shows and does not obey."""
    return Text(_CONTROLS.sub("\ufffd", str(value)), style=style)


def word(value: str) -> Text:
    """A status, verdict or evidence status in its colour."""
    return plain(value, STATUS_STYLES.get(value, ""))


def place(evidence: Evidence) -> str:
    """Where a quote stands: `p. 2, 120–164`; empty where it was not found."""
    start, end, page = evidence.get("start"), evidence.get("end"), evidence.get("page")
    if start is None or end is None:
        return ""
    return f"p. {page}, {start}–{end}" if page is not None else f"{start}–{end}"


def shown(value: Any) -> str:
    """A field's value for people: text as it is, everything else as JSON, nothing as a dash."""
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    if isinstance(value, IntLiteral | FloatLiteral):
        return value.text
    if isinstance(value, dict) and value.keys() == {"amount", "currency"}:
        return f"{value['currency']} {_amount(value['amount'])}"
    return canonical(value)


def _amount(amount: Any) -> str:
    # Grouped for reading, but never rounded: a price per unit may have more than two places.
    whole_cents = isinstance(amount, float | int) and round(amount, 2) == amount
    return f"{float(amount):,.2f}" if whole_cents else shown(amount)


def second(moment: str) -> str:
    """A time of the API's to the second: `2026-11-30T11:41:15Z`."""
    whole, dot, _ = moment.partition(".")
    return f"{whole}Z" if dot else moment


def answered_by(job: Job) -> str:
    """Who answered, and what it cost; says plainly when it was the stand-in."""
    usage = job.get("usage") or {}
    model = usage.get("model")
    if not model:
        return ""
    if model == "offline":
        return OFFLINE_NOTICE
    return (
        f"answered by {model} in {usage.get('calls', 0)} calls for ${float(usage.get('cost_usd') or 0):.4f}"
    )


def job_view(job: Job, asked: Sequence[str] = ()) -> Group:
    """A job with its answer, error and gaps; fields in the order of `asked`, the rest by name."""
    head = Text.assemble(plain(job["task"], "bold"), " ", plain(job["job_id"]), " ", word(job["status"]))
    parts: list[RenderableType] = [head]
    error = job.get("error")
    if error:
        parts.append(plain(f"{error['code']}: {error['message']}", "red"))
    waiting = job.get("batch")
    if waiting:
        since = f"{waiting['questions']} questions wait to be answered in a batch, since {waiting['since']}"
        parts.append(plain(since, "dim"))
    result = job.get("result")
    if result:
        parts.append(result_view(job["task"], result, asked))
        parts += [plain(line, "yellow") for line in _remarks(result)]
    unknown = (job.get("usage") or {}).get("unknown_calls") or 0
    if unknown:
        most = float((job.get("usage") or {}).get("unknown_cost_usd_at_most") or 0)
        parts.append(
            plain(f"{unknown} calls of unknown outcome, paid for or not: at most ${most:.4f}", "yellow")
        )
    notice = answered_by(job)
    if notice:
        parts.append(plain(notice, "yellow" if notice == OFFLINE_NOTICE else "dim"))
    return Group(*parts)


def result_view(task: str, result: Json, asked: Sequence[str] = ()) -> RenderableType:
    """The answer of one task as a table; a task that this client does not know, as JSON."""
    match task:
        case "summarise":
            return _summary(result)
        case "extract":
            return _fields(result, asked)
        case "evaluate":
            return _criteria(result)
    return plain(canonical(result))


def jobs_view(jobs: Iterable[Job]) -> Table:
    """A list of jobs, one a line."""
    table = table_of("job", "task", "status", "attempt", "created", "finished")
    table.columns[0].no_wrap = True
    for job in jobs:
        table.add_row(
            plain(job["job_id"]),
            plain(job["task"]),
            word(job["status"]),
            plain(job.get("attempt", "")),
            plain(second(job["created_at"])),
            plain(second(job.get("completed_at") or "")),
        )
    return table


def trail_view(trail: Trail) -> Table:
    """A job's events, one a line, with the head of each hash."""
    table = table_of("seq", "at", "event", "status", "attempt", "detail", "hash")
    for event in trail["events"]:
        table.add_row(
            plain(event["seq"]),
            plain(event["at"]),
            plain(event["type"]),
            word(event["status"]),
            plain(event["attempt"]),
            plain(canonical(event["detail"])),
            plain(event["hash"][:12]),
        )
    return table


def batch_view(rows: Sequence[Mapping[str, Any]], asked: Sequence[str] = ()) -> Table:
    """Many files with their answers, one a line; what does not fit is in `--output csv`."""
    names = [f"answer.{name}" for name in asked]
    others = dict.fromkeys(name for row in rows for name in row if name.startswith("answer."))
    names += [name for name in others if name not in names and not name.endswith(".quote")]
    shown_names = names[:_ANSWERS_SHOWN]
    table = table_of("file", "job", "status", *(name.removeprefix("answer.") for name in shown_names), "usd")
    table.columns[1].no_wrap = True
    for row in rows:
        answers = [_short(row.get(name)) for name in shown_names]
        error = row.get("error")
        status = word(str(row["status"]))
        cost = row.get("cost_usd")
        table.add_row(
            plain(row.get("file") or ""),
            plain(row.get("job_id") or ""),
            Text.assemble(status, "\n", plain(error, "red")) if error else status,
            *answers,
            plain("" if cost is None else f"{float(cost):.4f}"),
        )
    return table


def _short(value: Any) -> Text:
    if isinstance(value, str) and value in STATUS_STYLES:
        return word(value)
    text = shown(value) if value is not None else ""
    return plain(text if len(text) <= _ANSWER_CHARS else f"{text[: _ANSWER_CHARS - 1]}…")


def table_of(*columns: str, title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", box=ROUNDED)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _quotes(evidence: Sequence[Evidence]) -> tuple[Text, Text, Text]:
    """The cells quote, evidence status and place; several quotes stand below each other."""
    quotes = Text("\n").join([plain(f"“{item['quote']}”") for item in evidence])
    statuses = Text("\n").join([word(item["status"]) for item in evidence])
    places = Text("\n").join([plain(place(item)) for item in evidence])
    return quotes, statuses, places


def _rows(table: Table, cells: Sequence[Text], evidence: Sequence[Evidence]) -> None:
    """Add one row a quote, so that its status and place stay beside it however it wraps."""
    blank = [Text()] * len(cells)
    table.add_section()
    table.add_row(*cells, *_quotes(evidence[:1]))
    for item in evidence[1:]:
        table.add_row(*blank, *_quotes([item]))


def _summary(result: Json) -> Group:
    table = table_of("key point", "quote", "evidence", "place")
    for point in result.get("key_points") or []:
        _rows(table, [plain(point["text"])], point.get("evidence") or [])
    focus = result.get("focus")
    head: list[RenderableType] = [plain(f"focus: {focus}", "dim")] if focus else []
    return Group(*head, plain(result.get("overview") or ""), table)


def _fields(result: Json, asked: Sequence[str]) -> Table:
    """The database keeps an object's members in an order of its own, so the caller's is asked for."""
    table = table_of("field", "value", "quote", "evidence", "place")
    evidence: Mapping[str, Sequence[Evidence]] = result.get("evidence") or {}
    values: Json = result.get("fields") or {}
    places = {name: place for place, name in enumerate(asked)}
    for name in sorted(values, key=lambda name: (places.get(name, len(places)), name)):
        value = values[name]
        style = "dim" if value is None else "bold"
        _rows(table, [plain(name), plain(shown(value), style)], evidence.get(name) or [])
    return table


def _criteria(result: Json) -> Group:
    table = table_of("criterion", "verdict", "reasoning", "quote", "evidence", "place")
    for item in result.get("criteria") or []:
        verdict = Text.assemble(word(item["verdict"]), "\n", plain(item["basis"].replace("_", " "), "dim"))
        cells = [plain(item["criterion"]), verdict, plain(item["reasoning"])]
        _rows(table, cells, item.get("evidence") or [])
    counts = f"{result.get('passed', 0)} passed, {result.get('failed', 0)} failed"
    return Group(table, plain(counts))


def _remarks(result: Json) -> Iterator[str]:
    """What was not read, and what of the answer could not be used as it came."""
    for gap in (result.get("coverage") or {}).get("gaps") or []:
        yield f"not read: {gap.get('start')}–{gap.get('end')} ({gap.get('reason')})"
    for warning in result.get("warnings") or []:
        yield f"{_about(warning)}: {warning.get('detail')}"


def _about(warning: Json) -> str:
    """What a warning is about: a field, a criterion, a key point, or a place of the document."""
    for name in ("field", "criterion"):
        if name in warning:
            return f"{name} {warning[name]}"
    if "key_point" in warning:
        return f"key point {int(warning['key_point']) + 1}"
    place = f"{warning.get('start')}–{warning.get('end')}"
    page = warning.get("page")
    code = str(warning.get("code", "warning")).replace("_", " ")
    return f"{code}, {place}" if page is None else f"{code}, page {page}, {place}"
