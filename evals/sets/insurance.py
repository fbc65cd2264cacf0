"""Insurance claims: is a claim covered by the wording of a policy? (Waldon et al. 2023, "Vague Contracts")

The label is covered or not_covered where the lower bound of the voters' share is at least half, else
ambiguous (LegalBench's rule, see the set's LICENCE.md). The product's verdicts are two, so two criteria are
asked: that the claim is covered, and that it falls outside. Passing exactly one is that answer, passing
neither is `ambiguous`, and passing both is `both`, which is never right. The three versions of a scenario
share one policy, so they are one cluster. `labels` of an example is its label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.examples import Example, Item
from evals.labelled_files import read_lines
from evals.sets.contractnli import classes

if TYPE_CHECKING:
    from pathlib import Path

    from evals.examples import Judged, Outcome, Outcomes

CRITERIA = [
    {
        "id": "covered",
        "criterion": "By the wording of the policy, the claim that is described is clearly covered.",
    },
    {
        "id": "not_covered",
        "criterion": "By the wording of the policy, the claim that is described clearly falls outside it.",
    },
]


def load(folder: Path, split: str) -> list[Example]:
    """The claims of a split. Raises BadSet."""
    return [
        Example(
            line["id"],
            line["title"],
            f"Policy\n\n{line['policy']}\n\nClaim\n\n{line['claim']}\n",
            {"evaluate": {"criteria": CRITERIA}},
            line["label"],
        )
        for line in read_lines(folder / split / "claims.jsonl")
    ]


def judge(example: Example, outcomes: Outcomes, judged: Judged) -> None:
    """Add what the claim's decision is worth, an item for each class in play, and one for its quotes."""
    outcome = outcomes.get("evaluate")
    given = decision(outcome)
    judged.items += classes(example, "coverage", example.labels, given)
    judged.confuse("coverage", example.labels, given)
    answer = outcome.answer if outcome else None
    for each in answer["criteria"] if answer else []:
        judged.items.append(
            Item(
                example.id,
                example.cluster,
                "quotes",
                each["id"],
                quotes=len(each["evidence"]),
                not_found=sum(quote["status"] == "not_found" for quote in each["evidence"]),
                unscored=True,
            )
        )


def decision(outcome: Outcome | None) -> str:
    """covered, not_covered, ambiguous, both, or failed where the job is."""
    answer = outcome.answer if outcome else None
    if answer is None:
        return "failed"
    passed = [each["id"] for each in answer["criteria"] if each["verdict"] == "pass"]
    return {0: "ambiguous", 1: passed[0] if passed else "", 2: "both"}[len(passed)]
