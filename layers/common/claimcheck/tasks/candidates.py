"""One value for a field, of what several parts of a document gave for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from claimcheck.tasks import citations
from claimcheck.tasks.citations import UNVERIFIED, bounded, distinct, left_out, located, support

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.evidence import Citation
    from claimcheck.tasks.base import Json

MAX_OTHERS = 10  # other values that a conflict shows
MAX_OTHERS_CHARS = 20_000  # of them as JSON
MAX_OTHER_EVIDENCE = 5  # citations of a value that is not the field's


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one part gave for a field: a value, or why what it gave cannot be used (`trouble`), or neither.

    `unit` is what a number was given in.
    """

    value: Any = None
    evidence: list[Citation] = field(default_factory=list)
    trouble: str | None = None
    unit: str | None = None

    @property
    def supported(self) -> bool:
        """Whether the document was found to say so."""
        return self.value is not None and located(self.evidence)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The field's value with its evidence, and warnings without the field's name."""

    value: Any
    evidence: list[Citation]
    warnings: list[Json]
    unit: str | None = None


def choose(candidates: Sequence[Candidate], *, together: bool, incomplete: bool) -> Chosen:
    """The value that the document supports; of several, text before images, then what more parts give.

    A value that was found in the document comes before any that was not, and any value before null. Where
    the document supports different values the others are reported, with their evidence, and so is what was
    given and cannot be used. `together`: the values are lists, which are joined. `incomplete`: a part of the
    document was not seen.
    """
    given = [each for each in candidates if each.value is not None]
    found = [each for each in given if each.supported] or given
    chosen = _value(found, together) if found else _nothing(candidates)
    warnings = [*chosen.warnings, *_unusable(candidates)]
    troubled = any(each.trouble is not None for each in candidates)
    if found and together and (incomplete or troubled or len(found) < len(given)):
        detail = "entries may be missing: a part of the document was not seen, or what it gave is left out"
        warnings.append({"code": "incomplete", "detail": detail})
    elif not found and incomplete:
        detail = "a part of the document was not seen; it may state this field"
        warnings.append({"code": "incomplete", "detail": detail})
    evidence, more = bounded(chosen.evidence)
    return replace(chosen, evidence=evidence, warnings=[*warnings, left_out(more)] if more else warnings)


def _value(found: Sequence[Candidate], together: bool) -> Chosen:
    chosen = _joined(found) if together and len(found) > 1 else _most_given(found)
    match support(chosen.evidence):
        case citations.CLAIM:
            detail = "unsupported: no quote for this value was found in the document"
            return replace(chosen, warnings=[{"code": "unsupported", "detail": detail}, *chosen.warnings])
        case citations.IMAGE:
            detail = f"this value {UNVERIFIED}"
            return replace(chosen, warnings=[{"code": "unverified", "detail": detail}, *chosen.warnings])
        case _:
            return chosen


def _nothing(candidates: Sequence[Candidate]) -> Chosen:
    return Chosen(None, _evidence([each for each in candidates if each.trouble is not None]), [])


def _unusable(candidates: Sequence[Candidate]) -> list[Json]:
    """A warning for each way in which what parts gave cannot be used, with their quotes."""
    by_trouble: dict[str, list[Candidate]] = {}
    for each in candidates:
        if each.trouble is not None:
            by_trouble.setdefault(each.trouble, []).append(each)
    return [
        {"code": "unusable", "detail": trouble, "evidence": _few(group)}
        for trouble, group in by_trouble.items()
    ]


def _most_given(found: Sequence[Candidate]) -> Chosen:
    by_value: dict[str, list[Candidate]] = {}
    for each in found:
        by_value.setdefault(_same([each.value, each.unit]), []).append(each)
    # stable: the first in the document leads
    ranked = sorted(by_value.values(), key=lambda group: (-_support(group), -len(group)))
    best, others = ranked[0], ranked[1:]
    warnings = [_conflict(others)] if others else []
    return Chosen(best[0].value, _evidence(best), warnings, best[0].unit)


def _support(group: Sequence[Candidate]) -> int:
    return max(support(each.evidence) for each in group)


def _conflict(others: Sequence[Sequence[Candidate]]) -> Json:
    """The other values, as many as there is room for; the detail says how many more there are."""
    shown: list[Json] = []
    room = MAX_OTHERS_CHARS
    for group in others[:MAX_OTHERS]:
        one = _shown(group)
        room -= len(json.dumps(one, ensure_ascii=False))
        if room < 0:
            break
        shown.append(one)
    more = len(others) - len(shown)
    detail = "the document gives other values as well" + (f"; not shown: {more}" if more else "")
    return {"code": "conflict", "detail": detail, "others": shown}


def _shown(group: Sequence[Candidate]) -> Json:
    shown: Json = {"value": group[0].value, "evidence": _few(group)}
    return shown if group[0].unit is None else {**shown, "unit": group[0].unit}


def _few(group: Sequence[Candidate]) -> list[Citation]:
    return bounded(_evidence(group), MAX_OTHER_EVIDENCE)[0]


def _joined(found: Sequence[Candidate]) -> Chosen:
    entries: dict[str, Any] = {}
    for each in found:
        for entry in each.value:
            entries.setdefault(_same(entry), entry)
    return Chosen(list(entries.values()), _evidence(found), [])


def _evidence(candidates: Sequence[Candidate]) -> list[Citation]:
    return distinct([citation for each in candidates for citation in each.evidence])


def _same(value: Any) -> str:
    """What makes two values one: letters' case and white space make no difference, a digit does."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(value.split()).casefold()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value
