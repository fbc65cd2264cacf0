"""One value for a field, of what several parts of a document gave for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from claimcheck.tasks.citations import distinct, located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.evidence import Citation
    from claimcheck.tasks.base import Json

MAX_OTHERS = 10  # other values that a conflict shows


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
    """The value that the document supports; of several, the one that more parts give, then the first.

    A value that was found in the document comes before any that was not, and any value before null. Where
    the document supports different values the others are reported, with their evidence. `together`: the
    values are lists, which are joined. `incomplete`: a part of the document was not seen.
    """
    found = [each for each in candidates if each.supported] or [
        each for each in candidates if each.value is not None
    ]
    if not found:
        return _nothing(candidates, incomplete)
    chosen = _joined(found) if together and len(found) > 1 else _most_given(found)
    return chosen if any(each.supported for each in found) else _unsupported(chosen)


def _nothing(candidates: Sequence[Candidate], incomplete: bool) -> Chosen:
    troubled = [each for each in candidates if each.trouble is not None]
    if troubled:
        warnings: list[Json] = [{"code": "unusable", "detail": troubled[0].trouble}]
        return Chosen(None, distinct([one for each in troubled for one in each.evidence]), warnings)
    warning = {"code": "incomplete", "detail": "a part of the document was not seen; it may state this field"}
    return Chosen(None, [], [warning] if incomplete else [])


def _unsupported(chosen: Chosen) -> Chosen:
    detail = "unsupported: no quote for this value was found in the document"
    return replace(chosen, warnings=[{"code": "unsupported", "detail": detail}, *chosen.warnings])


def _most_given(found: Sequence[Candidate]) -> Chosen:
    by_value: dict[str, list[Candidate]] = {}
    for each in found:
        by_value.setdefault(_same([each.value, each.unit]), []).append(each)
    ranked = sorted(by_value.values(), key=len, reverse=True)  # stable: the first in the document leads
    best, others = ranked[0], ranked[1:]
    warnings: list[Json] = []
    if others:
        shown = [_shown(group) for group in others[:MAX_OTHERS]]
        detail = "the document gives other values as well"
        warnings.append({"code": "conflict", "detail": detail, "others": shown})
    return Chosen(best[0].value, _evidence(best), warnings, best[0].unit)


def _shown(group: Sequence[Candidate]) -> Json:
    shown: Json = {"value": group[0].value, "evidence": _evidence(group)}
    return shown if group[0].unit is None else {**shown, "unit": group[0].unit}


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
