"""The labelled sets, by the name that the command takes. A new one is a module and a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evals.sets import contractnli, cuad, insurance, tatqa

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from evals.examples import Example, Judged, Outcomes


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """`load` reads a split from the set's folder; `judge` adds what one document's outcomes are worth."""

    name: str
    folder: str
    about: str
    load: Callable[[Path, str], list[Example]]
    judge: Callable[[Example, Outcomes, Judged], None]


SETS: dict[str, LabelledSet] = {
    each.name: each
    for each in (
        LabelledSet("cuad", "cuad", "Commercial contracts: 8 fields and 33 criteria.", cuad.load, cuad.judge),
        LabelledSet(
            "contractnli",
            "contractnli",
            "Non-disclosure agreements: 17 hypotheses, entailed, contradicted or not mentioned.",
            contractnli.load,
            contractnli.judge,
        ),
        LabelledSet(
            "tatqa",
            "tatqa",
            "Annual reports, tables and text: questions with answers.",
            tatqa.load,
            tatqa.judge,
        ),
        LabelledSet(
            "insurance",
            "insurance_claims",
            "Policies and claims: covered, not covered, ambiguous.",
            insurance.load,
            insurance.judge,
        ),
    )
}
