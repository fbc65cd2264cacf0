"""Fields that nearly every contract states in the same few ways, found by patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.offline.values import Found, dates, durations
from local.offline.words import stem, stems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local.offline.rank import Index

HEAD = 6_000  # characters: where a contract names its title, parties and date
TRIED = 300  # passages that speak of a law, at most

_KINDS = (
    r"Agreement|Contract|Lease|Amendment|Addendum|Power of Attorney|Policy|Deed|Licen[cs]e|Guaranty"
    r"|Application|Claim|Report"
)
_CAPITALS = _KINDS.upper()  # the brackets of a character class survive this
_KIND = rf"(?:{_KINDS}|{_CAPITALS})"
_LINK = r"(?:(?:of|and|for|to|the|on|in|OF|AND|FOR|TO|THE|ON|IN|&)[ \t\n]+)?"
_TITLE = re.compile(
    rf"(?!(?:Exhibit|EXHIBIT|Execution|EXECUTION|Version|VERSION|This|THIS|Term|TERM)\b)"
    rf"(?:[A-Z][\w&'’/,-]*[ \t\n]+{_LINK}){{1,9}}{_KIND}\b"
)
_THIS = re.compile(rf"\bThis\s+((?:[A-Z][\w&/-]*[\s,]+(?:and\s+)?){{1,7}}{_KIND})\b")
_FORM = (
    r"(?:Inc|L\.?L\.?C|Ltd|Limited|Corp|Corporation|Company|Co|GmbH|AG|L\.?P|LLP|plc|PLC|S\.?A|N\.?V|B\.?V|Pte|Trust|Bank"
    r"|INC|LTD|LIMITED|CORP|CORPORATION|COMPANY|TRUST|BANK|A/S)\b\.?"
)
_NAME = r"[A-Z][\w.&'’/-]*(?:,?[ \t\n]{1,3}(?:(?:of|and|the|de|für|und|&)[ \t\n])?[A-Z&][\w.&'’/-]*){0,7}?"
_COMPANY = re.compile(
    rf"(?!(?:The|This|AND|Between)\s){_NAME},?[ \t\n]{{1,3}}{_FORM}(?:,?[ \t\n]{{1,3}}{_FORM})*"
)
_PERSON = re.compile(r"\b[A-Z][\w'’-]+(?:[ \t][A-Z][\w.'’-]*)+")
_DEFINED = re.compile(r"\(\s*(?:[\w\s,]{0,60}?)[\"“”]")
_BETWEEN = re.compile(r"\b(?:by\s+and\s+(?:between|among)|between|among|BETWEEN|AMONG)\b")
_RECITAL = re.compile(
    r"\b(?:W\s?I\s?T\s?N\s?E\s?S\s?S\s?E\s?T\s?H"
    r"|WHEREAS|Whereas|RECITALS|Recitals|BACKGROUND|NOW,? THEREFORE)\b"
)
_MADE = re.compile(
    r"\b(?:dated|made|entered\s+into|executed|signed|effective|as\s+of|between|agreement|date)\b",
    re.IGNORECASE,
)
_EFFECTIVE = re.compile(
    r"\beffective\b|\btake[s]?\s+effect\b|\bcommenc|\bcome[s]?\s+into\s+(?:force|effect)", re.IGNORECASE
)
_PLACE = (
    r"(?:the\s+)?((?:(?:State|Commonwealth|Province|Republic|Kingdom|Federal\s+Republic)\s+of\s+(?:the\s+)?)?"
    r"(?:(?!Section|Article|Chapter)[A-Z][\w’']+)"
    r"(?:[ \t\n]+(?:and[ \t\n]+)?(?!Section|WITHOUT|AND\b|EXCL|APPLIC|REGARDLESS|NOTWITH)[A-Z][\w’']+){0,3})"
)
_LAW = tuple(
    re.compile(p)
    for p in (
        rf"(?i:govern\w*)[^.;]{{0,200}}?\b(?i:laws?)\s+(?:[\w()]+\s+){{0,3}}?(?i:of|in)\s+(?i:the\s+)?{_PLACE}",
        rf"(?i:govern\w*|constru\w*|interpret\w*|subject\s+to|accordance\s+with)[^.;]{{0,200}}?\b(?i:laws?)\s+(?i:of|in)\s+(?i:the\s+)?{_PLACE}",
        rf"\b(?i:laws?\s+of)\s+(?i:the\s+)?{_PLACE}[^.;]{{0,200}}?\b(?i:govern|appl)",
        r"(?i:govern\w*)\s+(?i:by)\s+(?:the\s+)?(?:laws?\s+of\s+)?([A-Z][\w]+)\s+(?i:law)",
    )
)
_TERM = re.compile(
    r"\b(?:initial\s+term|term\s+of\s+th(?:is|e)|remain\s+in\s+(?:full\s+force|effect)|expir\w+|continue\s+(?:in\s+effect|until|for)"
    r"|shall\s+(?:terminate|end)\s+on)\b",
    re.IGNORECASE,
)
_RENEW = re.compile(
    r"\brenew\w*|\bextend(?:ed|s)?\b[^.;]{0,80}\b(?:successive|additional|further)\b", re.IGNORECASE
)
_SUCCESSIVE = re.compile(r"\b(?:successive|additional|further|renew\w*)\b", re.IGNORECASE)
_NOTICE = re.compile(r"\bnotice|\bnotif", re.IGNORECASE)
_AHEAD = re.compile(
    r"[’']?\s*,?\s*(?:written\s+|advance\s+|prior\s+)*(?:notice|prior|before|in\s+advance)", re.IGNORECASE
)
_STOPS_RENEWAL = re.compile(r"\brenew|\bterminat|\bcancel|\bnon-renewal|\bexpir", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clause:
    """What a pattern found: the values in order and the passages that hold them."""

    values: tuple[Found, ...]
    passages: tuple[int, ...]


def known(name: str) -> Callable[[Index], Clause | None] | None:
    """The finder for a well-known field by its name, or None."""
    wanted = frozenset(stems(name))
    return next((find for names, find in _FINDERS if wanted in names), None)


def _within(index: Index, start: int, end: int) -> tuple[int, ...]:
    return tuple(i for i, p in enumerate(index.passages) if p.start < end and start < p.end)


def _clause(index: Index, values: Iterable[Found]) -> Clause | None:
    found = tuple(values)
    holding = dict.fromkeys(i for v in found for i in _within(index, v.start, v.end))
    return Clause(found, tuple(holding)) if found and holding else None


def document_name(index: Index) -> Clause | None:
    """The title: the first short line that names a kind of document, else `This … Agreement`."""
    for passage in index.passages[:60]:
        match = (
            _TITLE.search(index.text, passage.start, passage.end)
            if passage.end - passage.start <= 200
            else None
        )
        if match:
            return _clause(index, [Found(*match.span(), " ".join(match.group().split()))])
    match = _THIS.search(index.text, 0, HEAD)
    return _clause(index, [Found(*match.span(1), match[1])]) if match else None


def parties(index: Index) -> Clause | None:
    """Names in the opening: those that a defined term in brackets follows, else those of companies."""
    opening = _BETWEEN.search(index.text, 0, HEAD)
    if opening is None:
        return None
    start = opening.end()
    recital = _RECITAL.search(index.text, start, start + 2_000)
    stop = recital.start() if recital else min(len(index.text), start + 1_000)
    spans: list[tuple[int, int]] = []
    for defined in _DEFINED.finditer(index.text, opening.end(), stop):
        match = _COMPANY.search(index.text, start, defined.start()) or _PERSON.search(
            index.text, start, defined.start()
        )
        spans.extend([match.span()] if match else [])
        start = defined.end()
    if not spans:
        spans = [m.span() for m in _COMPANY.finditer(index.text, start, stop)]
    names: dict[str, Found] = {}
    for first, last in spans:
        name = " ".join(index.text[first:last].split())
        names.setdefault(name.lower().rstrip("."), Found(first, last, name))
    return _clause(index, list(names.values())[:6])


def agreement_date(index: Index) -> Clause | None:
    """The first date of the opening that words such as `dated` or `as of` introduce."""
    for found in dates(index.text, 0, HEAD):
        if _MADE.search(index.text, max(0, found.start - 120), found.start):
            return _clause(index, [found])
    return None


def effective_date(index: Index) -> Clause | None:
    """A date beside `effective` or `takes effect`, in one passage."""
    for i, passage in enumerate(index.passages):
        if "effective" in index.quote(i).lower() or _EFFECTIVE.search(index.text, passage.start, passage.end):
            for found in dates(index.text, passage.start, passage.end):
                near = index.text[max(passage.start, found.start - 80) : min(passage.end, found.end + 60)]
                if _EFFECTIVE.search(near):
                    return _clause(index, [found])
    return None


def governing_law(index: Index) -> Clause | None:
    """The jurisdiction whose law governs."""
    numbers = sorted({n for word in ("law", "laws") for n in index.postings.get(stem(word), ())})
    about = [index.passages[number] for number in numbers[:TRIED]]
    for pattern in _LAW:
        for passage in about:
            match = pattern.search(index.text, passage.start, passage.end)
            if match:
                return _clause(index, [Found(*match.span(1), " ".join(match[1].split()))])
    return None


def expiration(index: Index) -> Clause | None:
    """When it ends: a date or a duration in the passage about its term."""
    hits = [p for p in index.passages if _TERM.search(index.text, p.start, p.end)]
    for find in (dates, durations):
        for passage in hits[:30]:
            at = _TERM.search(index.text, passage.start, passage.end)
            values = [
                f
                for f in find(index.text, passage.start, passage.end)
                if at and 0 < f.start - at.start() < 200
            ]
            values = [
                f for f in values if "day" not in f.plain and "week" not in f.plain
            ]  # those are notices
            if values:
                return _clause(index, values[:1])
    return None


def renewal_term(index: Index) -> Clause | None:
    """For how long it renews: the duration that follows `successive` or `additional`."""
    for passage in index.passages:
        if not _RENEW.search(index.text, passage.start, passage.end):
            continue
        word = _SUCCESSIVE.search(index.text, passage.start, passage.end)
        for found in durations(index.text, passage.start, passage.end):
            if word and word.start() - 30 < found.start < word.end() + 80:
                return _clause(index, [found])
    return None


def notice_period(index: Index) -> Clause | None:
    """How long before the end notice must be given."""
    for about in (_RENEW, _STOPS_RENEWAL):
        for passage in index.passages:
            span = (passage.start, passage.end)
            if not (about.search(index.text, *span) and _NOTICE.search(index.text, *span)):
                continue
            near = [f for f in durations(index.text, *span) if _near_notice(index.text, span, f)]
            if near:
                # "… for one (1) year unless notice is given sixty (60) days before": the second is meant.
                follows = [f for f in near if _AHEAD.match(index.text, f.end, min(passage.end, f.end + 40))]
                return _clause(index, (follows or near)[:1])
    return None


def _near_notice(text: str, span: tuple[int, int], found: Found) -> bool:
    return _NOTICE.search(text, max(span[0], found.start - 80), min(span[1], found.end + 80)) is not None


_TABLE: tuple[tuple[Callable[[Index], Clause | None], tuple[str, ...]], ...] = (
    (
        document_name,
        ("document name", "document title", "title", "contract name", "agreement name", "contract title"),
    ),
    (parties, ("parties", "party", "contract parties", "names of the parties", "contracting parties")),
    (
        agreement_date,
        ("agreement date", "contract date", "date of agreement", "signing date", "date signed"),
    ),
    (effective_date, ("effective date", "start date", "commencement date")),
    (governing_law, ("governing law", "applicable law", "law", "jurisdiction of law")),
    (
        expiration,
        ("expiration date", "expiry date", "end date", "termination date", "expiration", "initial term"),
    ),
    (renewal_term, ("renewal term", "renewal period", "renewal")),
    (
        notice_period,
        (
            "notice period",
            "notice period to terminate renewal",
            "termination notice",
            "termination notice period",
            "renewal notice period",
            "notice to terminate renewal",
        ),
    ),
)
_FINDERS = tuple((frozenset(frozenset(stems(name)) for name in names), find) for find, names in _TABLE)
